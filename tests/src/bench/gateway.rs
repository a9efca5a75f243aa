//! The gateway under measurement: two release processes, and what a send needs.

use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::process::Child;

use crate::binaries::{self, sandbox::SandboxProcess};
use crate::client::Client;
use crate::world::{self, PUBLISHED_EXAMPLE};

/// Conversations that take turns.
const CONVERSATIONS: usize = 200;

/// Longest that a process may take to start.
const START: Duration = Duration::from_secs(30);

/// A running server and the sandbox that it sends to; both end with the value.
pub struct Gateway {
    server: Child,
    _sandbox: SandboxProcess,
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    client: Client,
    organization: String,
    channel: String,
    conversations: Vec<String>,
}

impl Gateway {
    /// Starts both on a fresh database, and opens the conversations over HTTP.
    pub async fn start(database: &[(&str, &str)]) -> anyhow::Result<Self> {
        let sandbox = SandboxProcess::start().await?;
        let operator_key = binaries::operator_key(database).await?;
        let (server, address) = start_server(database, &sandbox.urls.whatsapp).await?;
        let operator = Client::new(&format!("http://{address}"), &operator_key);
        let organization = operator.create("/organizations", json!({"name": "Bench"}));
        let organization = id(&organization.await);
        let (key, channel, conversations) = open_conversations(&operator, &organization).await;
        let requests = conversations
            .iter()
            .map(|id| request(address, &key, id))
            .collect();
        let client = operator.with_key(&key);
        Ok(Self {
            server,
            _sandbox: sandbox,
            address,
            requests: Arc::new(requests),
            client,
            organization,
            channel,
            conversations,
        })
    }

    /// The process to measure.
    pub fn server_id(&self) -> u32 {
        self.server.id().expect("the server runs")
    }

    /// Where the server listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Speaks to the server as the organization.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The organization that sends.
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// The channel of all conversations.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// All conversations.
    pub fn conversations(&self) -> &[String] {
        &self.conversations
    }

    /// One whole request per conversation.
    pub const fn requests(&self) -> &Arc<Vec<Vec<u8>>> {
        &self.requests
    }
}

/// The server with its default log, which is discarded.
async fn start_server(
    database: &[(&str, &str)],
    whatsapp: &str,
) -> anyhow::Result<(Child, SocketAddr)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = binaries::command("recado-server")?;
    command
        .arg("serve")
        .envs(database.iter().copied())
        .env("RECADO_LISTEN", address.to_string())
        .env("RECADO_ALLOW_PRIVATE_NETWORKS", "true")
        .env("RECADO_WHATSAPP_URL", whatsapp)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn()?;
    let up = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            ensure!(child.try_wait()?.is_none(), "recado-server ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    };
    tokio::time::timeout(START, up).await??;
    Ok((child, address))
}

/// A key of the organization, its channel and its conversations.
async fn open_conversations(
    operator: &Client,
    organization: &str,
) -> (String, String, Vec<String>) {
    let keys = format!("/organizations/{organization}/api-keys");
    let key = operator.create(&keys, json!({"name": "bench"})).await;
    let key = key["key"].as_str().expect("a key").to_owned();
    let client = operator.with_key(&key);
    client
        .create("/agents", json!({"id": "agent-123", "name": "Agent"}))
        .await;
    let channel = json!({"provider": "whatsapp", "name": "Bench", "credentials": world::credentials("whatsapp")});
    let channel = client.create("/channels", channel).await;
    let mut conversations = Vec::new();
    for number in 0..CONVERSATIONS {
        let to = format!("55119{:08}", 10_000_000 + number);
        let conversation = json!({"agentId": "agent-123", "channelId": channel["id"], "to": to});
        conversations.push(id(&client.create("/conversations", conversation).await));
    }
    (key, id(&channel), conversations)
}

fn id(thing: &Value) -> String {
    thing["id"].as_str().expect("an id").to_owned()
}

/// The documentation's example as a whole HTTP request.
fn request(address: SocketAddr, key: &str, conversation: &str) -> Vec<u8> {
    let body = PUBLISHED_EXAMPLE.replace("conv-456", conversation);
    format!(
        "POST /messages/interactive/send-buttons HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
