//! SQLite's connections for reads of one kind.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::OwnedSemaphorePermit;

use crate::db::pool::Pool;
use crate::db::query::Query;
use crate::db::raw_row::PageRows;
use crate::db::{Role, sqlite};
use crate::error::Result;

/// Connections that read.
pub(crate) struct SqlitePool {
    uri: Arc<str>,
    pub(crate) pool: Pool<Connection>,
}

/// A place in a pool, with a connection from its first read on.
pub(crate) struct Reader {
    readers: Arc<SqlitePool>,
    deadline: Instant,
    // Given back after the connection, which the next reader finds then.
    _place: OwnedSemaphorePermit,
}

impl SqlitePool {
    pub(crate) fn new(uri: Arc<str>, max: u32) -> Arc<Self> {
        let pool = Pool::new(max);
        Arc::new(Self { uri, pool })
    }

    /// Waits for a place until the deadline of the read. Fails with [`StoreError::Busy`](crate::StoreError::Busy) then.
    pub(crate) async fn reader(self: &Arc<Self>, deadline: Instant) -> Result<Reader> {
        let place = self.pool.place(deadline).await?;
        Ok(Reader {
            readers: Arc::clone(self),
            deadline,
            _place: place,
        })
    }
}

impl Reader {
    /// Reads rows up to so many bytes, on the thread that calls; waits so long for a lock of another program.
    pub(crate) fn read(
        &self,
        query: &Query,
        max_bytes: usize,
        busy_timeout: Duration,
    ) -> Result<PageRows> {
        let pool = &self.readers.pool;
        let idle = pool.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => sqlite::open(&self.readers.uri, Role::Reader)?,
        };
        let busy_timeout =
            busy_timeout.min(self.deadline.saturating_duration_since(Instant::now()));
        sqlite::set_deadline(&connection, self.deadline, busy_timeout)?;
        query.note();
        let mut page = PageRows::default();
        sqlite::fetch(&connection, query, |row| {
            if page.add(row, max_bytes) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        // A connection that failed is not kept.
        pool.idle().push(connection);
        Ok(page)
    }
}
