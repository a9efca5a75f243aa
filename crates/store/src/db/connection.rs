//! A connection to either database.

use std::collections::BTreeSet;
use std::pin::Pin;

use futures_util::FutureExt as _;
use sqlx::{Connection as _, PgConnection};

use crate::db::fault::DatabaseFault;
use crate::db::{postgres, sqlite};
use crate::error::{Result, StoreError};

/// Takes the lock at once: a transaction that reads first might find that another program has written meanwhile.
const BEGIN_GROUP: &str = "begin immediate";

/// A future that borrows the connection it works on.
pub(crate) type Running<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

/// What one caller does on a connection. On SQLite it awaits statements alone, which are ready at once.
pub(crate) trait Work<T>:
    for<'c> FnOnce(&'c mut Connection) -> Running<'c, Result<T>> + Send + 'static
{
}

impl<T, W> Work<T> for W where
    W: for<'c> FnOnce(&'c mut Connection) -> Running<'c, Result<T>> + Send + 'static
{
}

/// A connection to either database.
pub(crate) enum Connection {
    Sqlite(rusqlite::Connection, Undo),
    /// With the calls of the functions that it has.
    Postgres(PgConnection, BTreeSet<&'static str>),
}

/// What undoes a write of SQLite's that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    /// Its savepoint: the transaction has other writes too.
    Savepoint,
    /// The end of the transaction, which has no other writes. SQLite keeps no copies of pages for it.
    Transaction,
}

impl Undo {
    fn statements(self) -> [&'static str; 2] {
        match self {
            Self::Savepoint => ["rollback to work", "release work"],
            Self::Transaction => ["rollback", BEGIN_GROUP],
        }
    }
}

/// The connection of a driver.
pub(crate) enum Driver<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(&'c mut PgConnection),
}

impl Connection {
    pub(crate) fn driver(&mut self) -> Driver<'_> {
        match self {
            Self::Sqlite(connection, _) => Driver::Sqlite(connection),
            Self::Postgres(connection, _) => Driver::Postgres(connection),
        }
    }

    pub(crate) fn sqlite(connection: rusqlite::Connection) -> Self {
        Self::Sqlite(connection, Undo::Savepoint)
    }

    pub(crate) fn postgres(connection: PgConnection) -> Self {
        Self::Postgres(connection, BTreeSet::new())
    }

    /// Returns whether PostgreSQL answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        match self.driver() {
            Driver::Sqlite(_) => true,
            Driver::Postgres(connection) => connection.ping().await.is_ok(),
        }
    }

    /// Begins a transaction; on SQLite, where all writes of a group have one, a savepoint unless it is the first.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(_, Undo::Transaction) => {}
            Self::Sqlite(connection, Undo::Savepoint) => sqlite::run(connection, "savepoint work")?,
            Self::Postgres(connection, _) => postgres::run(connection, "begin").await?,
        }
        Ok(())
    }

    pub(crate) async fn commit(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(_, undo @ Undo::Transaction) => *undo = Undo::Savepoint,
            Self::Sqlite(connection, Undo::Savepoint) => sqlite::run(connection, "release work")?,
            Self::Postgres(connection, _) => postgres::run(connection, "commit").await?,
        }
        Ok(())
    }

    pub(crate) async fn rollback(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(connection, undo) => {
                for statement in undo.statements() {
                    let done = sqlite::run(connection, statement).map_err(StoreError::from);
                    done.map_err(not_undone)?;
                }
            }
            Self::Postgres(connection, _) => {
                let undone = postgres::run(connection, "rollback").await;
                // The transaction may be open, and the connection is not used again.
                undone.map_err(|error| StoreError::Unavailable(DatabaseFault::new(error)))?;
            }
        }
        Ok(())
    }

    /// Begins the transaction of a group of writes on SQLite.
    pub(crate) fn begin_group(&mut self) -> Result<()> {
        self.run_sqlite(BEGIN_GROUP)?;
        self.set_undo(Undo::Transaction);
        Ok(())
    }

    /// Sets what undoes the next write of a group.
    pub(crate) fn set_undo(&mut self, next: Undo) {
        if let Self::Sqlite(_, undo) = self {
            *undo = next;
        }
    }

    /// Runs a statement without values and rows on SQLite.
    pub(crate) fn run_sqlite(&mut self, sql: &'static str) -> Result<()> {
        match self.driver() {
            Driver::Sqlite(connection) => Ok(sqlite::run(connection, sql)?),
            Driver::Postgres(_) => Err(StoreError::NotCommitted),
        }
    }

    pub(crate) async fn close(self) -> Result<()> {
        match self {
            Self::Sqlite(connection, _) => connection.close().map_err(|(_, error)| error)?,
            Self::Postgres(connection, _) => connection.close().await?,
        }
        Ok(())
    }
}

/// Returns the error of a group that may have lost its transaction, and must not go on.
fn not_undone(error: StoreError) -> StoreError {
    tracing::error!(%error, "a write could not be undone");
    if error.concerns_one_write() {
        StoreError::NotCommitted
    } else {
        error
    }
}

/// Drives work on SQLite to its end, on the thread that calls.
pub(crate) fn at_once<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    work.now_or_never().unwrap_or_else(|| {
        tracing::error!("work on SQLite waited for something else than its statements");
        Err(StoreError::NotCommitted)
    })
}
