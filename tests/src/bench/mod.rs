//! The benchmark: release binaries as a user runs them, under a load that costs little itself.

pub mod gateway;
pub mod guesses;
pub mod intake;
pub mod load;
pub mod logins;
pub mod process;

use std::time::Duration;

use hdrhistogram::Histogram;
use sqlx::{Connection as _, PgConnection};

use gateway::Gateway;
use load::Load;

/// Connections at once, one measurement each.
const CONNECTIONS: [usize; 3] = [1, 16, 64];

/// One line of the table.
pub struct Measurement {
    pub connections: usize,
    pub sends_per_second: f64,
    pub latency: Histogram<u64>,
    /// User and system, of the server alone.
    pub cpu_ms_per_send: f64,
}

/// Warms the gateway up, then measures it at every number of connections.
pub async fn measure(
    gateway: &Gateway,
    database: &str,
    time: Duration,
) -> anyhow::Result<Vec<Measurement>> {
    Load {
        connections: 16,
        time: time.min(Duration::from_secs(2)),
    }
    .run(gateway)
    .await?;
    if database.starts_with("postgres") {
        // PostgreSQL does so within a minute of its own accord; until then it plans for empty tables.
        let mut connection = PgConnection::connect(database).await?;
        sqlx::raw_sql("analyze").execute(&mut connection).await?;
        connection.close().await?;
    }
    let mut measurements = Vec::new();
    for connections in CONNECTIONS {
        let before = process::cpu(gateway.server_id()?)?;
        let done = Load { connections, time }.run(gateway).await?;
        let cpu = process::cpu(gateway.server_id()?)?.saturating_sub(before);
        let sends = u32::try_from(done.latency.len())?;
        measurements.push(Measurement {
            connections,
            sends_per_second: f64::from(sends) / done.took.as_secs_f64(),
            latency: done.latency,
            cpu_ms_per_send: cpu.as_secs_f64() * 1000.0 / f64::from(sends),
        });
    }
    Ok(measurements)
}
