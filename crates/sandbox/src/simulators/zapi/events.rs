//! The callbacks of messages (Z-API docs, webhooks).

use serde_json::{Value, json};

use super::{buttons, list};
use crate::phone::{CUSTOMER, Inbound, InboundContent, KeptFile, MEMBER};
use crate::webhooks::{Event, Written};
use crate::{Failure, FileKind, PhoneMessage, State, Step, ids};

const OWN_NUMBER: &str = "5521300000000";
/// The error of an account that has not accepted the terms for buttons (Z-API docs, on message send).
const TERMS: &str = "You must accept buttons message terms in panel to send this message.";

/// A step of a message; the first is also the queue's success.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    let status = |word: &str| {
        let members = json!({
            "status": word, "ids": [message.message_id], "phone": message.to, "phoneDevice": 0,
            "isGroup": is_group(&message.to), "momment": milliseconds(state),
        });
        callback(state, "MessageStatusCallback", &message.from, members)
    };
    match step {
        Step::Sent => vec![queued(state, message, &message.message_id), status("SENT")],
        Step::Delivered => vec![status("RECEIVED")],
        Step::Read => vec![status("READ")],
    }
}

/// A message that fails: Z-API's own id stands where WhatsApp's would (Z-API docs, on message send).
pub(crate) fn failed(state: &State, message: &PhoneMessage, failure: &Failure) -> Vec<Event> {
    let zaap_id = message.provider_id.as_deref().unwrap_or_default();
    let mut event = queued(state, message, zaap_id);
    event.body["error"] = json!(failure.text.as_deref().unwrap_or(TERMS));
    if let Some(code) = &failure.error_code {
        event.body["errorCode"] = json!(code);
    }
    vec![event]
}

/// The phone is linked or cut off, as the switch says; the docs' two examples differ in the unit of `momment`.
pub(crate) fn connection(state: &State, account: &str) -> Event {
    let (name, members) = if state.settings.zapi.connected {
        let time = milliseconds(state);
        let members = json!({"connected": true, "phone": OWN_NUMBER, "momment": time});
        ("ConnectedCallback", members)
    } else {
        let (error, time) = ("Device has been disconnected", state.clock.timestamp());
        let members = json!({"disconnected": true, "error": error, "momment": time.as_second()});
        ("DisconnectedCallback", members)
    };
    callback(state, name, account, members)
}

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let (key, content) = match &inbound.content {
        InboundContent::Text(text) => ("text", json!({"message": text})),
        InboundContent::Tap(tap) => buttons::tapped(tap)?,
        InboundContent::Pick(row) => list::picked(row),
        InboundContent::File(kept) => (kept.file.kind.as_str(), file(state, kept)),
        InboundContent::Location(place) => (
            "location",
            json!({"latitude": place.latitude, "longitude": place.longitude, "name": place.name,
                   "address": place.address, "url": ""}),
        ),
        InboundContent::Reaction(emoji) => ("reaction", reaction(state, inbound, emoji)),
    };
    let mut members = received(state, inbound);
    if !matches!(inbound.content, InboundContent::Reaction(_)) {
        members["referenceMessageId"] = json!(inbound.in_reply_to);
    }
    members[key] = content;
    Some(callback(
        state,
        "ReceivedCallback",
        inbound.account,
        members,
    ))
}

/// A file, with an address that needs no key (Z-API docs, on-message-received).
fn file(state: &State, kept: &KeptFile) -> Value {
    let file = &kept.file;
    let mut content =
        json!({"mimeType": file.mime_type, "caption": file.caption.as_deref().unwrap_or_default()});
    content[format!("{}Url", file.kind.as_str())] = json!(state.files.url(&kept.id));
    match file.kind {
        FileKind::Audio => content["ptt"] = json!(true),
        FileKind::Document => content["fileName"] = json!(file.name),
        FileKind::Image | FileKind::Video | FileKind::Sticker => {}
    }
    content
}

fn reaction(state: &State, inbound: &Inbound<'_>, emoji: &str) -> Value {
    let target = json!({"messageId": inbound.in_reply_to, "fromMe": true, "phone": inbound.from, "participant": null});
    json!({"value": emoji, "time": milliseconds(state), "reactionBy": inbound.from, "referencedMessage": target})
}

/// Returns whether one call can hold both: the same status of messages to the same phone.
pub(crate) fn joins(one: &Event, other: &Event) -> bool {
    let same = |key: &str| one.body[key] == other.body[key];
    one.name == "MessageStatusCallback" && one.name == other.name && same("status") && same("phone")
}

pub(crate) fn write(events: Vec<Event>) -> Written {
    let token = events.first().and_then(|event| event.header.clone());
    let mut written = Written::json(Event::joined(events, "/ids").to_string());
    written.headers.extend(token);
    written
}

/// Makes a callback of an instance: every one begins with its type and the instance.
fn callback(state: &State, name: &'static str, instance: &str, members: Value) -> Event {
    let mut body = json!({"type": name, "instanceId": instance});
    if let (Some(body), Value::Object(members)) = (body.as_object_mut(), members) {
        body.extend(members);
    }
    let account = state.accounts.zapi(instance);
    let account = account.filter(|_| state.settings.webhooks.zapi_token);
    let header = account.map(|(token, _)| ("z-api-token", token.to_owned()));
    Event { name, body, header }
}

fn queued(state: &State, message: &PhoneMessage, message_id: &str) -> Event {
    let members = json!({
        "phone": message.to, "zaapId": message.provider_id, "messageId": message_id,
        "momment": milliseconds(state),
    });
    callback(state, "DeliveryCallback", &message.from, members)
}

/// Returns what the callbacks of all messages of customers have.
fn received(state: &State, inbound: &Inbound<'_>) -> Value {
    let in_group = is_group(inbound.from);
    let sender = if in_group { MEMBER } else { inbound.from };
    let own = sender.ends_with("@lid").then(|| sender.to_owned());
    let lid = own.unwrap_or_else(|| format!("{}@lid", ids::alias(sender, 15)));
    json!({
        "messageId": inbound.message_id, "phone": inbound.from,
        "chatLid": (!in_group).then_some(&lid), "senderLid": lid, "connectedPhone": OWN_NUMBER,
        "fromMe": false, "fromApi": false, "isGroup": in_group, "isNewsletter": false,
        "isEdit": false, "waitingMessage": false,
        "momment": milliseconds(state), "status": "RECEIVED", "senderName": CUSTOMER,
        "chatName": if in_group { "Group" } else { CUSTOMER },
        "participantPhone": in_group.then_some(MEMBER),
        "participantLid": in_group.then_some(&lid),
    })
}

fn is_group(phone: &str) -> bool {
    phone.contains('-')
}

fn milliseconds(state: &State) -> i64 {
    state.clock.timestamp().as_millisecond()
}
