//! Turns at the organization lock: of one organization's writes one at a time waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use recado_core::OrganizationId;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use crate::error::StoreError;

/// Longest wait for a turn: long enough for many writes that came before, and with the write itself shorter
/// than callers wait for the outcome of a send.
const TURN_TIMEOUT: Duration = Duration::from_secs(12);

/// The organizations whose writes wait for the lock, or hold it.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<OrganizationId, Weak<Turn<()>>>>);

impl Turns {
    /// Waits until no other write of the organization has the turn; it ends with the guard.
    ///
    /// # Errors
    ///
    /// [`StoreError::Busy`] if the others take too long.
    pub(crate) async fn take(
        &self,
        organization: &OrganizationId,
    ) -> Result<OwnedMutexGuard<()>, StoreError> {
        let turn = self.of(organization).lock_owned();
        let waited = tokio::time::timeout(TURN_TIMEOUT, turn).await;
        waited.map_err(|_| StoreError::Busy)
    }

    fn of(&self, organization: &OrganizationId) -> Arc<Turn<()>> {
        // Nothing that panics is done under the lock.
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(organization).and_then(Weak::upgrade) {
            return turn;
        }
        // Only organizations that write at this moment stay, so that the map does not grow.
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(Turn::new(()));
        turns.insert(organization.clone(), Arc::downgrade(&turn));
        turn
    }
}
