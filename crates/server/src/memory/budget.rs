//! A bound in bytes for what is held in memory, in all and for each organization.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recado_core::OrganizationId;

/// Locks a mutex, also one that a panic poisoned: nothing that panics is done under these locks.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts the bytes that are held.
#[derive(Clone)]
pub struct ByteBudget(Arc<Shared>);

struct Shared {
    /// Most bytes in all.
    total: usize,
    /// Most bytes of one organization, or of all operators, so that none can take everything.
    share: usize,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    bytes: usize,
    /// Those of operators are held for no organization.
    by_organization: HashMap<Option<OrganizationId>, usize>,
}

/// Bytes of a budget that are taken; given back when it is dropped.
pub(crate) struct Room {
    budget: ByteBudget,
    organization: Option<OrganizationId>,
    bytes: usize,
}

impl ByteBudget {
    /// Makes a budget of which each organization may take a share.
    pub(crate) fn new(total: usize, share: usize) -> Self {
        Self(Arc::new(Shared {
            total,
            share,
            used: Mutex::default(),
        }))
    }

    /// Returns how many bytes are held.
    pub fn used(&self) -> usize {
        lock(&self.0.used).bytes
    }

    /// Takes room for an organization; returns `None` if there is not enough.
    pub(crate) fn take(&self, organization: &OrganizationId, bytes: usize) -> Option<Room> {
        let mut room = self.room(Some(organization));
        room.grow(bytes).then_some(room)
    }

    /// Returns room of an organization, or of operators, that holds nothing yet.
    pub(crate) fn room(&self, organization: Option<&OrganizationId>) -> Room {
        Room {
            budget: self.clone(),
            organization: organization.cloned(),
            bytes: 0,
        }
    }
}

impl Room {
    /// Takes more; returns whether there was enough.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let mut used = lock(&self.budget.0.used);
        let own = used.by_organization.get(&self.organization);
        let own = own.copied().unwrap_or_default().saturating_add(bytes);
        let all = used.bytes.saturating_add(bytes);
        let fits = own <= self.budget.0.share && all <= self.budget.0.total;
        if fits && bytes > 0 {
            used.bytes = all;
            used.by_organization.insert(self.organization.clone(), own);
            self.bytes += bytes;
        }
        fits
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut used = lock(&self.budget.0.used);
        used.bytes = used.bytes.saturating_sub(self.bytes);
        if let Some(own) = used.by_organization.get_mut(&self.organization) {
            *own = own.saturating_sub(self.bytes);
            if *own == 0 {
                used.by_organization.remove(&self.organization);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(id: &str) -> OrganizationId {
        id.parse().expect("an id")
    }

    #[test]
    fn no_organization_takes_more_than_its_share_and_all_together_no_more_than_the_budget() {
        let budget = ByteBudget::new(10, 6);
        let (one, other) = (organization("one"), organization("other"));
        let mut first = budget.take(&one, 4).expect("room");
        assert!(!first.grow(3));
        assert!(first.grow(2));
        assert!(budget.take(&one, 1).is_none());
        let second = budget.take(&other, 4).expect("room");
        assert!(budget.take(&other, 1).is_none());
        assert_eq!(budget.used(), 10);
        drop(first);
        assert_eq!(budget.used(), 4);
        drop(second);
        assert_eq!(budget.used(), 0);
        assert!(lock(&budget.0.used).by_organization.is_empty());
    }
}
