//! SQLite's connections for reads of one kind.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::query::Query;
use crate::db::raw_row::PageRows;
use crate::db::{DEADLINE, Role, sqlite};
use crate::error::{Result, StoreError};

/// Connections that read, opened when they are needed. They live as long as the store.
pub(crate) struct SqlitePool {
    uri: Arc<str>,
    max: u32,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

/// A place in a pool, with a connection from its first read on.
pub(crate) struct Reader {
    pool: Arc<SqlitePool>,
    deadline: Instant,
    // Given back after the connection, which the next reader finds then.
    _place: OwnedSemaphorePermit,
}

impl SqlitePool {
    pub(crate) fn new(uri: Arc<str>, max: u32) -> Arc<Self> {
        Arc::new(Self {
            uri,
            max,
            places: Arc::new(Semaphore::new(max as usize)),
            idle: Mutex::default(),
        })
    }

    /// Waits for a place until the deadline of the read. Fails with [`StoreError::Busy`] then.
    pub(crate) async fn reader(self: &Arc<Self>, deadline: Instant) -> Result<Reader> {
        let place = if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            place
        } else {
            let waiting = Arc::clone(&self.places).acquire_owned();
            let waited = tokio::time::timeout_at(deadline.into(), waiting).await;
            let place = waited.map_err(|_| StoreError::Busy)?;
            place.map_err(|_| sqlx::Error::PoolClosed)?
        };
        Ok(Reader {
            pool: Arc::clone(self),
            deadline,
            _place: place,
        })
    }

    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    /// Returns how many connections are open and wait, and how many work.
    pub(crate) fn used(&self) -> (u32, u32) {
        let idle = u32::try_from(self.idle().len()).unwrap_or(u32::MAX);
        let free = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        (idle, self.max.saturating_sub(free))
    }

    /// Waits for the readers, and closes the connections.
    pub(crate) async fn close(&self) {
        let all = self.places.acquire_many(self.max);
        // A reader that takes longer than it may keeps its connection.
        let all = tokio::time::timeout(DEADLINE, all).await;
        self.places.close();
        drop(all);
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // Nothing that panics is done under the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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
        let idle = self.pool.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => sqlite::open(&self.pool.uri, Role::Reader)?,
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
        self.pool.idle().push(connection);
        Ok(page)
    }
}
