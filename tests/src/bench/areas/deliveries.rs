//! Deliveries to a webhook endpoint: a backlog as fast as it goes, and the delay of single ones.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde_json::json;

use crate::bench::context::Bench;
use crate::bench::gateway::Gateway;
use crate::bench::load::{Connection, as_f64, milliseconds, per};
use crate::bench::report::metric::Metric;
use crate::json::id;
use crate::soon::soon;

const AREA: &str = "deliveries";

/// Events of the backlog, for each second of a measurement.
const EVENTS: usize = 1000;

/// Sends whose events are waited for, one after the other, for each second of a measurement.
const SINGLE: u64 = 50;

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let gateways = bench.usual_gateways().await?;
    let mut endpoints = Vec::new();
    for gateway in &gateways {
        let endpoint = json!({"url": bench.stub.hook()});
        let client = &gateway.organization().client;
        let endpoint = client.create("/webhook-endpoints", endpoint).await;
        endpoints.push(format!("/webhook-endpoints/{}", id(&endpoint)));
    }
    for _ in 0..bench.options.rounds {
        for (gateway, endpoint) in gateways.iter().zip(&endpoints) {
            let subject = gateway.database.subject();
            let values = single(bench, gateway).await?;
            bench.samples.add_all(AREA, "one by one", subject, &values);
            let values = backlog(bench, gateway, endpoint).await?;
            bench.samples.add_all(AREA, "a backlog", subject, &values);
        }
    }
    Ok(())
}

/// Lets events pile up while the endpoint is disabled, and replays them.
async fn backlog(
    bench: &mut Bench,
    gateway: &Gateway,
    endpoint: &str,
) -> anyhow::Result<Vec<(Metric, f64)>> {
    let client = &gateway.organization().client;
    let seconds = usize::try_from(bench.options.time.as_secs())?;
    client.change(endpoint, json!({"enabled": false})).await;
    let from = Timestamp::now();
    gateway.fill(EVENTS * seconds).await?;
    let to = Timestamp::now() + Duration::from_millis(1);
    client.change(endpoint, json!({"enabled": true})).await;
    let before = bench.stub.delivered();
    let watched = gateway.watched()?;
    let earlier = watched.look().await?;
    let begun = Instant::now();
    let range = json!({"from": from.to_string(), "to": to.to_string()});
    let replayed = client.act(&format!("{endpoint}/replay"), range).await;
    let replayed = replayed["replayed"].as_u64().unwrap_or_default();
    let all = bench.stub.wait_for_deliveries(before + replayed);
    let last = soon("the backlog is delivered", all).await?;
    let mut values = watched.since(earlier, replayed).await?;
    let took = last.saturating_duration_since(begun).as_secs_f64();
    values.push((Metric::Throughput, per(as_f64(replayed), took)));
    Ok(values)
}

/// Sends one message after the other, and waits for the delivery of each.
async fn single(bench: &mut Bench, gateway: &Gateway) -> anyhow::Result<Vec<(Metric, f64)>> {
    let mut delay = Histogram::<u64>::new(3)?;
    let mut connection = Connection::open(gateway.address()?).await?;
    let requests = &gateway.organization().requests;
    for number in 0..SINGLE * bench.options.time.as_secs() {
        let before = bench.stub.delivered();
        let number = usize::try_from(number)? % requests.len();
        connection.ask(&requests[number], 200).await?;
        let answered = Instant::now();
        let come = bench.stub.wait_for_deliveries(before + 1);
        let come = soon("a delivery", come).await?;
        let waited = come.saturating_duration_since(answered);
        delay.record(u64::try_from(waited.as_micros())?)?;
    }
    Ok(vec![
        (Metric::P50, milliseconds(&delay, 0.5)),
        (Metric::P99, milliseconds(&delay, 0.99)),
    ])
}
