//! What webhooks say of messages: the names and spellings of whatsmeow as Go writes them (the fork's source code).

use form_urlencoded::Serializer;
use serde_json::{Value, json};

use crate::ids;
use crate::phone::PhoneMessage;
use crate::phone::{CUSTOMER, Content, Inbound, MEMBER, Shape};
use crate::settings::{Session, WebhookFormat};
use crate::signature::sign;
use crate::state::State;
use crate::webhooks::{Event, Step, Written};

const OWN_JID: &str = "5521300000000@s.whatsapp.net";

/// A step of a message; that it was sent, only the answer to the request says.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    let (word, kind) = match step {
        Step::Sent => return Vec::new(),
        Step::Delivered => ("Delivered", ""),
        Step::Read => ("Read", "read"),
    };
    let event = json!({
        "MessageIDs": [message.message_id],
        "Chat": jid(&message.to),
        "Timestamp": state.clock.timestamp().to_string(),
        "Type": kind,
    });
    let mut body = envelope("ReadReceipt", &message.from, event);
    body["state"] = json!(word);
    let name = "ReadReceipt";
    vec![Event { name, body }]
}

/// The session as it is now; what stands in `event` is inferred.
pub(crate) fn connection(user: &str, session: Session) -> Event {
    let (name, event) = match session {
        Session::Open => ("Connected", json!({})),
        Session::None => ("Disconnected", json!({})),
        Session::LoggedOut => ("LoggedOut", json!({"OnConnect": false, "Reason": 401})),
    };
    Event {
        name,
        body: envelope(name, user, event),
    }
}

/// A message from a customer.
pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let message = match &inbound.content {
        Content::Text(text) => json!({"conversation": text}),
        Content::Pick { message_id, row } => json!({"listResponseMessage": {
            "title": row.title,
            "listType": 1,
            "singleSelectReply": {"selectedRowID": row.id},
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
                    "selectedID": id,
                    "selectedDisplayText": title,
                    "selectedIndex": index,
                    "contextInfo": context(message_id),
                }}),
                Shape::ButtonsResponseMessage => json!({"buttonsResponseMessage": {
                    "selectedButtonID": id,
                    "Response": {"SelectedDisplayText": title},
                    "type": 1,
                    "contextInfo": context(message_id),
                }}),
                Shape::InteractiveResponseMessage => json!({"interactiveResponseMessage": {
                    "InteractiveResponseMessage": {"NativeFlowResponseMessage": {
                        "name": "quick_reply",
                        "paramsJSON": json!({"id": id}).to_string(),
                        "version": 1,
                    }},
                    "body": {"text": title},
                    "contextInfo": context(message_id),
                }}),
                Shape::ButtonReply | Shape::ButtonReplyId | Shape::Text => return None,
            }
        }
    };
    let event = json!({"Info": info(state, inbound), "Message": message});
    Some(Event {
        name: "Message",
        body: envelope("Message", inbound.account, event),
    })
}

/// Whether one call can tell both: the same receipt of messages in the same chat.
pub(crate) fn joins(one: &Event, other: &Event) -> bool {
    let same = |pointer: &str| one.body.pointer(pointer) == other.body.pointer(pointer);
    one.name == "ReadReceipt" && one.name == other.name && same("/state") && same("/event/Chat")
}

/// Writes events that join into one call.
pub(crate) fn write(
    mut event: Value,
    others: &[Value],
    format: WebhookFormat,
    key: Option<&str>,
) -> Written {
    const IDS: &str = "/event/MessageIDs";
    if let Some(ids) = event.pointer_mut(IDS).and_then(Value::as_array_mut) {
        let others = others.iter().filter_map(|other| other.pointer(IDS));
        ids.extend(others.filter_map(Value::as_array).flatten().cloned());
    }
    let mut written = match format {
        WebhookFormat::Json => Written::json(event.to_string()),
        WebhookFormat::Form => form(&event),
    };
    if let Some(key) = key {
        let signature = ("x-hmac-signature", sign(key, &written.body));
        written.headers.push(signature);
    }
    written
}

fn form(event: &Value) -> Written {
    let member = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let body = Serializer::new(String::new())
        .append_pair("instanceName", &member("instanceName"))
        .append_pair("jsonData", &event.to_string())
        .append_pair("userID", &member("userID"))
        .finish();
    let content_type = "application/x-www-form-urlencoded".to_owned();
    Written {
        headers: vec![("content-type", content_type)],
        body: body.into(),
    }
}

fn envelope(kind: &str, user: &str, event: Value) -> Value {
    let mut body = json!({"type": kind, "userID": user, "instanceName": name(user)});
    body["event"] = event;
    body
}

/// The sender is named by a LID, the phone number stands beside it (observed).
fn info(state: &State, inbound: &Inbound<'_>) -> Value {
    let chat = jid(inbound.from);
    let in_group = chat.ends_with("@g.us");
    let from = if in_group { MEMBER } else { inbound.from };
    let sender = if chat.ends_with("@lid") {
        chat.clone()
    } else {
        format!("{}:3@lid", ids::alias(from, 15))
    };
    json!({
        "ID": inbound.message_id,
        "Chat": chat,
        "Sender": sender,
        "SenderAlt": jid(from),
        "IsFromMe": false,
        "IsGroup": in_group,
        "PushName": CUSTOMER,
        "Type": "text",
        "Timestamp": state.clock.timestamp().to_string(),
    })
}

fn jid(recipient: &str) -> String {
    if recipient.contains('@') {
        return recipient.to_owned();
    }
    format!("{recipient}@s.whatsapp.net")
}

fn context(message_id: &str) -> Value {
    json!({"stanzaID": message_id, "participant": OWN_JID})
}

/// The name of a user's instance.
pub(super) fn name(user: &str) -> String {
    format!("user {user}")
}
