//! The one way in: every write goes through here.
//!
//! SQLite takes one writer at a time, and a durable commit costs a wait for the disk.
//! So one task owns the writing connection, and commits the writes of all callers that wait in one
//! transaction; each caller is answered after the commit.
//! A write of one statement undoes itself when it fails, and a larger one stands in a savepoint,
//! so that a bad row fails alone.
//! PostgreSQL does all of that by itself, and gets the write on a pooled connection.

use std::pin::Pin;

use sqlx::{AnyConnection, AnyPool, Connection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::db::DatabaseKind;
use crate::db::connect::{Lent, Role, Source};
use crate::error::StoreError;

/// Most writes in one transaction, and most that wait for the next.
const GROUP: usize = 128;

/// A future that borrows the connection it writes on.
pub(crate) type Running<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

/// What one caller writes.
pub(crate) trait Work<T>:
    for<'c> FnOnce(&'c mut AnyConnection) -> Running<'c, Result<T, StoreError>> + Send + 'static
{
}

impl<T, W> Work<T> for W where
    W: for<'c> FnOnce(&'c mut AnyConnection) -> Running<'c, Result<T, StoreError>> + Send + 'static
{
}

/// How much a write holds together.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// One statement, which the database does whole or not at all.
    Statement,
    /// Several statements.
    Transaction,
}

pub(crate) enum Writer {
    /// The task that writes, and the sign that it panicked.
    Group(mpsc::Sender<Order>, CancellationToken),
    Pool(AnyPool),
}

pub(crate) enum Order {
    Write(Job),
    Close(oneshot::Sender<()>),
}

pub(crate) type Job = Box<dyn for<'c> FnOnce(&'c mut AnyConnection) -> Running<'c, Written> + Send>;

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
        match source.kind {
            DatabaseKind::Postgres => {
                connection.close().await?;
                Ok(Self::Pool(source.pool()))
            }
            DatabaseKind::Sqlite => {
                let (orders, queue) = mpsc::channel(GROUP);
                let group = GroupWriter {
                    source: source.clone(),
                    connection: Some(connection),
                };
                let broken = CancellationToken::new();
                // Cancels when it is dropped by a panic: without this task every write fails for good.
                let guard = broken.clone().drop_guard();
                tokio::spawn(async move {
                    group.run(queue).await;
                    guard.disarm();
                });
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
                let mut connection = Lent::from(pool).await?;
                let result = apply(scope, work, &mut connection).await;
                connection.give_back();
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
    pub(crate) fn pool(&self) -> Option<&AnyPool> {
        match self {
            Self::Pool(pool) => Some(pool),
            Self::Group(..) => None,
        }
    }

    /// Resolves if the task that writes panics.
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
        Box::pin(async move {
            // A caller who no longer listens changes nothing: what it asked for is done.
            match apply(scope, work, connection).await {
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
        })
    });
    (job, answer)
}

/// Does the work; in a group, `begin` makes a savepoint.
async fn apply<T>(
    scope: Scope,
    work: impl Work<T>,
    connection: &mut AnyConnection,
) -> Result<T, StoreError> {
    match scope {
        Scope::Statement => work(connection).await,
        Scope::Transaction => {
            let mut transaction = connection.begin().await?;
            match work(&mut transaction).await {
                Ok(value) => {
                    transaction.commit().await?;
                    Ok(value)
                }
                Err(error) => {
                    // On a connection that failed this fails as well, and the first error tells more.
                    let undone = transaction.rollback().await;
                    match &error {
                        StoreError::Unavailable(_) => {}
                        _ => undone?,
                    }
                    Err(error)
                }
            }
        }
    }
}

/// The task that owns SQLite's writing connection.
struct GroupWriter {
    source: Source,
    connection: Option<AnyConnection>,
}

impl GroupWriter {
    /// Runs until it is told to close, or until every handle that could write is dropped.
    async fn run(mut self, mut queue: mpsc::Receiver<Order>) {
        let mut orders = Vec::with_capacity(GROUP);
        let mut jobs = Vec::with_capacity(GROUP);
        let mut closed = None;
        while closed.is_none() && queue.recv_many(&mut orders, GROUP).await > 0 {
            for order in orders.drain(..) {
                match order {
                    Order::Write(job) => jobs.push(job),
                    Order::Close(reply) => closed = Some(reply),
                }
            }
            if jobs.is_empty() {
                continue;
            }
            if let Err(error) = self.commit(&mut jobs).await {
                tracing::error!(%error, "a group of writes failed");
                // Whatever state it is in, a new connection has none.
                self.connection = None;
                jobs.clear();
            }
        }
        self.close().await;
        if let Some(reply) = closed {
            reply.send(()).unwrap_or_default();
        }
    }

    /// Commits all jobs in one transaction; a job that is dropped tells its caller so.
    async fn commit(&mut self, jobs: &mut Vec<Job>) -> Result<(), StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.source.connect(Role::Writer).await?),
        };
        let mut answers = Vec::with_capacity(jobs.len());
        let committed = commit_group(connection, jobs, &mut answers).await;
        for answer in answers {
            answer(committed.is_ok());
        }
        committed
    }

    async fn close(self) {
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await.map_err(StoreError::from)
        {
            tracing::warn!(%error, "closing the database failed");
        }
    }
}

async fn commit_group(
    connection: &mut AnyConnection,
    jobs: &mut Vec<Job>,
    answers: &mut Vec<Answer>,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    for job in jobs.drain(..) {
        match job(&mut transaction).await {
            Written::Ready(answer) => answers.push(answer),
            Written::Refused => {}
            Written::Broken => {
                transaction.rollback().await?;
                return Err(StoreError::NotCommitted);
            }
        }
    }
    transaction.commit().await?;
    Ok(())
}
