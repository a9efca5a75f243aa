//! The gateway under measurement: two release processes, and what a send needs.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use crate::binaries::{self, Server, sandbox::SandboxProcess};
use crate::client::{Client, SEND};
use crate::json::{id, text};
use crate::world::{self, PUBLISHED_EXAMPLE};

/// Conversations that take turns.
const CONVERSATIONS: usize = 200;

/// A running server and the sandbox that it sends to; both end with the value.
pub struct Gateway {
    server: Server,
    _sandbox: SandboxProcess,
    /// Where the server listens.
    pub address: SocketAddr,
    /// One whole request per conversation.
    pub requests: Arc<Vec<Vec<u8>>>,
    /// Speaks to the server as the organization.
    pub client: Client,
    pub organization: String,
    /// The channel of all conversations.
    pub channel: String,
    pub conversations: Vec<String>,
}

impl Gateway {
    /// Starts both on a fresh database, and opens the conversations over HTTP.
    pub async fn start(database: &[(&str, &str)]) -> anyhow::Result<Self> {
        let sandbox = SandboxProcess::start().await?;
        let operator_key = binaries::operator_key(database).await?;
        let environment = [database, &binaries::providers(&sandbox.urls)].concat();
        let server = Server::start(&environment).await?;
        let address = server.url.trim_start_matches("http://").parse()?;
        let operator = Client::new(&server.url, &operator_key);
        let organization = operator.create("/organizations", json!({"name": "Bench"}));
        let organization = id(&organization.await).to_owned();
        let keys = format!("/organizations/{organization}/api-keys");
        let key = operator.create(&keys, json!({"name": "bench"})).await;
        let client = operator.with_key(text(&key["key"]));
        let (channel, conversations) = open_conversations(&client).await;
        let requests = conversations
            .iter()
            .map(|id| request(address, client.key(), id));
        Ok(Self {
            server,
            _sandbox: sandbox,
            address,
            requests: Arc::new(requests.collect()),
            client,
            organization,
            channel,
            conversations,
        })
    }

    /// Returns the process to measure.
    pub fn server_id(&self) -> anyhow::Result<u32> {
        self.server.process.id().context("the server has ended")
    }
}

/// The channel and its conversations.
async fn open_conversations(client: &Client) -> (String, Vec<String>) {
    client.agent("agent-123").await;
    let channel = json!({"provider": "whatsapp", "name": "Bench", "credentials": world::credentials("whatsapp")});
    let channel = client.create("/channels", channel).await;
    let mut conversations = Vec::new();
    for number in 0..CONVERSATIONS {
        let to = format!("55119{:08}", 10_000_000 + number);
        let conversation = json!({"agentId": "agent-123", "channelId": channel["id"], "to": to});
        let conversation = client.create("/conversations", conversation).await;
        conversations.push(id(&conversation).to_owned());
    }
    (id(&channel).to_owned(), conversations)
}

/// The documentation's example as a whole HTTP request.
fn request(address: SocketAddr, key: &str, conversation: &str) -> Vec<u8> {
    let body = PUBLISHED_EXAMPLE.replace("conv-456", conversation);
    format!(
        "POST {SEND} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
