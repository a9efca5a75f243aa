//! A server that has nothing to do.

use crate::bench::context::Bench;
use crate::bench::process::memory_mib;
use crate::bench::report::metric::Metric;

const AREA: &str = "idle";

/// Longer than any measurement, because so little happens in it.
const FACTOR: u32 = 2;

pub(super) async fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let time = bench.options.time * FACTOR;
    for _ in 0..bench.options.rounds {
        let mut gateways = bench.gateways(&[1]).await?;
        let mut looks = Vec::new();
        for gateway in &mut gateways {
            // The one that made the organization has done something.
            gateway.stop().await?;
            gateway.add_server().await?;
            looks.push(gateway.watched()?.look().await?);
        }
        // The wait is the measurement: what an idle server uses meanwhile.
        tokio::time::sleep(time).await;
        for (gateway, earlier) in gateways.iter().zip(looks) {
            let watched = gateway.watched()?;
            let mut values = watched.since(earlier, time.as_secs()).await?;
            values.push((Metric::Memory, memory_mib(gateway.server_id()?)?));
            let (case, subject) = ("no requests", gateway.database.subject());
            bench.samples.add_all(AREA, case, subject, &values);
        }
    }
    Ok(())
}
