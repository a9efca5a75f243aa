//! Removing applied webhook calls: row by row, and on PostgreSQL partition by partition.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::prelude::*;
use crate::retention::MAX_STEP_CALLS;
use crate::retention::partitions::{Dropped, Partition, Stay};

/// A pass through the tables that have calls.
pub(crate) struct CallWalk {
    store: Store,
    now: Timestamp,
    kept: Duration,
    stay: Stay,
    /// The tables that are left, the next one last; `None` before the first step.
    left: Option<Vec<Table>>,
}

enum Table {
    /// Old calls are removed from it row by row.
    Rows(String),
    /// All of its time is over.
    Whole(Partition),
}

impl CallWalk {
    pub(crate) fn new(store: &Store, now: Timestamp, kept: Duration, stay: Stay) -> Self {
        Self {
            store: store.clone(),
            now,
            kept,
            stay,
            left: None,
        }
    }

    /// Removes some more calls; returns how many, or `None` behind the last table.
    pub(crate) async fn step(&mut self) -> Result<Option<u64>> {
        let mut left = match self.left.take() {
            Some(left) => left,
            None => self.tables().await?,
        };
        let next = left.pop();
        let left = self.left.insert(left);
        match next {
            None => Ok(None),
            Some(Table::Rows(name)) => {
                let removed = remove(&self.store, &name, self.stay.applied).await?;
                if i64::try_from(removed) == Ok(MAX_STEP_CALLS) {
                    left.push(Table::Rows(name));
                }
                Ok(Some(removed))
            }
            Some(Table::Whole(partition)) => {
                match self.store.drop_partition(&partition, self.stay).await {
                    Ok(Dropped::Calls(calls)) => return Ok(Some(calls)),
                    Ok(Dropped::Not) => left.push(Table::Rows(partition.name)),
                    // A statement that takes long keeps the lock. The next pass tries again, and not this one, because calls
                    // wait behind each attempt.
                    Err(error) => {
                        tracing::warn!(%error, partition = partition.name, "cannot drop a partition");
                        left.retain(|table| matches!(table, Table::Rows(_)));
                    }
                }
                Ok(Some(0))
            }
        }
    }

    /// Makes the partitions that will be needed; returns the tables to look at.
    async fn tables(&self) -> Result<Vec<Table>> {
        if self.store.kind() == DatabaseKind::Sqlite {
            return Ok(vec![Table::Rows("webhook_calls".to_owned())]);
        }
        // Without them calls are in the default partition.
        let made = self.store.make_partitions(self.now, self.kept).await;
        if let Err(error) = &made {
            tracing::warn!(%error, "cannot make the next partition of provider webhooks");
        }
        let mut tables = vec![Table::Rows("webhook_calls_default".to_owned())];
        for part in self.store.old_partitions(self.stay.applied).await? {
            if !part.is_before(self.stay.applied) {
                if part.is_wide(self.kept) {
                    tables.push(Table::Rows(part.name));
                }
            } else if made.is_ok() {
                tables.push(Table::Whole(part));
            }
        }
        Ok(tables)
    }
}

/// Removes the calls of a table that were applied before an instant, the oldest first.
async fn remove(store: &Store, table: &str, before: Timestamp) -> Result<u64> {
    let text = format!(
        "delete from {table} where applied_at + 0 < $1 and id in (select id from {table} \
         where applied_at < $1 order by applied_at limit $2)"
    );
    let query = Query::new(AssertSqlSafe(text)).instant(before);
    match store.write_count(query.bind(MAX_STEP_CALLS)).await {
        // Another server has dropped it.
        Err(error) if error.is_missing_table() => Ok(0),
        removed => removed,
    }
}
