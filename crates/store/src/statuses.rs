//! How far messages have come, and statuses that came before the answer to their send.

use recado_core::inbound::{StatusError, StatusNews};
use recado_core::{ChannelId, Status};
use serde_json::json;
use sqlx::AnyConnection;

use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::event_log::{EventLog, NewEvent};
use crate::events::EventKind;
use crate::inbound::Effect;
use crate::messages::{self, Message, MessageError, message_columns};

/// What a status says of one message.
struct Step {
    status: Status,
    external_id: Option<String>,
    error: Option<MessageError>,
}

/// Applies a status to its message; if the message is not there yet, the status waits.
pub(crate) async fn apply(
    news: &StatusNews,
    channel: &ChannelId,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Effect, StoreError> {
    let ids: Vec<String> = news
        .external_ids
        .iter()
        .map(|id| columns::provider_id(id))
        .collect();
    let step = Step {
        status: news.status,
        external_id: ids.first().cloned(),
        error: news.error.as_ref().map(MessageError::from),
    };
    match find(news, &ids, channel, log, connection).await? {
        // Its outcome comes first: the send waits for the provider's answer at this moment.
        Some(message) if message.status == Status::Sending => {
            let own_id = [message.id.to_string()];
            keep(&own_id, &step, channel, log, connection).await
        }
        Some(mut message) => climb(&mut message, step, log, connection).await,
        None => keep(&ids, &step, channel, log, connection).await,
    }
}

/// Applies the statuses that waited for this message, in the order of the ladder.
pub(crate) async fn apply_waiting(
    message: &mut Message,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    let bound = |text: &Option<String>| text.clone();
    let rows = sqlx::query(
        "delete from orphan_statuses where organization_id = $1 and channel_id = $2 \
         and sought in ($3, $4, $5) returning sought, status, external_id, error",
    )
    .bind(log.organization().as_str().to_owned())
    .bind(message.channel_id.as_str().to_owned())
    .bind(message.id.as_str().to_owned())
    .bind(bound(&message.external_id))
    .bind(bound(&message.provider_id))
    .fetch_all(&mut *connection)
    .await?;
    let mut steps = Vec::with_capacity(rows.len());
    for row in &rows {
        let columns = Columns::new(row, "orphan_statuses", "sought");
        steps.push(Step {
            status: columns.parse("status")?,
            external_id: columns.get("external_id")?,
            error: columns.optional_json("error")?,
        });
    }
    steps.sort_by_key(|step| Status::ALL.iter().position(|status| *status == step.status));
    for step in steps {
        climb(message, step, log, connection).await?;
    }
    Ok(())
}

/// The event of a message that has come to its status.
pub(crate) fn event(message: &Message) -> NewEvent {
    NewEvent {
        kind: EventKind::of_status(message.status).unwrap_or(EventKind::MessageUnknown),
        agent: Some(message.agent_id.clone()),
        channel: Some(message.channel_id.clone()),
        conversation: Some(message.conversation_id.clone()),
        data: json!({
            "messageId": message.id,
            "externalId": message.external_id,
            "status": message.status,
            "error": message.error,
        }),
    }
}

/// The message that a status is about: by our id, else by the provider's ids in their order.
async fn find(
    news: &StatusNews,
    ids: &[String],
    channel: &ChannelId,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Option<Message>, StoreError> {
    let mut own_id = news.message_id.as_ref().map(|id| id.as_str().to_owned());
    let mut ids = ids.iter();
    loop {
        let id = ids.next();
        if own_id.is_none() && id.is_none() {
            return Ok(None);
        }
        let row = sqlx::query(concat!(
            "select ",
            message_columns!(),
            // Each of the look-ups has an index; SQLite finds none for one condition on them all.
            " from messages where organization_id = $1 and id = coalesce(\
             (select id from messages where organization_id = $1 and id = $3 \
             and channel_id = $2 and direction = 'outbound'), \
             (select id from messages where organization_id = $1 and channel_id = $2 \
             and external_id = $4 and direction = 'outbound' order by created_at desc limit 1), \
             (select id from messages where organization_id = $1 and channel_id = $2 \
             and provider_id = $4 and direction = 'outbound' order by created_at desc limit 1))"
        ))
        .bind(log.organization().as_str().to_owned())
        .bind(channel.as_str().to_owned())
        .bind(own_id.take())
        .bind(id.cloned())
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(row) = row {
            return messages::read(&row).map(Some);
        }
    }
}

/// Brings a message further, if the status does.
async fn climb(
    message: &mut Message,
    step: Step,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Effect, StoreError> {
    let status = message.status.advanced_by(step.status);
    if status == message.status {
        return Ok(Effect::Duplicate);
    }
    message.status = status;
    message.error = step.error;
    message.updated_at = log.at();
    if message.external_id.is_none() {
        message.external_id = step.external_id;
    }
    sqlx::query(
        "update messages set status = $3, external_id = $4, error = $5, updated_at = $6 \
         where organization_id = $1 and id = $2",
    )
    .bind(log.organization().as_str().to_owned())
    .bind(message.id.as_str().to_owned())
    .bind(status.as_str())
    .bind(message.external_id.clone())
    .bind(message.error.as_ref().map(columns::json))
    .bind(message.updated_at.as_millisecond())
    .execute(connection)
    .await?;
    log.append(event(message));
    Ok(Effect::Told)
}

/// Keeps a status for a message that is not there yet.
async fn keep(
    ids: &[String],
    step: &Step,
    channel: &ChannelId,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Effect, StoreError> {
    let mut kept = 0;
    for id in ids {
        kept += sqlx::query(
            "insert into orphan_statuses (organization_id, channel_id, sought, status, \
             external_id, error, created_at) values ($1, $2, $3, $4, $5, $6, $7) \
             on conflict do nothing",
        )
        .bind(log.organization().as_str().to_owned())
        .bind(channel.as_str().to_owned())
        .bind(id.clone())
        .bind(step.status.as_str())
        .bind(step.external_id.clone())
        .bind(step.error.as_ref().map(columns::json))
        .bind(log.at().as_millisecond())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    }
    Ok(if kept > 0 {
        Effect::Orphaned
    } else {
        Effect::Duplicate
    })
}

impl From<&StatusError> for MessageError {
    fn from(error: &StatusError) -> Self {
        Self {
            reason: error.reason.clone(),
            code: error.code,
            message: error.message.clone(),
        }
    }
}
