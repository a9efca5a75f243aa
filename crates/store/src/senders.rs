//! Who wrote: the conversation that a customer's message belongs to.

use jiff::Timestamp;
use recado_core::inbound::{InboundMessage, Person};
use recado_core::{AgentId, ConversationId};
use serde_json::json;
use sqlx::AnyConnection;

use crate::columns::Columns;
use crate::contacts;
use crate::conversations::{self, Conversation};
use crate::error::StoreError;
use crate::event_log::{EventLog, NewEvent};
use crate::events::EventKind;
use crate::inbound::{Effect, FreshIds, KnownChannel};
use crate::people;

/// Where a message goes.
pub(crate) enum Place {
    /// Into this conversation.
    Conversation(Box<Conversation>),
    /// Nowhere.
    Nowhere(Effect),
}

/// Finds the conversation of a message's sender, or opens one.
///
/// The sender decides: anybody can quote any message, also one that was sent to another customer or to a
/// group. So a quotation only chooses among the sender's own conversations.
pub(crate) async fn conversation(
    message: &InboundMessage,
    answered: Option<&ConversationId>,
    ids: &FreshIds,
    channel: &KnownChannel,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Place, StoreError> {
    let window = if message.content.is_by_customer() {
        contacts::window(message.sent_at, channel, log.at())
    } else {
        None
    };
    let theirs =
        contacts::of_person(&message.from, &channel.id, log.organization(), connection).await?;
    if theirs.is_empty() {
        return open(&message.from, window, ids, channel, log, connection).await;
    }
    let mut theirs = contacts::learned(theirs, &message.from, window, connection).await?;
    let quoted = theirs.iter().position(|known| Some(&known.id) == answered);
    let found = theirs.swap_remove(quoted.unwrap_or_default());
    Ok(Place::Conversation(Box::new(found)))
}

/// Opens a conversation with somebody new, and tells of it.
pub(crate) async fn open(
    person: &Person,
    window: Option<Timestamp>,
    ids: &FreshIds,
    channel: &KnownChannel,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Place, StoreError> {
    let Some(agent) = agent(channel, log, connection).await? else {
        return Ok(Place::Nowhere(Effect::NoAgent));
    };
    for recipient in [&person.phone, &person.user_id, &person.lid]
        .into_iter()
        .flatten()
    {
        let conversation = Conversation {
            person: person.clone(),
            window_expires_at: window,
            ..Conversation::new(
                log.organization().clone(),
                ids.conversation.clone(),
                agent.clone(),
                channel.id.clone(),
                recipient.clone(),
                log.at(),
            )
        };
        let inserted = conversations::insert_unless_taken(&conversation)
            .fetch_optional(&mut *connection)
            .await?;
        // Taken: the number passed on from a customer who is known by another user id.
        if inserted.is_some() {
            log.append(created(&conversation));
            return Ok(Place::Conversation(Box::new(conversation)));
        }
    }
    // Nobody can be answered who has no address.
    Ok(Place::Nowhere(Effect::Ignored))
}

/// The channel's agent if it is still there, else the organization's oldest.
async fn agent(
    channel: &KnownChannel,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Option<AgentId>, StoreError> {
    let row = sqlx::query(
        "select id from agents where organization_id = $1 \
         order by case when id = $2 then 0 else 1 end, created_at, id limit 1",
    )
    .bind(log.organization().as_str().to_owned())
    .bind(
        channel
            .agent
            .as_ref()
            .map(|agent| agent.as_str().to_owned()),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Columns::new(&row, "agents", "id").parse("id"))
        .transpose()
}

fn created(conversation: &Conversation) -> NewEvent {
    NewEvent {
        kind: EventKind::ConversationCreated,
        agent: Some(conversation.agent_id.clone()),
        channel: Some(conversation.channel_id.clone()),
        conversation: Some(conversation.id.clone()),
        data: json!({ "from": people::as_json(&conversation.person) }),
    }
}
