//! What webhooks say of messages: the names of Baileys; bodies of updates and echoes inferred.

use serde_json::{Value, json};

use crate::address;
use crate::phone::PhoneMessage;
use crate::phone::{CUSTOMER, Content, Inbound, Shape};
use crate::settings::{Connection, MessageTimestamp};
use crate::state::State;
use crate::webhooks::{Event, Step, Written};

/// The device of every instance.
const OWN_JID: &str = "5521300000000@s.whatsapp.net";
const UPSERT: &str = "messages.upsert";
const UPDATE: &str = "messages.update";
const CONNECTION: &str = "connection.update";

/// A step of a message; the first comes with the echo of the message itself.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    match step {
        Step::Sent => vec![echo(state, message), update(message, 2)],
        Step::Delivered => vec![update(message, 3)],
        Step::Read => vec![update(message, 4)],
    }
}

/// A message that fails.
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

/// A message from a customer.
pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let message = match &inbound.content {
        Content::Text(text) => json!({"conversation": text}),
        Content::Pick { message_id, row } => json!({"listResponseMessage": {
            "title": row.title,
            "description": row.description,
            "singleSelectReply": {"selectedRowId": row.id},
            "contextInfo": context(message_id),
        }}),
        Content::Tap {
            message_id,
            button,
            index,
            shape,
        } => {
            let (id, title) = (&button.id, &button.title);
            match shape.unwrap_or(Shape::TemplateButtonReplyMessage) {
                Shape::TemplateButtonReplyMessage => json!({"templateButtonReplyMessage": {
                    "selectedId": id,
                    "selectedDisplayText": title,
                    "selectedIndex": index,
                    "contextInfo": context(message_id),
                }}),
                Shape::InteractiveResponseMessage => json!({"interactiveResponseMessage": {
                    "body": {"text": title},
                    "nativeFlowResponseMessage": {
                        "name": "quick_reply",
                        "paramsJson": json!({"id": id}).to_string(),
                        "version": 1,
                    },
                    "contextInfo": context(message_id),
                }}),
                Shape::ButtonsResponseMessage => json!({"buttonsResponseMessage": {
                    "selectedButtonId": id,
                    "selectedDisplayText": title,
                    "contextInfo": context(message_id),
                }}),
                Shape::ButtonReply | Shape::ButtonReplyId | Shape::Text => return None,
            }
        }
    };
    let jid = remote_jid(inbound.from);
    Some(Event {
        name: UPSERT,
        body: json!({
            "type": UPSERT,
            "instanceId": inbound.account,
            "key": {"remoteJid": jid, "fromMe": false, "id": inbound.message_id},
            "messageTimestamp": timestamp(state),
            "pushName": CUSTOMER,
            "message": message,
        }),
    })
}

/// Writes events into one call: one as an object, several as an array (observed).
pub(crate) fn write(event: Value, others: Vec<Value>, secret: Option<&str>) -> Written {
    let body = if others.is_empty() {
        event
    } else {
        std::iter::once(event).chain(others).collect()
    };
    let mut written = Written::json(body.to_string());
    if let Some(secret) = secret {
        let bearer = ("authorization", format!("Bearer {secret}"));
        written.headers.push(bearer);
    }
    written
}

/// The account's own message, which comes back by default (the vendor's webhook docs).
fn echo(state: &State, message: &PhoneMessage) -> Event {
    let buttons = message.buttons.iter().map(|button| {
        let parameters = json!({"display_text": button.title, "id": button.id}).to_string();
        json!({"name": "quick_reply", "buttonParamsJson": parameters})
    });
    let interactive = json!({
        "header": {"title": message.header},
        "body": {"text": message.body},
        "footer": {"text": message.footer},
        "nativeFlowMessage": {"buttons": buttons.collect::<Vec<_>>()},
    });
    Event {
        name: UPSERT,
        body: json!({
            "type": UPSERT,
            "instanceId": message.from,
            "key": own_key(message),
            "messageTimestamp": timestamp(state),
            "message": {"interactiveMessage": interactive},
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

fn context(message_id: &str) -> Value {
    json!({"stanzaId": message_id, "participant": OWN_JID})
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
