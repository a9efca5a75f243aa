//! Which queues have something due.

use crate::outbox::ChannelQueue;
use crate::prelude::*;

/// Most queues that one look finds.
pub const MAX_QUEUES: usize = 256;

/// The first message of the next queue: one search in an index finds both, so that the cost of a look grows with the
/// queues, and not with what waits in them.
macro_rules! first_of_next {
    ($columns:literal, $after:literal) => {
        concat!(
            "(select ",
            $columns,
            " from outbox o where o.next_at is not null and o.calling = 0 and o.queue > ",
            $after,
            " order by o.queue, o.next_at limit 1)"
        )
    };
}

/// Keeps the queues whose first message `f` is due. Messages of organizations that are suspended or deleted wait, and
/// those of a paused channel until their time is over: an attempt is postponed by minutes, so that a later row hardly
/// expires before the first one.
macro_rules! if_due {
    ($channel:literal) => {
        concat!(
            " where f.next_at <= $1 and g.suspended_at is null and g.deleted_at is null \
             and (f.expires_at <= $1 or not exists (select 1 from channels c where c.organization_id = g.id and c.id = ",
            $channel,
            " and c.paused_at is not null and c.trial = 0)) order by f.queue limit $3"
        )
    };
}

/// `cross join` keeps SQLite's planner to the order of the text. The channel is the second id of a queue.
const QUEUES_DUE_SQLITE: &str = concat!(
    "with recursive busy (id) as (select ",
    first_of_next!("o.rowid", "$2"),
    " union all select ",
    first_of_next!("o.rowid", "p.queue"),
    " from busy cross join outbox p on p.rowid = busy.id) select f.queue from busy \
     cross join outbox f on f.rowid = busy.id cross join organizations g on g.id = f.organization_id",
    if_due!(
        "substr(f.queue, length(g.id) + 2, instr(substr(f.queue, length(g.id) + 2) || ' ', ' ') - 1)"
    ),
);

const QUEUES_DUE_POSTGRES: &str = concat!(
    "with recursive busy as (",
    first_of_next!("o.queue, o.organization_id, o.next_at, o.expires_at", "$2"),
    " union all select n.queue, n.organization_id, n.next_at, n.expires_at from busy cross join lateral ",
    first_of_next!(
        "o.queue, o.organization_id, o.next_at, o.expires_at",
        "busy.queue"
    ),
    " n) select f.queue from busy f join organizations g on g.id = f.organization_id",
    if_due!("split_part(f.queue, ' ', 2)"),
);

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
