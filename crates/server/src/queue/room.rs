//! Room for queued messages: what an organization may have waiting is bounded in bytes.

use std::sync::Arc;
use std::time::Duration;

use recado_core::OrganizationId;
use recado_store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a count holds, to which this server adds what it queues meanwhile. So what several servers queue within
/// this time may exceed the bound.
const COUNT_TTL: Duration = Duration::from_secs(1);

/// A count that takes long holds so many times as long, so that counting takes little of the time; not longer than this.
const COUNT_SHARE: u32 = 50;
const MAX_COUNT_TTL: Duration = Duration::from_secs(10);

/// Organizations whose counts are kept; others are counted again.
const COUNTS_KEPT: u64 = 10_000;

/// Counts what waits, and compares it with the bound.
pub(crate) struct QueueRoom {
    max_bytes: u64,
    /// The lock is held while the organization is counted: all who ask meanwhile take the same count.
    counts: moka::sync::Cache<OrganizationId, Arc<Mutex<Option<Count>>>>,
}

struct Count {
    bytes: u64,
    holds_until: Instant,
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
    ) -> Result<bool, StoreError> {
        let count = self.counts.get_with_by_ref(organization, Arc::default);
        let mut count = count.lock().await;
        let known = count.as_mut().filter(|it| Instant::now() < it.holds_until);
        let known = match known {
            Some(known) => known,
            None => count.insert(Count::now(store, organization).await?),
        };
        let taken = known.bytes.saturating_add(bytes);
        let has_room = taken <= self.max_bytes;
        if has_room {
            known.bytes = taken;
        }
        Ok(has_room)
    }
}

impl Count {
    async fn now(store: &Store, organization: &OrganizationId) -> Result<Self, StoreError> {
        let begun = Instant::now();
        let bytes = store.queued_bytes(organization).await?;
        let holds = (begun.elapsed() * COUNT_SHARE).clamp(COUNT_TTL, MAX_COUNT_TTL);
        Ok(Self {
            bytes,
            holds_until: Instant::now() + holds,
        })
    }
}
