//! Sends: their messages before, and their results after.

use recado_core::event::MessageError;
use recado_core::{
    AgentId, ChannelId, Content, ConversationId, MessageId, Outcome, Status, Warning,
};
use serde::Serialize;

use crate::limits::SendLimits;
use crate::messages::{Direction, Message, MessageContent};
use crate::prelude::*;

/// A message that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The conversation it stands in.
    pub conversation_id: ConversationId,
    /// The agent that sends it.
    pub agent_id: AgentId,
    /// The channel it goes over.
    pub channel_id: ChannelId,
    /// The id that we choose at the provider, where the provider lets us.
    pub external_id: Option<String>,
    /// Its content.
    pub content: Content,
    /// What may look wrong on the phone.
    pub warnings: Vec<Warning>,
    /// The limits that apply to it.
    pub limits: SendLimits,
    /// When it is stored.
    pub created_at: Timestamp,
}

impl NewMessage {
    /// Returns the message as it is stored, in that status: a row has milliseconds.
    pub(crate) fn stored(&self, status: Status) -> Message {
        let at = Timestamp::from_millisecond(self.created_at.as_millisecond());
        let at = at.unwrap_or(self.created_at);
        Message {
            id: self.id.clone(),
            organization_id: self.organization_id.clone(),
            conversation_id: self.conversation_id.clone(),
            agent_id: self.agent_id.clone(),
            channel_id: self.channel_id.clone(),
            direction: Direction::Outbound,
            status,
            content: MessageContent::Outbound(self.content.clone()),
            from: None,
            in_reply_to: None,
            warnings: self.warnings.clone(),
            external_id: self.external_id.as_deref().map(row::provider_id),
            provider_id: None,
            error: None,
            pricing: None,
            hold: None,
            send_at: None,
            created_at: at,
            updated_at: at,
        }
    }
}

/// How a send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendResult {
    /// How it ended.
    pub outcome: Outcome,
    /// The provider's id of the message, if it gave one.
    pub external_id: Option<String>,
    /// A second id of the provider, if it gave one.
    pub provider_id: Option<String>,
    /// Why it was not accepted.
    pub error: Option<MessageError>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Finished {
    pub(crate) message: MessageId,
    outcome: &'static str,
    pub(crate) external: Option<String>,
    pub(crate) provider: Option<String>,
    failure: Option<String>,
    pub(crate) at: i64,
    /// Whether the message was queued.
    #[serde(skip)]
    pub(crate) is_queued: bool,
    /// The message, if its caller knows it and nothing but an event follows.
    #[serde(skip)]
    pub(crate) accepted: Option<Box<Message>>,
}

impl Finished {
    pub(crate) fn new(id: &MessageId, result: &SendResult, at: Timestamp) -> Self {
        let clean = |text: &Option<String>| text.as_deref().map(row::provider_id);
        Self {
            message: id.clone(),
            outcome: Status::from(result.outcome).as_str(),
            external: clean(&result.external_id),
            provider: clean(&result.provider_id),
            failure: result.error.as_ref().map(row::json),
            at: at.as_millisecond(),
            is_queued: false,
            accepted: None,
        }
    }
}
