//! Messages in both directions.

pub(crate) mod content;
pub(crate) mod outbound;
pub(crate) mod pending_statuses;
pub(crate) mod send_context;
pub(crate) mod transition;

use jiff::Timestamp;
use recado_core::event::MessageError;
use recado_core::inbound::{Choice, Person, Pricing};
use recado_core::{
    AgentId, ChannelId, Content, ConversationId, MessageId, OrganizationId, Status, Warning,
};
use sqlx::any::AnyRow;

use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::Columns;
use crate::error::StoreError;
use crate::messages::content::StoredInbound;
use crate::resources::people::StoredPerson;
use crate::store::Store;

/// One message in one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The conversation it stands in.
    pub conversation_id: ConversationId,
    /// Who spoke, or was spoken to.
    pub agent_id: AgentId,
    /// The channel it went over.
    pub channel_id: ChannelId,
    /// Whether the agent or the customer spoke.
    pub direction: Direction,
    /// How far it has come; an inbound message is `delivered`.
    pub status: Status,
    /// What was said.
    pub content: MessageContent,
    /// The customer who wrote an inbound message.
    pub from: Option<Person>,
    /// Our message that an inbound message answers.
    pub in_reply_to: Option<MessageId>,
    /// What may look wrong on the phone.
    pub warnings: Vec<Warning>,
    /// The provider's id of the message.
    pub external_id: Option<String>,
    /// A second id of the provider, such as that of a queue entry.
    pub provider_id: Option<String>,
    /// Why it did not go out, or may not have.
    pub error: Option<MessageError>,
    /// How the provider charges for it, once a status has told.
    pub pricing: Option<Pricing>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When its status changed last.
    pub updated_at: Timestamp,
}

/// Whether the agent or the customer spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The agent.
    Outbound,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageContent {
    /// What the agent said.
    Outbound(Content),
    /// What a customer said.
    Inbound {
        /// `button`, `list`, `text`, `image`, …, or `unknown`.
        kind: String,
        /// The text, the caption, or the title of what was tapped.
        text: Option<String>,
        /// Whether the customer said more than `text` holds: 64 KiB of it are stored.
        text_truncated: bool,
        /// What was tapped.
        choice: Option<Choice>,
    },
}

/// The columns that [`read`] reads, in a form that statements are put together from.
macro_rules! message_columns {
    () => {
        "id, organization_id, conversation_id, agent_id, channel_id, direction, status, content, \
         sender, warnings, external_id, provider_id, error, pricing, created_at, updated_at"
    };
}
pub(crate) use message_columns;

impl Store {
    /// Looks a message up.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn get_message(
        &self,
        organization: &OrganizationId,
        id: &MessageId,
    ) -> Result<Option<Message>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            message_columns!(),
            " from messages where organization_id = $1 and id = $2"
        ))
        .bind(organization.as_str())
        .bind(id.as_str());
        self.read_row(query).await?.as_ref().map(read).transpose()
    }

    /// Lists the messages of a conversation.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_messages(
        &self,
        organization: &OrganizationId,
        conversation: &ConversationId,
        page: &Page,
    ) -> Result<Listed<Message>, StoreError> {
        let (created_at, id) = page.start();
        let query = sqlx::query(concat!(
            "select ",
            message_columns!(),
            " from messages where organization_id = $1 and conversation_id = $2 \
             and (created_at, id) > ($3, $4) order by created_at, id limit $5 + 0"
        ))
        .bind(organization.as_str())
        .bind(conversation.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_list(organization, query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, read, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }
}

/// The message out of its columns.
pub(crate) fn read(row: &AnyRow) -> Result<Message, StoreError> {
    let columns = Columns::new(row, "messages", "id");
    let sender: Option<StoredPerson> = columns.optional_json("sender")?;
    let (direction, content, in_reply_to) = content(&columns)?;
    Ok(Message {
        id: columns.parse("id")?,
        organization_id: columns.parse("organization_id")?,
        conversation_id: columns.parse("conversation_id")?,
        agent_id: columns.parse("agent_id")?,
        channel_id: columns.parse("channel_id")?,
        direction,
        status: columns.parse("status")?,
        content,
        from: match sender {
            Some(sender) => Some(
                sender
                    .into_person()
                    .ok_or_else(|| columns.corrupt("sender"))?,
            ),
            None => None,
        },
        in_reply_to,
        warnings: columns.json("warnings")?,
        external_id: columns.get("external_id")?,
        provider_id: columns.get("provider_id")?,
        error: columns.optional_json("error")?,
        pricing: columns.optional_json("pricing")?,
        created_at: columns.instant("created_at")?,
        updated_at: columns.instant("updated_at")?,
    })
}

fn content(
    columns: &Columns<'_>,
) -> Result<(Direction, MessageContent, Option<MessageId>), StoreError> {
    match columns.get::<&str>("direction")? {
        "outbound" => {
            let said = MessageContent::Outbound(content::outbound(columns)?);
            Ok((Direction::Outbound, said, None))
        }
        "inbound" => {
            let content: StoredInbound = columns.json("content")?;
            let said = MessageContent::Inbound {
                kind: content.kind,
                text: content.text,
                text_truncated: content.text_truncated,
                choice: content.choice,
            };
            Ok((Direction::Inbound, said, content.in_reply_to))
        }
        _ => Err(columns.corrupt("direction")),
    }
}
