//! Sends that their provider has accepted, as nearly all are: the message as it is then, and on PostgreSQL its outcome, event
//! and deliveries in one round trip.
//!
//! An outcome with more consequences is written by [`outbound`](crate::messages::outbound).

use std::collections::HashSet;

use recado_core::{MessageId, Outcome, Status};
use serde::Serialize;

use crate::db::routine::Routine;
use crate::db::writer::Scope;
use crate::events::append::{Appended, Entry, EventLog, queue_deliveries};
use crate::messages::Message;
use crate::messages::pending_statuses::keys;
use crate::messages::sends::{Finished, NewMessage, SendResult};
use crate::messages::transition::MessageState;
use crate::prelude::*;

#[derive(Serialize)]
struct Accepted<'a> {
    message: &'a MessageId,
    external: &'a Option<String>,
    provider: &'a Option<String>,
    #[serde(flatten)]
    entry: Entry,
}

/// Writes the outcomes down, with their events after the one of number `$4`, and the deliveries of these.
///
/// The condition of the status names `n` as well: alone, PostgreSQL looks through all messages for it, because hardly any
/// has these statuses.
const ACCEPT_ALL: &str = concat!(
    "with n as (select case when value is not null then $1 end as organization, \
     value ->> 'message' as message, value ->> 'external' as external, value ->> 'provider' as provider, \
     cast(value ->> 'seq' as bigint) as place, value ->> 'type' as type, value ->> 'agent_id' as agent_id, \
     value ->> 'channel_id' as channel_id, value ->> 'conversation_id' as conversation_id, \
     value ->> 'data' as data, cast(value ->> 'created_at' as bigint) as at \
     from jsonb_array_elements($2::jsonb)), \
     changed as (update messages m set status = 'accepted', \
     external_id = coalesce(n.external, m.external_id), provider_id = coalesce(n.provider, m.provider_id), \
     error = null, updated_at = n.at from n where m.organization_id = n.organization and m.id = n.message \
     and (m.status = 'sending' or m.status = 'unknown' and n.at is not null) returning n.*), \
     e as (insert into events (organization_id, seq, type, agent_id, channel_id, conversation_id, data, \
     created_at) select organization, $4 + row_number() over (order by place), type, agent_id, channel_id, \
     conversation_id, data, at from changed \
     returning organization_id, seq, type, conversation_id, created_at), queued as (",
    queue_deliveries!(),
    " returning seq), counted as (update organizations \
     set last_event = $4 + (select count(*) from changed) where id = $1) \
     select c.message, (select count(*) from queued) as deliveries from changed c"
);

/// Finds a status of one of the messages that came before its outcome.
const HAS_PENDING: &str = "\
    select from orphan_statuses where (organization_id, channel_id, sought) in \
    (select case when value is not null then $1 end, value ->> 'channel', value ->> 'sought' \
    from jsonb_array_elements($3::jsonb))";

/// Does nothing if the organization is gone, or if a status of one of the messages is pending.
static ACCEPT: Routine = Routine {
    make: || {
        format!(
            "accept_sends(text, text, text, bigint default 0) returns table (message text, deliveries bigint) \
             language plpgsql as $function$\n\
             #variable_conflict use_column\n\
             begin\n\
             select o.last_event into $4 from organizations o where o.id = $1 for no key update;\n\
             if not found or exists ({HAS_PENDING}) then return; end if;\n\
             return query {ACCEPT_ALL};\n\
             end $function$"
        )
    },
    call: "select message, deliveries from pg_temp.accept_sends($1, $2, $3)",
    statements: &[ACCEPT_ALL, HAS_PENDING],
};

/// Returns the message as it is when its provider has accepted it; `None` if another outcome or more than an event
/// has to be written.
pub(crate) fn known_message(
    new: &NewMessage,
    result: &SendResult,
    finished: &Finished,
) -> Option<Message> {
    if result.outcome != Outcome::Accepted || result.error.is_some() || new.limits.budget.is_some()
    {
        return None;
    }
    let mut message = new.stored(Status::Accepted);
    // A status may have told it meanwhile, if the provider does not.
    message.external_id = Some(finished.external.clone().or(message.external_id)?);
    message.provider_id.clone_from(&finished.provider);
    message.updated_at = Timestamp::from_millisecond(finished.at).ok()?;
    Some(message)
}

const ACCEPT_ONE: &str = "\
     update messages set status = 'accepted', external_id = coalesce($3, external_id), \
     provider_id = coalesce($4, provider_id), error = null, updated_at = $5 \
     where organization_id = $1 and id = $2 and status in ('sending', 'unknown')";

/// Writes outcomes down on SQLite one by one, without their events; returns the messages that had no later status, or `None` if the
/// outcomes have to take the long way, and nothing is done then.
pub(crate) async fn accept_each(
    outcomes: &[Finished],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Option<Vec<Message>>> {
    let messages = outcomes.iter().map(|outcome| outcome.accepted.as_deref());
    let Some(messages) = messages.collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let mut accepted = Vec::with_capacity(messages.len());
    for (outcome, message) in outcomes.iter().zip(messages) {
        let query = Query::new(ACCEPT_ONE)
            .id(log.organization())
            .id(&outcome.message)
            .bind(outcome.external.clone())
            .bind(outcome.provider.clone())
            .bind(outcome.at);
        if query.execute(&mut *connection).await? > 0 {
            accepted.push(message.clone());
        }
    }
    Ok(Some(accepted))
}

/// Writes outcomes down; `None` if they have to take the long way, and nothing is done then.
pub(crate) async fn accept_all(
    store: &Store,
    organization: &OrganizationId,
    outcomes: &[Finished],
) -> Result<Option<Vec<Option<Message>>>> {
    let messages = outcomes.iter().map(|outcome| outcome.accepted.as_deref());
    let Some(messages) = messages.collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let states: Vec<_> = messages.iter().copied().map(MessageState::from).collect();
    let accepted = (1..)
        .zip(outcomes)
        .zip(&states)
        .map(|((place, outcome), state)| Accepted {
            message: &outcome.message,
            external: &outcome.external,
            provider: &outcome.provider,
            entry: Entry::new(place, state.event(), state.at),
        });
    let accepted = row::json(&accepted.collect::<Vec<_>>());
    let sought = row::json(&states.iter().flat_map(keys).collect::<Vec<_>>());
    let owner = organization.clone();
    let rows = store
        .write_in_turn(organization, Scope::Statement, move |connection| {
            Box::pin(async move {
                let bind = |query: Query| query.id(&owner).bind(accepted).bind(sought);
                ACCEPT.call(bind, connection).await
            })
        })
        .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let has_deliveries = first.integer("deliveries").is_some_and(|count| count > 0);
    store.notify(
        organization,
        Appended {
            events: true,
            deliveries: has_deliveries,
            queued: false,
        },
    );
    let mut changed: HashSet<MessageId> = column(&rows, "messages", "message")?;
    let done = messages
        .into_iter()
        .map(|message| Some(message).filter(|it| changed.remove(&it.id)).cloned());
    Ok(Some(done.collect()))
}
