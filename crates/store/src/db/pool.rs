//! Connections of one kind: a bounded number of places, and the connections that are open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::DEADLINE;
use crate::error::{Result, StoreError};

/// Connections that are opened when they are needed, and stay open.
pub(crate) struct Pool<C> {
    max: u32,
    places: Arc<Semaphore>,
    /// The one that was used last comes last.
    idle: Mutex<Vec<C>>,
}

impl<C> Pool<C> {
    pub(crate) fn new(max: u32) -> Self {
        Self {
            max,
            places: Arc::new(Semaphore::new(max as usize)),
            idle: Mutex::default(),
        }
    }

    /// Waits for a place until the deadline. Fails with [`StoreError::Busy`] then.
    pub(crate) async fn place(&self, deadline: Instant) -> Result<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let waiting = Arc::clone(&self.places).acquire_owned();
        let waited = tokio::time::timeout_at(deadline.into(), waiting).await;
        let place = waited.map_err(|_| StoreError::Busy)?;
        Ok(place.map_err(|_| sqlx::Error::PoolClosed)?)
    }

    /// Returns the open connections that wait. Those that take one or give one back hold a place.
    pub(crate) fn idle(&self) -> MutexGuard<'_, Vec<C>> {
        // Nothing that panics is done under the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    /// Returns how many connections are open and wait, and how many work.
    pub(crate) fn used(&self) -> (u32, u32) {
        let idle = u32::try_from(self.idle().len()).unwrap_or(u32::MAX);
        let free = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        (idle, self.max.saturating_sub(free))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.places.is_closed()
    }

    /// Waits until no connection works, and returns them.
    pub(crate) async fn close(&self) -> Vec<C> {
        let all = self.places.acquire_many(self.max);
        // What takes longer than it may keeps its connection.
        let all = tokio::time::timeout(DEADLINE, all).await;
        self.places.close();
        drop(all);
        std::mem::take(&mut *self.idle())
    }
}
