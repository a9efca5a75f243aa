//! Sends: on disk before they leave, settled when the provider has answered.

use jiff::Timestamp;
use recado_core::{
    AgentId, ButtonsMessage, ChannelId, ConversationId, MessageId, OrganizationId, Outcome, Status,
    Warning,
};
use sqlx::AnyConnection;

use crate::columns::{self, Columns};
use crate::content::{StoredContent, StoredWarning};
use crate::error::StoreError;
use crate::event_log::EventLog;
use crate::messages::{self, Message, MessageError, message_columns};
use crate::statuses;
use crate::store::{Query, Store};

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

    /// Writes down how a send ended, unless later news came first, and then the statuses that waited
    /// for it; appends the events, and gives the message as it is then.
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
        let (kind, owner) = (self.kind(), organization.clone());
        let query = finish(organization, id, result, at);
        let finished = self
            .transaction(move |connection| {
                Box::pin(async move {
                    let mut log = EventLog::open(kind, owner, at, connection).await?;
                    let Some(row) = query.fetch_optional(&mut *connection).await? else {
                        return Ok(None);
                    };
                    let mut message = messages::read(&row)?;
                    settle(&mut message, &mut log, connection).await?;
                    log.write(connection).await?;
                    Ok(Some(message))
                })
            })
            .await?;
        if finished.is_none() {
            return self.get_message(organization, id).await;
        }
        self.signal_events(organization);
        Ok(finished)
    }

    /// Makes `unknown` what has been `sending` since before `sent_before`; tells how many.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn settle_abandoned(
        &self,
        sent_before: Timestamp,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let query = sqlx::query(
            "select distinct organization_id from messages \
             where status = 'sending' and created_at < $1",
        )
        .bind(sent_before.as_millisecond());
        let mut settled = 0;
        for row in self.read_rows(query).await? {
            let columns = Columns::new(&row, "messages", "organization_id");
            settled += self
                .abandon(columns.parse("organization_id")?, sent_before, at)
                .await?;
        }
        Ok(settled)
    }

    async fn abandon(
        &self,
        organization: OrganizationId,
        sent_before: Timestamp,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let (kind, owner) = (self.kind(), organization.clone());
        let settled = self
            .transaction(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(concat!(
                        "update messages set status = 'unknown', updated_at = $3 \
                         where organization_id = $1 and status = 'sending' and created_at < $2 \
                         and id in (select id from messages \
                         where status = 'sending' and created_at < $2) returning ",
                        message_columns!()
                    ))
                    .bind(owner.as_str().to_owned())
                    .bind(sent_before.as_millisecond())
                    .bind(at.as_millisecond());
                    let mut log = EventLog::open(kind, owner, at, connection).await?;
                    let rows = query.fetch_all(&mut *connection).await?;
                    for row in &rows {
                        settle(&mut messages::read(row)?, &mut log, connection).await?;
                    }
                    log.write(connection).await?;
                    Ok(rows.len() as u64)
                })
            })
            .await?;
        self.signal_events(&organization);
        Ok(settled)
    }
}

fn finish(
    organization: &OrganizationId,
    id: &MessageId,
    result: &SendResult,
    at: Timestamp,
) -> Query {
    let clean = |text: &Option<String>| text.as_deref().map(columns::provider_id);
    sqlx::query(concat!(
        "update messages set status = $3, external_id = coalesce($4, external_id), \
         provider_id = coalesce($5, provider_id), error = $6, updated_at = $7 \
         where organization_id = $1 and id = $2 \
         and (status = 'sending' or status = 'unknown' and $3 <> 'unknown') returning ",
        message_columns!()
    ))
    .bind(organization.as_str().to_owned())
    .bind(id.as_str().to_owned())
    .bind(Status::from(result.outcome).as_str())
    .bind(clean(&result.external_id))
    .bind(clean(&result.provider_id))
    .bind(result.error.as_ref().map(columns::json))
    .bind(at.as_millisecond())
}

/// Tells the outcome that a message has come to, and what was heard of it before.
async fn settle(
    message: &mut Message,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    log.append(statuses::event(message));
    if message.status != Status::Rejected {
        statuses::apply_waiting(message, log, connection).await?;
    }
    Ok(())
}
