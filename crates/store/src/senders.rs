//! Who wrote: the conversation that a customer's message belongs to.

use jiff::Timestamp;
use recado_core::inbound::{InboundMessage, Person, phone_variants};
use recado_core::{AgentId, ConversationId, Provider, RecipientKind};
use serde_json::json;
use sqlx::AnyConnection;

use crate::columns::Columns;
use crate::conversations::{self, Conversation, conversation_columns};
use crate::error::StoreError;
use crate::event_log::{EventLog, NewEvent};
use crate::events::EventKind;
use crate::inbound::{Effect, FreshIds, KnownChannel};
use crate::people;

/// How long WhatsApp carries any message after the customer wrote (Meta, customer service window).
const WINDOW_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

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
    let window = window(message, channel, log.at());
    let mut theirs = of_person(&message.from, channel, log, connection).await?;
    if theirs.is_empty() {
        return open(&message.from, window, ids, channel, log, connection).await;
    }
    let quoted = theirs.iter().position(|known| Some(&known.id) == answered);
    let found = theirs.swap_remove(quoted.unwrap_or_default());
    continued(found, &message.from, window, connection).await
}

/// This conversation, which learns what is new of its customer.
pub(crate) async fn continued(
    found: Conversation,
    person: &Person,
    window: Option<Timestamp>,
    connection: &mut AnyConnection,
) -> Result<Place, StoreError> {
    let (conversation, news) = learned(found, person, window);
    if news {
        save(&conversation, connection).await?;
    }
    Ok(Place::Conversation(Box::new(conversation)))
}

/// Until when the customer can be written to, where there is such a limit.
fn window(message: &InboundMessage, channel: &KnownChannel, now: Timestamp) -> Option<Timestamp> {
    if channel.provider != Provider::WhatsApp || !message.content.is_by_customer() {
        return None;
    }
    let now = now.as_millisecond();
    // A provider's clock that runs ahead gives no longer window.
    let sent_at = message.sent_at.filter(|at| (1..now).contains(at));
    Timestamp::from_millisecond(sent_at.unwrap_or(now) + WINDOW_MILLISECONDS).ok()
}

/// The conversations of this customer, first those of the surest name, and of these the one in which
/// something was said last.
///
/// A number that now comes with another user id has passed on to another customer.
pub(crate) async fn of_person(
    person: &Person,
    channel: &KnownChannel,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Vec<Conversation>, StoreError> {
    let mut phones = person
        .phone
        .iter()
        .flat_map(|phone| phone_variants(phone.as_str()));
    // Each of the look-ups has an index; for two phones at once PostgreSQL reads the whole channel.
    let rows = sqlx::query(concat!(
        "select ",
        conversation_columns!(),
        " from (select 0 as place, ",
        conversation_columns!(),
        " from conversations where organization_id = $1 and channel_id = $2 and user_id = $3 \
         union all select 1, ",
        conversation_columns!(),
        " from conversations where organization_id = $1 and channel_id = $2 and lid = $4 \
         union all select 2, ",
        conversation_columns!(),
        " from conversations where organization_id = $1 and channel_id = $2 \
         and phone = $5 union all select 2, ",
        conversation_columns!(),
        " from conversations where organization_id = $1 and channel_id = $2 and phone = $6) c \
         where user_id is null or $3 is null or user_id = $3 \
         order by place, coalesce((select max(m.created_at) from messages m \
         where m.organization_id = c.organization_id and m.conversation_id = c.id), \
         c.created_at) desc, id desc"
    ))
    .bind(log.organization().as_str().to_owned())
    .bind(channel.id.as_str().to_owned())
    .bind(people::bound(person.user_id.as_ref()))
    .bind(people::bound(person.lid.as_ref()))
    .bind(phones.next())
    .bind(phones.next())
    .fetch_all(connection)
    .await?;
    let mut found: Vec<Conversation> = Vec::with_capacity(rows.len());
    for row in &rows {
        let conversation = conversations::read(row)?;
        // It may be found under several of the names.
        if found.iter().all(|known| known.id != conversation.id) {
            found.push(conversation);
        }
    }
    Ok(found)
}

/// The conversation with the names and the window that it did not have, and whether there are any.
fn learned(
    mut conversation: Conversation,
    person: &Person,
    window: Option<Timestamp>,
) -> (Conversation, bool) {
    let mut news = false;
    let private = conversation.recipient.kind() != RecipientKind::Group;
    if private && people::may_be_same(&conversation.person, person) {
        let completed = people::completed(&conversation.person, person);
        news |= completed != conversation.person;
        conversation.person = completed;
    }
    if window > conversation.window_expires_at {
        conversation.window_expires_at = window;
        news = true;
    }
    (conversation, news)
}

async fn save(
    conversation: &Conversation,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    let person = &conversation.person;
    sqlx::query(
        "update conversations set phone = $3, user_id = $4, lid = $5, person_name = $6, \
         window_expires_at = $7 where organization_id = $1 and id = $2",
    )
    .bind(conversation.organization_id.as_str().to_owned())
    .bind(conversation.id.as_str().to_owned())
    .bind(people::bound(person.phone.as_ref()))
    .bind(people::bound(person.user_id.as_ref()))
    .bind(people::bound(person.lid.as_ref()))
    .bind(people::bound_name(person))
    .bind(
        conversation
            .window_expires_at
            .map(Timestamp::as_millisecond),
    )
    .execute(connection)
    .await?;
    Ok(())
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
