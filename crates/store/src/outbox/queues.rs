//! Which queues have something due.

use crate::outbox::ChannelQueue;
use crate::prelude::*;

/// Queues that one look goes over, at most.
pub const MAX_QUEUES: usize = 256;

/// Queues that have something due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueuesDue {
    /// In the order of their names.
    pub queues: Vec<ChannelQueue>,
    /// The last queue that was looked at, if there may be more.
    pub after: Option<ChannelQueue>,
}

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

/// Tells of each queue whether its first message `f` is due. Messages of organizations that are suspended or deleted wait,
/// and those of a paused channel until their time is over: an attempt is postponed by minutes, so that a later row hardly
/// expires before the first one.
macro_rules! is_due {
    ($channel:literal) => {
        concat!(
            "select f.queue, case when f.next_at <= $1 and g.id is not null and g.suspended_at is null and g.deleted_at is null \
             and (f.expires_at <= $1 or not exists (select 1 from channels c where c.organization_id = g.id and c.id = ",
            $channel,
            " and c.paused_at is not null and c.trial = 0)) then 1 else 0 end as is_due "
        )
    };
}

/// The channel is the second id of a queue. `cross join` and `left join` keep SQLite's planner to the order of the text.
const QUEUES_DUE_SQLITE: &str = concat!(
    "with recursive busy (id, place) as (select ",
    first_of_next!("o.rowid", "$2"),
    ", 1 union all select ",
    first_of_next!("o.rowid", "p.queue"),
    ", busy.place + 1 from busy cross join outbox p on p.rowid = busy.id where busy.place < $3) ",
    is_due!(
        "substr(f.queue, length(g.id) + 2, instr(substr(f.queue, length(g.id) + 2) || ' ', ' ') - 1)"
    ),
    "from busy cross join outbox f on f.rowid = busy.id left join organizations g on g.id = f.organization_id \
     order by f.queue",
);

const QUEUES_DUE_POSTGRES: &str = concat!(
    "with recursive busy as (select o.*, 1 as place from ",
    first_of_next!("o.queue, o.organization_id, o.next_at, o.expires_at", "$2"),
    " o union all select n.*, busy.place + 1 from busy cross join lateral ",
    first_of_next!(
        "o.queue, o.organization_id, o.next_at, o.expires_at",
        "busy.queue"
    ),
    " n where busy.place < $3) ",
    is_due!("split_part(f.queue, ' ', 2)"),
    "from busy f left join organizations g on g.id = f.organization_id order by f.queue",
);

impl Store {
    /// Returns queues that have something due, after one of them.
    pub async fn queues_due(
        &self,
        now: Timestamp,
        after: Option<&ChannelQueue>,
    ) -> Result<QueuesDue> {
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
        let last = rows.last().filter(|_| rows.len() == MAX_QUEUES);
        let mut due = QueuesDue {
            queues: Vec::new(),
            after: last.map(queue).transpose()?,
        };
        for row in &rows {
            if Columns::new(row, "outbox", "queue").get("is_due")? {
                due.queues.push(queue(row)?);
            }
        }
        Ok(due)
    }
}

pub(crate) fn queue(row: &RawRow) -> Result<ChannelQueue> {
    let columns = Columns::new(row, "outbox", "queue");
    let read = ChannelQueue::read(columns.get("queue")?);
    read.ok_or_else(|| columns.corrupt("queue"))
}
