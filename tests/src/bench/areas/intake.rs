//! Webhook intake: WhatsApp's status updates, signed, alone and in batches, until each is an event.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::json;

use crate::bench::context::Bench;
use crate::bench::gateway::Gateway;
use crate::bench::load::{self, Requests, per};
use crate::bench::report::metric::Metric;
use crate::bench::stub::external_id;
use crate::callbacks::{APP_SECRET, NUMBER, change, signature, whatsapp, whatsapp_status, with};
use crate::json::{entries, id};
use crate::soon::soon;

const AREA: &str = "intake";

/// Statuses in one call, and the messages of each second whose statuses come in: larger batches are faster.
const BATCHES: [(usize, usize); 3] = [(1, 200), (10, 1000), (50, 2000)];

/// Connections that Meta uses at once.
const CONNECTIONS: usize = 8;

/// How long a question for the last event waits for the next one.
const PAUSE: Duration = Duration::from_millis(5);

/// The statuses of a message, in their order.
const STATUSES: [&str; 3] = ["sent", "delivered", "read"];

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let gateways = bench.usual_gateways().await?;
    let mut newest = vec![0; gateways.len()];
    for _ in 0..bench.options.rounds {
        for (batch, each_second) in BATCHES {
            for (gateway, newest) in gateways.iter().zip(&mut newest) {
                let seconds = usize::try_from(bench.options.time.as_secs())?;
                let messages = (each_second * seconds).max(batch);
                let first = bench.stub.messages() + 1;
                gateway.fill(messages).await?;
                let ids = (first..=bench.stub.messages()).map(external_id);
                let ids: Vec<_> = ids.collect();
                *newest = newest_event(gateway, *newest).await;
                let values = take_in(gateway, &ids, batch, newest).await?;
                let case = match batch {
                    1 => "1 status in a call".to_owned(),
                    batch => format!("{batch} statuses in a call"),
                };
                let subject = gateway.database.subject();
                bench.samples.add_all(AREA, &case, subject, &values);
            }
        }
    }
    Ok(())
}

/// Tells the gateway of these messages, and waits until each status is an event behind the newest one.
pub(super) async fn take_in(
    gateway: &Gateway,
    ids: &[String],
    batch: usize,
    newest: &mut u64,
) -> anyhow::Result<Vec<(Metric, f64)>> {
    let mut calls = Vec::new();
    for status in STATUSES {
        let of_status = ids.chunks(batch).map(|ids| call(gateway, status, ids));
        let of_status = of_status.collect::<anyhow::Result<_>>()?;
        calls.push(Requests::new(of_status));
    }
    let watched = gateway.watched()?;
    let earlier = watched.look().await?;
    let begun = Instant::now();
    let mut latency = Histogram::<u64>::new(3)?;
    let address = gateway.address()?;
    for calls in &calls {
        let done = load::make(address, calls, calls.len(), CONNECTIONS).await?;
        latency.add(done.latency)?;
        // A status that comes after a later one of its message is not an event.
        *newest += u64::try_from(ids.len())?;
        wait_for_event(gateway, *newest).await;
    }
    let statuses = u64::try_from(ids.len() * STATUSES.len())?;
    let took = begun.elapsed();
    let mut values = watched.since(earlier, statuses).await?;
    values.extend([
        (
            Metric::Throughput,
            per(load::as_f64(statuses), took.as_secs_f64()),
        ),
        (Metric::P50, load::milliseconds(&latency, 0.5)),
        (Metric::P99, load::milliseconds(&latency, 0.99)),
    ]);
    Ok(values)
}

/// One signed call with a status for each message, as a whole HTTP request.
fn call(gateway: &Gateway, status: &str, ids: &[String]) -> anyhow::Result<Vec<u8>> {
    let pricing = json!({"pricing": {"billable": false, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"}});
    let statuses = ids
        .iter()
        .map(|id| with(whatsapp_status(id, status), &pricing));
    let statuses: Vec<_> = statuses.collect();
    let body = whatsapp(&[vec![change(NUMBER, &json!({"statuses": statuses}))]]).to_string();
    let request = format!(
        "POST /webhooks/whatsapp/{} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         x-hub-signature-256: {}\r\ncontent-length: {}\r\n\r\n{body}",
        gateway.organization().channel,
        gateway.address()?,
        signature(APP_SECRET, body.as_bytes()),
        body.len()
    );
    Ok(request.into_bytes())
}

/// Returns the number of the newest event; an earlier one is known.
pub(super) async fn newest_event(gateway: &Gateway, mut newest: u64) -> u64 {
    let client = &gateway.organization().client;
    loop {
        let path = format!("/events?limit=1000&cursor={}", event(newest));
        let page = client.read(&path).await;
        let Some(last) = entries(&page).last() else {
            return newest;
        };
        newest = number(id(last));
    }
}

/// Asks until the event with that number is there. The question reads one event at most, so that it costs little.
async fn wait_for_event(gateway: &Gateway, number: u64) {
    let path = format!("/events?limit=1&cursor={}", event(number - 1));
    let client = &gateway.organization().client;
    let come = async {
        loop {
            let answer = client.get(&path).await;
            // Before the event before it is there, the cursor is later than the newest event, which is an error.
            if answer.status == 200 && !entries(&answer.body).is_empty() {
                return;
            }
            // The server is another process, and a stream of its events would add to the CPU time that is measured.
            tokio::time::sleep(PAUSE).await;
        }
    };
    soon("the last status is an event", come).await;
}

fn event(number: u64) -> String {
    format!("evt_{number:016x}")
}

fn number(event: &str) -> u64 {
    let number = event.strip_prefix("evt_").unwrap_or_default();
    u64::from_str_radix(number, 16).unwrap_or_default()
}
