//! How sends, pages and the start slow down as a database grows: a small and a large one take turns.

use super::lists::{self, CONNECTIONS, PAGES};
use super::start;
use crate::bench::context::Bench;
use crate::bench::gateway::Gateway;
use crate::bench::report::metric::Metric;
use crate::bench::watched::value;

const AREA: &str = "growth";

/// Conversations of both databases: a page of messages is full in each of them.
const CONVERSATIONS: usize = 200;
const SMALL: usize = 100 * CONVERSATIONS;

/// How the values on the large database become ratios to those on the small one.
const RATIOS: [(Metric, Metric); 2] = [
    (Metric::Cpu, Metric::CpuToSmall),
    (Metric::P50, Metric::P50ToSmall),
];

type Values = Vec<(Metric, f64)>;

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let large = bench.options.growth;
    let sizes = [SMALL.min(large / 2), large];
    let mut filled = Vec::new();
    for messages in sizes {
        // Further conversations, so that their list grows too.
        let further = (messages / 100).min(10_000);
        let gateways = bench.gateways(&[CONVERSATIONS.max(further)]).await?;
        for gateway in &gateways {
            gateway.fill(messages).await?;
        }
        filled.push(gateways);
    }
    for _ in 0..bench.options.rounds {
        for (case, path) in [("sends", None)]
            .into_iter()
            .chain(PAGES.map(|(case, path)| (case, Some(path))))
        {
            add_round(bench, &filled, sizes, case, path).await?;
        }
        for (gateways, messages) in filled.iter_mut().zip(sizes) {
            for gateway in gateways {
                let values = [(Metric::Time, start::restart(gateway).await?)];
                let case = format!("start, {messages} messages");
                bench
                    .samples
                    .add_all(AREA, &case, gateway.database.subject(), &values);
            }
        }
    }
    Ok(())
}

/// Measures one case on every database, and compares the large ones with the small ones.
async fn add_round(
    bench: &mut Bench,
    filled: &[Vec<Gateway>],
    sizes: [usize; 2],
    case: &str,
    path: Option<&str>,
) -> anyhow::Result<()> {
    let mut small: Vec<Values> = Vec::new();
    for (gateways, messages) in filled.iter().zip(sizes) {
        for (place, gateway) in gateways.iter().enumerate() {
            let mut values = match path {
                Some(path) => lists::read(bench, gateway, path).await?,
                None => send(bench, gateway).await?,
            };
            match small.get(place) {
                Some(small) => values.extend(ratios(small, &values)),
                None => small.push(values.clone()),
            }
            let case = format!("{case}, {messages} messages");
            bench
                .samples
                .add_all(AREA, &case, gateway.database.subject(), &values);
        }
    }
    Ok(())
}

async fn send(bench: &Bench, gateway: &Gateway) -> anyhow::Result<Values> {
    let (load, addresses) = (bench.load(CONNECTIONS), [gateway.address()?]);
    let requests = &gateway.organization().requests;
    let watched = gateway.watched()?;
    watched.measure(load.run(&addresses, requests)).await
}

fn ratios(small: &Values, large: &Values) -> Values {
    let ratio = |(metric, ratio)| {
        let (small, large) = (value(small, metric)?, value(large, metric)?);
        (small > 0.0).then(|| (ratio, large / small))
    };
    RATIOS.into_iter().filter_map(ratio).collect()
}
