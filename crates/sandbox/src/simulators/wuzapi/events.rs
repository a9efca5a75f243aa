//! The events of messages: the names and spellings of whatsmeow as Go writes them (the fork's source code).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use serde_json::{Value, json};

use super::{buttons, list};
use crate::phone::{CUSTOMER, Inbound, InboundContent, MEMBER};
use crate::simulators::device::{WHATSMEOW, jid, message};
use crate::webhooks::{Event, Written, sign};
use crate::{PhoneMessage, Session, State, Step, Webhook, WebhookFormat, ids};

/// A step of a message; only the answer to the request says that it was sent.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    let (word, kind) = match step {
        Step::Sent => return Vec::new(),
        Step::Delivered => ("Delivered", ""),
        Step::Read => ("Read", "read"),
    };
    let event = json!({
        "MessageIDs": [message.message_id], "Chat": jid(&message.to),
        "Timestamp": state.clock.timestamp().to_string(), "Type": kind,
    });
    let mut event = enveloped("ReadReceipt", &message.from, event);
    event.body["state"] = json!(word);
    vec![event]
}

/// The session as it is now; the content of `event` is inferred.
pub(crate) fn connection(user: &str, session: Session) -> Event {
    let (name, event) = match session {
        Session::Open => ("Connected", json!({})),
        Session::None => ("Disconnected", json!({})),
        Session::LoggedOut => ("LoggedOut", json!({"OnConnect": false, "Reason": 401})),
    };
    enveloped(name, user, event)
}

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let message = message(inbound, buttons::tapped, list::picked, &WHATSMEOW)?;
    let event = json!({"Info": info(state, inbound), "Message": message});
    let mut event = enveloped("Message", inbound.account, event);
    if let InboundContent::File(kept) = inbound.content {
        // The usual delivery of a file (the fork's `media_delivery`).
        event.body["base64"] = json!(STANDARD.encode(&kept.file.bytes));
        event.body["mimeType"] = json!(kept.file.mime_type);
        event.body["fileName"] = json!(inbound.message_id);
    }
    Some(event)
}

/// Returns whether one call can hold both: the same receipt of messages in the same chat.
pub(crate) fn joins(one: &Event, other: &Event) -> bool {
    let same = |pointer: &str| one.body.pointer(pointer) == other.body.pointer(pointer);
    one.name == "ReadReceipt" && one.name == other.name && same("/state") && same("/event/Chat")
}

pub(crate) fn write(format: WebhookFormat, webhook: &Webhook, events: Vec<Event>) -> Written {
    let event = Event::joined(events, "/event/MessageIDs");
    let mut written = match format {
        WebhookFormat::Json => Written::json(event.to_string()),
        WebhookFormat::Form => form(&event),
    };
    if let Some(key) = &webhook.secret {
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
    Written::new("application/x-www-form-urlencoded", body)
}

fn enveloped(kind: &'static str, user: &str, event: Value) -> Event {
    let mut body = json!({"type": kind, "userID": user, "instanceName": name(user)});
    body["event"] = event;
    Event::new(kind, body)
}

/// The sender is named by a LID, the phone number stands beside it (observed).
fn info(state: &State, inbound: &Inbound<'_>) -> Value {
    let chat = jid(inbound.from);
    let in_group = chat.ends_with("@g.us");
    let from = if in_group { MEMBER } else { inbound.from };
    let own = chat.ends_with("@lid").then(|| chat.clone());
    let sender = own.unwrap_or_else(|| format!("{}:3@lid", ids::alias(from, 15)));
    json!({
        "ID": inbound.message_id, "Chat": chat, "Sender": sender, "SenderAlt": jid(from),
        "IsFromMe": false, "IsGroup": in_group, "PushName": CUSTOMER, "Type": "text",
        "Timestamp": state.clock.timestamp().to_string(),
    })
}

pub(super) fn name(user: &str) -> String {
    format!("user {user}")
}
