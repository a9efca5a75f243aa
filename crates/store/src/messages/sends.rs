//! Sends: their messages before, and their results after.

use recado_core::event::MessageError;
use recado_core::{
    AgentId, ChannelId, Content, ConversationId, MessageId, Outcome, Status, Warning,
};
use serde::Serialize;

use crate::limits::SendLimits;
use crate::messages::Message;
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
