//! The database: connections, the one way in, rows, pages and locks.

pub(crate) mod batch;
pub(crate) mod bind;
pub(crate) mod connect;
pub(crate) mod fault;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod migrations;
pub(crate) mod noun;
pub(crate) mod page;
pub(crate) mod pools;
pub(crate) mod read;
pub(crate) mod readers;
pub(crate) mod row;
pub(crate) mod turns;
pub(crate) mod writer;

use std::time::Duration;

use sqlx::any::{Any, AnyArguments};

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

pub(crate) type Query = sqlx::query::Query<'static, Any, AnyArguments>;

/// Runs a read or a write, which fails if it takes longer than the deadline.
pub(crate) async fn in_time<T>(operation: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(DEADLINE, operation)
        .await
        .unwrap_or(Err(StoreError::Timeout))
}
