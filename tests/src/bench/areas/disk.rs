//! What a message, an event, a provider's call and a delivery take on disk, and their indexes.

use serde_json::json;

use crate::bench::areas::intake;
use crate::bench::context::Bench;
use crate::bench::database::TableSize;
use crate::bench::gateway::Gateway;
use crate::bench::load::{as_f64, per};
use crate::bench::report::metric::Metric;
use crate::bench::stub::{Stub, external_id};
use crate::soon::soon;

const AREA: &str = "disk";

/// Enough that the last page of a table, which is not full, says little.
const MESSAGES: u64 = 5_000;

/// Events of a message: that it was accepted, and one for each of its statuses.
const EVENTS_EACH: u64 = 4;

/// Each sort of rows, the table whose rows are counted, and the other tables that grow with it.
const ROWS: [(&str, &str, &[&str]); 4] = [
    (
        MESSAGE,
        "messages",
        &["outbox", "message_costs", "send_limits"],
    ),
    (EVENT, "events", &[]),
    (WEBHOOK_CALL, "webhook_calls", &[]),
    (DELIVERY, "deliveries", &["delivery_attempts"]),
];

pub const MESSAGE: &str = "a message";
pub const EVENT: &str = "an event";
pub const WEBHOOK_CALL: &str = "a webhook call with one status";
pub const DELIVERY: &str = "a delivery with one attempt";

/// Measures once, however many rounds others take: a file grows the same each time.
pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for mut gateway in bench.usual_gateways().await? {
        fill(&mut bench.stub, &gateway).await?;
        gateway.stop().await?;
        let subject = gateway.database.subject();
        let sizes = gateway.database.sizes().await?;
        for (case, counted, further) in ROWS {
            let rows = as_f64(u64::try_from(gateway.database.count(counted).await?)?);
            let tables = sizes.iter();
            let tables =
                tables.filter(|size| size.table == counted || further.contains(&&*size.table));
            let sum = |bytes: fn(&TableSize) -> u64| {
                let bytes: u64 = tables.clone().map(bytes).sum();
                per(as_f64(bytes) / 1024.0, rows)
            };
            let values = [
                (Metric::Stored, sum(|size| size.bytes)),
                (Metric::Indexes, sum(|size| size.index_bytes)),
            ];
            bench.samples.add_all(AREA, case, subject, &values);
        }
    }
    Ok(())
}

/// Sends messages, and takes in their statuses, each in a call of its own; an endpoint gets all events.
async fn fill(stub: &mut Stub, gateway: &Gateway) -> anyhow::Result<()> {
    let client = &gateway.organization().client;
    let endpoint = json!({"url": stub.hook()});
    client.create("/webhook-endpoints", endpoint).await;
    let (first, delivered) = (stub.messages() + 1, stub.delivered());
    gateway.fill(usize::try_from(MESSAGES)?).await?;
    let ids: Vec<_> = (first..=stub.messages()).map(external_id).collect();
    let mut newest = intake::newest_event(gateway, 0).await;
    intake::take_in(gateway, &ids, 1, &mut newest).await?;
    let all = stub.wait_for_deliveries(delivered + EVENTS_EACH * MESSAGES);
    soon("the events are delivered", all).await?;
    Ok(())
}
