//! Attempts begin: what of a queue is sent now.

use std::collections::{HashMap, HashSet};

use recado_core::MessageId;
use recado_core::capabilities::SendLimit;
use serde_json::{Value, json};

use crate::costs::budget::Hold;
use crate::costs::spending;
use crate::db::batched_write::BatchedWrite;
use crate::events::append::{Appended, EventLog};
use crate::limits::limited::Limited;
use crate::limits::{self, Ask};
use crate::messages::Message;
use crate::outbox::due::{Beginning, Due, QueueLimits, Waiting, due};
use crate::outbox::{Attempt, ChannelQueue, order};
use crate::prelude::*;

static TRIED: OverList = OverList::new(
    "update channels set trial = 0 where (organization_id, id) in (select {owner}, value ->> 'channel' from {list})",
);

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
        let beginning = Beginning {
            queue: queue.clone(),
            now,
            most: usize::try_from(most).unwrap_or(usize::MAX),
            limits: limits.clone(),
        };
        self.write_together(&queue.organization_id, beginning).await
    }
}

/// Queues of which messages are begun at the same time have one transaction.
impl BatchedWrite for Beginning {
    type Done = Begun;

    async fn write_in(
        store: &Store,
        organization: &OrganizationId,
        beginnings: &[Self],
        connection: &mut Connection,
    ) -> Result<(Vec<Begun>, Appended)> {
        let log = EventLog::of(store, organization, connection).await?;
        let due = due(beginnings, &log, connection).await?;
        let turns = beginnings.iter().zip(due);
        let mut turns: Vec<_> = turns.map(|(of, due)| QueueTurn::new(of, due)).collect();
        keep_back(&mut turns);
        let asks: Vec<_> = turns.iter().flat_map(|turn| turn.asks(store)).collect();
        let asks: Vec<_> = asks.iter().collect();
        let taken = limits::take(store, organization, &asks, &mut *connection).await?;
        let (mut granted, mut waiting, mut holds) = (taken.granted.iter(), Vec::new(), Vec::new());
        for turn in &mut turns {
            turn.keep_allowed(&mut granted, &mut waiting, &mut holds);
        }
        let tried: Vec<_> = turns.iter().filter_map(QueueTurn::tried).collect();
        if !tried.is_empty() {
            log.over(&TRIED, &tried).run(&mut *connection).await?;
        }
        if !waiting.is_empty() {
            log.over(&WAIT, &waiting).run(&mut *connection).await?;
        }
        // The latest instant counts for the whole batch.
        let now = beginnings.iter().map(|beginning| beginning.now).max();
        let now = now.unwrap_or_default();
        let all: Vec<_> = turns.iter().flat_map(|turn| &turn.due).collect();
        let mut messages = begin(&all, store.server_id(), now, &log, &mut *connection).await?;
        let holds: Vec<_> = holds.iter().map(|(id, hold)| (id, *hold)).collect();
        spending::hold(store.kind(), organization, &holds, &mut *connection).await?;
        let appended = taken
            .append(store.kind(), organization, now, connection)
            .await?;
        let begun = turns.into_iter().map(|turn| turn.begun(&mut messages));
        Ok((begun.collect(), appended))
    }
}

/// Makes messages `sending`, and returns them.
async fn begin(
    due: &[&Due],
    server: &str,
    now: Timestamp,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<HashMap<MessageId, Message>> {
    if due.is_empty() {
        return Ok(HashMap::new());
    }
    let send = log.over(&SEND, &due).bind(server).instant(now);
    let rows = send.fetch_all(&mut *connection).await?;
    let messages = rows.iter().map(Message::of).collect::<Result<Vec<_>>>()?;
    let messages: HashMap<_, _> = messages
        .into_iter()
        .map(|message| (message.id.clone(), message))
        .collect();
    log.over(&CALL, &due).run(&mut *connection).await?;
    // A message that is not queued any more has its outcome.
    let settled = due.iter().map(|due| &due.message);
    let settled = settled.filter(|id| !messages.contains_key(id));
    order::leave(settled, log, connection).await?;
    Ok(messages)
}

/// What is done for one queue.
struct QueueTurn<'a> {
    of: &'a Beginning,
    due: Vec<Due>,
    begun: Begun,
}

impl<'a> QueueTurn<'a> {
    fn new(of: &'a Beginning, mut due: Vec<Due>) -> Self {
        let has_more = due.len() > of.most;
        due.truncate(of.most);
        let begun = Begun {
            has_more,
            ..Begun::default()
        };
        Self { of, due, begun }
    }

    fn asks(&self, store: &Store) -> impl Iterator<Item = Ask> {
        let (of, now) = (self.of, self.of.now);
        let limits = self.due.iter().map(move |due| of.limits.of(due, now));
        limits.map(move |limits| Ask::new(store, &of.queue.channel_id, &limits, now))
    }

    /// Keeps the messages that their limits allow; notes which others wait by themselves, and what is held of budgets.
    fn keep_allowed<'g>(
        &mut self,
        granted: &mut impl Iterator<Item = &'g Result<Option<Hold>, Limited>>,
        waiting: &mut Vec<Waiting>,
        holds: &mut Vec<(MessageId, Hold)>,
    ) {
        for (due, granted) in std::mem::take(&mut self.due).into_iter().zip(granted) {
            match granted {
                Ok(hold) => {
                    holds.extend(hold.map(|hold| (due.message.clone(), hold)));
                    self.due.push(due);
                }
                Err(limited) => {
                    self.begun.note(*limited);
                    waiting.extend(due.waits_for(*limited));
                }
            }
        }
    }

    /// Returns the channel as an element of a list, if one of the messages tries it.
    fn tried(&self) -> Option<Value> {
        let tries = |due: &Due| due.trial.is_some() && due.expires_at > self.of.now;
        let channel = &self.of.queue.channel_id;
        let is_tried = self.due.iter().any(tries);
        is_tried.then(|| json!({ "channel": channel }))
    }

    /// Makes attempts of the messages that are `sending` now, in their order.
    fn begun(self, messages: &mut HashMap<MessageId, Message>) -> Begun {
        let attempts = self.due.into_iter().filter_map(|due| {
            let message = messages.remove(&due.message)?;
            Some(due.attempt(message))
        });
        Begun {
            attempts: attempts.collect(),
            ..self.begun
        }
    }
}

/// Removes the messages of paused channels, except those whose time is over and one for each channel that is to be tried.
/// If its limits do not allow that one, the next look tries the channel.
fn keep_back(turns: &mut [QueueTurn<'_>]) {
    let mut tried = HashSet::new();
    for QueueTurn { of, due, .. } in turns {
        due.retain(|due| match due.trial {
            None => true,
            Some(_) if due.expires_at <= of.now => true,
            Some(may_try) => may_try && tried.insert(&of.queue.channel_id),
        });
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
