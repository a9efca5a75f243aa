//! The pools of connections, as those see them who watch a server.

use crate::db::pool::Pool;
use crate::db::readers::Pools;
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
    fn of<C>(name: &'static str, pool: &Pool<C>) -> Self {
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
                PoolUse::of("readers", &all.pool),
                PoolUse::of("sends", &first.pool),
                PoolUse::of("lists", &lists.pool),
            ],
            Pools::Postgres(readers) => {
                let writers = self.writer().pool().into_iter();
                let writers = writers.map(|writers| PoolUse::of("writers", writers.pool()));
                let readers = PoolUse::of("readers", readers.pool());
                [readers].into_iter().chain(writers).collect()
            }
        }
    }
}
