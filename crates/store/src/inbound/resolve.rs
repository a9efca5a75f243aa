//! Who wrote: the conversation that a customer's message belongs to.

use jiff::Timestamp;
use recado_core::event::{ConversationCreatedData, EventData};
use recado_core::inbound::{InboundMessage, Person};
use recado_core::{ConversationId, Recipient};

use crate::events::append::{EventLog, NewEvent};
use crate::inbound::item::{Effect, FreshIds};
use crate::inbound::known_channels::KnownChannel;
use crate::resources::contacts::{self, Contacts, Place};
use crate::resources::conversations::Conversation;

/// A message that has arrived, and what it may need to be filed.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) message: &'a InboundMessage,
    pub(crate) ids: &'a FreshIds,
    pub(crate) channel: &'a KnownChannel,
}

/// Finds the conversation of a message's sender, or opens one.
///
/// The sender decides: anybody can quote any message, also one that was sent to another customer or to a
/// group. So a quotation only chooses among the sender's own conversations.
pub(crate) fn conversation(
    arrival: Arrival<'_>,
    answered: Option<&ConversationId>,
    contacts: &mut Contacts,
    log: &mut EventLog,
) -> Result<Place, Effect> {
    let Arrival {
        message, channel, ..
    } = arrival;
    if let Some(group) = &message.group {
        return in_group(arrival, group, answered, contacts, log);
    }
    let window = if message.content.is_by_customer() {
        contacts::window(message.sent_at, channel, log.at())
    } else {
        None
    };
    let theirs = contacts.of(&message.from, &channel.id);
    contacts.learn(&theirs, &message.from, window);
    match chosen(&theirs, answered, contacts) {
        Some(place) => Ok(place),
        None => open(arrival, &message.from, window, contacts, log),
    }
}

/// Finds the conversation with a group, or opens one for a tap.
fn in_group(
    arrival: Arrival<'_>,
    group: &Recipient,
    answered: Option<&ConversationId>,
    contacts: &mut Contacts,
    log: &mut EventLog,
) -> Result<Place, Effect> {
    let Arrival {
        message,
        ids,
        channel,
    } = arrival;
    let known = contacts.of_group(group, &channel.id);
    if let Some(place) = chosen(&known, answered, contacts) {
        return Ok(place);
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
    let place = opened.ok_or(Effect::Ignored)?;
    log.append(created(contacts.get(place), &message.from));
    Ok(place)
}

/// The conversation of the quoted message if it is among these, else the first.
fn chosen(
    places: &[Place],
    answered: Option<&ConversationId>,
    contacts: &Contacts,
) -> Option<Place> {
    let quoted = places
        .iter()
        .find(|place| Some(&contacts.get(**place).id) == answered);
    quoted.or(places.first()).copied()
}

/// Opens a conversation with a new customer, and tells of it.
pub(crate) fn open(
    arrival: Arrival<'_>,
    person: &Person,
    window: Option<Timestamp>,
    contacts: &mut Contacts,
    log: &mut EventLog,
) -> Result<Place, Effect> {
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
        if let Some(place) = contacts.open(conversation(recipient)?) {
            log.append(created(contacts.get(place), person));
            return Ok(place);
        }
    }
    if channel.agent.is_none() {
        return Err(Effect::NoAgent);
    }
    // A customer without an address cannot be answered.
    Err(Effect::Ignored)
}

fn created(conversation: &Conversation, by: &Person) -> NewEvent {
    NewEvent {
        agent: Some(conversation.agent_id.clone()),
        channel: Some(conversation.channel_id.clone()),
        conversation: Some(conversation.id.clone()),
        data: EventData::ConversationCreated(ConversationCreatedData { from: by.clone() }),
    }
}
