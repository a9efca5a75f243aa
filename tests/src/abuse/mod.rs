//! One hostile organization against everybody else: what another organization notices, and what the server's
//! memory does.

mod arrivals;
pub mod attack;
mod attacks;
mod bystander;
mod dial;
mod scene;

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use self::attack::Attack;
use self::scene::Scene;

/// Longest that anything of the other organization may take.
pub const MAX_TIME: Duration = Duration::from_secs(1);

/// Most memory that the server may take, in MiB.
pub const MAX_MEMORY_MIB: f64 = 300.0;

/// Largest page of metrics, in KiB.
pub const MAX_METRICS_KIB: usize = 256;

/// How long what has begun may take after an attack.
const GRACE: Duration = Duration::from_secs(10);

/// What the other organization saw of one thing that it does.
pub struct Seen {
    /// Microseconds of what succeeded.
    pub times: Histogram<u64>,
    pub failures: Vec<String>,
}

impl Seen {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            times: Histogram::new(3)?,
            failures: Vec::new(),
        })
    }

    fn note(&mut self, result: Result<Duration, String>) -> anyhow::Result<()> {
        match result {
            Ok(time) => self.times.record(u64::try_from(time.as_micros())?)?,
            Err(failure) => self.failures.push(failure),
        }
        Ok(())
    }

    /// Returns the time that this share of all took at most.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.times.value_at_quantile(share))
    }

    /// Returns whether everything succeeded in time.
    fn is_kept(&self) -> bool {
        self.failures.is_empty() && !self.times.is_empty() && self.quantile(1.0) <= MAX_TIME
    }
}

/// What one attack did.
pub struct Row {
    pub sends: Seen,
    /// Until the tap is in the event stream.
    pub taps: Seen,
    /// Until the tap is at the endpoint.
    pub deliveries: Seen,
    /// `None` if the server has ended.
    pub server: Option<Server>,
}

/// What one attack did to the server.
pub struct Server {
    pub peak_memory_mib: f64,
    /// Seconds of CPU time per second of the attack.
    pub cores: f64,
    /// Size of the page of metrics after the attack.
    pub metrics_kib: usize,
}

impl Row {
    /// Returns whether the other organization noticed nothing, and the server stayed within its bounds.
    pub fn is_kept(&self) -> bool {
        let seen = [&self.sends, &self.taps, &self.deliveries];
        let server = self.server.as_ref();
        seen.into_iter().all(Seen::is_kept) && server.is_some_and(Server::is_kept)
    }
}

impl Server {
    fn is_kept(&self) -> bool {
        self.peak_memory_mib <= MAX_MEMORY_MIB && self.metrics_kib <= MAX_METRICS_KIB
    }
}

/// Runs one attack for that time against a fresh server on a fresh database: SQLite, or one on the PostgreSQL
/// server of that administrator's URL.
pub async fn run(attack: Attack, time: Duration, postgres: Option<&str>) -> anyhow::Result<Row> {
    let mut scene = Scene::start(attack.needs_events(), postgres).await?;
    let (ready, watching) = bystander::run(&scene, time);
    // An error here is the thread's own, which it returns.
    let _ = ready.await;
    scene.measure_from_now()?;
    let begun = Instant::now();
    let end = begun + time;
    // An attack that waits for an answer may outlast its time; it is cut off.
    let _ = tokio::time::timeout_at(end + GRACE, attack.run(&scene, end)).await;
    let watched = tokio::task::spawn_blocking(move || watching.join()).await?;
    let watched = watched.map_err(|_| anyhow::anyhow!("the other organization panicked"))?;
    let [sends, taps, deliveries] = watched?;
    Ok(Row {
        sends,
        taps,
        deliveries,
        server: scene.measured(begun.elapsed()).await.ok(),
    })
}
