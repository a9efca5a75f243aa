//! What the providers told us, applied: every kept call once, in this process or after a restart in the next.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::OrganizationId;
use recado_providers::Channel;
use recado_store::{Store, StoreError, WebhookCall};
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::applying::{MAX_BYTES, MAX_CALLS, Taken, apply};
use super::left_behind;
use super::lost::Claims;
use crate::api::error::ApiError;
use crate::app::App;
use crate::memory::budget::{ByteBudget, Room};

/// How long a call rests at least that was not applied.
const CLAIM: Duration = Duration::from_mins(1);

/// How often calls are looked for that no process has applied.
const SWEEP: Duration = Duration::from_secs(10);

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
const CALL_OVERHEAD_BYTES: usize = 512;

/// Transactions that apply calls at once; some of the database's connections stay free for sends.
const MAX_TRANSACTIONS: usize = 4;

/// Large calls that are in the process of being applied at once.
const MAX_LARGE_CALLS: usize = 2;

/// The calls that wait, in one queue for each organization, and what bounds their application.
pub struct Intake {
    /// The queue of each organization whose calls are being applied.
    queues: Mutex<HashMap<OrganizationId, VecDeque<Taken>>>,
    /// The bytes of the calls that wait in memory.
    pub waiting: ByteBudget,
    /// The bytes of the bodies that are not on disk yet and prove nothing before they are read.
    pub bodies: ByteBudget,
    /// The bytes of the bodies that are not on disk yet and were proved by their URL, so that callers who prove
    /// nothing cannot take their room.
    pub proved_bodies: ByteBudget,
    /// What keeps and applies calls; the end of the server waits for it.
    tasks: TaskTracker,
    /// Places for transactions. They are given in the order in which they are asked for, and every
    /// organization asks for one at a time: so the organizations take turns.
    pub(crate) transactions: Semaphore,
    pub(crate) large: Semaphore,
    /// Held while a large call is kept.
    large_kept: tokio::sync::Mutex<()>,
    /// Held while a large call is read.
    pub(crate) large_read: tokio::sync::Mutex<()>,
    /// Held while a call is applied that may have ended a process.
    pub(crate) doubtful: tokio::sync::Mutex<()>,
    /// The calls that this process has claimed.
    claims: Mutex<Claims>,
    /// Says that calls wait in the database.
    left_behind: Notify,
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

    /// Gives access to the calls that this process has claimed.
    pub(crate) fn claims(&self) -> MutexGuard<'_, Claims> {
        lock(&self.claims)
    }

    /// Says that calls wait in the database to be applied.
    pub(crate) fn look_for_left_behind(&self) {
        self.left_behind.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that panics is done under the locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When a call that is claimed now may be claimed by others.
#[must_use]
pub fn claimed_until(now: Timestamp) -> Timestamp {
    now.checked_add(CLAIM).unwrap_or(Timestamp::MAX)
}

/// Keeps a call on disk, and has it applied. When this returns, the caller may be answered.
///
/// All of it runs in a task of its own: a provider that closes its connection early changes nothing.
///
/// # Errors
///
/// The call could not be kept.
pub(crate) async fn keep(
    app: &Arc<App>,
    channel: Arc<dyn Channel>,
    call: WebhookCall,
    body: Room,
) -> Result<(), ApiError> {
    let context = Arc::clone(app);
    let keeping = async move {
        let bytes = call.body.len() + CALL_OVERHEAD_BYTES;
        let room = context.intake.waiting.take(&call.organization_id, bytes);
        let until = match room {
            Some(_) => claimed_until(call.received_at),
            None => call.received_at,
        };
        if room.is_some() {
            context.intake.claims().add([call.id.clone()]);
        }
        // One large call at a time: on SQLite the writes of all organizations wait for its commit.
        let alone = if call.body.len() > MAX_BYTES {
            Some(context.intake.large_kept.lock().await)
        } else {
            None
        };
        let kept = context.store.keep_webhook_call(&call, until).await;
        drop(alone);
        if let Err(error) = kept {
            context
                .intake
                .claims()
                .remove(std::slice::from_ref(&call.id));
            // It may be there all the same, claimed for this process, which then knows of it.
            context.intake.did_not_apply(HashSet::from([call.id]));
            return Err(error);
        }
        drop(body);
        match room {
            Some(room) => hand_over(&context, channel, call, room),
            None => context.intake.look_for_left_behind(),
        }
        Ok::<_, StoreError>(())
    };
    let kept = app.intake.tasks.spawn(keeping.in_current_span()).await;
    kept.map_err(ApiError::internal)?.map_err(ApiError::from)
}

/// Puts a call into the queue of its organization, and applies the queue unless that is going on already.
fn hand_over(app: &Arc<App>, channel: Arc<dyn Channel>, call: WebhookCall, room: Room) {
    let organization = call.organization_id.clone();
    let taken = Taken {
        call,
        channel: Some(channel),
        room: Some(room),
    };
    let mut queues = lock(&app.intake.queues);
    if let Some(queue) = queues.get_mut(&organization) {
        queue.push_back(taken);
        return;
    }
    queues.insert(organization.clone(), VecDeque::from([taken]));
    drop(queues);
    let applying = apply_queue(Arc::clone(app), organization);
    app.intake.tasks.spawn(applying);
}

/// Applies the calls of one organization until its queue is empty.
async fn apply_queue(app: Arc<App>, organization: OrganizationId) {
    while let Some(calls) = next(&app, &organization) {
        let app = Arc::clone(&app);
        // In a task of its own: should it panic, the queue goes on.
        let applied = tokio::spawn(async move { apply(&app, calls).await }).await;
        if let Err(error) = applied {
            tracing::error!(%error, "applying webhook calls panicked");
        }
    }
}

/// Takes the next calls out of a queue; returns `None`, and ends the queue, if it is empty.
fn next(app: &App, organization: &OrganizationId) -> Option<Vec<Taken>> {
    let mut queues = lock(&app.intake.queues);
    let queue = queues.get_mut(organization)?;
    let (mut calls, mut bytes) = (Vec::new(), 0);
    while let Some(first) = queue.front() {
        bytes += first.call.body.len();
        if !calls.is_empty() && (bytes > MAX_BYTES || calls.len() >= MAX_CALLS) {
            break;
        }
        calls.extend(queue.pop_front());
    }
    if calls.is_empty() {
        queues.remove(organization);
        return None;
    }
    Some(calls)
}

/// Applies the calls that were left behind, and waits at the end for those that are being applied.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let mut freed = app.store.webhook_call_signal();
    let mut sweep = tokio::time::interval(SWEEP);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = sweep.tick() => {}
            () = app.intake.left_behind.notified() => {}
            () = freed.appended() => {}
            () = &mut stop => break,
        }
        apply_left_behind(&app, app.clock.now()).await;
    }
    app.intake.tasks.close();
    app.intake.tasks.wait().await;
}

/// Applies all pending calls whose claim has run out at that instant.
pub async fn apply_left_behind(app: &Arc<App>, at: Timestamp) {
    if let Err(error) = left_behind::apply_all(app, at).await {
        tracing::warn!(
            error = error.message,
            "cannot apply webhook calls that were left behind; they are tried again"
        );
    }
}
