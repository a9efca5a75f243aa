//! Finds the conversation that a customer's message belongs to, or opens one.

use recado_core::event::{ConversationCreatedData, EventData};
use recado_core::inbound::{Contact, InboundContent, InboundMessage};
use recado_core::{ConversationId, Recipient, RecipientKind};

use crate::events::append::{EventLog, NewEvent};
use crate::inbound::item::{Effect, FreshIds};
use crate::inbound::known_channels::KnownChannel;
use crate::prelude::*;
use crate::resources::contacts::{self, Contacts, Slot};
use crate::resources::conversations::Conversation;

/// An inbound message, with its channel and ids for what it may create.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) message: &'a InboundMessage,
    pub(crate) ids: &'a FreshIds,
    pub(crate) channel: &'a KnownChannel,
}

/// Finds the conversation that a message belongs to, or opens one; returns why it belongs to none.
///
/// The sender decides: anyone can quote any message, also one that was sent to another customer or to a group. So
/// the quoted message only chooses among the sender's own conversations.
pub(crate) async fn conversation(
    arrival: Arrival<'_>,
    answered: Option<&ConversationId>,
    contacts: &mut Contacts,
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<Result<Slot, Effect>> {
    let message = arrival.message;
    Ok(match (&message.content, &message.group) {
        (InboundContent::NumberChange { to, .. }, _) => {
            after_number_change(arrival, to, contacts, log, connection).await?
        }
        (_, Some(group)) => of_group(arrival, group, answered, contacts, log),
        (_, None) => of_customer(arrival, answered, contacts, log),
    })
}

fn of_customer(
    arrival: Arrival<'_>,
    answered: Option<&ConversationId>,
    contacts: &mut Contacts,
    log: &mut EventLog,
) -> Result<Slot, Effect> {
    let Arrival {
        message, channel, ..
    } = arrival;
    let window = if message.content.opens_window() {
        contacts::window(message.sent_at, channel, log.at())
    } else {
        None
    };
    let theirs = contacts.of(&message.from, &channel.id);
    contacts.learn(&theirs, &message.from, window);
    match chosen(&theirs, answered, contacts) {
        Some(slot) => Ok(slot),
        None => open(arrival, &message.from, window, contacts, log),
    }
}

/// In a group, only a tap opens a conversation.
fn of_group(
    arrival: Arrival<'_>,
    group: &Recipient,
    answered: Option<&ConversationId>,
    contacts: &mut Contacts,
    log: &mut EventLog,
) -> Result<Slot, Effect> {
    let Arrival {
        message,
        ids,
        channel,
    } = arrival;
    let known = contacts.of_group(group, &channel.id);
    if let Some(slot) = chosen(&known, answered, contacts) {
        return Ok(slot);
    }
    if !message.content.is_tap() {
        return Err(Effect::Ignored);
    }
    let agent = channel.agent.clone().ok_or(Effect::NoAgent)?;
    let opened = contacts.open(Conversation::new(
        log.organization().clone(),
        ids.conversation.clone(),
        agent,
        channel.id.clone(),
        group.clone(),
        log.at(),
    ));
    let slot = opened.ok_or(Effect::Ignored)?;
    log.append(created(contacts.get(slot), &message.from));
    Ok(slot)
}

/// Returns the conversation of the quoted message if it is among these, else the first.
fn chosen(slots: &[Slot], answered: Option<&ConversationId>, contacts: &Contacts) -> Option<Slot> {
    let quoted = slots
        .iter()
        .find(|slot| Some(&contacts.get(**slot).id) == answered);
    quoted.or(slots.first()).copied()
}

fn open(
    arrival: Arrival<'_>,
    person: &Contact,
    window: Option<Timestamp>,
    contacts: &mut Contacts,
    log: &mut EventLog,
) -> Result<Slot, Effect> {
    let Arrival { ids, channel, .. } = arrival;
    let conversation = |recipient: &Recipient| {
        let agent = channel.agent.clone().ok_or(Effect::NoAgent)?;
        Ok(Conversation {
            person: person.clone(),
            window_expires_at: window,
            ..Conversation::new(
                log.organization().clone(),
                ids.conversation.clone(),
                agent,
                channel.id.clone(),
                recipient.clone(),
                log.at(),
            )
        })
    };
    // An address may be taken: the number passed on from a customer who is known by another user id.
    for recipient in [&person.phone, &person.user_id, &person.lid]
        .into_iter()
        .flatten()
    {
        if let Some(slot) = contacts.open(conversation(recipient)?) {
            log.append(created(contacts.get(slot), person));
            return Ok(slot);
        }
    }
    if channel.agent.is_none() {
        return Err(Effect::NoAgent);
    }
    // A customer without an address cannot be answered.
    Err(Effect::Ignored)
}

/// Takes the conversations of a customer along who changed number or user id, and returns the one where that is noted.
///
/// A customer who is known by the new addresses already stays in the conversations of those addresses.
async fn after_number_change(
    arrival: Arrival<'_>,
    to: &Contact,
    contacts: &mut Contacts,
    log: &mut EventLog,
    connection: &mut Connection,
) -> Result<Result<Slot, Effect>> {
    // A row can only get another address once it is there.
    contacts.save(log, connection).await?;
    let (from, channel) = (&arrival.message.from, &arrival.channel.id);
    let left = contacts.of(from, channel);
    for slot in &left {
        follow(*slot, to, contacts, connection).await?;
    }
    let known = contacts.of(to, channel);
    contacts.learn(&known, to, None);
    Ok(match left.first().or(known.first()) {
        Some(slot) => Ok(*slot),
        None => open(arrival, to, None, contacts, log),
    })
}

/// Gives a conversation the new names, and the first new address that no other conversation of its agent has.
///
/// If each is taken, the customer goes on in that other conversation, and this one stays as it is: two conversations
/// with one address would be the same one, and a message must not go to whom it was not written for.
async fn follow(
    slot: Slot,
    to: &Contact,
    contacts: &mut Contacts,
    connection: &mut Connection,
) -> Result<()> {
    for recipient in addresses(contacts.get(slot), to) {
        if readdress(contacts.get(slot), recipient, to, connection).await? {
            contacts.readdress(slot, recipient, to);
            break;
        }
    }
    Ok(())
}

/// Returns the new addresses, that of the present form first.
fn addresses<'a>(
    conversation: &Conversation,
    to: &'a Contact,
) -> impl Iterator<Item = &'a Recipient> + use<'a> {
    let (first, second) = match conversation.recipient.kind() {
        RecipientKind::UserId => (&to.user_id, &to.phone),
        _ => (&to.phone, &to.user_id),
    };
    [first, second, &to.lid].into_iter().flatten()
}

/// Writes the address if it is free; returns whether it was.
async fn readdress(
    conversation: &Conversation,
    recipient: &Recipient,
    to: &Contact,
    connection: &mut Connection,
) -> Result<bool> {
    let changed = Query::new(
        "update conversations set recipient = $3, phone = $4, user_id = $5, lid = $6 \
         where organization_id = $1 and id = $2 and not exists (select 1 from conversations o \
         where o.organization_id = $1 and o.agent_id = conversations.agent_id \
         and o.channel_id = conversations.channel_id and o.recipient = $3 and o.id <> $2)",
    )
    .id(&conversation.organization_id)
    .id(&conversation.id)
    .id(recipient)
    // Meta makes a new user id for a new number, so no former name is the customer's any more.
    .optional_id(to.phone.as_ref())
    .optional_id(to.user_id.as_ref())
    .optional_id(to.lid.as_ref())
    .execute(connection)
    .await?;
    Ok(changed > 0)
}

fn created(conversation: &Conversation, by: &Contact) -> NewEvent {
    let data = ConversationCreatedData { from: by.clone() };
    NewEvent::of(conversation, EventData::ConversationCreated(data))
}
