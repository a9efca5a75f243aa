//! Conversations: one agent, one channel, one recipient.

use jiff::Timestamp;
use recado_core::{AgentId, ChannelId, ConversationId, OrganizationId, Recipient};
use sqlx::any::AnyRow;

use crate::columns::Columns;
use crate::cursor::{Cursor, Listed, Page};
use crate::error::StoreError;
use crate::store::Store;

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
    /// With whom.
    pub recipient: Recipient,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Store {
    /// Creates a conversation.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the organization has this id, or has a conversation of the same
    /// agent, channel and recipient; [`StoreError::UnknownOrganization`].
    pub async fn create_conversation(&self, conversation: &Conversation) -> Result<(), StoreError> {
        let query = sqlx::query(
            "insert into conversations \
             (organization_id, id, agent_id, channel_id, recipient, created_at) \
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(conversation.organization_id.as_str())
        .bind(conversation.id.as_str())
        .bind(conversation.agent_id.as_str())
        .bind(conversation.channel_id.as_str())
        .bind(conversation.recipient.as_str())
        .bind(conversation.created_at.as_millisecond());
        self.write_row(query).await.map(drop)
    }

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
        let query = sqlx::query(
            "select id, organization_id, agent_id, channel_id, recipient, created_at \
             from conversations where organization_id = $1 and id = $2",
        )
        .bind(organization.as_str())
        .bind(id.as_str());
        self.read_row(query)
            .await?
            .as_ref()
            .map(conversation)
            .transpose()
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
        let query = sqlx::query(
            "select id, organization_id, agent_id, channel_id, recipient, created_at \
             from conversations where organization_id = $1 and agent_id = $2 \
             and channel_id = $3 and recipient = $4",
        )
        .bind(organization.as_str())
        .bind(agent.as_str())
        .bind(channel.as_str())
        .bind(recipient.as_str());
        self.read_row(query)
            .await?
            .as_ref()
            .map(conversation)
            .transpose()
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
        let query = sqlx::query(
            "select id, organization_id, agent_id, channel_id, recipient, created_at \
             from conversations where organization_id = $1 and (created_at, id) > ($2, $3) \
             order by created_at, id limit $4",
        )
        .bind(organization.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_rows(query).await?;
        Listed::read(page, &rows, conversation, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }
}

fn conversation(row: &AnyRow) -> Result<Conversation, StoreError> {
    let columns = Columns::new(row, "conversations", "id");
    Ok(Conversation {
        id: columns.parse("id")?,
        organization_id: columns.parse("organization_id")?,
        agent_id: columns.parse("agent_id")?,
        channel_id: columns.parse("channel_id")?,
        recipient: columns.parse("recipient")?,
        created_at: columns.instant("created_at")?,
    })
}
