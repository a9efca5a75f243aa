//! What many callers ask of PostgreSQL at a time as one: a round trip costs more than a row does.
//!
//! What an organization asks gathers while its last batch is under way, so that nothing waits for others to join it.
//! On SQLite the writing thread takes what has gathered (`db/batched_write.rs`).
//! A batch that fails is taken back, and its writes are tried one by one, so that a bad one fails alone.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use recado_core::OrganizationId;
use tokio::sync::oneshot;

use crate::db::in_time;
use crate::error::StoreError;
use crate::store::Store;

/// Most writes in one batch.
pub(crate) const MAX_BATCH: usize = 256;

/// A read or write that can be done together with others of the same organization.
pub(crate) trait Batchable: Send + Sync + Sized + 'static {
    type Done: Send + 'static;

    /// Does all of them or none; returns the results in their order.
    fn do_all(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Done>, StoreError>> + Send;
}

/// What waits, for each organization that has a batch under way.
pub(crate) struct Batches<W: Batchable>(Mutex<HashMap<OrganizationId, Vec<Waiting<W>>>>);

pub(crate) type Reply<W> = oneshot::Sender<Result<<W as Batchable>::Done, StoreError>>;

pub(crate) struct Waiting<W: Batchable> {
    pub(crate) write: W,
    pub(crate) reply: Reply<W>,
}

impl<W: Batchable> Default for Batches<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<W: Batchable> Batches<W> {
    /// Adds a write, and tells whether it is the first, whose caller has to start the batch.
    pub(crate) fn add(&self, organization: &OrganizationId, waiting: Waiting<W>) -> bool {
        let mut lanes = self.lanes();
        if let Some(lane) = lanes.get_mut(organization) {
            lane.push(waiting);
            return false;
        }
        lanes.insert(organization.clone(), vec![waiting]);
        true
    }

    /// Takes the next batch; returns `None` if no write waits, and the next write then starts a batch again.
    fn next(&self, organization: &OrganizationId) -> Option<Vec<Waiting<W>>> {
        let mut lanes = self.lanes();
        let lane = lanes.get_mut(organization)?;
        // Writes whose caller timed out or went away are not begun any more.
        lane.retain(|waiting| !waiting.reply.is_closed());
        if lane.is_empty() {
            lanes.remove(organization);
            return None;
        }
        Some(lane.drain(..lane.len().min(MAX_BATCH)).collect())
    }

    /// Adds a write, and tells whether its caller has to hand over one more job that takes a batch: for each batch that
    /// waits, or a part of one, there is a job.
    pub(crate) fn join(&self, organization: &OrganizationId, waiting: Waiting<W>) -> bool {
        let mut lanes = self.lanes();
        let lane = lanes.entry(organization.clone()).or_default();
        lane.push(waiting);
        lane.len() % MAX_BATCH == 1
    }

    /// Takes the oldest that wait, as many as a batch has at most. Each job does so once, even if it fails.
    pub(crate) fn take(&self, organization: &OrganizationId) -> Vec<Waiting<W>> {
        let mut lanes = self.lanes();
        let Some(lane) = lanes.get_mut(organization) else {
            return Vec::new();
        };
        let mut taken: Vec<_> = lane.drain(..lane.len().min(MAX_BATCH)).collect();
        if lane.is_empty() {
            lanes.remove(organization);
        }
        // Writes whose caller timed out or went away are not begun any more.
        taken.retain(|waiting| !waiting.reply.is_closed());
        taken
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<OrganizationId, Vec<Waiting<W>>>> {
        // Nothing that panics is done under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Does a write together with those of its kind that come at the same time.
    pub(crate) async fn gather<W: Batchable>(
        &self,
        organization: &OrganizationId,
        write: W,
    ) -> Result<W::Done, StoreError> {
        let (reply, answer) = oneshot::channel();
        if self
            .in_memory::<Batches<W>>()
            .add(organization, Waiting { write, reply })
        {
            // In a task of its own: the caller may go away, and the others' writes go on.
            let writing = write_gathered::<W>(self.clone(), organization.clone());
            self.gathering().spawn(writing);
        }
        in_time(async { answer.await.unwrap_or(Err(StoreError::NotCommitted)) }).await
    }

    /// Does writes together, and if that fails, each alone.
    pub(crate) async fn together<W: Batchable>(
        &self,
        organization: &OrganizationId,
        writes: &[W],
    ) -> Vec<Result<W::Done, StoreError>> {
        let error = match W::do_all(self, organization, writes).await {
            Ok(done) => return done.into_iter().map(Ok).collect(),
            Err(error) if writes.len() == 1 => return vec![Err(error)],
            Err(error) => error,
        };
        if !error.concerns_one_write() {
            tracing::error!(%error, "a batch failed");
            return writes.iter().map(|_| Err(error.of_batch())).collect();
        }
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            let alone = W::do_all(self, organization, std::slice::from_ref(write)).await;
            results.push(alone.and_then(|done| {
                let done = done.into_iter().next();
                done.ok_or(StoreError::NotCommitted)
            }));
        }
        results
    }
}

/// Writes one batch after the other until no write waits.
async fn write_gathered<W: Batchable>(store: Store, organization: OrganizationId) {
    while let Some(batch) = store.in_memory::<Batches<W>>().next(&organization) {
        let (store, organization) = (store.clone(), organization.clone());
        let written = tokio::spawn(async move {
            let (writes, replies): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .map(|waiting| (waiting.write, waiting.reply))
                .unzip();
            let results = store.together(&organization, &writes).await;
            for (reply, result) in replies.into_iter().zip(results) {
                // A caller who no longer listens changes nothing: what it asked for is done.
                reply.send(result).unwrap_or_default();
            }
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "a batch panicked");
        }
    }
}
