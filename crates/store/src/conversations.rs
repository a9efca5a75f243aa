//! Conversations: one agent, one channel, one recipient.

use jiff::Timestamp;
use recado_core::inbound::Person;
use recado_core::{AgentId, ChannelId, ConversationId, OrganizationId, Recipient};
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::cursor::{Cursor, Listed, Page};
use crate::error::StoreError;
use crate::people;
use crate::reading::MAX_PAGE_BYTES;
use crate::store::{Query, Store};

/// One agent, one channel, one recipient; it outlives its agent and its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its id within the organization.
    pub id: ConversationId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Who speaks.
    pub agent_id: AgentId,
    /// Over which channel.
    pub channel_id: ChannelId,
    /// With whom; messages are sent to this address.
    pub recipient: Recipient,
    /// The customer, by every name that is known.
    pub person: Person,
    /// Until when WhatsApp carries messages other than templates; none if that is not known.
    pub window_expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// The columns that [`read`] reads.
macro_rules! conversation_columns {
    () => {
        "id, organization_id, agent_id, channel_id, recipient, phone, user_id, lid, person_name, \
         window_expires_at, created_at"
    };
}
pub(crate) use conversation_columns;

macro_rules! insert_conversation {
    () => {
        "insert into conversations (organization_id, id, agent_id, channel_id, recipient, phone, \
         user_id, lid, person_name, window_expires_at, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    };
}

impl Conversation {
    /// A conversation that is about to be created; of the customer only the address is known.
    #[must_use]
    pub fn new(
        organization_id: OrganizationId,
        id: ConversationId,
        agent_id: AgentId,
        channel_id: ChannelId,
        recipient: Recipient,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            organization_id,
            agent_id,
            channel_id,
            person: people::of(&recipient),
            recipient,
            window_expires_at: None,
            created_at,
        }
    }
}

impl Store {
    /// Looks a conversation up.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn get_conversation(
        &self,
        organization: &OrganizationId,
        id: &ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            conversation_columns!(),
            " from conversations where organization_id = $1 and id = $2"
        ))
        .bind(organization.as_str())
        .bind(id.as_str());
        self.read_row(query).await?.as_ref().map(read).transpose()
    }

    /// Finds the conversation of this agent, channel and recipient.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn find_conversation(
        &self,
        organization: &OrganizationId,
        agent: &AgentId,
        channel: &ChannelId,
        recipient: &Recipient,
    ) -> Result<Option<Conversation>, StoreError> {
        let query = sqlx::query(concat!(
            "select ",
            conversation_columns!(),
            " from conversations where organization_id = $1 and agent_id = $2 \
             and channel_id = $3 and recipient = $4"
        ))
        .bind(organization.as_str())
        .bind(agent.as_str())
        .bind(channel.as_str())
        .bind(recipient.as_str());
        self.read_row(query).await?.as_ref().map(read).transpose()
    }

    /// Lists the conversations of an organization.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_conversations(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<Conversation>, StoreError> {
        let (created_at, id) = page.start();
        let query = sqlx::query(concat!(
            "select ",
            conversation_columns!(),
            " from conversations where organization_id = $1 and (created_at, id) > ($2, $3) \
             order by created_at, id limit $4 + 0"
        ))
        .bind(organization.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_list(organization, query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, read, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }
}

/// Inserts a conversation.
pub(crate) fn insert(conversation: &Conversation) -> Query {
    bind(sqlx::query(insert_conversation!()), conversation)
}

fn bind(query: Query, conversation: &Conversation) -> Query {
    let person = &conversation.person;
    query
        .bind(conversation.organization_id.as_str().to_owned())
        .bind(conversation.id.as_str().to_owned())
        .bind(conversation.agent_id.as_str().to_owned())
        .bind(conversation.channel_id.as_str().to_owned())
        .bind(conversation.recipient.as_str().to_owned())
        .bind(people::bound(person.phone.as_ref()))
        .bind(people::bound(person.user_id.as_ref()))
        .bind(people::bound(person.lid.as_ref()))
        .bind(people::bound_name(person))
        .bind(
            conversation
                .window_expires_at
                .map(Timestamp::as_millisecond),
        )
        .bind(conversation.created_at.as_millisecond())
}

/// The conversation out of its columns.
pub(crate) fn read(row: &AnyRow) -> Result<Conversation, StoreError> {
    let columns = Columns::new(row, "conversations", "id");
    Ok(Conversation {
        id: columns.parse("id")?,
        organization_id: columns.parse("organization_id")?,
        agent_id: columns.parse("agent_id")?,
        channel_id: columns.parse("channel_id")?,
        recipient: columns.parse("recipient")?,
        person: people::read(&columns)?,
        // A window that cannot be read is not known; that is not a refusal.
        window_expires_at: columns
            .optional_instant("window_expires_at")
            .unwrap_or_default(),
        created_at: columns.instant("created_at")?,
    })
}
