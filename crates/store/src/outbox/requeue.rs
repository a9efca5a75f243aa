//! Attempts after which the message waits again.

use std::collections::BTreeSet;

use recado_core::event::MessageError;
use recado_core::{ConversationId, MessageId};

use crate::events::append::{Appended, EventLog};
use crate::messages::Message;
use crate::messages::pending_statuses::TakenStatuses;
use crate::messages::transition::{self, MessageState};
use crate::outbox::{Attempt, order};
use crate::prelude::*;

/// An attempt that surely sent nothing, and the time of the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponed {
    /// When the next attempt may be made.
    pub ready_at: Timestamp,
    /// Whether the attempt counts against the limit of attempts.
    pub counts: bool,
    /// Why nothing was sent.
    pub error: Option<MessageError>,
}

const POSTPONE: &str = "update outbox set calling = 0, next_at = null, ready_at = $3, attempts = attempts + $4 \
     where organization_id = $1 and message_id = $2 and calling = 1 and fence = $5 returning conversation_id";

const WAIT_AGAIN: &str = "update outbox set calling = 0, next_at = null where organization_id = $1 \
     and message_id = $2 and calling = 1 returning conversation_id";

impl Store {
    /// Lets a message wait again whose attempt surely sent nothing. If a status has proved meanwhile that the provider
    /// has the message, it is settled instead. Returns `false` if the message has left the outbox.
    pub async fn postpone(
        &self,
        attempt: &Attempt,
        postponed: &Postponed,
        at: Timestamp,
    ) -> Result<bool> {
        let (organization, id) = (&attempt.message.organization_id, &attempt.message.id);
        let postpone = Query::new(POSTPONE)
            .id(organization)
            .id(id)
            .instant(postponed.ready_at)
            .bind(i64::from(postponed.counts))
            .bind(attempt.fence);
        let message = queued(organization, id, postponed.error.as_ref(), at);
        let remains = Query::new(
            "select 1 as one from outbox where organization_id = $1 and message_id = $2",
        )
        .id(organization)
        .id(id);
        let (remains, appended) = self
            .with_log(organization, at, move |log, connection| {
                Box::pin(async move {
                    let rows = postpone.fetch_all(&mut *connection).await?;
                    if rows.is_empty() {
                        // An earlier try to write this down may have come through.
                        let row = remains.fetch_optional(&mut *connection).await?;
                        return Ok((row.is_some(), log.write(connection).await?));
                    }
                    wait(&rows, message, log, connection).await
                })
            })
            .await?;
        self.notify(organization, appended);
        Ok(remains)
    }

    /// Lets a message wait again whose attempt was begun and not made.
    pub(crate) async fn wait_again(
        &self,
        organization: &OrganizationId,
        id: &MessageId,
        at: Timestamp,
    ) -> Result<bool> {
        let again = Query::new(WAIT_AGAIN).id(organization).id(id);
        let message = queued(organization, id, None, at);
        let (waits, appended) = self
            .with_log(organization, at, move |log, connection| {
                Box::pin(async move {
                    let rows = again.fetch_all(&mut *connection).await?;
                    wait(&rows, message, log, connection).await
                })
            })
            .await?;
        self.notify(organization, appended);
        Ok(waits)
    }
}

fn queued(
    organization: &OrganizationId,
    id: &MessageId,
    error: Option<&MessageError>,
    at: Timestamp,
) -> Query {
    Message::returning(
        "update messages set status = 'queued', error = $3, updated_at = $4 \
         where organization_id = $1 and id = $2 and status = 'sending'",
    )
    .id(organization)
    .id(id)
    .bind(error.map(row::json))
    .instant(at)
}

/// Puts the conversation in order whose message waits again; a status that waited for the end of the attempt settles
/// the message instead.
async fn wait(
    rows: &[RawRow],
    message: Query,
    mut log: EventLog,
    connection: &mut Connection,
) -> Result<(bool, Appended)> {
    let conversations: BTreeSet<ConversationId> = column(rows, "outbox", "conversation_id")?;
    if let Some(row) = message.fetch_optional(&mut *connection).await? {
        let mut state = MessageState::from(&Message::of(&row)?);
        let known = std::slice::from_ref(&state);
        let mut waiting = TakenStatuses::take(known, &log, connection).await?;
        if waiting.apply(&mut state, &mut log) {
            transition::save([&state], &log, connection).await?;
            order::leave(std::iter::once(&state.id), &log, connection).await?;
        }
        transition::follow_up([&mut state], &mut log, connection).await?;
    }
    order::restore(&conversations, &log, connection).await?;
    Ok((!rows.is_empty(), log.write(connection).await?))
}
