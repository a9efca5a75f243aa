//! This server among others: it renews its lease, and frees what dead servers claimed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use recado_store::{Freed, LEASE, LEASE_RENEWAL, Membership, StoreError};
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use crate::app::App;

/// Time between a renewal that failed and the next try.
const PAUSE: Duration = Duration::from_millis(500);

/// Time between two lines of the log that say that a task still fails.
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

/// What the log says if the work of dead servers stays theirs for now.
const CANNOT_FREE: &str = "cannot free what servers left that are gone";

/// Failures of a task that follow each other, and when the log told of them.
#[derive(Default)]
pub(crate) struct Failures {
    told: Option<Instant>,
}

impl Failures {
    /// Returns whether the log has to tell of this failure.
    fn is_due(&mut self, now: Instant) -> bool {
        let due = self
            .told
            .is_none_or(|told| now.duration_since(told) >= REPORT_INTERVAL);
        if due {
            self.told = Some(now);
        }
        due
    }

    /// Returns whether the work that succeeded comes after failures.
    fn end(&mut self) -> bool {
        self.told.take().is_some()
    }

    /// Returns what the task got, or `None` after a failure, which is logged as the problem if that is due.
    pub(crate) fn log<T>(&mut self, result: Result<T, StoreError>, problem: &str) -> Option<T> {
        match result {
            Ok(value) => {
                self.end();
                Some(value)
            }
            Err(error) => {
                if self.is_due(Instant::now()) {
                    tracing::warn!(%error, "{problem}");
                }
                None
            }
        }
    }
}

/// Joins the servers of the database, and frees what earlier runs of this server claimed.
pub(crate) async fn join(app: &App) -> anyhow::Result<Arc<Mutex<Membership>>> {
    let joined = app.store.join(app.server_name.as_deref()).await;
    let mut membership = joined.context(
        "cannot join the servers of this database; each needs a RECADO_SERVER_NAME of its own, or none",
    )?;
    report(membership.take_over(app.clock.now()).await);
    Ok(Arc::new(Mutex::new(membership)))
}

/// Renews the lease until it is dropped.
pub(crate) async fn keep_lease(membership: Arc<Mutex<Membership>>) {
    let mut ticks = interval(LEASE_RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = Failures::default();
    loop {
        ticks.tick().await;
        match membership.lock().await.renew().await {
            Ok(()) => {
                if failures.end() {
                    tracing::info!("the lease of this server is renewed again");
                }
            }
            Err(error) => {
                if failures.is_due(Instant::now()) {
                    tracing::warn!(%error, "the lease of this server was not renewed; after {LEASE:?} other servers take its work");
                }
                ticks.reset_after(PAUSE);
            }
        }
    }
}

/// Ends the lease once no other task has the membership, and frees what this server leaves behind.
pub(crate) async fn leave(app: &App, membership: Arc<Mutex<Membership>>) {
    if let Some(membership) = Arc::into_inner(membership) {
        report(membership.into_inner().leave(app.clock.now()).await);
    }
}

/// Frees what dead servers claimed, as often as leases are renewed.
pub(crate) async fn sweep(app: Arc<App>) {
    // The database may have been away until a moment ago: the others get the time to renew their leases.
    let mut ticks = interval_at(Instant::now() + LEASE, LEASE_RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failures = Failures::default();
    loop {
        ticks.tick().await;
        let freed = app.store.free_dead_servers(app.clock.now()).await;
        if let Some(freed) = failures.log(freed, CANNOT_FREE) {
            report(Ok(freed));
        }
    }
}

/// Logs what was freed.
pub(crate) fn report(freed: Result<Freed, StoreError>) {
    match freed {
        Ok(freed) if freed == Freed::default() => {}
        // A server that ends in order leaves its deliveries and calls to the others.
        Ok(freed) if freed.messages == 0 => tracing::info!(
            webhook_calls = freed.webhook_calls,
            deliveries = freed.deliveries,
            "freed what servers left that are gone; it goes on"
        ),
        Ok(freed) => tracing::warn!(
            messages = freed.messages,
            webhook_calls = freed.webhook_calls,
            deliveries = freed.deliveries,
            "freed what servers left that are gone; messages that they were sending are unknown now, and are not sent again"
        ),
        Err(error) => tracing::warn!(%error, "{CANNOT_FREE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_when_failures_begin_every_half_minute_and_when_they_end() {
        let (mut failures, begin) = (Failures::default(), Instant::now());
        assert!(!failures.end());
        for _ in 0..2 {
            let told: Vec<_> = (0..130)
                .filter(|half| failures.is_due(begin + PAUSE * *half))
                .collect();
            assert_eq!(told, [0, 60, 120]);
            assert!(failures.end());
            assert!(!failures.end());
        }
    }
}
