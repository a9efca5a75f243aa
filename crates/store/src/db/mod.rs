//! The database: connections, the one way in, rows, pages and locks.

pub(crate) mod alone;
pub(crate) mod batch;
pub(crate) mod batched_write;
pub(crate) mod connect;
pub(crate) mod connection;
pub(crate) mod fault;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod migrations;
pub(crate) mod noun;
pub(crate) mod page;
pub(crate) mod pool;
pub(crate) mod pools;
pub(crate) mod postgres;
pub(crate) mod postgres_pool;
pub(crate) mod query;
pub(crate) mod raw_row;
pub(crate) mod read;
pub(crate) mod readers;
pub(crate) mod routine;
pub(crate) mod row;
pub(crate) mod run;
pub(crate) mod sqlite;
pub(crate) mod sqlite_pool;
pub(crate) mod turns;
pub(crate) mod writer;

use std::time::Duration;

use crate::error::{Result, StoreError};

/// The database behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseKind {
    /// One file, one server.
    Sqlite,
    /// Many servers.
    Postgres,
}

/// The longest that a read or a write may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    Reader,
    Writer,
    /// Changes tables, which may take long, and waits for another that does.
    Migrator,
}

/// Runs a read or a write, which fails if it takes longer than the deadline.
pub(crate) async fn in_time<T>(operation: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(DEADLINE, operation)
        .await
        .unwrap_or(Err(StoreError::Timeout))
}
