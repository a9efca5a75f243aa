//! The connections that read.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::db::connect::Source;
use crate::db::postgres_pool::PostgresPool;
use crate::db::sqlite_pool::SqlitePool;
use crate::db::turns::Turns;

/// SQLite's connections for reads that no other pool is for.
const CONNECTIONS: u32 = 4;

/// SQLite's connections for the reads that a send or a provider webhook waits for.
const FIRST_CONNECTIONS: u32 = 2;

/// Lists that are read at a time, on SQLite with connections of their own: PostgreSQL's other connections stay
/// free for sends and provider webhooks.
const LISTS: u32 = 4;

/// Lists of one organization that are read at a time: slow ones leave connections and processors to others.
const LISTS_EACH: usize = 1;

/// The connections that read.
pub(crate) struct Readers {
    pub(crate) pools: Pools,
    pub(crate) turns: Turns,
    pub(crate) slots: Arc<Semaphore>,
}

/// The pools of connections that read.
///
/// On SQLite, what a send or a provider webhook waits for has connections of its own, and so have lists, which
/// may be slow.
pub(crate) enum Pools {
    Sqlite {
        all: Arc<SqlitePool>,
        first: Arc<SqlitePool>,
        lists: Arc<SqlitePool>,
    },
    Postgres(PostgresPool),
}

impl Readers {
    pub(crate) fn of(source: &Source) -> Self {
        let pools = match source {
            Source::Sqlite(uri) => {
                let pool = |connections| SqlitePool::new(Arc::clone(uri), connections);
                Pools::Sqlite {
                    all: pool(CONNECTIONS),
                    first: pool(FIRST_CONNECTIONS),
                    lists: pool(LISTS),
                }
            }
            Source::Postgres(options) => Pools::Postgres(PostgresPool::new(options)),
        };
        Self {
            pools,
            turns: Turns::new(LISTS_EACH),
            slots: Arc::new(Semaphore::new(LISTS as usize)),
        }
    }

    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { all, first, lists } => {
                for pool in [all, first, lists] {
                    pool.pool.close().await;
                }
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}
