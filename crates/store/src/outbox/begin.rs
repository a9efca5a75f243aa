//! Attempts begin: what of a queue is sent now.

use std::collections::HashMap;

use recado_core::capabilities::SendLimit;

use crate::costs::spending;
use crate::events::append::EventLog;
use crate::limits::limited::Limited;
use crate::limits::{self, Ask};
use crate::messages::Message;
use crate::outbox::due::{Due, QueueLimits, due};
use crate::outbox::{Attempt, ChannelQueue, order};
use crate::prelude::*;

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

static WAIT: OverList = OverList::new(
    "update outbox set ready_at = n.until, next_at = n.until from (select {owner} as organization, \
     value ->> 'message' as message, cast(value ->> 'until' as bigint) as until from {list}) n \
     where organization_id = n.organization and message_id = n.message",
);

impl Store {
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
