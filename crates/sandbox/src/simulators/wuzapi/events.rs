//! The events of messages: the names and spellings of whatsmeow as Go writes them (the fork's source code).

use form_urlencoded::Serializer;
use serde_json::{Value, json};

use super::{buttons, list};
use crate::ids;
use crate::phone::{CUSTOMER, Inbound, InboundContent, MEMBER, PhoneMessage};
use crate::settings::{Session, WebhookFormat};
use crate::signature::sign;
use crate::state::State;
use crate::webhooks::{Event, Step, Webhook, Written};

const OWN_JID: &str = "5521300000000@s.whatsapp.net";

/// A step of a message; only the answer to the request says that it was sent.
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

/// The session as it is now; the content of `event` is inferred.
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

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let (kind, mut content) = match &inbound.content {
        InboundContent::Text(text) => ("conversation", json!(text)),
        InboundContent::Tap(tap) => buttons::tapped(tap)?,
        InboundContent::Pick(row) => list::picked(row),
    };
    if let Some(answered) = inbound.in_reply_to {
        content["contextInfo"] = json!({"stanzaID": answered, "participant": OWN_JID});
    }
    let event = json!({"Info": info(state, inbound), "Message": {kind: content}});
    Some(Event {
        name: "Message",
        body: envelope("Message", inbound.account, event),
    })
}

/// Returns whether one call can hold both: the same receipt of messages in the same chat.
pub(crate) fn joins(one: &Event, other: &Event) -> bool {
    let same = |pointer: &str| one.body.pointer(pointer) == other.body.pointer(pointer);
    one.name == "ReadReceipt" && one.name == other.name && same("/state") && same("/event/Chat")
}

pub(crate) fn write(
    state: &State,
    webhook: &Webhook,
    mut first: Value,
    others: &[Value],
) -> Written {
    const IDS: &str = "/event/MessageIDs";
    if let Some(ids) = first.pointer_mut(IDS).and_then(Value::as_array_mut) {
        let others = others.iter().filter_map(|other| other.pointer(IDS));
        ids.extend(others.filter_map(Value::as_array).flatten().cloned());
    }
    let mut written = match state.settings().wuzapi.webhook_format {
        WebhookFormat::Json => Written::json(first.to_string()),
        WebhookFormat::Form => form(&first),
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

pub(super) fn name(user: &str) -> String {
    format!("user {user}")
}
