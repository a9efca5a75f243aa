//! Which queues have something due.

use crate::outbox::{ChannelQueue, busy_queues};
use crate::prelude::*;

/// Most queues that one look finds.
pub const MAX_QUEUES: usize = 256;

/// Keeps the queues that have a message due. Messages of organizations that are suspended or deleted wait, and those of a paused channel until their time is
/// over: an attempt is postponed by minutes, so that a later row hardly expires before the first one.
macro_rules! queues_due {
    ($join:literal, $channel:literal) => {
        concat!(
            "with recursive ",
            busy_queues!(" and o.queue > $2"),
            " select q.queue from busy q",
            $join,
            "organizations g on g.id = (select f.organization_id from outbox f where f.queue = q.queue \
             and f.next_at is not null and f.calling = 0 order by f.next_at limit 1) \
             where g.suspended_at is null and g.deleted_at is null \
             and (select f.next_at from outbox f where f.queue = q.queue and f.next_at is not null and f.calling = 0 \
             order by f.next_at limit 1) <= $1 and ((select f.expires_at from outbox f where f.queue = q.queue \
             and f.next_at is not null and f.calling = 0 order by f.next_at limit 1) <= $1 \
             or not exists (select 1 from channels c where c.organization_id = g.id \
             and c.id = ",
            $channel,
            " and c.paused_at is not null and c.trial = 0)) \
             order by q.queue limit $3"
        )
    };
}

/// `cross join` keeps SQLite's planner to the order of the text. The channel is the second id of a queue.
const QUEUES_DUE_SQLITE: &str = queues_due!(
    " cross join ",
    "substr(q.queue, length(g.id) + 2, instr(substr(q.queue, length(g.id) + 2) || ' ', ' ') - 1)"
);
const QUEUES_DUE_POSTGRES: &str = queues_due!(" join ", "split_part(q.queue, ' ', 2)");

impl Store {
    /// Returns queues that have something due, in the order of their names, beginning after one of them.
    pub async fn queues_due(
        &self,
        now: Timestamp,
        after: Option<&ChannelQueue>,
    ) -> Result<Vec<ChannelQueue>> {
        let text = match self.kind() {
            DatabaseKind::Sqlite => QUEUES_DUE_SQLITE,
            DatabaseKind::Postgres => QUEUES_DUE_POSTGRES,
        };
        let after = after.map_or_else(String::new, ToString::to_string);
        let query = Query::new(text)
            .instant(now)
            .bind(after)
            .bind(i64::try_from(MAX_QUEUES).unwrap_or(i64::MAX));
        let rows = self.read_rows(query).await?;
        rows.iter().map(queue).collect()
    }
}

pub(crate) fn queue(row: &RawRow) -> Result<ChannelQueue> {
    let columns = Columns::new(row, "outbox", "queue");
    let read = ChannelQueue::read(columns.get("queue")?);
    read.ok_or_else(|| columns.corrupt("queue"))
}
