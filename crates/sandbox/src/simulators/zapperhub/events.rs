//! The events of messages: the names of Baileys; bodies of updates and own messages inferred.

use serde_json::{Value, json};

use super::{buttons, list};
use crate::address;
use crate::phone::{CUSTOMER, Content, Inbound, InboundContent, PhoneMessage};
use crate::settings::{Connection, MessageTimestamp};
use crate::state::State;
use crate::webhooks::{Event, Step, Webhook, Written};

const OWN_JID: &str = "5521300000000@s.whatsapp.net";
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
    let mut body = json!({"type": CONNECTION, "instanceId": account});
    match connection {
        Connection::Open => body["connection"] = json!("open"),
        Connection::Close => body["connection"] = json!("close"),
        Connection::Unpaired => {
            body["connection"] = json!("connecting");
            body["qr"] = json!("2@sandbox");
        }
    }
    Event {
        name: CONNECTION,
        body,
    }
}

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let (kind, mut content) = match &inbound.content {
        InboundContent::Text(text) => ("conversation", json!(text)),
        InboundContent::Tap(tap) => buttons::tapped(tap)?,
        InboundContent::Pick(row) => list::picked(row),
    };
    if let Some(answered) = inbound.in_reply_to {
        content["contextInfo"] = json!({"stanzaId": answered, "participant": OWN_JID});
    }
    let jid = remote_jid(inbound.from);
    Some(Event {
        name: UPSERT,
        body: json!({
            "type": UPSERT,
            "instanceId": inbound.account,
            "key": {"remoteJid": jid, "fromMe": false, "id": inbound.message_id},
            "messageTimestamp": timestamp(state),
            "pushName": CUSTOMER,
            "message": {kind: content},
        }),
    })
}

/// Writes events into one call: one as an object, several as an array (observed).
pub(crate) fn write(webhook: &Webhook, first: Value, others: Vec<Value>) -> Written {
    let body = if others.is_empty() {
        first
    } else {
        std::iter::once(first).chain(others).collect()
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
        Content::Buttons(content) => buttons::own_message(content),
    };
    Event {
        name: UPSERT,
        body: json!({
            "type": UPSERT,
            "instanceId": message.from,
            "key": own_key(message),
            "messageTimestamp": timestamp(state),
            "message": content,
        }),
    }
}

fn update(message: &PhoneMessage, status: u8) -> Event {
    Event {
        name: UPDATE,
        body: json!({
            "type": UPDATE,
            "instanceId": message.from,
            "key": own_key(message),
            "update": {"status": status},
        }),
    }
}

fn own_key(message: &PhoneMessage) -> Value {
    json!({"remoteJid": remote_jid(&message.to), "fromMe": true, "id": message.message_id})
}

fn timestamp(state: &State) -> Value {
    let seconds = state.clock.timestamp().as_second();
    match state.settings().zapperhub.message_timestamp {
        MessageTimestamp::Number => json!(seconds),
        MessageTimestamp::Long => json!({"low": seconds, "high": 0, "unsigned": true}),
    }
}

pub(super) fn remote_jid(jid: &str) -> String {
    if jid.contains('@') {
        return jid.to_owned();
    }
    format!("{}@s.whatsapp.net", address::bare(jid))
}
