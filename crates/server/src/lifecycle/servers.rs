//! This server among others: it renews its lease, and frees what dead servers claimed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use recado_store::{Freed, LEASE, LEASE_RENEWAL, Membership, StoreError};
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use super::failures::Failures;
use crate::app::App;

/// Time between a renewal that failed and the next try.
const PAUSE: Duration = Duration::from_millis(500);

/// Joins the servers of the database, and frees what earlier runs of this server claimed.
pub(crate) async fn join(app: &App) -> anyhow::Result<Arc<Mutex<Membership>>> {
    let joined = app.store.join(app.server_name.as_deref()).await;
    let mut membership = joined.context(
        "cannot join the servers of this database; each needs a RECADO_SERVER_NAME of its own, or none",
    )?;
    report(
        membership.take_over(app.clock.now()).await,
        &mut Failures::default(),
    );
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
        report(
            membership.into_inner().leave(app.clock.now()).await,
            &mut Failures::default(),
        );
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
        report(freed, &mut failures);
    }
}

/// Logs what was freed, or that it could not be freed.
fn report(freed: Result<Freed, StoreError>, failures: &mut Failures) {
    match failures.log(freed, "cannot free the claims of servers that have ended") {
        None => {}
        Some(freed) if freed == Freed::default() => {}
        // A server that ends in order leaves its deliveries and calls to the others.
        Some(freed) if freed.messages == 0 => tracing::info!(
            webhook_calls = freed.webhook_calls,
            deliveries = freed.deliveries,
            "freed the claims of servers that have ended"
        ),
        Some(freed) => tracing::warn!(
            messages = freed.messages,
            webhook_calls = freed.webhook_calls,
            deliveries = freed.deliveries,
            "freed the claims of servers that have ended; messages that they were sending are unknown now and are not sent again"
        ),
    }
}
