//! One database with its servers, its simulated providers and two organizations.

use std::collections::HashSet;

use anyhow::{Context as _, ensure};
use fastrand::Rng;
use recado_sandbox::{Sandbox, Settings, Urls, Webhook, WebhookFormat, base_urls};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::accounts::{self, Account};
use super::gate::Gate;
use super::receiver::Receiver;
use super::slot::Slot;
use crate::binaries;
use crate::client::Client;

/// Customers of each channel who have a conversation from the beginning.
const CUSTOMERS: usize = 4;

/// Organizations of one side, whose customers have the same numbers.
const ORGANIZATIONS: usize = 2;

/// One database with everything around it.
pub struct Side {
    pub name: &'static str,
    pub slots: Vec<Slot>,
    pub sandbox: Sandbox,
    /// Between the servers and the providers.
    pub providers: Gate,
    /// Between the providers and the servers.
    pub webhooks: Gate,
    /// Before the servers, for a client that knows one address.
    pub front: Gate,
    pub tenants: Vec<Tenant>,
}

/// One organization.
pub struct Tenant {
    pub id: String,
    /// Knows the key; its address changes with the server.
    pub client: Client,
    pub accounts: Vec<Account>,
    pub conversations: Vec<Conversation>,
    pub receiver: Receiver,
}

/// A conversation that was opened before the storm.
#[derive(Clone)]
pub struct Conversation {
    pub id: String,
    /// The place in the tenant's accounts.
    pub account: usize,
    pub customer: String,
}

impl Side {
    /// Starts servers on that database, and sets two organizations up by the API.
    pub async fn start(
        name: &'static str,
        database: &[(&str, &str)],
        servers: usize,
        random: &mut Rng,
    ) -> anyhow::Result<Self> {
        let (sandbox, listening) = start_sandbox().await?;
        let providers = Gate::start().await?;
        providers.lead_to(vec![listening]);
        let urls = base_urls(providers.address);
        let operator = binaries::operator_key(database).await?;
        let environment = [database, &binaries::providers(&urls)].concat();
        let mut slots = Vec::new();
        for number in 0..servers {
            let slot = Slot::new(number, &environment);
            slot.start().await?;
            slots.push(slot);
        }
        let mut side = Self {
            name,
            slots,
            sandbox,
            providers,
            webhooks: Gate::start().await?,
            front: Gate::start().await?,
            tenants: Vec::new(),
        };
        side.lead_to_servers();
        let url = side.slots[0].url().context("a server runs")?;
        let operator = Client::new(&url, &operator);
        for number in 0..ORGANIZATIONS {
            let tenant = side.set_up(&operator, &urls, number, random.fork()).await?;
            side.tenants.push(tenant);
        }
        Ok(side)
    }

    /// Leads the providers' webhooks, and clients, to the servers that run now.
    pub fn lead_to_servers(&self) {
        let running: Vec<_> = self.slots.iter().filter_map(Slot::address).collect();
        self.webhooks.lead_to(running.clone());
        self.front.lead_to(running);
    }

    /// Returns the ids of its organizations.
    pub fn organizations(&self) -> HashSet<String> {
        self.tenants
            .iter()
            .map(|tenant| tenant.id.clone())
            .collect()
    }

    async fn set_up(
        &self,
        operator: &Client,
        urls: &Urls,
        number: usize,
        random: Rng,
    ) -> anyhow::Result<Tenant> {
        let id = format!("{}-{number}", self.name);
        let client = operator.organization(&id).await;
        client.agent("agent-123").await;
        let receiver = Receiver::start(random).await?;
        let endpoint = json!({"url": receiver.url});
        let endpoint = client.create("/webhook-endpoints", endpoint).await;
        receiver.trust(text(&endpoint["secret"])?)?;
        let accounts = accounts::of(&id, number);
        let mut conversations = Vec::new();
        for (place, account) in accounts.iter().enumerate() {
            self.connect(&client, account, urls).await?;
            for customer in 0..CUSTOMERS {
                let id = format!("{}-{customer}", account.channel);
                let customer = format!("55119{place}000000{customer}");
                let channel = &account.channel;
                client.open(&id, "agent-123", channel, &customer).await;
                conversations.push(Conversation {
                    id,
                    account: place,
                    customer,
                });
            }
        }
        Ok(Tenant {
            id,
            client,
            accounts,
            conversations,
            receiver,
        })
    }

    /// Makes the channel of an account, and tells the sandbox where its webhooks go.
    async fn connect(&self, client: &Client, account: &Account, urls: &Urls) -> anyhow::Result<()> {
        self.sandbox.add_account(account.simulated.clone());
        let channel = client.create("/channels", account.channel_body(urls)).await;
        let url = text(&channel["webhookUrl"])?;
        let path = url.find("/webhooks/").context("a path of webhooks")?;
        let url = format!("http://{}{}", self.webhooks.address, &url[path..]);
        let mut webhook = Webhook::new(account.provider, url);
        webhook.account.clone_from(&account.id);
        webhook.secret = match &account.app_secret {
            Some(secret) => Some(secret.clone()),
            None => channel["webhookSecret"].as_str().map(str::to_owned),
        };
        let registered = self.sandbox.register_webhook(webhook).await?;
        ensure!(
            registered.account == account.id,
            "the sandbox knows the account"
        );
        Ok(())
    }
}

/// The sandbox in this process, so that its lists are read without a detour.
async fn start_sandbox() -> anyhow::Result<(Sandbox, std::net::SocketAddr)> {
    let sandbox = Sandbox::new();
    let mut settings = Settings::default();
    settings.wuzapi.webhook_format = WebhookFormat::Json;
    sandbox.set_settings(settings);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
    Ok((sandbox, address))
}

fn text(value: &Value) -> anyhow::Result<&str> {
    value.as_str().context("a text")
}
