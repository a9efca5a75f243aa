//! Webhook intake: Meta's status updates in batches, signed, until every one is an event.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::gateway::Gateway;
use super::load::Connection;
use super::process;
use crate::callbacks::{APP_SECRET, NUMBER, change, signature, whatsapp, whatsapp_status, with};
use crate::events::EventStream;
use crate::json::entries;

/// Status updates in one call.
const BATCH: usize = 50;

/// Connections that Meta uses at once.
const CONNECTIONS: usize = 8;

/// Messages whose statuses come in; each gets three.
const MESSAGES: usize = 10_000;

/// The statuses of a message, in their order.
const STATUSES: [&str; 3] = ["sent", "delivered", "read"];

/// What the intake took.
pub struct Intake {
    pub updates: usize,
    /// Until the last event could be read.
    pub took: Duration,
    /// Microseconds until a call got its 200.
    pub latency: Histogram<u64>,
    /// User and system, of the server alone.
    pub cpu_ms_per_event: f64,
}

/// Tells the gateway of the messages that the load sent.
pub async fn measure(gateway: &Gateway) -> anyhow::Result<Intake> {
    let messages = external_ids(gateway).await;
    let before = process::cpu(gateway.server_id()?)?;
    let begun = Instant::now();
    let mut latency = Histogram::new(3)?;
    for status in STATUSES {
        let calls = messages
            .chunks(BATCH)
            .map(|ids| call(gateway, status, ids))
            .collect();
        latency.add(send(gateway.address, calls).await?)?;
    }
    wait_for(gateway, messages.len()).await;
    let took = begun.elapsed();
    let cpu = process::cpu(gateway.server_id()?)?.saturating_sub(before);
    let updates = messages.len() * STATUSES.len();
    Ok(Intake {
        updates,
        took,
        latency,
        cpu_ms_per_event: cpu.as_secs_f64() * 1000.0 / f64::from(u32::try_from(updates)?),
    })
}

/// The ids under which WhatsApp knows the messages that were sent.
async fn external_ids(gateway: &Gateway) -> Vec<String> {
    let mut ids = Vec::with_capacity(MESSAGES);
    for conversation in &gateway.conversations {
        let list = format!("/conversations/{conversation}/messages?limit=100");
        let list = gateway.client.read(&list).await;
        let of_provider = |message: &Value| message["externalId"].as_str().map(str::to_owned);
        ids.extend(entries(&list).iter().filter_map(of_provider));
    }
    ids.truncate(MESSAGES);
    ids
}

/// One signed call with a status for each message, as a whole HTTP request.
fn call(gateway: &Gateway, status: &str, ids: &[String]) -> Vec<u8> {
    let pricing = json!({"pricing": {"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}});
    let statuses = ids
        .iter()
        .map(|id| with(whatsapp_status(id, status), &pricing));
    let statuses: Vec<_> = statuses.collect();
    let body = whatsapp(&[vec![change(NUMBER, &json!({"statuses": statuses}))]]).to_string();
    format!(
        "POST /webhooks/whatsapp/{} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         x-hub-signature-256: {}\r\ncontent-length: {}\r\n\r\n{body}",
        gateway.channel,
        gateway.address,
        signature(APP_SECRET, body.as_bytes()),
        body.len()
    )
    .into_bytes()
}

/// Makes every call once, over a few connections.
async fn send(address: SocketAddr, calls: Vec<Vec<u8>>) -> anyhow::Result<Histogram<u64>> {
    let mut clients = JoinSet::new();
    let share = calls.len().div_ceil(CONNECTIONS).max(1);
    for calls in calls.chunks(share).map(<[Vec<u8>]>::to_vec) {
        clients.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut latency = Histogram::<u64>::new(3)?;
            for call in calls {
                latency.record(connection.ask(&call, 200).await?)?;
            }
            anyhow::Ok(latency)
        });
    }
    let mut latency = Histogram::new(3)?;
    while let Some(client) = clients.join_next().await {
        latency.add(client??)?;
    }
    Ok(latency)
}

/// Reads events until there is one for every message that was read.
async fn wait_for(gateway: &Gateway, messages: usize) {
    let query = "?type=message.read";
    let mut stream = EventStream::open(&gateway.client, query, Some("evt_0000000000000000")).await;
    for _ in 0..messages {
        stream.next_event().await;
    }
}
