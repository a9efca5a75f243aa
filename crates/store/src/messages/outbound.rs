//! Sends: what is stored before they leave, and how they are settled when the provider has answered.

use std::collections::{BTreeSet, HashMap};

use recado_core::MessageId;
use recado_core::event::MessageError;

use crate::db::batched_write::BatchedWrite;
use crate::events::append::{Appended, EventLog};
use crate::messages::pending_statuses::TakenStatuses;
use crate::messages::sends::{Finished, NewMessage, SendResult};
use crate::messages::transition::{self, MessageState};
use crate::messages::{Message, accepted};
use crate::outbox::order;
use crate::prelude::*;

impl Store {
    /// Writes down how a send ended, unless a later status came first, and then the statuses that waited
    /// for it; appends the events, and gives the message as it is then.
    pub async fn finish_send(
        &self,
        organization: &OrganizationId,
        id: &MessageId,
        result: &SendResult,
        at: Timestamp,
    ) -> Result<Option<Message>> {
        self.finish(organization, Finished::new(id, result, at))
            .await
    }

    /// Writes down how a send ended as [`Self::finish_send`] does, for the caller that has stored its message.
    pub async fn finish_begun(
        &self,
        new: &NewMessage,
        result: &SendResult,
        at: Timestamp,
    ) -> Result<Option<Message>> {
        let mut finished = Finished::new(&new.id, result, at);
        finished.accepted = accepted::known_message(new, result, &finished).map(Box::new);
        self.finish(&new.organization_id, finished).await
    }

    /// Writes down how the attempt of a queued message ended, as [`Self::finish_send`] does for one that was sent at
    /// once, and makes the next message of its conversation due.
    pub async fn finish_attempt(
        &self,
        organization: &OrganizationId,
        id: &MessageId,
        result: &SendResult,
        at: Timestamp,
    ) -> Result<Option<Message>> {
        let mut finished = Finished::new(id, result, at);
        finished.is_queued = true;
        let message = self.finish(organization, finished).await?;
        self.notify_outbox();
        Ok(message)
    }

    async fn finish(
        &self,
        organization: &OrganizationId,
        finished: Finished,
    ) -> Result<Option<Message>> {
        let id = finished.message.clone();
        match self.write_together(organization, finished).await? {
            Some(message) => Ok(Some(message)),
            None => self.get(organization, &id).await,
        }
    }

    /// Makes messages `unknown` that one server, or any, was sending; returns how many.
    pub(crate) async fn settle_abandoned(
        &self,
        server: Option<&str>,
        at: Timestamp,
    ) -> Result<u64> {
        let query = Query::new(
            "select organization_id from messages \
             where status = 'sending' and (cast($1 as text) is null or server_id = $1)",
        )
        .bind(server.map(str::to_owned));
        let rows = self.read_rows(query).await?;
        let organizations: BTreeSet<OrganizationId> = column(&rows, "messages", "organization_id")?;
        let (mut settled, mut failed) = (0, None);
        for organization in organizations {
            match self.abandon(organization, server, at).await {
                Ok(count) => settled += count,
                // Its lock may be held; the others' messages are settled all the same.
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(settled), Err)
    }

    async fn abandon(
        &self,
        organization: OrganizationId,
        server: Option<&str>,
        at: Timestamp,
    ) -> Result<u64> {
        let query = Message::returning(
            "update messages set status = 'unknown', error = $4, updated_at = $3, unknown_at = $3 \
             where organization_id = $1 and status = 'sending' \
             and (cast($2 as text) is null or server_id = $2)",
        )
        .id(&organization)
        .bind(server.map(str::to_owned))
        .instant(at)
        .bind(row::json(&abandoned()));
        let (settled, appended) = self
            .with_log(&organization, at, move |mut log, connection| {
                Box::pin(async move {
                    let rows = query.fetch_all(&mut *connection).await?;
                    let mut messages = rows.iter().map(Message::of).collect::<Result<Vec<_>>>()?;
                    settle(&mut messages, &mut log, connection).await?;
                    let settled = messages.iter().map(|message| &message.id);
                    order::leave(settled, &log, connection).await?;
                    let appended = log.write(connection).await?;
                    Ok((messages.len() as u64, appended))
                })
            })
            .await?;
        self.notify(&organization, appended);
        self.notify_outbox();
        Ok(settled)
    }
}

/// Returns the error of a message whose server ended during the send.
fn abandoned() -> MessageError {
    MessageError {
        reason: "outcome_unknown".to_owned(),
        code: None,
        message: "the server ended before the provider's answer was written down".to_owned(),
    }
}

static FINISH: OverList = OverList::of(
    "update messages set status = n.outcome, external_id = case n.outcome \
     when 'rejected' then n.external else coalesce(n.external, external_id) end, \
     provider_id = coalesce(n.provider, provider_id), error = n.failure, updated_at = n.at, \
     unknown_at = case n.outcome when 'unknown' then n.at else unknown_at end \
     from (select {owner} as organization, value ->> 'message' as message, value ->> 'outcome' as outcome, \
     value ->> 'external' as external, value ->> 'provider' as provider, value ->> 'failure' as failure, \
     cast(value ->> 'at' as bigint) as at from {list}) n where organization_id = n.organization \
     and id = n.message and (status = 'sending' or status = 'unknown' and n.outcome <> 'unknown') \
     returning {columns}",
    Message::COLUMNS,
);

impl BatchedWrite for Finished {
    /// `None` if the message already has a later status, or does not exist.
    type Done = Option<Message>;

    async fn write_in(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
        connection: &mut Connection,
    ) -> Result<(Vec<Option<Message>>, Appended)> {
        let log = EventLog::of(store, organization, connection).await?;
        finish_all(writes, log, connection).await
    }

    async fn write_on_postgres(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
    ) -> Result<Option<Vec<Option<Message>>>> {
        accepted::accept_all(store, organization, writes).await
    }
}

async fn finish_all(
    outcomes: &[Finished],
    mut log: EventLog,
    connection: &mut Connection,
) -> Result<(Vec<Option<Message>>, Appended)> {
    let mut messages = finished(outcomes, &log, connection).await?;
    settle(&mut messages, &mut log, connection).await?;
    let queued = outcomes.iter().filter(|outcome| outcome.is_queued);
    order::leave(queued.map(|outcome| &outcome.message), &log, connection).await?;
    let appended = log.write(connection).await?;
    let mut finished: HashMap<_, _> = messages
        .into_iter()
        .map(|message| (message.id.clone(), message))
        .collect();
    let finished = outcomes
        .iter()
        .map(|outcome| finished.remove(&outcome.message))
        .collect();
    Ok((finished, appended))
}

/// Writes the outcomes down; returns the messages in the order of the callers, in which their events follow.
async fn finished(
    outcomes: &[Finished],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Vec<Message>> {
    if log.kind() == DatabaseKind::Sqlite
        && let Some(accepted) = accepted::accept_each(outcomes, log, &mut *connection).await?
    {
        return Ok(accepted);
    }
    let query = log.over(&FINISH, &outcomes);
    let rows = query.fetch_all(connection).await?;
    let mut messages = rows.iter().map(Message::of).collect::<Result<Vec<_>>>()?;
    let indexes: HashMap<_, _> = (0..)
        .zip(outcomes)
        .map(|(index, outcome)| (&outcome.message, index))
        .collect();
    messages.sort_by_key(|message| indexes.get(&message.id).copied().unwrap_or(usize::MAX));
    Ok(messages)
}

/// Appends the events of the outcomes, and applies the pending statuses of the messages.
async fn settle(
    messages: &mut [Message],
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<()> {
    let mut settled: Vec<_> = messages.iter().map(MessageState::from).collect();
    let mut waiting = TakenStatuses::take(&settled, log, connection).await?;
    let mut further = Vec::new();
    for (message, progress) in messages.iter_mut().zip(&mut settled) {
        log.set_time(message.updated_at);
        log.append(progress.event());
        if waiting.apply(progress, log) {
            progress.write_to(message);
            further.push(&*progress);
        }
    }
    transition::save(further, log, connection).await?;
    transition::follow_up(&mut settled, log, connection).await
}
