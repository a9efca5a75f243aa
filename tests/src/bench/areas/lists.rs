//! Pages of lists.

use std::sync::Arc;

use crate::bench::context::Bench;
use crate::bench::gateway::{Gateway, get};
use crate::bench::load::Requests;
use crate::bench::report::metric::Metric;

const AREA: &str = "lists";

/// Connections that read at once.
pub(super) const CONNECTIONS: usize = 16;

/// Messages before the lists are read: a hundred in each conversation. A short run of fewer has smaller pages.
const MESSAGES: usize = 20_000;

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let gateways = bench.usual_gateways().await?;
    for gateway in &gateways {
        gateway.fill(MESSAGES.min(bench.options.growth)).await?;
    }
    for _ in 0..bench.options.rounds {
        for (case, path) in PAGES {
            for gateway in &gateways {
                let values = read(bench, gateway, path).await?;
                let subject = gateway.database.subject();
                bench.samples.add_all(AREA, case, subject, &values);
            }
        }
    }
    Ok(())
}

/// The lists, and the paths of their pages; `{id}` is a conversation.
pub(super) const PAGES: [(&str, &str); 3] = [
    (
        "messages of a conversation",
        "/conversations/{id}/messages?limit=100",
    ),
    ("conversations", "/conversations?limit=100"),
    ("events", "/events?limit=100"),
];

/// Reads pages for the usual time.
pub(super) async fn read(
    bench: &Bench,
    gateway: &Gateway,
    path: &str,
) -> anyhow::Result<Vec<(Metric, f64)>> {
    let (address, organization) = (gateway.address()?, gateway.organization());
    let requests = organization.conversations.iter();
    let requests = requests.map(|id| {
        let path = path.replace("{id}", id);
        get(address, organization.client.key(), &path)
    });
    let requests: Requests = Arc::new(requests.collect());
    let (load, addresses) = (bench.load(CONNECTIONS), [address]);
    let watched = gateway.watched()?;
    let mut values = watched.measure(load.run(&addresses, &requests)).await?;
    values.retain(|(metric, _)| *metric != Metric::Disk);
    Ok(values)
}
