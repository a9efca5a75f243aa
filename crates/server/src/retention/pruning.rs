//! Removes rows whose time has passed, in the background and in bounded steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use recado_store::{Pruning, StoreError};
use tokio::time::{Instant, interval_at};

use crate::app::App;

/// How often rows are looked for that an index finds by their time.
const POLL_INTERVAL: Duration = Duration::from_mins(1);

/// Every so many times, messages and events are looked for, in each organization.
const WALK_EVERY: u32 = 60;

/// Removes rows until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    // Not in the first minute: a server that starts has the requests that waited, and a retention that was shortened by
    // mistake can still be corrected.
    let mut ticks = interval_at(Instant::now() + POLL_INTERVAL, POLL_INTERVAL);
    for walk in (0..WALK_EVERY).map(|round| round == 0).cycle() {
        ticks.tick().await;
        if let Err(error) = prune(&app, walk).await {
            tracing::warn!(%error, "cannot remove rows whose time has passed");
        }
    }
}

/// Removes all rows whose time has passed; messages and events only with `walk`.
pub async fn prune(app: &App, walk: bool) -> Result<(), StoreError> {
    let mut removed = BTreeMap::new();
    let pruning = app.store.pruning(app.clock.now(), app.retention, walk);
    let pruned = remove(pruning, &mut removed).await;
    for (what, rows) in removed {
        tracing::info!(what, rows, "removed rows whose time has passed");
    }
    pruned
}

async fn remove(
    mut pruning: Pruning,
    removed: &mut BTreeMap<&'static str, u64>,
) -> Result<(), StoreError> {
    loop {
        let begun = Instant::now();
        let Some(pruned) = pruning.step().await? else {
            return Ok(());
        };
        if pruned.rows > 0 {
            metrics::counter!("recado_rows_removed_total", "what" => pruned.what)
                .increment(pruned.rows);
            *removed.entry(pruned.what).or_default() += pruned.rows;
        }
        // Sends have the database for at least half of the time.
        tokio::time::sleep(begun.elapsed()).await;
    }
}
