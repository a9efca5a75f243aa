//! Messages in both directions.

pub(crate) mod accepted;

pub(crate) mod begin;
pub(crate) mod begin_on_postgres;
pub(crate) mod begin_on_sqlite;
pub(crate) mod content;
pub(crate) mod new_send;
pub(crate) mod once_unknown;
pub(crate) mod outbound;
pub(crate) mod pending_statuses;
pub(crate) mod send_context;
pub(crate) mod sends;
pub(crate) mod transition;

use recado_core::event::MessageError;
use recado_core::inbound::{Choice, Contact, MessageContext, Pricing, ReceivedContent, Referral};
use recado_core::{AgentId, ChannelId, Content, ConversationId, MessageId, Money, Status, Warning};

use crate::costs::budget::Hold;
use crate::messages::content::{StoredInbound, StoredOutbound};
use crate::prelude::*;
use crate::resources::people;

/// One message in one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// The agent of the conversation.
    pub agent_id: AgentId,
    /// The channel of the conversation.
    pub channel_id: ChannelId,
    /// Whether the agent or the customer sent it.
    pub direction: Direction,
    /// Its status; an inbound message is `delivered`.
    pub status: Status,
    /// Its content.
    pub content: MessageContent,
    /// The customer who wrote an inbound message.
    pub from: Option<Contact>,
    /// The message of ours that an inbound message answers.
    pub in_reply_to: Option<MessageId>,
    /// What may look wrong on the phone.
    pub warnings: Vec<Warning>,
    /// The provider's id of the message.
    pub external_id: Option<String>,
    /// A second id of the provider, such as that of a queue entry.
    pub provider_id: Option<String>,
    /// Why it was refused or failed, or why its outcome is unknown.
    pub error: Option<MessageError>,
    /// How the provider charges for it, once a status has reported that.
    pub pricing: Option<Pricing>,
    /// What it has taken of the budget of its channel.
    pub(crate) hold: Option<Hold>,
    /// From when on it was to be sent, if that was later than it was stored.
    pub send_at: Option<Timestamp>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its status changed last.
    pub updated_at: Timestamp,
}

/// Whether the agent or the customer sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The agent.
    Outbound,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageContent {
    /// The content of a message from the agent.
    Outbound(Content),
    /// The content of an inbound message.
    Inbound {
        /// `button`, `list`, `text`, `image`, …, or `unknown`.
        kind: String,
        /// The text, the caption, or the title of what was tapped.
        text: Option<String>,
        /// Whether the customer said more than `text` holds: 64 KiB of it are stored.
        text_truncated: bool,
        /// The button or row that was tapped.
        choice: Option<Choice>,
        /// What the message holds in addition to its text.
        content: Option<Box<ReceivedContent>>,
        /// What it refers to.
        context: MessageContext,
        /// The advertisement that brought the customer.
        referral: Option<Box<Referral>>,
        /// When the provider says it was written.
        sent_at: Option<Timestamp>,
    },
}

impl Row for Message {
    const TABLE: &'static str = "messages";
    const COLUMNS: &'static str = "id, organization_id, conversation_id, agent_id, channel_id, direction, \
         status, content, sender, warnings, external_id, provider_id, error, pricing, budget_month, budget_price, send_at, created_at, updated_at";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        let sender = people::read_sender(columns)?;
        let (direction, content, in_reply_to) = content(columns)?;
        Ok(Message {
            id: columns.get("id")?,
            organization_id: columns.get("organization_id")?,
            conversation_id: columns.get("conversation_id")?,
            agent_id: columns.get("agent_id")?,
            channel_id: columns.get("channel_id")?,
            direction,
            status: columns.get("status")?,
            content,
            from: sender,
            in_reply_to,
            warnings: columns.get("warnings")?,
            external_id: columns.get("external_id")?,
            provider_id: columns.get("provider_id")?,
            error: columns.get("error")?,
            pricing: columns.get("pricing")?,
            hold: hold(columns)?,
            send_at: columns.get("send_at")?,
            created_at: columns.get("created_at")?,
            updated_at: columns.get("updated_at")?,
        })
    }
}

impl Noun for Message {
    type Id = MessageId;
}

impl Store {
    /// Returns what a link to the file of a customer's message ends with, so that it works without a key until that
    /// second. It ends with the master key too.
    pub fn media_proof(
        &self,
        organization: &OrganizationId,
        message: &MessageId,
        until: i64,
    ) -> String {
        let hash = self.key().media_proof(organization, message, until);
        format!("{until}-{hash}")
    }

    /// Lists the messages of a conversation.
    pub async fn list_messages(
        &self,
        organization: &OrganizationId,
        conversation: &ConversationId,
        page: &Page,
    ) -> Result<Listed<Message>> {
        let query = Message::page_of(organization, page, " and conversation_id = $5");
        let query = query.id(conversation);
        self.page_of_many(organization, page, query).await
    }
}

/// Reads what a message has taken of the budget of its channel.
pub(crate) fn hold(columns: &Columns<'_>) -> Result<Option<Hold>> {
    let month: Option<i64> = columns.get("budget_month")?;
    let price: Option<i64> = columns.get("budget_price")?;
    Ok(month.map(|month| Hold {
        month,
        price: Money::of_millionths(price.unwrap_or_default()),
    }))
}

/// Returns an instant in milliseconds since 1970 that a provider names.
pub(crate) fn instant(milliseconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(milliseconds?).ok()
}

fn content(columns: &Columns<'_>) -> Result<(Direction, MessageContent, Option<MessageId>)> {
    match columns.get::<&str>("direction")? {
        "outbound" => {
            let said = MessageContent::Outbound(columns.get::<StoredOutbound>("content")?.0);
            Ok((Direction::Outbound, said, None))
        }
        "inbound" => {
            let content: StoredInbound = columns.get("content")?;
            let said = MessageContent::Inbound {
                kind: content.kind,
                text: content.text,
                text_truncated: content.text_truncated,
                choice: content.choice,
                content: content.content.map(Box::new),
                context: content.context,
                referral: content.referral.map(Box::new),
                sent_at: instant(content.sent_at),
            };
            Ok((Direction::Inbound, said, content.in_reply_to))
        }
        _ => Err(columns.corrupt("direction")),
    }
}
