//! The events of messages: the names of Baileys; bodies of updates and own messages inferred.

use serde_json::{Value, json};

use super::{buttons, list, location, text};
use crate::phone::{CUSTOMER, Inbound, InboundContent};
use crate::simulators::device::{BAILEYS, jid, message};
use crate::webhooks::{Event, Written};
use crate::{Connection, Content, MessageTimestamp, PhoneMessage, State, Step, Webhook};

const UPSERT: &str = "messages.upsert";
const UPDATE: &str = "messages.update";
const CONNECTION: &str = "connection.update";

/// A step of a message; the first comes with the message itself.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    match step {
        Step::Sent => vec![own_message(state, message), update(message, 2)],
        Step::Delivered => vec![update(message, 3)],
        Step::Read => vec![update(message, 4)],
    }
}

pub(crate) fn failed(message: &PhoneMessage) -> Vec<Event> {
    vec![update(message, 0)]
}

/// The device's connection as it is now; the members are inferred.
pub(crate) fn connection_update(account: &str, connection: Connection) -> Event {
    let word = match connection {
        Connection::Open => "open",
        Connection::Close => "close",
        Connection::Unpaired => "connecting",
    };
    let mut body = json!({"type": CONNECTION, "instanceId": account, "connection": word});
    if connection == Connection::Unpaired {
        body["qr"] = json!("2@sandbox");
    }
    Event::new(CONNECTION, body)
}

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let message = message(inbound, buttons::tapped, list::picked, &BAILEYS)?;
    let mut body = json!({
        "type": UPSERT, "instanceId": inbound.account,
        "key": {"remoteJid": jid(inbound.from), "fromMe": false, "id": inbound.message_id},
        "messageTimestamp": timestamp(state), "pushName": CUSTOMER, "message": message,
    });
    if let InboundContent::File(kept) = inbound.content {
        body["mediaUrl"] = json!(state.files.url(&kept.id));
    }
    Some(Event::new(UPSERT, body))
}

/// Writes events into one call: one as an object, several as an array (observed).
pub(crate) fn write(webhook: &Webhook, events: Vec<Event>) -> Written {
    let mut bodies: Vec<_> = events.into_iter().map(|event| event.body).collect();
    let body = match bodies.len() {
        1 => bodies.remove(0),
        _ => bodies.into(),
    };
    let mut written = Written::json(body.to_string());
    if let Some(secret) = &webhook.secret {
        let bearer = ("authorization", format!("Bearer {secret}"));
        written.headers.push(bearer);
    }
    written
}

/// The account's own message, which the device reports by default (the vendor's webhook docs).
fn own_message(state: &State, message: &PhoneMessage) -> Event {
    let content = match &message.content {
        Content::Buttons(content) if content.buttons.is_empty() => text::own_message(content),
        Content::Buttons(content) => buttons::own_message(content),
        Content::List(content) => list::own_message(content),
        Content::Location(content) => location::own_message(content),
    };
    let mut event = of_own(UPSERT, message);
    event.body["messageTimestamp"] = timestamp(state);
    event.body["message"] = content;
    event
}

fn update(message: &PhoneMessage, status: u8) -> Event {
    let mut event = of_own(UPDATE, message);
    event.body["update"] = json!({"status": status});
    event
}

/// Begins an event of a message of the account.
fn of_own(name: &'static str, message: &PhoneMessage) -> Event {
    let key = json!({"remoteJid": jid(&message.to), "fromMe": true, "id": message.message_id});
    let body = json!({"type": name, "instanceId": message.from, "key": key});
    Event::new(name, body)
}

fn timestamp(state: &State) -> Value {
    let seconds = state.clock.timestamp().as_second();
    match state.settings.zapperhub.message_timestamp {
        MessageTimestamp::Number => json!(seconds),
        MessageTimestamp::Long => json!({"low": seconds, "high": 0, "unsigned": true}),
    }
}
