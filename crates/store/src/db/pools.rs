//! The pools of connections, as those see them who watch a server.

use sqlx::PgPool;

use crate::db::readers::Pools;
use crate::db::sqlite_pool::SqlitePool;
use crate::store::Store;

/// How a pool of connections is used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// What the connections are for.
    pub pool: &'static str,
    /// Connections that work.
    pub in_use: u32,
    /// Connections that are open and wait for work.
    pub idle: u32,
    /// Most connections at once.
    pub max: u32,
}

impl PoolUse {
    fn of_postgres(name: &'static str, pool: &PgPool) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        Self {
            pool: name,
            in_use: pool.size().saturating_sub(idle),
            idle,
            max: pool.options().get_max_connections(),
        }
    }

    fn of_sqlite(name: &'static str, pool: &SqlitePool) -> Self {
        let (idle, in_use) = pool.used();
        Self {
            pool: name,
            in_use,
            idle,
            max: pool.max(),
        }
    }
}

impl Store {
    /// Returns how the pools of this store are used: on PostgreSQL `readers` and `writers`, on SQLite, where one
    /// connection writes, `readers`, `sends` and `lists`.
    pub fn pools(&self) -> Vec<PoolUse> {
        match &self.readers().pools {
            Pools::Sqlite { all, first, lists } => vec![
                PoolUse::of_sqlite("readers", all),
                PoolUse::of_sqlite("sends", first),
                PoolUse::of_sqlite("lists", lists),
            ],
            Pools::Postgres(pool) => {
                let writers = self.writers().into_iter();
                let writers = writers.map(|pool| PoolUse::of_postgres("writers", pool));
                let readers = PoolUse::of_postgres("readers", pool);
                [readers].into_iter().chain(writers).collect()
            }
        }
    }
}
