//! Webhook intake: Meta's status updates in batches, signed, until every one is an event.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::gateway::Gateway;
use super::load::{LARGEST_ANSWER, read_answer};
use super::process;

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
    let messages = external_ids(gateway).await?;
    let before = process::cpu(gateway.server_id())?;
    let begun = Instant::now();
    let mut latency = Histogram::new(3)?;
    for status in STATUSES {
        let calls = messages
            .chunks(BATCH)
            .map(|ids| call(gateway, status, ids))
            .collect();
        latency.add(send(gateway.address(), calls).await?)?;
    }
    wait_for(gateway, messages.len()).await?;
    let took = begun.elapsed();
    let cpu = process::cpu(gateway.server_id())?.saturating_sub(before);
    let updates = messages.len() * STATUSES.len();
    Ok(Intake {
        updates,
        took,
        latency,
        cpu_ms_per_event: cpu.as_secs_f64() * 1000.0 / f64::from(u32::try_from(updates)?),
    })
}

/// The ids under which WhatsApp knows the messages that were sent.
async fn external_ids(gateway: &Gateway) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::with_capacity(MESSAGES);
    for conversation in gateway.conversations() {
        let list = format!("/conversations/{conversation}/messages?limit=100");
        let list = gateway.client().read(&list).await;
        let messages = list["data"].as_array().context("a list")?;
        ids.extend(
            messages
                .iter()
                .filter_map(|message| message["externalId"].as_str().map(str::to_owned)),
        );
    }
    ids.truncate(MESSAGES);
    Ok(ids)
}

/// One signed call with a status for each message, as a whole HTTP request.
fn call(gateway: &Gateway, status: &str, ids: &[String]) -> Vec<u8> {
    let statuses: Vec<Value> = ids
        .iter()
        .map(|id| {
            json!({
                "id": id, "status": status, "timestamp": "1790000101", "recipient_id": "5511900000001",
                "pricing": {"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}
            })
        })
        .collect();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "900000000000001", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": "800000000000001"},
        "statuses": statuses
    }}]}]})
    .to_string();
    let signature = signature(body.as_bytes());
    format!(
        "POST /webhooks/whatsapp/{} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         x-hub-signature-256: sha256={signature}\r\ncontent-length: {}\r\n\r\n{body}",
        gateway.channel(),
        gateway.address(),
        body.len()
    )
    .into_bytes()
}

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sim-app-secret-01").expect("HMAC takes any key");
    mac.update(body);
    mac.finalize()
        .into_bytes()
        .iter()
        .fold(String::new(), |hex, byte| {
            hex + format!("{byte:02x}").as_str()
        })
}

/// Makes every call once, over a few connections.
async fn send(address: SocketAddr, calls: Vec<Vec<u8>>) -> anyhow::Result<Histogram<u64>> {
    let mut clients = JoinSet::new();
    let share = calls.len().div_ceil(CONNECTIONS).max(1);
    for calls in calls.chunks(share).map(<[Vec<u8>]>::to_vec) {
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut latency = Histogram::<u64>::new(3)?;
            let mut buffer = vec![0; LARGEST_ANSWER];
            for call in calls {
                let begun = Instant::now();
                stream.write_all(&call).await?;
                let answer = read_answer(&mut stream, &mut buffer).await?;
                ensure!(
                    answer.starts_with(b"HTTP/1.1 200 "),
                    "{}",
                    String::from_utf8_lossy(answer)
                );
                latency.record(u64::try_from(begun.elapsed().as_micros())?)?;
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

/// Waits until there is an event for every message that was read.
async fn wait_for(gateway: &Gateway, messages: usize) -> anyhow::Result<()> {
    let (mut seen, mut after) = (0, String::new());
    let all = async {
        while seen < messages {
            let path = format!("/events?limit=1000&type=message.read&after={after}");
            let list = gateway.client().read(&path).await;
            let events = list["data"].as_array().context("a list")?;
            seen += events.len();
            match events.last() {
                Some(newest) => newest["id"]
                    .as_str()
                    .context("an id")?
                    .clone_into(&mut after),
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_mins(1), all)
        .await
        .context("an event is missing")?
}
