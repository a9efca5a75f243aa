//! Room for queued messages: what an organization may have waiting is bounded in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::OrganizationId;
use recado_store::{Store, StoreError};

use crate::app::clock::elapsed;

/// How long a count holds, to which this server adds what it queues meanwhile. So what several servers queue within
/// this time may exceed the bound.
const COUNT_TTL: Duration = Duration::from_secs(1);

/// Organizations whose counts are kept; others are counted again.
const COUNTS_KEPT: u64 = 10_000;

/// Counts what waits, and compares it with the bound.
pub(crate) struct QueueRoom {
    max_bytes: u64,
    counts: moka::sync::Cache<OrganizationId, (Timestamp, Arc<AtomicU64>)>,
}

impl QueueRoom {
    pub(crate) fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            counts: moka::sync::Cache::new(COUNTS_KEPT),
        }
    }

    /// Takes room for a message of so many bytes; tells whether there is any.
    pub(crate) async fn take(
        &self,
        store: &Store,
        organization: &OrganizationId,
        bytes: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let known = self.counts.get(organization);
        let known = known.filter(|(at, _)| *at <= now && elapsed(*at, now) < COUNT_TTL);
        let count = if let Some((_, count)) = known {
            count
        } else {
            let count = Arc::new(AtomicU64::new(store.queued_bytes(organization).await?));
            let entry = (now, Arc::clone(&count));
            self.counts.insert(organization.clone(), entry);
            count
        };
        let taken = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            let taken = count.saturating_add(bytes);
            (taken <= self.max_bytes).then_some(taken)
        });
        Ok(taken.is_ok())
    }
}
