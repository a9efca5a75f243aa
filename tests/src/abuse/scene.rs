//! A server of its own for each attack, with two organizations.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::Context as _;
use recado_store::testing::TestDatabase;
use serde_json::json;

use super::{Server as Measured, dial};
use crate::bench::process;
use crate::binaries::sandbox::SandboxProcess;
use crate::binaries::{self, Place, Server};
use crate::callbacks::{APP_SECRET, Callbacks};
use crate::client::Client;
use crate::world;

/// File descriptors of the server: what systemd gives a service by default.
const DESCRIPTORS: u32 = 1024;

/// How far the server may raise that by itself: less than systemd allows, so that any machine allows it.
const HARD_LIMIT: u32 = 4096;

/// Fills a conversation of the hostile organization with half a million events, as months of use would.
const EVENTS: &str = "
    insert into events (organization_id, seq, type, agent_id, channel_id, conversation_id, data, created_at)
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 500000)
    select 'hostile', o.last_event + n, 'message.received', 'agent-123', 'hostile-whatsapp', 'hostile-whatsapp',
        '{\"text\":\"Oi\",\"externalId\":\"wamid.seed\"}', 1790000000000 + n
    from numbers cross join organizations o where o.id = 'hostile';
    update organizations set last_event = last_event + 500000 where id = 'hostile';";

/// A server and its two organizations; ends with the value.
pub(super) struct Scene {
    server: Server,
    /// Where its metrics are.
    metrics: SocketAddr,
    /// CPU time of the server before the attack.
    cpu_before: Duration,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// The hostile organization, from the attacker's address.
    pub(super) hostile: Client,
    pub(super) hostile_calls: Callbacks,
    /// The other organization.
    pub(super) bystander: Client,
    pub(super) bystander_calls: Callbacks,
    _sandbox: SandboxProcess,
    _database: TestDatabase,
}

impl Scene {
    /// Starts the server, with as few descriptors as a service has, and sets both organizations up.
    pub(super) async fn start(is_full: bool, postgres: Option<&str>) -> anyhow::Result<Self> {
        let database = match postgres {
            Some(admin_url) => TestDatabase::on(admin_url.to_owned()).await,
            None => TestDatabase::in_file().await,
        };
        let sandbox = SandboxProcess::start().await?;
        let store = database.store().await;
        let operator = world::operator_key(&store).await;
        store.close().await;
        let place = Place::of(&database);
        let metrics = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let listen = metrics.to_string();
        let providers = binaries::providers(&sandbox.urls);
        let metrics_listen = [("RECADO_METRICS_LISTEN", &*listen)];
        let environment = [&place.variables()[..], &metrics_listen, &providers].concat();
        let server = Server::with_descriptors(DESCRIPTORS, HARD_LIMIT, &environment).await?;
        let address = server.url.trim_start_matches("http://").parse()?;
        let operator = Client::new(&server.url, &operator);
        let bystander = operator.organization("bystander").await;
        world::open_conversations(&bystander, &[("whatsapp", "conv-456")]).await;
        bystander.unlimit("whatsapp").await;
        let bystander_calls = Callbacks::of(&bystander, &server.url).await;
        let mut hostile = operator.organization("hostile").await;
        set_up_hostile(&hostile).await;
        let mut hostile_calls = Callbacks::of(&hostile, &server.url).await;
        hostile.http = dial::client()?;
        hostile_calls.call_with(&hostile.http);
        if is_full {
            database.execute(EVENTS).await;
        }
        Ok(Self {
            server,
            metrics,
            cpu_before: Duration::ZERO,
            address,
            hostile,
            hostile_calls,
            bystander,
            bystander_calls,
            _sandbox: sandbox,
            _database: database,
        })
    }

    /// Lets the kernel count the most memory from now on, and the CPU time as well.
    pub(super) fn measure_from_now(&mut self) -> anyhow::Result<()> {
        let id = self.server.process.id().context("the server runs")?;
        self.cpu_before = process::cpu(id)?;
        Ok(fs::write(format!("/proc/{id}/clear_refs"), "5")?)
    }

    /// Returns what the attack did to the server in that time.
    pub(super) async fn measured(&self, time: Duration) -> anyhow::Result<Measured> {
        let id = self.server.process.id().context("the server has ended")?;
        let used = process::cpu(id)?.saturating_sub(self.cpu_before);
        let metrics = reqwest::get(format!("http://{}/metrics", self.metrics)).await?;
        Ok(Measured {
            peak_memory_mib: process::peak_memory_mib(id)?,
            cores: used.as_secs_f64() / time.as_secs_f64(),
            metrics_kib: metrics.bytes().await?.len() / 1024,
        })
    }
}

/// An agent, a channel at WhatsApp and Z-API each, and a conversation.
async fn set_up_hostile(hostile: &Client) {
    hostile.agent("agent-123").await;
    let whatsapp = json!({"phoneNumberId": "800000000000066", "accessToken": "access-token-66",
        "appSecret": APP_SECRET, "verifyToken": "verify-token-66"});
    let zapi = json!({"instanceId": "INST-66", "instanceToken": "instance-token-66",
        "clientToken": "client-token-66"});
    for (provider, credentials) in [("whatsapp", whatsapp), ("zapi", zapi)] {
        let id = format!("hostile-{provider}");
        let channel =
            json!({"id": id, "provider": provider, "name": id, "credentials": credentials});
        hostile.create("/channels", channel).await;
        hostile.open(&id, "agent-123", &id, "5511966660000").await;
    }
    hostile.unlimit("hostile-whatsapp").await;
}
