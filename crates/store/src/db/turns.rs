//! Turns: of one organization's work of one kind only so much is under way at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use recado_core::OrganizationId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Result, StoreError};

/// Longest wait for a turn: long enough for many writes that came before, and with the write itself shorter
/// than callers wait for the outcome of a send.
const TURN_TIMEOUT: Duration = Duration::from_secs(12);

/// The organizations that have work under way.
pub(crate) struct Turns {
    at_once: usize,
    organizations: Mutex<HashMap<OrganizationId, Weak<Semaphore>>>,
}

impl Turns {
    pub(crate) fn new(at_once: usize) -> Self {
        Self {
            at_once,
            organizations: Mutex::default(),
        }
    }

    /// Waits until less of the organization's work is under way. The permit ends the turn. Fails with
    /// [`StoreError::Busy`] if the work before it takes too long.
    pub(crate) async fn take(&self, organization: &OrganizationId) -> Result<OwnedSemaphorePermit> {
        let turn = self.of(organization).acquire_owned();
        let waited = tokio::time::timeout(TURN_TIMEOUT, turn).await;
        // The semaphores are never closed.
        waited.ok().and_then(Result::ok).ok_or(StoreError::Busy)
    }

    pub(crate) fn try_take(&self, organization: &OrganizationId) -> Option<OwnedSemaphorePermit> {
        self.of(organization).try_acquire_owned().ok()
    }

    fn of(&self, organization: &OrganizationId) -> Arc<Semaphore> {
        // Nothing that panics is done under the lock.
        let organizations = self.organizations.lock();
        let mut organizations = organizations.unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = organizations.get(organization).and_then(Weak::upgrade) {
            return turns;
        }
        // Only organizations that work at this moment stay, so that the map does not grow.
        organizations.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(self.at_once));
        organizations.insert(organization.clone(), Arc::downgrade(&turns));
        turns
    }
}
