//! Contacts: a customer as one channel knows them, who is all the conversations that share a name.
//!
//! Whatever is learned of a contact holds in each of these conversations: of every agent, and with every
//! spelling of the number. So the window can be read where a message is sent from.

use jiff::Timestamp;
use recado_core::inbound::{CustomerCall, Person, phone_variants};
use recado_core::{ChannelId, OrganizationId, Provider};
use sqlx::AnyConnection;

use crate::conversations::{self, Conversation, conversation_columns};
use crate::error::StoreError;
use crate::event_log::EventLog;
use crate::inbound::{Effect, KnownChannel};
use crate::people;
use crate::store::{DatabaseKind, Store};

/// How long WhatsApp carries any message after the customer wrote (Meta, customer service window).
const WINDOW_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

impl Store {
    /// Creates a conversation, and returns it with what is known of its customer: names and window.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the organization has this id, or has a conversation of the same
    /// agent, channel and recipient; [`StoreError::UnknownOrganization`].
    pub async fn create_conversation(
        &self,
        conversation: &Conversation,
    ) -> Result<Conversation, StoreError> {
        let (kind, conversation) = (self.kind(), conversation.clone());
        self.transaction(move |connection| {
            Box::pin(async move { create(kind, conversation, connection).await })
        })
        .await
    }
}

async fn create(
    kind: DatabaseKind,
    mut conversation: Conversation,
    connection: &mut AnyConnection,
) -> Result<Conversation, StoreError> {
    let (organization, at) = (&conversation.organization_id, conversation.created_at);
    // The organization lock: otherwise a message of the customer that is applied at this moment would
    // open every window but this one.
    EventLog::open(kind, organization.clone(), at, connection).await?;
    let (person, channel) = (&conversation.person, &conversation.channel_id);
    let known = of_person(person, channel, organization, connection).await?;
    for known in known {
        if people::may_be_same(&conversation.person, &known.person) {
            conversation.person = people::completed(&conversation.person, &known.person);
        }
        let window = conversation.window_expires_at;
        conversation.window_expires_at = window.max(known.window_expires_at);
    }
    conversations::insert(&conversation)
        .execute(connection)
        .await?;
    Ok(conversation)
}

/// Opens the window of a customer who called.
pub(crate) async fn called(
    call: &CustomerCall,
    channel: &KnownChannel,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Effect, StoreError> {
    let theirs = of_person(&call.from, &channel.id, log.organization(), connection).await?;
    let window = window(call.at, channel, log.at());
    learned(theirs, &call.from, window, connection).await?;
    Ok(Effect::Ignored)
}

/// Returns the end of the window that the customer opened at that time, if the provider has windows.
pub(crate) fn window(
    sent_at: Option<i64>,
    channel: &KnownChannel,
    now: Timestamp,
) -> Option<Timestamp> {
    if channel.provider != Provider::WhatsApp {
        return None;
    }
    let now = now.as_millisecond();
    // A provider's clock that runs ahead gives no longer window.
    let sent_at = sent_at.filter(|at| (1..now).contains(at));
    Timestamp::from_millisecond(sent_at.unwrap_or(now) + WINDOW_MILLISECONDS).ok()
}

/// The conversations of this customer, first those of the surest name, and of these the one in which
/// something was said last.
///
/// A number that now comes with another user id has passed on to another customer.
pub(crate) async fn of_person(
    person: &Person,
    channel: &ChannelId,
    organization: &OrganizationId,
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
    .bind(organization.as_str().to_owned())
    .bind(channel.as_str().to_owned())
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

/// Gives all conversations of a customer the names and the window that they did not have.
///
/// The window is the customer's: whoever's conversation it is, and however it spells the number.
pub(crate) async fn learned(
    mut theirs: Vec<Conversation>,
    person: &Person,
    window: Option<Timestamp>,
    connection: &mut AnyConnection,
) -> Result<Vec<Conversation>, StoreError> {
    let window = theirs
        .iter()
        .fold(window, |latest, known| latest.max(known.window_expires_at));
    for conversation in &mut theirs {
        let mut news = false;
        if people::may_be_same(&conversation.person, person) {
            let completed = people::completed(&conversation.person, person);
            news |= completed != conversation.person;
            conversation.person = completed;
        }
        if window > conversation.window_expires_at {
            conversation.window_expires_at = window;
            news = true;
        }
        if news {
            save(conversation, connection).await?;
        }
    }
    Ok(theirs)
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
