//! Sends, beside proxies and a library that take the same requests; all take turns.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;

use crate::bench::contenders::Contender;
use crate::bench::context::Bench;
use crate::bench::gateway::Gateway;
use crate::bench::load::{Load, Requests};
use crate::bench::process;
use crate::bench::report::metric::Metric;
use crate::bench::report::subjects::{HYPER_PROXY, NGINX};
use crate::bench::watched::{Watched, value};

const AREA: &str = "sends";

/// Connections at once, one measurement each.
const CONNECTIONS: [usize; 3] = [1, 16, MAX_CONNECTIONS];
const MAX_CONNECTIONS: usize = 64;

/// How the values of a subject become ratios to those of another one.
const RATIOS: [(&str, Metric, Metric); 4] = [
    (NGINX, Metric::Cpu, Metric::CpuToNginx),
    (HYPER_PROXY, Metric::Cpu, Metric::CpuToHyper),
    (NGINX, Metric::Throughput, Metric::ThroughputToNginx),
    (HYPER_PROXY, Metric::Throughput, Metric::ThroughputToHyper),
];

/// One of those that take turns.
struct Subject {
    name: &'static str,
    address: SocketAddr,
    requests: Requests,
    watched: Watched,
}

type Values = Vec<(Metric, f64)>;

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let gateways = bench.usual_gateways().await?;
    let contenders = bench.contenders().await;
    let subjects = subjects(&gateways, &contenders)?;
    warm_up(bench, &gateways, &subjects).await?;
    for _ in 0..bench.options.rounds {
        for connections in CONNECTIONS {
            let load = bench.load(connections);
            let round = round(&subjects, load).await?;
            for (subject, values) in subjects.iter().zip(&round) {
                let ratios = ratios(&subjects, &round, subject, values);
                let all = [&values[..], &ratios].concat();
                bench
                    .samples
                    .add_all(AREA, &load.name(), subject.name, &all);
            }
        }
    }
    Ok(())
}

fn subjects(gateways: &[Gateway], contenders: &[Contender]) -> anyhow::Result<Vec<Subject>> {
    let requests = &gateways[0].organization().requests;
    let own = gateways.iter().map(|gateway| {
        Ok(Subject {
            name: gateway.database.subject(),
            address: gateway.address()?,
            requests: Requests::clone(&gateway.organization().requests),
            watched: gateway.watched()?,
        })
    });
    let others = contenders.iter().map(|contender| {
        Ok(Subject {
            name: contender.name,
            address: contender.address,
            requests: Requests::clone(requests),
            watched: contender.watched()?,
        })
    });
    own.chain(others).collect()
}

/// The first requests open connections and fill caches.
async fn warm_up(bench: &Bench, gateways: &[Gateway], subjects: &[Subject]) -> anyhow::Result<()> {
    let time = bench.options.time.min(Duration::from_secs(2));
    for subject in subjects {
        let connections = 16;
        let load = Load { connections, time };
        let warm = load.run(&[subject.address], &subject.requests).await;
        warm.with_context(|| format!("{} does not take the requests", subject.name))?;
    }
    for gateway in gateways {
        gateway.database.analyze().await?;
    }
    Ok(())
}

/// Measures each subject once.
async fn round(subjects: &[Subject], load: Load) -> anyhow::Result<Vec<Values>> {
    let mut round = Vec::new();
    for subject in subjects {
        let addresses = [subject.address];
        let run = load.run(&addresses, &subject.requests);
        let mut values = subject.watched.measure(run).await?;
        // It only ever grows, so that of fewer connections would have that of an earlier round in it.
        if load.connections == MAX_CONNECTIONS {
            let roots = subject.watched.roots.iter();
            let peak = roots.map(|root| process::tree_peak_memory_mib(*root));
            values.push((Metric::PeakMemory, peak.sum::<anyhow::Result<f64>>()?));
        }
        round.push(values);
    }
    Ok(round)
}

/// Compares the values of one subject with those of the proxies in the same round.
fn ratios(subjects: &[Subject], round: &[Values], subject: &Subject, own: &Values) -> Values {
    let others = RATIOS.iter().filter(|(name, ..)| *name != subject.name);
    let ratio = |&(name, metric, ratio): &(&str, Metric, Metric)| {
        let place = subjects.iter().position(|subject| subject.name == name)?;
        let yardstick = value(&round[place], metric)?;
        let own = value(own, metric)?;
        (yardstick > 0.0).then(|| (ratio, own / yardstick))
    };
    others.filter_map(ratio).collect()
}
