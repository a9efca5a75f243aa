//! What a server used while something was measured.

use std::time::Duration;

use super::database::Postgres;
use super::load::{Done, as_f64, per};
use super::process;
use super::report::metric::Metric;

/// The processes of one subject, and the PostgreSQL that works for them.
#[derive(Debug, Clone)]
pub struct Watched {
    pub roots: Vec<u32>,
    pub postgres: Option<Postgres>,
    /// Whether it stores what it does.
    pub stores: bool,
}

/// What was used since the beginning, or between two looks.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    cpu: Duration,
    database_cpu: Option<Duration>,
    written: Option<u64>,
}

impl Watched {
    /// Looks at what was used so far.
    pub async fn look(&self) -> anyhow::Result<Used> {
        let mut cpu = Duration::ZERO;
        for root in &self.roots {
            cpu += process::cpu(*root)?;
        }
        let (database_cpu, written) = match &self.postgres {
            Some(postgres) => {
                let cpu = process::cpu(postgres.process)?;
                (Some(cpu), Some(postgres.written().await?))
            }
            None if self.stores => {
                let written = self.roots.iter().map(|root| process::written(*root));
                (None, Some(written.sum::<anyhow::Result<u64>>()?))
            }
            None => (None, None),
        };
        Ok(Used {
            cpu,
            database_cpu,
            written,
        })
    }

    /// Returns what was used since that look, for each of `count`.
    pub async fn since(&self, earlier: Used, count: u64) -> anyhow::Result<Vec<(Metric, f64)>> {
        let now = self.look().await?;
        let count = as_f64(count);
        let milliseconds = |now: Duration, earlier: Duration| {
            per(now.saturating_sub(earlier).as_secs_f64() * 1000.0, count)
        };
        let mut values = vec![(Metric::Cpu, milliseconds(now.cpu, earlier.cpu))];
        if let (Some(now), Some(earlier)) = (now.database_cpu, earlier.database_cpu) {
            values.push((Metric::DatabaseCpu, milliseconds(now, earlier)));
        }
        if let (Some(now), Some(earlier)) = (now.written, earlier.written) {
            let kib = as_f64(now.saturating_sub(earlier) / 1024);
            values.push((Metric::Disk, per(kib, count)));
        }
        Ok(values)
    }

    /// Runs a load and returns its values: what was used, throughput and latency.
    pub async fn measure(
        &self,
        load: impl Future<Output = anyhow::Result<Done>>,
    ) -> anyhow::Result<Vec<(Metric, f64)>> {
        let earlier = self.look().await?;
        let done = load.await?;
        let mut values = self.since(earlier, done.count()).await?;
        values.extend([
            (Metric::Throughput, done.per_second()),
            (Metric::P50, done.milliseconds(0.5)),
            (Metric::P99, done.milliseconds(0.99)),
        ]);
        Ok(values)
    }
}

/// Returns the value of a metric among those that were measured.
pub fn value(values: &[(Metric, f64)], wanted: Metric) -> Option<f64> {
    let mut values = values.iter();
    values.find_map(|(metric, value)| (*metric == wanted).then_some(*value))
}
