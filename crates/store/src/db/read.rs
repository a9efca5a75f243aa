//! Reading: pages are bounded in bytes, and on PostgreSQL a read whose connection is lost is run again.
//!
//! SQLite reads a few rows on the thread of the caller, because a change of threads costs more than the statement;
//! what may be long has threads of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use recado_core::OrganizationId;
use tokio::sync::OwnedSemaphorePermit;

use crate::db::connection::Driver;
use crate::db::postgres_pool::PostgresPool;
use crate::db::query::Query;
use crate::db::raw_row::{PageRows, RawRow};
use crate::db::readers::Pools;
use crate::db::sqlite::BUSY_TIMEOUT;
use crate::db::sqlite_pool::SqlitePool;
use crate::db::{DEADLINE, in_time, postgres};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// Time between a read whose connection is lost and the next try.
const READ_PAUSE: Duration = Duration::from_millis(50);

pub(crate) const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// The bound of a read that is known to be small.
const ALL_BYTES: usize = usize::MAX;

/// What a read holds while it runs.
type Held = [Option<OwnedSemaphorePermit>; 2];

impl Store {
    /// Reads a row that is found at once.
    pub(crate) async fn read_row(&self, query: Query) -> Result<Option<RawRow>> {
        let page = match &self.readers().pools {
            Pools::Sqlite { all, .. } => self.read_here(all, query).await?,
            Pools::Postgres(pool) => self.read_postgres(pool, query).await?,
        };
        Ok(page.rows.into_iter().next())
    }

    /// Reads a row that a send or a provider webhook waits for, on connections that no list uses.
    pub(crate) async fn read_row_first(&self, query: Query) -> Result<Option<RawRow>> {
        Ok(self.read_rows_first(query).await?.into_iter().next())
    }

    pub(crate) async fn read_rows(&self, query: Query) -> Result<Vec<RawRow>> {
        let page = match &self.readers().pools {
            Pools::Sqlite { all, .. } => {
                let held = [None, None];
                self.read_apart(all, held, query, ALL_BYTES).await?
            }
            Pools::Postgres(pool) => self.read_postgres(pool, query).await?,
        };
        Ok(page.rows)
    }

    /// Reads all of a few rows, on the connections that lists do not use.
    pub(crate) async fn read_rows_first(&self, query: Query) -> Result<Vec<RawRow>> {
        let page = match &self.readers().pools {
            Pools::Sqlite { first, .. } => self.read_here(first, query).await?,
            Pools::Postgres(pool) => self.read_postgres(pool, query).await?,
        };
        Ok(page.rows)
    }

    /// Reads rows up to so many bytes, and one row at least; no more is in memory meanwhile.
    pub(crate) async fn read_page(&self, query: Query, max_bytes: usize) -> Result<PageRows> {
        self.read_page_in(None, query, max_bytes).await
    }

    /// Reads a page of a list of the organization that grows, and may be slow; only so many at a time.
    pub(crate) async fn read_list(
        &self,
        organization: &OrganizationId,
        query: Query,
        max_bytes: usize,
    ) -> Result<PageRows> {
        let turn = in_time(self.readers().turns.take(organization)).await?;
        self.read_page_in(Some(turn), query, max_bytes).await
    }

    async fn read_page_in(
        &self,
        turn: Option<OwnedSemaphorePermit>,
        query: Query,
        max_bytes: usize,
    ) -> Result<PageRows> {
        let slot = in_time(async {
            let slot = Arc::clone(&self.readers().slots).acquire_owned().await;
            slot.map_err(|_| StoreError::Busy)
        });
        let held = [turn, Some(slot.await?)];
        match &self.readers().pools {
            Pools::Sqlite { lists, .. } => self.read_apart(lists, held, query, max_bytes).await,
            Pools::Postgres(pool) => self.read_page_postgres(pool, held, query, max_bytes).await,
        }
    }

    /// Reads from SQLite on the thread of the caller.
    async fn read_here(&self, pool: &Arc<SqlitePool>, query: Query) -> Result<PageRows> {
        #[cfg(feature = "testing")]
        self.count_read();
        // A task that only reads lets others run now and then.
        tokio::task::coop::consume_budget().await;
        let deadline = Instant::now() + DEADLINE;
        let reader = pool.reader(deadline).await?;
        match reader.read(&query, ALL_BYTES, Duration::ZERO) {
            Err(StoreError::Busy) => {}
            read => return read,
        }
        drop(reader);
        // Another program holds the file, and the thread must not wait for it.
        read_by(deadline, pool, [None, None], query, ALL_BYTES).await
    }

    /// Reads from SQLite on a thread that may be held up.
    async fn read_apart(
        &self,
        pool: &Arc<SqlitePool>,
        held: Held,
        query: Query,
        max_bytes: usize,
    ) -> Result<PageRows> {
        #[cfg(feature = "testing")]
        self.count_read();
        read_by(Instant::now() + DEADLINE, pool, held, query, max_bytes).await
    }

    async fn read_postgres(&self, pool: &PostgresPool, query: Query) -> Result<PageRows> {
        let held = [None, None];
        self.read_page_postgres(pool, held, query, ALL_BYTES).await
    }

    /// Reads from PostgreSQL, again if the connection is lost meanwhile: a database that restarts fails no reader.
    ///
    /// The read goes on when its caller hangs up, for a read that is broken off costs its connection; it
    /// keeps what it holds as long.
    async fn read_page_postgres(
        &self,
        pool: &PostgresPool,
        held: Held,
        query: Query,
        max_bytes: usize,
    ) -> Result<PageRows> {
        #[cfg(feature = "testing")]
        self.count_read();
        let pool = pool.clone();
        query.note();
        let reading = tokio::spawn(in_time(async move {
            let _held = held;
            loop {
                match read_once(&pool, &query, max_bytes).await {
                    Err(StoreError::Unavailable(_)) if !pool.pool().is_closed() => {
                        tokio::time::sleep(READ_PAUSE).await;
                    }
                    read => return read,
                }
            }
        }));
        let read = reading.await;
        read.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }
}

/// Reads from SQLite on another thread, which ends by the same deadline as the wait for it.
async fn read_by(
    deadline: Instant,
    pool: &Arc<SqlitePool>,
    held: Held,
    query: Query,
    max_bytes: usize,
) -> Result<PageRows> {
    let reader = pool.reader(deadline).await?;
    let reading = tokio::task::spawn_blocking(move || {
        let _held = held;
        reader.read(&query, max_bytes, BUSY_TIMEOUT)
    });
    let read = tokio::time::timeout_at(deadline.into(), reading).await;
    let read = read.map_err(|_| StoreError::Timeout)?;
    read.unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
}

async fn read_once(pool: &PostgresPool, query: &Query, max_bytes: usize) -> Result<PageRows> {
    let mut lent = pool.lend().await?;
    let Driver::Postgres(connection) = lent.connection().driver() else {
        return Err(StoreError::Busy);
    };
    let read = postgres::fetch_page(query, max_bytes, connection).await;
    let read = read.map_err(StoreError::from);
    // What was not received would keep the next statement waiting.
    if !read.as_ref().is_ok_and(|(_, ended)| !ended) {
        lent.give_back(&read);
    }
    Ok(read?.0)
}
