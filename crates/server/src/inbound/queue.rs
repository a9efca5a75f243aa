//! The calls of providers that wait in memory, and what bounds their number and their application.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use recado_core::OrganizationId;
use recado_providers::Channel;
use recado_store::{Store, StoreError, WebhookCall};
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;

use super::claims::Claims;
use crate::memory::budget::{ByteBudget, Room};
use crate::memory::lock;

/// Bytes of the calls that wait in memory; what is beyond is applied from the database.
const MAX_WAITING_BYTES: usize = 24 * 1024 * 1024;

/// Bytes of the calls of one organization that wait in memory.
const MAX_WAITING_BYTES_EACH: usize = 8 * 1024 * 1024;

/// Bytes of the bodies that are being read, checked and kept; those that a secret in their URL proves, and the
/// others, have as many each.
const MAX_BODY_BYTES: usize = 24 * 1024 * 1024;

/// Bytes of those bodies that go to the channels of one organization.
const MAX_BODY_BYTES_EACH: usize = 8 * 1024 * 1024;

/// What a call takes in memory beside its body.
pub(super) const CALL_OVERHEAD_BYTES: usize = 512;

/// Transactions that apply calls at once; some of the database's connections stay free for sends.
const MAX_TRANSACTIONS: usize = 4;

/// Large calls that are in the process of being applied at once.
const MAX_LARGE_CALLS: usize = 2;

/// A kept call that waits to be applied.
pub(crate) struct Taken {
    pub(crate) call: WebhookCall,
    /// The channel that was called; a deleted one says nothing any more.
    pub(crate) channel: Option<Arc<dyn Channel>>,
    /// The memory that the call may take; a call that was read back is bounded by its claim.
    pub(crate) room: Option<Room>,
}

/// The calls that wait, in one queue for each organization, and what bounds their application.
pub struct Intake {
    /// The queue of each organization whose calls are being applied.
    pub(super) queues: Mutex<HashMap<OrganizationId, VecDeque<Taken>>>,
    /// The bytes of the calls that wait in memory.
    pub waiting: ByteBudget,
    /// The bytes of the bodies that are not on disk yet and prove nothing before they are read.
    pub bodies: ByteBudget,
    /// The bytes of the bodies that are not on disk yet and were proved by their URL, so that callers who prove
    /// nothing cannot take their room.
    pub proved_bodies: ByteBudget,
    /// What keeps and applies calls; the end of the server waits for it.
    pub(super) tasks: TaskTracker,
    /// Places for transactions. They are given in the order in which they are asked for, and every
    /// organization asks for one at a time: so the organizations take turns.
    pub(crate) transactions: Semaphore,
    pub(crate) large: Semaphore,
    /// Held while a large call is kept.
    pub(super) large_kept: tokio::sync::Mutex<()>,
    /// Held while a large call is read.
    pub(crate) large_read: tokio::sync::Mutex<()>,
    /// Held while a call is applied that may have ended a process.
    pub(crate) doubtful: tokio::sync::Mutex<()>,
    /// The calls that this process has claimed.
    claims: Mutex<Claims>,
    /// Says that calls wait in the database.
    pub(super) left_behind: Notify,
    /// Calls whose attempt ended without success and without ending the process.
    failed: Mutex<HashSet<String>>,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            queues: Mutex::default(),
            waiting: ByteBudget::new(MAX_WAITING_BYTES, MAX_WAITING_BYTES_EACH),
            bodies: ByteBudget::new(MAX_BODY_BYTES, MAX_BODY_BYTES_EACH),
            proved_bodies: ByteBudget::new(MAX_BODY_BYTES, MAX_BODY_BYTES_EACH),
            tasks: TaskTracker::new(),
            transactions: Semaphore::new(MAX_TRANSACTIONS),
            large: Semaphore::new(MAX_LARGE_CALLS),
            large_kept: tokio::sync::Mutex::default(),
            large_read: tokio::sync::Mutex::default(),
            doubtful: tokio::sync::Mutex::default(),
            claims: Mutex::default(),
            left_behind: Notify::new(),
            failed: Mutex::default(),
        }
    }
}

impl Intake {
    /// Notes that attempts came to an end without success: the calls are tried again, and did no harm.
    pub(crate) fn did_not_apply(&self, calls: HashSet<String>) {
        lock(&self.failed).extend(calls);
    }

    /// Writes down what [`Self::did_not_apply`] noted.
    pub(crate) async fn end_attempts(&self, store: &Store) -> Result<(), StoreError> {
        let failed: Vec<_> = lock(&self.failed).iter().cloned().collect();
        if failed.is_empty() {
            return Ok(());
        }
        store.end_webhook_call_attempts(&failed).await?;
        let mut noted = lock(&self.failed);
        for id in failed {
            noted.remove(&id);
        }
        Ok(())
    }

    /// Returns how many calls are being kept, wait to be applied, or are being applied.
    pub(crate) fn in_progress(&self) -> usize {
        let waiting: usize = lock(&self.queues).values().map(VecDeque::len).sum();
        // A task keeps one call, or applies some of an organization.
        waiting + self.tasks.len()
    }

    pub(crate) fn claims(&self) -> MutexGuard<'_, Claims> {
        lock(&self.claims)
    }

    /// Says that calls wait in the database to be applied.
    pub(crate) fn look_for_left_behind(&self) {
        self.left_behind.notify_one();
    }
}
