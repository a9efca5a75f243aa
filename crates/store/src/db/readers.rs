//! The connections that read.

use std::sync::Arc;

use sqlx::AnyPool;
use tokio::sync::Semaphore;

use crate::db::connect::Source;
use crate::db::turns::Turns;

/// SQLite's connections for the reads that a send or a provider webhook waits for.
const FIRST_CONNECTIONS: u32 = 2;

/// Lists that are read at a time, on SQLite with connections of their own: PostgreSQL's other connections stay
/// free for sends and provider webhooks.
const LISTS: u32 = 4;

/// Lists of one organization that are read at a time: slow ones leave connections and processors to others.
const LISTS_EACH: usize = 1;

/// The connections that read.
///
/// On SQLite, what a send or a provider webhook waits for has connections of its own, and so have lists, which
/// may be slow.
pub(crate) struct Readers {
    pub(crate) all: AnyPool,
    first: Option<AnyPool>,
    lists: Option<AnyPool>,
    pub(crate) turns: Turns,
    pub(crate) slots: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn of(source: &Source) -> Self {
        Self {
            all: source.pool(),
            first: source.extra_pool(FIRST_CONNECTIONS),
            lists: source.extra_pool(LISTS),
            turns: Turns::new(LISTS_EACH),
            slots: Arc::new(Semaphore::new(LISTS as usize)),
        }
    }

    pub(crate) async fn close(&self) {
        for (_, pool) in self.pools() {
            pool.close().await;
        }
    }

    pub(crate) fn pools(&self) -> Vec<(&'static str, &AnyPool)> {
        let pools = [
            ("readers", Some(&self.all)),
            ("sends", self.first.as_ref()),
            ("lists", self.lists.as_ref()),
        ];
        let open = pools.into_iter();
        open.filter_map(|(name, pool)| Some((name, pool?)))
            .collect()
    }

    pub(crate) fn of_first(&self) -> &AnyPool {
        self.first.as_ref().unwrap_or(&self.all)
    }

    pub(crate) fn of_lists(&self) -> &AnyPool {
        self.lists.as_ref().unwrap_or(&self.all)
    }
}
