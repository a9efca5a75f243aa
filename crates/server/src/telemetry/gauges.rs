//! What is measured at a scrape: backlogs, channels, connections to the database, and the process.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use metrics::gauge;
use recado_core::Provider;
use recado_store::{Backlogs, ChannelCount, PausedCount, Queue, StoreError};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::catalogue::{CHANNEL_STATES, PAUSE_CAUSES};
use super::process;
use crate::app::App;

/// How long a measurement holds: several may ask, and each measurement costs the database something.
const MEASUREMENT_TTL: Duration = Duration::from_secs(10);

/// The longest that one who asks waits for the database; Prometheus gives up after ten seconds.
const MEASUREMENT_TIMEOUT: Duration = Duration::from_secs(2);

/// Measures a server.
#[derive(Default)]
pub struct Gauges {
    /// Nothing before the database is open.
    app: OnceLock<Arc<App>>,
    measured_at: Mutex<Option<Instant>>,
}

impl Gauges {
    /// Measures that server from now on; until then no database is ready.
    pub fn measure(&self, app: Arc<App>) {
        self.app.get_or_init(|| app);
    }

    /// Measures again, unless the last measurement is recent.
    ///
    /// What the database does not tell in time is `NaN`, so that no old number passes for a new one.
    pub async fn refresh(&self) {
        let mut measured_at = self.measured_at.lock().await;
        process::collect();
        if self
            .app
            .get()
            .is_some_and(|app| app.draining.is_cancelled())
        {
            gauge!("recado_ready").set(0);
        }
        if measured_at.is_some_and(|at| at.elapsed() < MEASUREMENT_TTL) {
            return;
        }
        let Some(app) = self.app.get() else {
            set_backlogs(None, Timestamp::UNIX_EPOCH);
            set_channels(None);
            set_pauses(None);
            return;
        };
        // Also if this caller hangs up: many who do that must not begin many measurements.
        *measured_at = Some(Instant::now());
        set_backlogs(None, Timestamp::UNIX_EPOCH);
        set_channels(None);
        set_pauses(None);
        measure_database(app).await;
    }
}

async fn measure_database(app: &App) {
    let (store, now) = (&app.store, app.clock.now());
    let (ready, backlogs, channels, pauses) = tokio::join!(
        in_time(app.readiness.check(store)),
        in_time(store.backlogs(now)),
        in_time(store.channel_counts()),
        in_time(store.paused_counts()),
    );
    let ready = ready.is_some() && !app.draining.is_cancelled();
    gauge!("recado_ready").set(u8::from(ready));
    set_backlogs(backlogs.as_ref(), now);
    set_channels(channels.as_deref());
    set_pauses(pauses.as_deref());
    for pool in store.pools() {
        for (state, connections) in [("in_use", pool.in_use), ("idle", pool.idle)] {
            gauge!("recado_database_connections", "pool" => pool.pool, "state" => state)
                .set(connections);
        }
        gauge!("recado_database_connections_max", "pool" => pool.pool).set(pool.max);
    }
}

async fn in_time<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    let answered = tokio::time::timeout(MEASUREMENT_TIMEOUT, asked).await;
    answered
        .unwrap_or(Err(StoreError::Timeout))
        .inspect_err(|error| tracing::warn!(%error, "a metric of the database cannot be measured"))
        .ok()
}

fn set_backlogs(backlogs: Option<&Backlogs>, now: Timestamp) {
    let of = |count: fn(&Backlogs) -> u32| backlogs.map_or(f64::NAN, |it| count(it).into());
    gauge!("recado_messages", "status" => "queued").set(of(|it| it.queued.waiting));
    gauge!("recado_messages", "status" => "sending").set(of(|it| it.sending));
    gauge!("recado_messages", "status" => "unknown").set(of(|it| it.unknown));
    let age = |queue: fn(&Backlogs) -> Queue| {
        backlogs.map_or(f64::NAN, |it| {
            let oldest = queue(it).oldest.unwrap_or(now);
            now.duration_since(oldest).as_secs_f64().max(0.0)
        })
    };
    gauge!("recado_queue_oldest_seconds").set(age(|it| it.queued));
    gauge!("recado_webhook_calls_waiting").set(of(|it| it.webhook_calls.waiting));
    gauge!("recado_webhook_calls_oldest_seconds").set(age(|it| it.webhook_calls));
    gauge!("recado_deliveries_waiting").set(of(|it| it.deliveries.waiting));
    gauge!("recado_deliveries_oldest_seconds").set(age(|it| it.deliveries));
}

fn set_channels(counts: Option<&[ChannelCount]>) {
    for provider in Provider::ALL {
        for (state, connected) in CHANNEL_STATES
            .into_iter()
            .zip([Some(true), Some(false), None])
        {
            let channels = counts.map_or(f64::NAN, |counts| {
                let found = counts
                    .iter()
                    .find(|it| it.provider == provider && it.connected == connected);
                found.map_or(0.0, |it| it.channels.into())
            });
            gauge!("recado_channels", "provider" => provider.as_str(), "state" => state)
                .set(channels);
        }
    }
}

fn set_pauses(counts: Option<&[PausedCount]>) {
    for provider in Provider::ALL {
        let count = counts.map(|counts| counts.iter().find(|it| it.provider == provider));
        let causes: [fn(&PausedCount) -> u32; 2] = [|it| it.by_request, |it| it.failing];
        for (cause, of) in PAUSE_CAUSES.into_iter().zip(causes) {
            let channels = count.map_or(f64::NAN, |count| count.map_or(0, of).into());
            gauge!("recado_channels_paused", "provider" => provider.as_str(), "cause" => cause)
                .set(channels);
        }
    }
}
