//! The pools of connections, as those see them who watch a server.

use sqlx::AnyPool;

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
    fn of(name: &'static str, pool: &AnyPool) -> Self {
        let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        Self {
            pool: name,
            in_use: pool.size().saturating_sub(idle),
            idle,
            max: pool.options().get_max_connections(),
        }
    }
}

impl Store {
    /// Returns how the pools of this store are used: on PostgreSQL `readers` and `writers`, on SQLite, where one
    /// connection writes, `readers`, `sends` and `lists`.
    pub fn pools(&self) -> Vec<PoolUse> {
        let readers = self.readers().pools().into_iter();
        let writers = self.writers().map(|pool| ("writers", pool));
        readers
            .chain(writers)
            .map(|(name, pool)| PoolUse::of(name, pool))
            .collect()
    }
}
