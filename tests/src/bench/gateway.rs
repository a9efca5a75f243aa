//! Recado under measurement: a server on a database of its own, with organizations that can send.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use super::database::{Database, Postgres};
use super::load::{self, Requests};
use super::stub::Stub;
use super::watched::Watched;
use crate::binaries::{self, Server};
use crate::client::{Client, SEND};
use crate::json::{id, text};
use crate::world::{self, PUBLISHED_EXAMPLE};

/// Conversations of an organization that take turns.
pub const CONVERSATIONS: usize = 200;

/// Connections that fill a database.
const FILLING: usize = 64;

/// A running server and its database. The server and a SQLite file end with the value; a PostgreSQL database stays.
pub struct Gateway {
    pub database: Database,
    servers: Vec<Server>,
    environment: Vec<(String, String)>,
    pub organizations: Vec<Organization>,
}

/// An organization with one channel.
pub struct Organization {
    pub id: String,
    /// Speaks to the first server as the organization.
    pub client: Client,
    pub channel: String,
    pub conversations: Vec<String>,
    /// One whole request to send per conversation.
    pub requests: Requests,
}

impl Gateway {
    /// Starts a server on a fresh database, with organizations that have so many conversations.
    pub async fn start(
        stub: &Stub,
        postgres: Option<&Postgres>,
        organizations: &[usize],
    ) -> anyhow::Result<Self> {
        let database = Database::fresh(postgres).await?;
        let operator_key = binaries::operator_key(&database.variables()).await?;
        let url = stub.url();
        let mut environment = vec![("RECADO_WHATSAPP_URL".to_owned(), url)];
        let variables = database
            .variables()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        environment.extend(variables);
        let mut gateway = Self {
            database,
            servers: Vec::new(),
            environment,
            organizations: Vec::new(),
        };
        gateway.add_server().await?;
        let address = gateway.address()?;
        let operator = Client::new(&gateway.servers[0].url, &operator_key);
        for &conversations in organizations {
            let organization = Organization::create(&operator, address, conversations).await;
            gateway.organizations.push(organization);
        }
        Ok(gateway)
    }

    /// Starts one more server on the same database.
    pub async fn add_server(&mut self) -> anyhow::Result<()> {
        self.servers.push(Server::start(&self.variables()).await?);
        Ok(())
    }

    /// Ends all servers.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for server in self.servers.drain(..) {
            server.stop().await?;
        }
        Ok(())
    }

    fn variables(&self) -> Vec<(&str, &str)> {
        let variables = self.environment.iter();
        variables.map(|(name, value)| (&**name, &**value)).collect()
    }

    /// Returns where the first server listens.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        address(&self.servers[0])
    }

    /// Returns where the servers listen.
    pub fn addresses(&self) -> anyhow::Result<Vec<SocketAddr>> {
        self.servers.iter().map(address).collect()
    }

    /// Returns the process of the first server.
    pub fn server_id(&self) -> anyhow::Result<u32> {
        self.servers[0].process.id().context("the server has ended")
    }

    /// Returns what is to be watched: all servers, and their database.
    pub fn watched(&self) -> anyhow::Result<Watched> {
        let roots = self.servers.iter().map(|server| server.process.id());
        let roots = roots.collect::<Option<_>>();
        Ok(Watched {
            roots: roots.context("a server has ended")?,
            postgres: self.database.server.clone(),
            stores: true,
        })
    }

    /// Returns the first organization.
    pub fn organization(&self) -> &Organization {
        &self.organizations[0]
    }

    /// Sends so many messages of the first organization, as fast as they are answered.
    pub async fn fill(&self, messages: usize) -> anyhow::Result<()> {
        let requests = &self.organization().requests;
        load::make(self.address()?, requests, messages, FILLING).await?;
        self.database.analyze().await
    }
}

impl Organization {
    async fn create(operator: &Client, address: SocketAddr, conversations: usize) -> Self {
        let organization = operator.create("/organizations", json!({"name": "Bench"}));
        let organization = id(&organization.await).to_owned();
        let keys = format!("/organizations/{organization}/api-keys");
        let key = operator.create(&keys, json!({"name": "bench"})).await;
        let client = operator.with_key(text(&key["key"]));
        client.agent("agent-123").await;
        let channel = json!({"provider": "whatsapp", "name": "Bench", "credentials": world::credentials("whatsapp"),
            "settings": world::unlimited()});
        let channel = client.create("/channels", channel).await;
        let channel = id(&channel).to_owned();
        let conversations = open_conversations(&client, &channel, conversations).await;
        let requests = conversations
            .iter()
            .map(|conversation| send(address, client.key(), conversation));
        let requests = Arc::new(requests.collect());
        Self {
            id: organization,
            client,
            channel,
            conversations,
            requests,
        }
    }
}

async fn open_conversations(client: &Client, channel: &str, count: usize) -> Vec<String> {
    let mut conversations = Vec::new();
    for number in 0..count {
        let to = format!("55119{:08}", 10_000_000 + number);
        let conversation = json!({"agentId": "agent-123", "channelId": channel, "to": to});
        let conversation = client.create("/conversations", conversation).await;
        conversations.push(id(&conversation).to_owned());
    }
    conversations
}

fn address(server: &Server) -> anyhow::Result<SocketAddr> {
    Ok(server.url.trim_start_matches("http://").parse()?)
}

/// The documentation's example as a whole HTTP request.
fn send(address: SocketAddr, key: &str, conversation: &str) -> Vec<u8> {
    let body = PUBLISHED_EXAMPLE.replace("conv-456", conversation);
    post(address, key, SEND, "", &body)
}

/// A whole HTTP request with that JSON; `headers` are further lines of its head.
pub fn post(address: SocketAddr, key: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A list as a whole HTTP request.
pub fn get(address: SocketAddr, key: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n")
        .into_bytes()
}
