//! A customer's message in its conversation: the row and the event that are made of it.

use recado_core::event::{ButtonPressedData, EventData, ListSelectedData, MessageReceivedData};
use recado_core::inbound::{Choice, Contact, InboundContent, InboundMessage};
use recado_core::{AgentId, ChannelId, ConversationId, MessageId};
use serde::Serialize;

use crate::events::append::EventLog;
use crate::messages::content::{LIST, StoredInbound};
use crate::messages::instant;
use crate::prelude::*;
use crate::resources::conversations::Conversation;
use crate::resources::people::StoredContact;

/// The row of a customer's message.
#[derive(Serialize)]
pub(crate) struct MessageRow {
    pub(crate) message: MessageId,
    conversation: ConversationId,
    agent: AgentId,
    channel: ChannelId,
    content: String,
    sender: String,
    external: String,
    at: i64,
}

/// A message with what is known of its sender and of the message that it answers.
pub(crate) struct Filed<'a> {
    pub(crate) message: &'a InboundMessage,
    pub(crate) id: &'a MessageId,
    pub(crate) external_id: String,
    pub(crate) from: Contact,
    pub(crate) in_reply_to: Option<MessageId>,
    /// The button that was inferred from its title.
    pub(crate) inferred: Option<Choice>,
}

impl Filed<'_> {
    pub(crate) fn content(&self) -> StoredInbound {
        StoredInbound::new(
            self.message,
            self.inferred.as_ref(),
            self.in_reply_to.clone(),
        )
    }

    pub(crate) fn row(
        &self,
        content: &StoredInbound,
        conversation: &Conversation,
        log: &EventLog,
    ) -> MessageRow {
        MessageRow {
            message: self.id.clone(),
            conversation: conversation.id.clone(),
            agent: conversation.agent_id.clone(),
            channel: conversation.channel_id.clone(),
            content: row::json(content),
            sender: row::json(&StoredContact::from(&self.from)),
            external: self.external_id.clone(),
            at: log.at().as_millisecond(),
        }
    }

    pub(crate) fn data(&self, stored: StoredInbound) -> EventData {
        let message_id = self.id.clone();
        let external_id = Some(self.external_id.clone());
        let in_reply_to = self.in_reply_to.clone();
        let from = self.from.clone();
        let text_truncated = stored.text_truncated;
        let sent_at = instant(stored.sent_at).map(|at| at.to_string());
        let context = stored.context;
        match stored.choice {
            Some(list) if stored.kind == LIST => EventData::ListSelected(ListSelectedData {
                message_id,
                external_id,
                in_reply_to,
                from,
                text_truncated,
                list,
                sent_at,
                context,
            }),
            Some(button) => EventData::ButtonPressed(ButtonPressedData {
                message_id,
                external_id,
                in_reply_to,
                from,
                text_truncated,
                button,
                inferred: self.inferred.is_some(),
                sent_at,
                context,
            }),
            None => EventData::MessageReceived(MessageReceivedData {
                message_id,
                external_id,
                in_reply_to,
                text_truncated,
                content: stored.content,
                sent_at,
                context,
                referral: stored.referral,
                kind: stored.kind,
                text: stored.text,
                moved_to: match &self.message.content {
                    InboundContent::NumberChange { to, .. } => {
                        Some(to.clone().named(from.name.clone()))
                    }
                    _ => None,
                },
                from,
            }),
        }
    }
}
