//! The time from the start of the program until it is ready.

use std::time::Instant;

use crate::bench::context::Bench;
use crate::bench::gateway::Gateway;
use crate::bench::report::metric::Metric;

const AREA: &str = "start";

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let mut gateways = bench.usual_gateways().await?;
    for _ in 0..bench.options.rounds {
        for gateway in &mut gateways {
            let values = [(Metric::Time, restart(gateway).await?)];
            let (case, subject) = ("a small database", gateway.database.subject());
            bench.samples.add_all(AREA, case, subject, &values);
        }
    }
    Ok(())
}

/// Starts the server again; returns the milliseconds until it was ready.
pub(super) async fn restart(gateway: &mut Gateway) -> anyhow::Result<f64> {
    gateway.stop().await?;
    let begun = Instant::now();
    gateway.add_server().await?;
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}
