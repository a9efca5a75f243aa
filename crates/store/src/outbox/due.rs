//! The messages of a queue that are due, and the limits that each keeps.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use recado_core::capabilities::{PairRate, SendLimit};
use recado_core::{MessageId, Money, Recipient};
use serde::Serialize;
use serde_json::json;

use crate::costs::budget::{Budget, Spending};
use crate::events::append::EventLog;
use crate::limits::SendLimits;
use crate::limits::limited::Limited;
use crate::messages::Message;
use crate::outbox::{Attempt, ChannelQueue};
use crate::prelude::*;
use crate::resources::conversations;

/// Finds the first messages of a queue that are due, and tells whether one may try the channel if that is paused; which of
/// them begin is decided later. The index `outbox_heads` allows one row of a conversation with `next_at`, so that no other
/// one is under way.
const DUE_SQLITE: &str = "select d.message_id, d.attempts, d.fence, d.expires_at, v.recipient, v.window_expires_at, c.trial \
     from (select o.organization_id, o.conversation_id, o.message_id, o.attempts, o.fence, o.expires_at, o.next_at \
     from outbox o where o.queue = $1 and o.next_at is not null and o.calling = 0 and o.next_at <= $2 \
     order by o.next_at, o.message_id limit $3) d \
     join conversations v on v.organization_id = d.organization_id and v.id = d.conversation_id \
     left join channels c on c.organization_id = d.organization_id and c.id = $4 and c.paused_at is not null \
     order by d.next_at, d.message_id";

/// Finds the same of several queues at once: SQLite has no `lateral`.
static DUE_POSTGRES: OverList = OverList::new(
    "select n.place, d.message_id, d.attempts, d.fence, d.expires_at, v.recipient, v.window_expires_at, c.trial \
     from (select {owner} as organization, cast(value ->> 'place' as bigint) as place, value ->> 'queue' as queue, \
     value ->> 'channel' as channel, cast(value ->> 'now' as bigint) as now, cast(value ->> 'most' as bigint) as most \
     from {list}) n cross join lateral \
     (select o.conversation_id, o.message_id, o.attempts, o.fence, o.expires_at, o.next_at \
     from outbox o where o.queue = n.queue and o.next_at is not null and o.calling = 0 and o.next_at <= n.now \
     order by o.next_at, o.message_id limit n.most) d \
     join conversations v on v.organization_id = n.organization and v.id = d.conversation_id \
     left join channels c on c.organization_id = n.organization and c.id = n.channel and c.paused_at is not null \
     order by n.place, d.next_at, d.message_id",
);

/// Which messages of one queue may begin.
#[derive(Clone)]
pub(crate) struct Beginning {
    pub(crate) queue: ChannelQueue,
    pub(crate) now: Timestamp,
    /// How many messages, at most.
    pub(crate) most: usize,
    pub(crate) limits: QueueLimits,
}

/// The limits of the messages of one queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueLimits {
    /// Those of all of them.
    pub all: SendLimits,
    /// The rate to each person.
    pub pair: Option<PairRate>,
    /// The budget of the channel, and the price of a message to each market.
    pub budget: Option<(Budget, Arc<HashMap<u16, Money>>)>,
}

impl QueueLimits {
    /// Returns the limits of a message; one whose time is over is not sent, and takes nothing.
    pub(crate) fn of(&self, due: &Due, now: Timestamp) -> SendLimits {
        if due.expires_at <= now {
            return SendLimits::default();
        }
        let market = due.recipient.calling_code();
        let spending = self.budget.as_ref().map(|(budget, prices)| Spending {
            budget: budget.clone(),
            price: market.and_then(|market| prices.get(&market).copied()),
        });
        SendLimits {
            recipient: self.pair.map(|rate| (due.recipient.clone(), rate)),
            // It never fits at present prices: its attempt postpones it, so that it holds up no other.
            budget: spending.filter(Spending::may_fit),
            ..self.all.clone()
        }
    }
}

/// The row of a message that is due.
#[derive(Serialize)]
pub(crate) struct Due {
    pub(crate) message: MessageId,
    /// Whether it may try its channel; `None` if that is not paused.
    #[serde(skip)]
    pub(crate) trial: Option<bool>,
    #[serde(skip)]
    recipient: Recipient,
    #[serde(skip)]
    window_expires_at: Option<Timestamp>,
    #[serde(skip)]
    attempts: u32,
    #[serde(skip)]
    fence: i64,
    #[serde(skip)]
    pub(crate) expires_at: Timestamp,
}

impl Due {
    fn of(row: &RawRow) -> Result<Self> {
        let columns = Columns::new(row, "outbox", "message_id");
        Ok(Self {
            message: columns.get("message_id")?,
            trial: columns.get("trial")?,
            recipient: columns.get("recipient")?,
            window_expires_at: conversations::window(&columns)?,
            attempts: columns.get("attempts")?,
            fence: columns.get("fence")?,
            expires_at: columns.get("expires_at")?,
        })
    }

    /// Lets the message wait by itself if the limit is that of its person; others wait together.
    pub(crate) fn waits_for(self, limited: Limited) -> Option<Waiting> {
        (limited.limit == SendLimit::Recipient).then(|| Waiting {
            message: self.message,
            until: limited.until.as_millisecond(),
        })
    }

    pub(crate) fn attempt(self, message: Message) -> Attempt {
        Attempt {
            message,
            recipient: self.recipient,
            window_expires_at: self.window_expires_at,
            attempts: self.attempts,
            fence: self.fence + 1,
            expires_at: self.expires_at,
        }
    }
}

/// Returns the messages of each queue that are due, one more than may begin at most, each of them once.
pub(crate) async fn due(
    beginnings: &[Beginning],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Vec<Vec<Due>>> {
    let mut due = match log.kind() {
        DatabaseKind::Sqlite => due_of_each(beginnings, connection).await?,
        DatabaseKind::Postgres => due_of_all(beginnings, log, connection).await?,
    };
    // Two callers may have asked for the same queue.
    let mut seen = HashSet::new();
    for due in &mut due {
        due.retain(|due| seen.insert(due.message.clone()));
    }
    Ok(due)
}

async fn due_of_each(
    beginnings: &[Beginning],
    connection: &mut Connection,
) -> Result<Vec<Vec<Due>>> {
    let mut all = Vec::with_capacity(beginnings.len());
    for beginning in beginnings {
        let query = Query::new(DUE_SQLITE).id(&beginning.queue);
        let query = query.instant(beginning.now).bind(beginning.rows());
        let query = query.id(&beginning.queue.channel_id);
        let rows = query.fetch_all(&mut *connection).await?;
        all.push(rows.iter().map(Due::of).collect::<Result<_>>()?);
    }
    Ok(all)
}

async fn due_of_all(
    beginnings: &[Beginning],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Vec<Vec<Due>>> {
    let list: Vec<_> = beginnings
        .iter()
        .enumerate()
        .map(|(place, beginning)| {
            json!({
                "place": place,
                "queue": beginning.queue.to_string(),
                "channel": beginning.queue.channel_id,
                "now": beginning.now.as_millisecond(),
                "most": beginning.rows(),
            })
        })
        .collect();
    let mut all: Vec<_> = beginnings.iter().map(|_| Vec::new()).collect();
    let rows = log.over(&DUE_POSTGRES, &list).fetch_all(connection).await?;
    for row in &rows {
        let columns = Columns::new(row, "outbox", "message_id");
        let place: u32 = columns.get("place")?;
        let of_queue = usize::try_from(place).ok();
        let of_queue = of_queue.and_then(|place| all.get_mut(place));
        of_queue
            .ok_or_else(|| columns.corrupt("place"))?
            .push(Due::of(row)?);
    }
    Ok(all)
}

impl Beginning {
    /// How many rows tell what is due, and whether there is more.
    fn rows(&self) -> i64 {
        i64::try_from(self.most.saturating_add(1)).unwrap_or(i64::MAX)
    }
}

/// A message that waits by itself.
#[derive(Serialize)]
pub(crate) struct Waiting {
    message: MessageId,
    until: i64,
}
