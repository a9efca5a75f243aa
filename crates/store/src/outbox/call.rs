//! Attempts begin: which queues have something due, and what of one queue is sent now.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use recado_core::capabilities::{PairRate, SendLimit};
use recado_core::{MessageId, Money, Recipient};
use serde::Serialize;

use crate::costs::budget::{Budget, Spending};
use crate::costs::spending;
use crate::events::append::EventLog;
use crate::limits::limited::Limited;
use crate::limits::{self, Ask, SendLimits};
use crate::messages::Message;
use crate::outbox::{Attempt, ChannelQueue, busy_queues, order};
use crate::prelude::*;
use crate::resources::conversations;

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

/// The first messages that are due; while the channel is paused, those that may still begin are chosen among them. The
/// index `outbox_heads` allows one row of a conversation with `next_at`, so that no other one is under way.
const DUE: &str = "select d.message_id, d.attempts, d.fence, d.expires_at, v.recipient, v.window_expires_at from (\
     select o.organization_id, o.conversation_id, o.message_id, o.attempts, o.fence, o.expires_at, o.next_at \
     from outbox o where o.queue = $1 and o.next_at is not null and o.calling = 0 and o.next_at <= $2 \
     order by o.next_at, o.message_id limit $3) d \
     join conversations v on v.organization_id = d.organization_id and v.id = d.conversation_id \
     order by d.next_at, d.message_id";

const PAUSE: &str =
    "select trial from channels where organization_id = $1 and id = $2 and paused_at is not null";

const TRIED: &str = "update channels set trial = 0 where organization_id = $1 and id = $2";

/// What an earlier attempt took of a budget was given back when it was postponed.
static SEND: OverList = OverList::of(
    "update messages set status = 'sending', server_id = $3, updated_at = $4, budget_month = null, \
     budget_price = null where (organization_id, id) in \
     (select {owner}, value ->> 'message' from {list}) and status = 'queued' returning {columns}",
    Message::COLUMNS,
);

static CALL: OverList = OverList::new(
    "update outbox set calling = 1, fence = fence + 1 where (organization_id, message_id) in \
     (select {owner}, value ->> 'message' from {list})",
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

    /// Begins attempts: makes messages `sending` that are due in a queue and that its limits allow, at most so many. A
    /// message to a person who has had too many waits until the limit allows it.
    pub async fn begin_attempts(
        &self,
        queue: &ChannelQueue,
        now: Timestamp,
        most: u32,
        limits: &QueueLimits,
    ) -> Result<Begun> {
        let organization = queue.organization_id.clone();
        let (store, queue, limits) = (self.clone(), queue.clone(), limits.clone());
        self.with_log(&organization.clone(), now, move |log, connection| {
            Box::pin(async move {
                let mut due = due(&queue, now, most.saturating_add(1), connection).await?;
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                let has_more = due.len() > most;
                due.truncate(most);
                let pause = Pause::of(&queue, connection).await?;
                if let Some(pause) = &pause {
                    pause.keep_back(&mut due, now);
                }
                let asks: Vec<_> = due
                    .iter()
                    .map(|due| Ask::new(&store, &queue.channel_id, &limits.of(due, now), now))
                    .collect();
                let asks: Vec<_> = asks.iter().collect();
                let kind = store.kind();
                let taken =
                    limits::take(&store, log.organization(), &asks, &mut *connection).await?;
                let mut begun = Begun {
                    has_more,
                    ..Begun::default()
                };
                let (mut allowed, mut waiting, mut holds) = (Vec::new(), Vec::new(), Vec::new());
                for (due, granted) in due.into_iter().zip(&taken.granted) {
                    match granted {
                        Ok(hold) => {
                            holds.extend(hold.map(|hold| (due.message.clone(), hold)));
                            allowed.push(due);
                        }
                        Err(limited) => {
                            begun.note(*limited);
                            waiting.extend(due.waits_for(*limited));
                        }
                    }
                }
                if pause.is_some() && allowed.iter().any(|due| due.expires_at > now) {
                    of_channel(TRIED, &queue).run(&mut *connection).await?;
                }
                if !waiting.is_empty() {
                    log.over(&WAIT, &waiting).run(&mut *connection).await?;
                }
                let server = store.server_id();
                begun.attempts = begin(allowed, server, now, &log, &mut *connection).await?;
                let holds: Vec<_> = holds.iter().map(|(id, hold)| (id, *hold)).collect();
                spending::hold(kind, log.organization(), &holds, &mut *connection).await?;
                let appended = taken
                    .append(kind, log.organization(), now, connection)
                    .await?;
                Ok((begun, appended))
            })
        })
        .await
        .map(|(begun, appended)| {
            self.notify(&organization, appended);
            begun
        })
    }
}

async fn due(
    queue: &ChannelQueue,
    now: Timestamp,
    most: u32,
    connection: &mut Connection,
) -> Result<Vec<Due>> {
    let query = Query::new(DUE).id(queue).instant(now).bind(i64::from(most));
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(Due::of).collect()
}

/// Makes messages `sending`, and returns their attempts in their order.
async fn begin(
    due: Vec<Due>,
    server: &str,
    now: Timestamp,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Vec<Attempt>> {
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let send = log.over(&SEND, &due).bind(server).instant(now);
    let rows = send.fetch_all(&mut *connection).await?;
    let messages = rows.iter().map(Message::of).collect::<Result<Vec<_>>>()?;
    let mut messages: HashMap<_, _> = messages
        .into_iter()
        .map(|message| (message.id.clone(), message))
        .collect();
    log.over(&CALL, &due).run(&mut *connection).await?;
    // A message that is not queued any more has its outcome.
    let settled = due.iter().map(|due| &due.message);
    let settled = settled.filter(|id| !messages.contains_key(id));
    order::leave(settled, log, connection).await?;
    let attempts = due.into_iter().filter_map(|due| {
        let message = messages.remove(&due.message)?;
        Some(due.attempt(message))
    });
    Ok(attempts.collect())
}

/// The pause of the channel of a queue.
struct Pause {
    /// Whether one message may try the channel.
    is_trial: bool,
}

impl Pause {
    async fn of(queue: &ChannelQueue, connection: &mut Connection) -> Result<Option<Self>> {
        let row = of_channel(PAUSE, queue).fetch_optional(connection).await?;
        let Some(row) = row else { return Ok(None) };
        let is_trial = Columns::new(&row, "channels", "trial").get("trial")?;
        Ok(Some(Self { is_trial }))
    }

    /// Keeps messages back but those whose time is over, and one if the channel is to be tried.
    fn keep_back(&self, due: &mut Vec<Due>, now: Timestamp) {
        let mut has_try = self.is_trial;
        due.retain(|due| due.expires_at <= now || std::mem::take(&mut has_try));
    }
}

fn of_channel(text: &'static str, queue: &ChannelQueue) -> Query {
    let query = Query::new(text).id(&queue.organization_id);
    query.id(&queue.channel_id)
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
    fn of(&self, due: &Due, now: Timestamp) -> SendLimits {
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

/// What was begun of one queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Begun {
    /// The attempts, in the order in which they are to be made.
    pub attempts: Vec<Attempt>,
    /// Whether more was due than was asked for.
    pub has_more: bool,
    /// From when on a limit allows more of the queue, if one did not allow all.
    pub limited_until: Option<Timestamp>,
    /// When the first of the messages is due that wait for a limit of their person.
    pub next_due: Option<Timestamp>,
}

impl Begun {
    fn note(&mut self, limited: Limited) {
        let noted = match limited.limit {
            SendLimit::Recipient => &mut self.next_due,
            SendLimit::Channel
            | SendLimit::Organization
            | SendLimit::ApiKey
            | SendLimit::Budget => &mut self.limited_until,
        };
        let earlier = noted.map_or(limited.until, |until| until.min(limited.until));
        *noted = Some(earlier);
    }
}

static WAIT: OverList = OverList::new(
    "update outbox set ready_at = n.until, next_at = n.until from (select {owner} as organization, \
     value ->> 'message' as message, cast(value ->> 'until' as bigint) as until from {list}) n \
     where organization_id = n.organization and message_id = n.message",
);

#[derive(Serialize)]
struct Waiting {
    message: MessageId,
    until: i64,
}

/// The attempts that this server has begun, by the database.
const LOST: &str = "select m.organization_id, m.id, o.queue from messages m join outbox o \
     on o.organization_id = m.organization_id and o.message_id = m.id \
     where m.status = 'sending' and m.server_id = $1 and o.calling = 1";

impl Store {
    /// Lets messages wait again whose attempts this server has begun without learning it, because the answer of the
    /// database was lost; `known` are the attempts that are under way, and `beginning` the queues of which attempts are
    /// being begun. Returns how many.
    ///
    /// No other attempt may be begun meanwhile.
    pub async fn free_lost_attempts(
        &self,
        known: &HashSet<(OrganizationId, MessageId)>,
        beginning: &HashSet<ChannelQueue>,
        at: Timestamp,
    ) -> Result<usize> {
        let query = Query::new(LOST).bind(self.server_id().to_owned());
        let (mut freed, mut failed) = (0, None);
        for row in &self.read_rows(query).await? {
            let columns = Columns::new(row, "messages", "id");
            let lost = (columns.get("organization_id")?, columns.get("id")?);
            if known.contains(&lost) || beginning.contains(&queue(row)?) {
                continue;
            }
            match self.wait_again(&lost.0, &lost.1, at).await {
                Ok(waits) => freed += usize::from(waits),
                // The lock of its organization may be held; the others are freed all the same.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(freed), Err)
    }
}

/// The row of a message that is due.
#[derive(Serialize)]
struct Due {
    message: MessageId,
    #[serde(skip)]
    recipient: Recipient,
    #[serde(skip)]
    window_expires_at: Option<Timestamp>,
    #[serde(skip)]
    attempts: u32,
    #[serde(skip)]
    fence: i64,
    #[serde(skip)]
    expires_at: Timestamp,
}

impl Due {
    fn of(row: &RawRow) -> Result<Self> {
        let columns = Columns::new(row, "outbox", "message_id");
        Ok(Self {
            message: columns.get("message_id")?,
            recipient: columns.get("recipient")?,
            window_expires_at: conversations::window(&columns)?,
            attempts: columns.get("attempts")?,
            fence: columns.get("fence")?,
            expires_at: columns.get("expires_at")?,
        })
    }

    /// Lets the message wait by itself if the limit is that of its person; others wait together.
    fn waits_for(self, limited: Limited) -> Option<Waiting> {
        (limited.limit == SendLimit::Recipient).then(|| Waiting {
            message: self.message,
            until: limited.until.as_millisecond(),
        })
    }

    fn attempt(self, message: Message) -> Attempt {
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

fn queue(row: &RawRow) -> Result<ChannelQueue> {
    let columns = Columns::new(row, "outbox", "queue");
    let read = ChannelQueue::read(columns.get("queue")?);
    read.ok_or_else(|| columns.corrupt("queue"))
}
