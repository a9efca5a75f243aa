//! Writes that are done together with others of their kind and organization.
//!
//! SQLite's writing thread does a batch itself: a caller wakes one thread, which answers it. Writes join the batch until the
//! thread comes to it.

use std::sync::Arc;

use recado_core::OrganizationId;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;

use crate::db::batch::{Batchable, Batches, MAX_BATCH, Reply, Waiting};
use crate::db::connection::{Connection, at_once};
use crate::db::in_time;
use crate::db::writer::{Job, Order, Written, settle};
use crate::error::{Result, StoreError};
use crate::events::append::Appended;
use crate::store::Store;

/// A write that can be done together with others of the same organization.
pub(crate) trait BatchedWrite: Clone + Send + Sync + Sized + 'static {
    type Done: Send + 'static;

    /// Does all writes or none, within a transaction in which they are the first to take the organization lock; returns
    /// the results in the order of the writes.
    fn write_in(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
        connection: &mut Connection,
    ) -> impl Future<Output = Result<(Vec<Self::Done>, Appended)>> + Send;

    /// Does all writes or none on PostgreSQL, in fewer round trips; `None` if that cannot be, and nothing is done then.
    fn write_at_once(
        _store: &Store,
        _organization: &OrganizationId,
        _writes: &[Self],
    ) -> impl Future<Output = Result<Option<Vec<Self::Done>>>> + Send {
        async { Ok(None) }
    }
}

impl<W: BatchedWrite> Batchable for W {
    type Done = <W as BatchedWrite>::Done;

    async fn do_all(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
    ) -> Result<Vec<Self::Done>> {
        if let Some(done) = W::write_at_once(store, organization, writes).await? {
            return Ok(done);
        }
        let (of, owner, all) = (store.clone(), organization.clone(), writes.to_vec());
        let writing = store.locked(organization, move |connection| {
            Box::pin(async move { W::write_in(&of, &owner, &all, connection).await })
        });
        let (done, appended) = writing.await?;
        store.notify(organization, appended);
        Ok(done)
    }
}

impl Store {
    /// Does a write together with those of its kind that come at the same time.
    pub(crate) async fn write_together<W: BatchedWrite>(
        &self,
        organization: &OrganizationId,
        write: W,
    ) -> Result<<W as BatchedWrite>::Done> {
        let Some(orders) = self.writer().thread() else {
            return self.gather(organization, write).await;
        };
        let (reply, answer) = oneshot::channel();
        if self
            .in_memory::<Batches<W>>()
            .add(organization, Waiting { write, reply })
        {
            let batch = Batch::<W>::new(self, organization);
            self.hand_over(orders, Box::new(move |connection| batch.write(connection)))?;
        }
        in_time(async { answer.await.unwrap_or(Err(StoreError::NotCommitted)) }).await
    }

    /// Hands a job to the thread, without waiting for room among those that it is to do: the caller may go away, and others
    /// have joined the batch.
    fn hand_over(&self, orders: &mpsc::Sender<Order>, job: Job) -> Result<()> {
        match orders.try_send(Order::Write(job)) {
            Ok(()) => {}
            Err(TrySendError::Full(order)) => {
                let orders = orders.clone();
                let sending = async move { orders.send(order).await.is_ok() };
                self.gathering().spawn(sending);
            }
            Err(TrySendError::Closed(_)) => return Err(sqlx::Error::PoolClosed.into()),
        }
        Ok(())
    }
}

/// The writes of an organization that wait for the thread. If it is dropped before, their callers are told so.
struct Batch<W: BatchedWrite> {
    store: Store,
    organization: OrganizationId,
    waiting: Arc<Batches<W>>,
    is_taken: bool,
}

impl<W: BatchedWrite> Drop for Batch<W> {
    fn drop(&mut self) {
        if !self.is_taken {
            self.waiting.take(&self.organization);
        }
    }
}

impl<W: BatchedWrite> Batch<W> {
    fn new(store: &Store, organization: &OrganizationId) -> Self {
        Self {
            store: store.clone(),
            organization: organization.clone(),
            waiting: store.in_memory(),
            is_taken: false,
        }
    }

    /// Does the writes, on the thread; they are answered after the commit.
    fn write(mut self, connection: &mut Connection) -> Written {
        self.is_taken = true;
        let mut rest = self.waiting.take(&self.organization);
        let mut done = Uncommitted::default();
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(MAX_BATCH));
            if !self.write_some(rest, &mut done, connection) {
                return Written::Broken;
            }
            rest = later;
        }
        Written::Ready(Box::new(move |committed| {
            if committed {
                self.store.notify(&self.organization, done.appended);
            }
            for (reply, done) in done.replies {
                let result = committed.then_some(done);
                let result = result.ok_or(StoreError::NotCommitted);
                // A caller who no longer listens changes nothing: what it asked for is done.
                reply.send(result).unwrap_or_default();
            }
        }))
    }

    /// Does writes together, and if that fails, each alone; returns whether the others of the group may go on.
    fn write_some(
        &self,
        waiting: Vec<Waiting<W>>,
        all: &mut Uncommitted<W>,
        connection: &mut Connection,
    ) -> bool {
        let (writes, replies): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|waiting| (waiting.write, waiting.reply))
            .unzip();
        let error = match at_once(self.write_all(&writes, connection)) {
            Ok((done, appended)) => {
                all.replies.extend(replies.into_iter().zip(done));
                all.appended = all.appended.and(appended);
                return true;
            }
            Err(error) => error,
        };
        let concerns_one = error.concerns_one_write();
        match <[_; 1]>::try_from(replies) {
            Ok([reply]) => reply.send(Err(error)).unwrap_or_default(),
            Err(replies) if concerns_one => {
                let mut each = writes.into_iter().zip(replies);
                return each.all(|(write, reply)| {
                    self.write_some(vec![Waiting { write, reply }], all, connection)
                });
            }
            Err(replies) => {
                tracing::error!(%error, "a batch failed");
                for reply in replies {
                    reply.send(Err(error.of_batch())).unwrap_or_default();
                }
            }
        }
        concerns_one
    }

    async fn write_all(
        &self,
        writes: &[W],
        connection: &mut Connection,
    ) -> Result<(Vec<<W as BatchedWrite>::Done>, Appended)> {
        connection.begin().await?;
        let done = W::write_in(&self.store, &self.organization, writes, connection).await;
        settle(done.as_ref().err(), connection).await?;
        done
    }
}

/// What came of writes that wait for the commit.
struct Uncommitted<W: BatchedWrite> {
    replies: Vec<(Reply<W>, <W as BatchedWrite>::Done)>,
    appended: Appended,
}

impl<W: BatchedWrite> Default for Uncommitted<W> {
    fn default() -> Self {
        Self {
            replies: Vec::new(),
            appended: Appended::default(),
        }
    }
}
