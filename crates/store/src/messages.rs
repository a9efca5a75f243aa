//! Messages: on disk before they leave, settled when the provider has answered.

use jiff::Timestamp;
use recado_core::{
    AgentId, ButtonsMessage, ChannelId, ConversationId, MessageId, OrganizationId, Outcome, Status,
    Warning,
};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::columns::{self, Columns};
use crate::content::{StoredContent, StoredWarning};
use crate::cursor::{Cursor, Listed, Page};
use crate::error::StoreError;
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
    /// Who spoke.
    pub agent_id: AgentId,
    /// The channel it went over.
    pub channel_id: ChannelId,
    /// How far it has come.
    pub status: Status,
    /// What was said.
    pub content: ButtonsMessage,
    /// What may look wrong on the phone.
    pub warnings: Vec<Warning>,
    /// The provider's id of the message.
    pub external_id: Option<String>,
    /// A second id of the provider, such as that of a queue entry.
    pub provider_id: Option<String>,
    /// Why it did not go out, or may not have.
    pub error: Option<MessageError>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When its status changed last.
    pub updated_at: Timestamp,
}

/// Why a message did not go out, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageError {
    /// A stable word, as in answers.
    pub reason: String,
    /// The provider's number, where one is known.
    pub code: Option<i64>,
    /// A sentence for people.
    pub message: String,
}

/// A message that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The conversation it stands in.
    pub conversation_id: ConversationId,
    /// Who speaks.
    pub agent_id: AgentId,
    /// The channel it goes over.
    pub channel_id: ChannelId,
    /// What is said.
    pub content: ButtonsMessage,
    /// What may look wrong on the phone.
    pub warnings: Vec<Warning>,
    /// When it is written down.
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

impl Store {
    /// Writes a message down as `sending`; when this returns, it is on disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the organization has this id.
    pub async fn begin_send(&self, new: &NewMessage) -> Result<(), StoreError> {
        let warnings: Vec<StoredWarning> = new.warnings.iter().map(Into::into).collect();
        let query = sqlx::query(
            "insert into messages (organization_id, id, conversation_id, agent_id, channel_id, \
             status, content, warnings, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, 'sending', $6, $7, $8, $8)",
        )
        .bind(new.organization_id.as_str())
        .bind(new.id.as_str())
        .bind(new.conversation_id.as_str())
        .bind(new.agent_id.as_str())
        .bind(new.channel_id.as_str())
        .bind(columns::json(&StoredContent::from(&new.content)))
        .bind(columns::json(&warnings))
        .bind(new.created_at.as_millisecond());
        self.write_row(query).await.map(drop)
    }

    /// Writes down how a send ended, unless later news came first; gives the message as it is then.
    ///
    /// # Errors
    ///
    /// The database does not answer, or the row is corrupt.
    pub async fn finish_send(
        &self,
        organization: &OrganizationId,
        id: &MessageId,
        result: &SendResult,
        at: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let clean =
            |text: &Option<String>| text.as_deref().map(|text| columns::text(text).into_owned());
        let query = sqlx::query(
            "update messages set status = $3, external_id = coalesce($4, external_id), \
             provider_id = coalesce($5, provider_id), error = $6, updated_at = $7 \
             where organization_id = $1 and id = $2 and status in ('sending', 'unknown') \
             returning id, organization_id, conversation_id, agent_id, channel_id, status, \
             content, warnings, external_id, provider_id, error, created_at, updated_at",
        )
        .bind(organization.as_str())
        .bind(id.as_str())
        .bind(Status::from(result.outcome).as_str())
        .bind(clean(&result.external_id))
        .bind(clean(&result.provider_id))
        .bind(result.error.as_ref().map(columns::json))
        .bind(at.as_millisecond());
        match self.write_row(query).await? {
            Some(row) => message(&row).map(Some),
            None => self.get_message(organization, id).await,
        }
    }

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
        let query = sqlx::query(
            "select id, organization_id, conversation_id, agent_id, channel_id, status, content, \
             warnings, external_id, provider_id, error, created_at, updated_at \
             from messages where organization_id = $1 and id = $2",
        )
        .bind(organization.as_str())
        .bind(id.as_str());
        self.read_row(query)
            .await?
            .as_ref()
            .map(message)
            .transpose()
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
        let query = sqlx::query(
            "select id, organization_id, conversation_id, agent_id, channel_id, status, content, \
             warnings, external_id, provider_id, error, created_at, updated_at from messages \
             where organization_id = $1 and conversation_id = $2 and (created_at, id) > ($3, $4) \
             order by created_at, id limit $5",
        )
        .bind(organization.as_str())
        .bind(conversation.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_rows(query).await?;
        Listed::read(page, &rows, message, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }

    /// Makes `unknown` what has been `sending` since before `sent_before`; tells how many.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn settle_abandoned(
        &self,
        sent_before: Timestamp,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let query = sqlx::query(
            "update messages set status = 'unknown', updated_at = $2 \
             where status = 'sending' and created_at < $1",
        )
        .bind(sent_before.as_millisecond())
        .bind(at.as_millisecond());
        self.write_count(query).await
    }
}

fn message(row: &AnyRow) -> Result<Message, StoreError> {
    let columns = Columns::new(row, "messages", "id");
    let content: StoredContent = columns.json("content")?;
    let warnings: Vec<StoredWarning> = columns.json("warnings")?;
    let error: Option<&str> = columns.get("error")?;
    Ok(Message {
        id: columns.parse("id")?,
        organization_id: columns.parse("organization_id")?,
        conversation_id: columns.parse("conversation_id")?,
        agent_id: columns.parse("agent_id")?,
        channel_id: columns.parse("channel_id")?,
        status: columns.parse("status")?,
        content: content
            .into_message()
            .ok_or_else(|| columns.corrupt("content"))?,
        warnings: warnings.into_iter().map(Into::into).collect(),
        external_id: columns.get("external_id")?,
        provider_id: columns.get("provider_id")?,
        error: error
            .map(serde_json::from_str)
            .transpose()
            .map_err(|_| columns.corrupt("error"))?,
        created_at: columns.instant("created_at")?,
        updated_at: columns.instant("updated_at")?,
    })
}
