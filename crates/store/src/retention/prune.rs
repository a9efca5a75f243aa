//! Removing rows whose time has passed, in bounded steps.
//!
//! A pruning keeps no state of its own in the database: one that was interrupted is begun again, and finds what
//! is left.

use std::time::Duration;

use crate::limits::prune::LimitWalk;
use crate::prelude::*;
use crate::retention::applied_calls::CallWalk;
use crate::retention::old_rows::Walk;
use crate::retention::partitions::Stay;
use crate::retention::{CALLS, LIMITS, MAX_STEP_CALLS, MAX_STEP_ROWS, Pruned, Retention};

/// The removal of all rows whose time has passed.
pub struct Pruning {
    store: Store,
    now: Timestamp,
    retention: Retention,
    calls: Option<CallWalk>,
    /// The index in [`PARTS`] that may have rows left.
    part: usize,
    limits: LimitWalk,
    walks: Vec<Walk>,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for Retention {
    /// Keeps messages and events for ever, and working data as long as it may help to find the cause of a problem.
    fn default() -> Self {
        Self {
            messages: None,
            events: None,
            deliveries: Some(7 * DAY),
            webhook_calls: Some(7 * DAY),
            set_aside_calls: Some(30 * DAY),
            audit_log: Some(400 * DAY),
        }
    }
}

/// Rows of one sort, which an index finds by their time.
struct Part {
    what: &'static str,
    kept: fn(&Retention) -> Option<Duration>,
    /// Rows that one step removes at most.
    rows: i64,
    /// Statements that remove the oldest rows from before `$1`, `$2` at most, as one write; the last one counts them.
    ///
    /// They take no organization lock, as the rows are of many organizations. So a row that changes is looked at once
    /// more when PostgreSQL has locked it: one that was chosen as old may have been used again meanwhile. The `+ 0` keeps
    /// the index for the choice.
    texts: &'static [&'static str],
}

const WEEK: Duration = Duration::from_hours(7 * 24);
const HOUR: Duration = Duration::from_hours(1);

/// So that each month can be compared with the same one of the year before.
const MONTHS_25: Duration = Duration::from_hours(25 * 31 * 24);

/// A delivery is gone when its event may go.
fn deliveries_kept(retention: &Retention) -> Option<Duration> {
    [retention.deliveries, retention.events]
        .into_iter()
        .flatten()
        .min()
}

const PARTS: [Part; 11] = [
    Part {
        what: "webhook_calls_set_aside",
        kept: |retention| retention.set_aside_calls,
        rows: MAX_STEP_CALLS,
        texts: &[
            "delete from webhook_calls where set_aside is not null and id in (select id from webhook_calls \
             where set_aside is not null and received_at < $1 order by received_at limit $2)",
        ],
    },
    Part {
        what: "pending_statuses",
        kept: |_| Some(WEEK),
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from orphan_statuses where (organization_id, channel_id, sought, status) in (\
             select organization_id, channel_id, sought, status from orphan_statuses \
             where created_at < $1 order by created_at limit $2)",
        ],
    },
    Part {
        what: "channel_alerts",
        kept: |_| Some(WEEK),
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from channel_alerts where (organization_id, channel_id, digest) in (\
             select organization_id, channel_id, digest from channel_alerts \
             where created_at < $1 order by created_at limit $2)",
        ],
    },
    Part {
        what: "deliveries",
        kept: deliveries_kept,
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from delivery_attempts where (organization_id, endpoint_id, seq) in (\
             select organization_id, endpoint_id, seq from deliveries \
             where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
             limit $2)",
            "delete from deliveries where finished_at + 0 < $1 and (organization_id, endpoint_id, seq) in (\
             select organization_id, endpoint_id, seq from deliveries \
             where finished_at < $1 order by finished_at, organization_id, endpoint_id, seq \
             limit $2)",
        ],
    },
    Part {
        what: "sessions",
        kept: |_| Some(WEEK),
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from sessions where idle_ends_at + 0 < $1 and id in (select id from sessions \
             where idle_ends_at < $1 order by idle_ends_at limit $2)",
        ],
    },
    Part {
        what: "links",
        kept: |_| Some(WEEK),
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from links where ends_at + 0 < $1 and (organization_id, user_id) in (\
             select organization_id, user_id from links where ends_at < $1 order by ends_at limit $2)",
        ],
    },
    Part {
        what: "sign_in_attempts",
        // Soon after the end of its window: a caller with many addresses makes many rows.
        kept: |_| Some(HOUR),
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from sign_in_attempts where ends_at + 0 < $1 and subject in (select subject from sign_in_attempts \
             where ends_at < $1 order by ends_at limit $2)",
        ],
    },
    Part {
        what: "idempotency_keys",
        kept: |_| Some(DAY),
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from idempotency_keys where (organization_id, id) in (\
             select organization_id, id from idempotency_keys \
             where created_at < $1 order by created_at limit $2)",
        ],
    },
    Part {
        what: "audit_log",
        kept: |retention| retention.audit_log,
        rows: MAX_STEP_ROWS,
        texts: &[
            "delete from audit_log where id in (select id from audit_log \
             where at < $1 order by at limit $2)",
        ],
    },
    Part::of_months(
        "message_costs",
        &[
            "delete from message_costs where (organization_id, channel_id, month, category, charge, market) in (\
             select organization_id, channel_id, month, category, charge, market from message_costs \
             where month < $1 order by month limit $2)",
        ],
    ),
    Part::of_months(
        "channel_budgets",
        &[
            "delete from channel_budgets where (organization_id, channel_id, month) in (\
             select organization_id, channel_id, month from channel_budgets where month < $1 order by month limit $2)",
        ],
    ),
];

impl Part {
    /// Creates the part of rows that count something of a month.
    const fn of_months(what: &'static str, texts: &'static [&'static str]) -> Self {
        Self {
            what,
            kept: |_| Some(MONTHS_25),
            rows: MAX_STEP_ROWS,
            texts,
        }
    }
}

impl Store {
    /// Begins to remove what is done or older than it is kept. Messages and events, for which every organization is
    /// looked at, are removed with `walk` alone.
    pub fn pruning(&self, now: Timestamp, retention: Retention, walk: bool) -> Pruning {
        let walks = [
            retention
                .events
                .map(|kept| Walk::events(self, before(now, kept))),
            retention
                .messages
                .map(|kept| Walk::messages(self, before(now, kept))),
        ];
        let calls = retention.webhook_calls.map(|kept| {
            let stay = Stay {
                applied: before(now, kept),
                set_aside: retention.set_aside_calls.map(|kept| before(now, kept)),
            };
            CallWalk::new(self, now, kept, stay)
        });
        Pruning {
            store: self.clone(),
            now,
            retention,
            calls,
            part: 0,
            limits: LimitWalk::new(self, now),
            walks: walks.into_iter().flatten().filter(|_| walk).collect(),
        }
    }
}

impl Pruning {
    /// Removes some more rows; returns `None` when nothing is left to remove.
    pub async fn step(&mut self) -> Result<Option<Pruned>> {
        if let Some(calls) = &mut self.calls {
            if let Some(rows) = calls.step().await? {
                return Ok(Some(Pruned { what: CALLS, rows }));
            }
            self.calls = None;
        }
        while let Some(part) = PARTS.get(self.part) {
            let rows = match (part.kept)(&self.retention) {
                Some(kept) => self.remove(part, before(self.now, kept)).await?,
                None => 0,
            };
            if rows < u64::try_from(part.rows).unwrap_or(u64::MAX) {
                self.part += 1;
            }
            if rows > 0 {
                return Ok(Some(Pruned {
                    what: part.what,
                    rows,
                }));
            }
        }
        // Also a step that removes nothing, so that sends have the database between two of them.
        if let Some(rows) = self.limits.step().await? {
            return Ok(Some(Pruned { what: LIMITS, rows }));
        }
        while let Some(walk) = self.walks.last_mut() {
            match walk.step().await? {
                Some(pruned) => return Ok(Some(pruned)),
                None => drop(self.walks.pop()),
            }
        }
        Ok(None)
    }

    async fn remove(&self, part: &'static Part, before: Timestamp) -> Result<u64> {
        self.store
            .transaction(move |connection| {
                Box::pin(async move {
                    let mut removed = 0;
                    for &text in part.texts {
                        let query = Query::new(text).instant(before).bind(part.rows);
                        removed = query.execute(&mut *connection).await?;
                    }
                    Ok(removed)
                })
            })
            .await
    }
}

fn before(now: Timestamp, kept: Duration) -> Timestamp {
    now.checked_sub(kept).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retention::{CALLS, EVENTS, LIMITS, MESSAGES};

    #[test]
    fn every_sort_of_rows_is_known_to_metrics() {
        let parts = PARTS.iter().map(|part| part.what);
        let all = [CALLS].into_iter().chain(parts);
        let all: Vec<_> = all.chain([LIMITS, EVENTS, MESSAGES]).collect();
        assert_eq!(all, Pruned::ALL);
    }
}
