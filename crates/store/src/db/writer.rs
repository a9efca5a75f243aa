//! The one way in: every write goes through here.
//!
//! SQLite takes one writer at a time, and a durable commit costs a wait for the disk.
//! So one thread owns the writing connection, and commits the writes of all callers that wait in one
//! transaction; each caller is answered after the commit.
//! A write of one statement undoes itself when it fails, and a larger one stands in a savepoint unless it is the first of
//! its transaction, so that a bad row fails alone.
//! PostgreSQL does all of that by itself, and gets the write on a pooled connection.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::db::connect::Source;
use crate::db::connection::{Connection, Undo, at_once};
use crate::db::postgres_pool::PostgresPool;
use crate::db::{Role, sqlite};
use crate::error::StoreError;

pub(crate) use crate::db::connection::{Running, Work};

/// Most jobs in one transaction, and most that wait for the next.
const GROUP: usize = 128;

/// How much a write holds together.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// One statement, which the database does whole or not at all.
    Statement,
    /// Several statements.
    Transaction,
}

pub(crate) enum Writer {
    /// The thread that writes, and the sign that it panicked.
    Group(mpsc::Sender<Order>, CancellationToken),
    Pool(PostgresPool),
}

pub(crate) enum Order {
    Write(Job),
    Close(oneshot::Sender<()>),
}

pub(crate) type Job = Box<dyn FnOnce(&mut Connection) -> Written + Send>;

/// Answers a caller, who is told whether the group was committed.
pub(crate) type Answer = Box<dyn FnOnce(bool) + Send>;

/// How a job of a group went.
pub(crate) enum Written {
    /// Its caller waits for the commit.
    Ready(Answer),
    /// It failed, its caller knows, and the others may go on.
    Refused,
    /// It failed in a way that may have undone the others.
    Broken,
}

impl Writer {
    /// Opens the database, at once, so that a wrong address is noticed.
    pub(crate) async fn open(source: &Source) -> Result<Self, StoreError> {
        let connection = source.connect(Role::Writer).await?;
        match source {
            Source::Postgres(options) => {
                connection.close().await?;
                Ok(Self::Pool(PostgresPool::new(options)))
            }
            Source::Sqlite(uri) => {
                let (orders, queue) = mpsc::channel(GROUP);
                let group = GroupWriter {
                    uri: Arc::clone(uri),
                    connection: Some(connection),
                };
                let broken = CancellationToken::new();
                // Cancels when it is dropped by a panic: without this thread every write fails for good.
                let guard = broken.clone().drop_guard();
                let thread = std::thread::Builder::new().name("recado-writer".to_owned());
                let started = thread.spawn(move || {
                    group.run(queue);
                    guard.disarm();
                });
                started.map_err(sqlx::Error::Io)?;
                Ok(Self::Group(orders, broken))
            }
        }
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        scope: Scope,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Pool(pool) => {
                let mut lent = pool.lend().await?;
                let result = apply(scope, work, lent.connection()).await;
                lent.give_back(&result);
                result
            }
            Self::Group(orders, _) => {
                let (job, answer) = job(scope, work);
                let queued = orders.send(Order::Write(job)).await;
                queued.map_err(|_| sqlx::Error::PoolClosed)?;
                answer.await.unwrap_or(Err(StoreError::NotCommitted))
            }
        }
    }

    /// Returns the pool of the connections that write, if there is more than one.
    pub(crate) fn pool(&self) -> Option<&PostgresPool> {
        match self {
            Self::Pool(pool) => Some(pool),
            Self::Group(..) => None,
        }
    }

    /// Returns the way to the thread that writes, if there is one.
    pub(crate) fn thread(&self) -> Option<&mpsc::Sender<Order>> {
        match self {
            Self::Pool(_) => None,
            Self::Group(orders, _) => Some(orders),
        }
    }

    /// Resolves if the thread that writes panics.
    pub(crate) async fn broken(&self) {
        match self {
            Self::Pool(_) => std::future::pending().await,
            Self::Group(_, broken) => broken.cancelled().await,
        }
    }

    /// Finishes what waits, and closes the connections.
    pub(crate) async fn close(&self) {
        match self {
            Self::Pool(pool) => pool.close().await,
            Self::Group(orders, _) => {
                let (closed, wait) = oneshot::channel();
                if orders.send(Order::Close(closed)).await.is_ok() {
                    wait.await.unwrap_or_default();
                }
            }
        }
    }
}

fn job<T: Send + 'static>(
    scope: Scope,
    work: impl Work<T>,
) -> (Job, oneshot::Receiver<Result<T, StoreError>>) {
    let (reply, answer) = oneshot::channel();
    let job: Job = Box::new(move |connection| {
        // A caller who no longer listens changes nothing: what it asked for is done.
        match at_once(apply(scope, work, connection)) {
            Ok(value) => Written::Ready(Box::new(move |committed| {
                let result = if committed {
                    Ok(value)
                } else {
                    Err(StoreError::NotCommitted)
                };
                reply.send(result).unwrap_or_default();
            })),
            Err(error) => {
                let alone = error.concerns_one_write();
                reply.send(Err(error)).unwrap_or_default();
                if alone {
                    Written::Refused
                } else {
                    Written::Broken
                }
            }
        }
    });
    (job, answer)
}

/// Does the work; in a group, `begin` makes a savepoint.
async fn apply<T>(
    scope: Scope,
    work: impl Work<T>,
    connection: &mut Connection,
) -> Result<T, StoreError> {
    match scope {
        Scope::Statement => work(connection).await,
        Scope::Transaction => {
            connection.begin().await?;
            let done = work(connection).await;
            settle(done.as_ref().err(), connection).await?;
            done
        }
    }
}

/// Commits a transaction, or undoes it if its work has failed with this error.
pub(crate) async fn settle(
    error: Option<&StoreError>,
    connection: &mut Connection,
) -> Result<(), StoreError> {
    let Some(error) = error else {
        return connection.commit().await;
    };
    let undone = connection.rollback().await;
    match error {
        // On a connection that failed this fails as well, and the first error tells more.
        StoreError::Unavailable(_) => Ok(()),
        _ => undone,
    }
}

/// The thread that owns SQLite's writing connection.
struct GroupWriter {
    uri: Arc<str>,
    connection: Option<Connection>,
}

impl GroupWriter {
    /// Runs until it is told to close, or until every handle that could write is dropped.
    fn run(mut self, mut queue: mpsc::Receiver<Order>) {
        let mut orders = Vec::with_capacity(GROUP);
        let mut jobs = Vec::with_capacity(GROUP);
        let mut closed = None;
        while closed.is_none() && queue.blocking_recv_many(&mut orders, GROUP) > 0 {
            for order in orders.drain(..) {
                match order {
                    Order::Write(job) => jobs.push(job),
                    Order::Close(reply) => closed = Some(reply),
                }
            }
            if jobs.is_empty() {
                continue;
            }
            if let Err(error) = self.commit(&mut jobs) {
                tracing::error!(%error, "a group of writes failed");
                // Whatever state it is in, a new connection has none.
                self.connection = None;
                jobs.clear();
            }
        }
        if let Some(connection) = self.connection
            && let Err(error) = at_once(connection.close())
        {
            tracing::warn!(%error, "closing the database failed");
        }
        // A write after this answer is told that the store is closed.
        drop(queue);
        if let Some(reply) = closed {
            reply.send(()).unwrap_or_default();
        }
    }

    /// Commits all jobs in one transaction; a job that is dropped tells its caller so.
    fn commit(&mut self, jobs: &mut Vec<Job>) -> Result<(), StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::sqlite(sqlite::open(&self.uri, Role::Writer)?)),
        };
        let mut answers = Vec::with_capacity(jobs.len());
        let committed = commit_group(connection, jobs, &mut answers);
        for answer in answers {
            answer(committed.is_ok());
        }
        committed
    }
}

fn commit_group(
    connection: &mut Connection,
    jobs: &mut Vec<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    connection.begin_group()?;
    for job in jobs.drain(..) {
        let written = job(connection);
        connection.set_undo(Undo::Savepoint);
        match written {
            Written::Ready(answer) => answers.push(answer),
            Written::Refused => {}
            Written::Broken => {
                connection.run_sqlite("rollback")?;
                return Err(StoreError::NotCommitted);
            }
        }
    }
    connection.run_sqlite("commit")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::prelude::*;
    use crate::testing::TestDatabase;

    async fn add(name: &'static str, connection: &mut Connection) -> Result<()> {
        let insert =
            "insert into servers (id, name, lease_until, started_at) values ($1, null, 0, 0)";
        Query::new(insert).text(name).run(connection).await
    }

    async fn names(store: &Store) -> Vec<String> {
        let query = Query::new("select id from servers order by id");
        let rows = store.read_rows(query).await.unwrap();
        column(&rows, "servers", "id").unwrap()
    }

    #[tokio::test]
    async fn a_write_on_sqlite_that_waits_for_something_else_is_undone_and_the_next_one_lands() {
        let database = TestDatabase::in_file().await;
        let store = database.store().await;
        let waiting = store.transaction(|connection| {
            Box::pin(async move {
                add("waits", connection).await?;
                tokio::task::yield_now().await;
                Ok(())
            })
        });
        let waited = waiting.await;
        assert!(
            matches!(waited, Err(StoreError::NotCommitted)),
            "{waited:?}"
        );
        let next = store.transaction(|connection| Box::pin(add("lands", connection)));
        next.await.unwrap();
        assert_eq!(names(&store).await, ["lands"]);
    }

    #[tokio::test]
    async fn what_fails_first_in_a_group_is_undone_and_the_next_one_lands() {
        let database = TestDatabase::in_file().await;
        let store = database.store().await;
        let (go, wait) = std::sync::mpsc::channel::<()>();
        // The thread is held up until the two others wait for it, so that they are a group.
        let holding = store.transaction(move |_| {
            Box::pin(async move { wait.recv().map_err(|_| StoreError::NotCommitted) })
        });
        let failing = store.transaction::<()>(|connection| {
            Box::pin(async move {
                add("half", connection).await?;
                Err(StoreError::Conflict)
            })
        });
        let landing = store.transaction(|connection| Box::pin(add("lands", connection)));
        let (held, failed, landed, sent) =
            tokio::join!(holding, failing, landing, async { go.send(()) });
        assert!(matches!(failed, Err(StoreError::Conflict)), "{failed:?}");
        for done in [held, landed] {
            done.unwrap();
        }
        sent.unwrap();
        assert_eq!(names(&store).await, ["lands"]);
    }

    #[tokio::test]
    async fn a_panic_of_the_writing_thread_is_told_and_later_writes_fail() {
        let database = TestDatabase::in_file().await;
        let store = database.store().await;
        let broken = store.transaction::<()>(|_| Box::pin(async { panic!("a fault in a write") }));
        let broken = broken.await;
        assert!(
            matches!(broken, Err(StoreError::NotCommitted)),
            "{broken:?}"
        );
        let told = tokio::time::timeout(Duration::from_mins(1), store.writer_broken());
        told.await.expect("the sign of the panic");
        let later = store.transaction(|connection| Box::pin(add("later", connection)));
        assert!(matches!(later.await, Err(StoreError::Unavailable(_))));
        assert_eq!(names(&store).await, [""; 0]);
    }
}
