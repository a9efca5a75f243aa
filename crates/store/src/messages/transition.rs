//! Status transitions: the status of a message advances, which appends an event and is stored.

use std::collections::BTreeMap;

use recado_core::event::{MessageError, MessageStatusData};
use recado_core::inbound::Pricing;
use recado_core::{AgentId, ChannelId, ConversationId, MessageId, Status, Warning};
use serde::Serialize;

use crate::costs::budget::Hold;
use crate::costs::count::{self, Charged};
use crate::costs::spending::{self, Change};
use crate::events::append::{EventLog, NewEvent};
use crate::messages::Message;
use crate::prelude::*;
use crate::resources::channel_pauses;

/// The state of an outbound message.
pub(crate) struct MessageState {
    pub(crate) id: MessageId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) agent_id: AgentId,
    pub(crate) channel_id: ChannelId,
    pub(crate) status: Status,
    pub(crate) external_id: Option<String>,
    pub(crate) provider_id: Option<String>,
    pub(crate) error: Option<MessageError>,
    pub(crate) pricing: Option<Pricing>,
    /// The fields that the provider carried in another form, for the event of its acceptance.
    pub(crate) degraded: Vec<String>,
    /// When it reached this status.
    pub(crate) at: Timestamp,
    /// When it was delivered, if that or how it is charged is known only since it was saved last.
    pub(crate) charged_at: Option<Timestamp>,
    /// Why it failed since it was saved last, if that concerns its channel.
    pub(crate) channel_failure: Option<MessageError>,
    /// What it has taken of the budget of its channel.
    pub(crate) hold: Option<Hold>,
    /// Whether it counted against the budget when it was saved last.
    pub(crate) was_spent: bool,
}

/// A reported status.
#[derive(Clone)]
pub(crate) struct StatusReport {
    pub(crate) status: Status,
    pub(crate) external_id: Option<String>,
    pub(crate) error: Option<MessageError>,
    pub(crate) pricing: Option<Pricing>,
}

impl From<&Message> for MessageState {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.clone(),
            conversation_id: message.conversation_id.clone(),
            agent_id: message.agent_id.clone(),
            channel_id: message.channel_id.clone(),
            status: message.status,
            external_id: message.external_id.clone(),
            provider_id: message.provider_id.clone(),
            error: message.error.clone(),
            pricing: message.pricing.clone(),
            degraded: Warning::degraded_fields(&message.warnings),
            at: message.updated_at,
            charged_at: None,
            channel_failure: None,
            hold: message.hold,
            // Its outcome was just written: it was being sent before, or its outcome was unknown.
            was_spent: true,
        }
    }
}

impl MessageState {
    /// Takes the pricing over, which any status may report; returns whether it is new.
    pub(crate) fn price(&mut self, step: &StatusReport) -> bool {
        let is_new = step.pricing.is_some() && step.pricing != self.pricing;
        if is_new {
            // A class that changes later changes no count.
            if self.is_delivered() && self.pricing.is_none() {
                self.charged_at = Some(self.at);
            }
            self.pricing.clone_from(&step.pricing);
        }
        is_new
    }

    /// Advances the status if the report is further, and appends the event.
    pub(crate) fn advance(&mut self, step: StatusReport, log: &mut EventLog) -> bool {
        let status = match step.status {
            // Its provider said that it was canceled, but had begun to send it.
            news @ (Status::Sent | Status::Unknown) if self.is_canceled() => news,
            news => self.status.advanced_by(news),
        };
        if status == self.status {
            return false;
        }
        let was_delivered = self.is_delivered();
        self.status = status;
        self.channel_failure = step.error.clone().filter(MessageError::is_of_channel);
        self.error = step.error;
        self.at = log.at();
        if !was_delivered && self.is_delivered() && self.pricing.is_some() {
            self.charged_at = Some(self.at);
        }
        if self.external_id.is_none() {
            self.external_id = step.external_id;
        }
        log.append(self.event());
        true
    }

    fn is_canceled(&self) -> bool {
        let error = self.error.as_ref();
        self.status == Status::Failed && error.is_some_and(MessageError::is_cancellation)
    }

    fn is_delivered(&self) -> bool {
        matches!(self.status, Status::Delivered | Status::Read)
    }

    /// Returns what has to be counted of the message, once.
    fn take_charged(&mut self) -> Option<Charged> {
        let delivered_at = self.charged_at.take()?;
        let pricing = self.pricing.clone()?;
        Some(Charged {
            channel: self.channel_id.clone(),
            conversation: self.conversation_id.clone(),
            pricing,
            delivered_at,
        })
    }

    /// Returns whether the message counts against the budget of its channel: it may cost something.
    pub(crate) fn is_spent(&self) -> bool {
        let is_free = self.pricing.as_ref().is_some_and(Pricing::is_free);
        let is_not_sent = matches!(
            self.status,
            Status::Queued | Status::Rejected | Status::Failed
        );
        !is_free && !is_not_sent
    }

    /// Returns what changes in the use of the budget, once.
    fn take_spending(&mut self) -> Option<Change> {
        let (was, is) = (self.was_spent, self.is_spent());
        self.was_spent = is;
        Some(Change {
            channel: self.channel_id.clone(),
            hold: self.hold.filter(|_| was != is)?,
            messages: i64::from(is) - i64::from(was),
        })
    }

    pub(crate) fn event(&self) -> NewEvent {
        let data = MessageStatusData {
            message_id: self.id.clone(),
            external_id: self.external_id.clone(),
            status: self.status,
            error: self.error.clone(),
            pricing: self.pricing.clone(),
            degraded: match self.status {
                Status::Accepted => self.degraded.clone(),
                _ => Vec::new(),
            },
        };
        NewEvent {
            agent: Some(self.agent_id.clone()),
            channel: Some(self.channel_id.clone()),
            conversation: Some(self.conversation_id.clone()),
            data: data.into(),
        }
    }

    pub(crate) fn write_to(&self, message: &mut Message) {
        message.status = self.status;
        message.external_id.clone_from(&self.external_id);
        message.error.clone_from(&self.error);
        message.pricing.clone_from(&self.pricing);
        message.updated_at = self.at;
    }
}

/// Does what follows from messages that have changed, once for each however often this is called: counts what they
/// cost, and pauses channels that do not work.
pub(crate) async fn follow_up<'a>(
    messages: impl IntoIterator<Item = &'a mut MessageState>,
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<()> {
    let (mut charged, mut spent) = (Vec::new(), Vec::new());
    let mut failures = BTreeMap::new();
    for message in messages {
        charged.extend(message.take_charged());
        spent.extend(message.take_spending());
        let failure = message.channel_failure.take();
        failures.extend(failure.map(|error| (message.channel_id.clone(), error)));
    }
    for (channel, error) in &failures {
        let pause = channel_pauses::failing(log.organization(), channel, error, log.at());
        pause.make(log, &mut *connection).await?;
    }
    count::count(charged, log, connection).await?;
    spending::change(
        log.kind(),
        log.organization(),
        spent.into_iter(),
        connection,
    )
    .await
}

#[derive(Serialize)]
struct Saved<'a> {
    message: &'a MessageId,
    reached: Status,
    external: &'a Option<String>,
    failure: Option<String>,
    pricing: Option<String>,
    at: i64,
}

static SAVE: OverList = OverList::new(
    "update messages set status = n.reached, external_id = n.external, error = n.failure, \
     pricing = n.pricing, updated_at = n.at \
     from (select {owner} as organization, value ->> 'message' as message, \
     value ->> 'reached' as reached, value ->> 'external' as external, value ->> 'failure' as failure, \
     value ->> 'pricing' as pricing, cast(value ->> 'at' as bigint) as at from {list}) n \
     where organization_id = n.organization and id = n.message",
);

pub(crate) async fn save(
    moved: impl IntoIterator<Item = &MessageState>,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<()> {
    let changes: Vec<_> = moved
        .into_iter()
        .map(|progress| Saved {
            message: &progress.id,
            reached: progress.status,
            external: &progress.external_id,
            failure: progress.error.as_ref().map(row::json),
            pricing: progress.pricing.as_ref().map(row::json),
            at: progress.at.as_millisecond(),
        })
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    log.over(&SAVE, &changes).run(connection).await
}
