//! Removes the data of deleted organizations, in the background and in bounded steps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use recado_store::{Removal, StoreError};

use crate::app::App;

/// How often deleted organizations are looked for.
const POLL_INTERVAL: Duration = Duration::from_mins(1);

/// How long the data of a deleted organization stay: its sends, webhook calls and deliveries that were under
/// way come to their end meanwhile, on servers with other clocks too.
pub const REMOVAL_DELAY: Duration = Duration::from_mins(5);

/// Removes the data of deleted organizations until it is dropped.
pub(crate) async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = remove_deleted(&app).await {
            tracing::warn!(%error, "cannot look for deleted organizations");
        }
    }
}

pub async fn remove_deleted(app: &App) -> Result<(), StoreError> {
    let before = app.clock.now().checked_sub(REMOVAL_DELAY);
    let removals = app.store.removals(before.unwrap_or(Timestamp::MIN)).await?;
    for removal in removals {
        let organization = removal.organization().clone();
        match remove(removal).await {
            Ok(()) => {
                tracing::info!(organization_id = %organization, "the data of a deleted organization are removed");
            }
            // The others' are removed all the same.
            Err(error) => {
                tracing::warn!(organization_id = %organization, %error, "the removal of a deleted organization is tried again");
            }
        }
    }
    Ok(())
}

async fn remove(mut removal: Removal) -> Result<(), StoreError> {
    loop {
        let begun = Instant::now();
        if !removal.step().await? {
            return Ok(());
        }
        // The other organizations have the database for at least half of the time.
        tokio::time::sleep(begun.elapsed()).await;
    }
}
