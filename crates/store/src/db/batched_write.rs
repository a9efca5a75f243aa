//! Writes that are done together with others of their kind and organization.
//!
//! SQLite's writing thread does a batch itself: a caller wakes one thread, which answers it. Writes join the batch until the
//! thread comes to it. Those beyond the most of a batch have a job of their own, behind the jobs that wait already, so
//! that the writes of others come between.

use std::sync::Arc;

use recado_core::OrganizationId;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;

use crate::db::batch::{Batchable, Batches, Reply, Waiting};
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
    fn write_on_postgres(
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
        if let Some(done) = W::write_on_postgres(store, organization, writes).await? {
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
            .join(organization, Waiting { write, reply })
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

/// Writes of an organization that wait for the thread. If this is dropped before, their callers are told so.
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
        let waiting = self.waiting.take(&self.organization);
        let mut done = Uncommitted::default();
        if !waiting.is_empty() && !self.write_some(waiting, &mut done, connection) {
            return Written::Broken;
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::task::Poll;

    use super::*;
    use crate::db::batch::MAX_BATCH;
    use crate::prelude::*;
    use crate::testing::TestDatabase;

    /// Stores a name; two of the same name are a bad write.
    #[derive(Clone)]
    struct Add {
        name: String,
        /// The organization and the size of each batch that was begun.
        begun: Arc<Mutex<Vec<(OrganizationId, usize)>>>,
    }

    impl BatchedWrite for Add {
        type Done = String;

        async fn write_in(
            _store: &Store,
            organization: &OrganizationId,
            writes: &[Self],
            connection: &mut Connection,
        ) -> Result<(Vec<String>, Appended)> {
            let begun = (organization.clone(), writes.len());
            writes[0].begun.lock().unwrap().push(begun);
            let insert =
                "insert into servers (id, name, lease_until, started_at) values ($1, null, 0, 0)";
            for write in writes {
                assert_ne!(write.name, "panics");
                let query = Query::new(insert).bind(write.name.clone());
                query.run(&mut *connection).await?;
            }
            let names = writes.iter().map(|write| write.name.clone());
            Ok((names.collect(), Appended::default()))
        }
    }

    fn organization(id: &str) -> OrganizationId {
        id.parse().unwrap()
    }

    type Answers = Vec<Result<String>>;

    /// Writes names of organizations, all of which wait when the thread comes to the first.
    async fn write_at_a_time(
        store: &Store,
        names: &[(&OrganizationId, String)],
    ) -> (Answers, Vec<(OrganizationId, usize)>) {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let holding = store.transaction(move |_| {
            Box::pin(async move { wait.recv().map_err(|_| StoreError::NotCommitted) })
        });
        let begun = Arc::default();
        let writes = names.iter().map(|(organization, name)| {
            let (name, begun) = (name.clone(), Arc::clone(&begun));
            store.write_together(organization, Add { name, begun })
        });
        let mut held = Box::pin(holding);
        let mut writes = Box::pin(futures_util::future::join_all(writes));
        // All are handed over before the thread goes on.
        assert!(futures_util::poll!(&mut held).is_pending());
        assert!(matches!(futures_util::poll!(&mut writes), Poll::Pending));
        go.send(()).unwrap();
        // It may be of the same group, and then the answers tell what came of it.
        held.await.unwrap_or_default();
        let answers = writes.await;
        let begun = begun.lock().unwrap().clone();
        (answers, begun)
    }

    #[tokio::test]
    async fn writes_of_others_come_between_the_batches_of_an_organization() {
        let database = TestDatabase::in_file().await;
        let store = database.store().await;
        let (busy, other) = (organization("org_busy"), organization("org_other"));
        let mut names: Vec<_> = (0..MAX_BATCH + 10)
            .map(|index| (&busy, format!("busy {index}")))
            .collect();
        names.insert(10, (&other, "other".to_owned()));
        let (answers, begun) = write_at_a_time(&store, &names).await;
        for ((_, name), answer) in names.iter().zip(answers) {
            assert_eq!(&answer.unwrap(), name);
        }
        let (busy, other) = (busy.clone(), other.clone());
        let expected = [(busy.clone(), MAX_BATCH), (other, 1), (busy, 10)];
        assert_eq!(begun, expected);
    }

    #[tokio::test]
    async fn a_bad_write_of_a_batch_fails_alone() {
        let database = TestDatabase::in_file().await;
        let store = database.store().await;
        let organization = organization("org_a");
        let names = ["one", "two", "one", "three"];
        let names = names.map(|name| (&organization, name.to_owned()));
        let (answers, begun) = write_at_a_time(&store, &names).await;
        let told: Vec<_> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(told, [true, true, false, true], "{answers:?}");
        let sizes: Vec<_> = begun.iter().map(|(_, size)| *size).collect();
        assert_eq!(sizes, [4, 1, 1, 1, 1]);
        let stored = store.read_rows(Query::new("select id from servers order by id"));
        let stored: Vec<String> = column(&stored.await.unwrap(), "servers", "id").unwrap();
        assert_eq!(stored, ["one", "three", "two"]);
    }

    #[tokio::test]
    async fn callers_whose_thread_ends_are_told_so() {
        let database = TestDatabase::in_file().await;
        let store = database.store().await;
        let (first, second) = (organization("org_a"), organization("org_b"));
        let names = [
            (&first, "panics".to_owned()),
            (&second, "waits".to_owned()),
            (&second, "waits too".to_owned()),
        ];
        let (answers, begun) = write_at_a_time(&store, &names).await;
        for answer in answers {
            assert!(
                matches!(answer, Err(StoreError::NotCommitted)),
                "{answer:?}"
            );
        }
        assert_eq!(begun, [(first, 1)]);
    }
}
