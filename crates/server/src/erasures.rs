//! The erasures of contacts that go on in this process: one for each organization.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recado_core::OrganizationId;
use tokio_util::task::TaskTracker;

/// The erasures that go on.
#[derive(Default)]
pub(crate) struct Erasures {
    /// The end of the server waits for them.
    pub(crate) tasks: TaskTracker,
    running: Running,
}

#[derive(Clone, Default)]
struct Running(Arc<Mutex<HashSet<OrganizationId>>>);

/// The place of an organization's erasure, until it is dropped.
pub(crate) struct Place {
    organization: OrganizationId,
    running: Running,
}

impl Erasures {
    /// Takes the place of the organization, or returns `None` if it is taken.
    pub(crate) fn take(&self, organization: &OrganizationId) -> Option<Place> {
        let free = self.running.lock().insert(organization.clone());
        free.then(|| Place {
            organization: organization.clone(),
            running: self.running.clone(),
        })
    }
}

impl Place {
    pub(crate) fn organization(&self) -> &OrganizationId {
        &self.organization
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.lock().remove(&self.organization);
    }
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashSet<OrganizationId>> {
        // Nothing that panics is done under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
