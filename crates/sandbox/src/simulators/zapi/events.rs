//! The callbacks of messages (Z-API docs, webhooks).

use serde_json::{Value, json};

use super::{buttons, list};
use crate::ids;
use crate::phone::{CUSTOMER, Inbound, InboundContent, MEMBER, PhoneMessage};
use crate::state::State;
use crate::webhooks::{Event, Failure, Step, Webhook, Written};

const OWN_NUMBER: &str = "5521300000000";
/// The error of an account that has not accepted the terms for buttons (Z-API docs, on message send).
const TERMS: &str = "You must accept buttons message terms in panel to send this message.";

/// A step of a message; the first is also the queue's success.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    let status = |word: &str| Event {
        name: "MessageStatusCallback",
        body: json!({
            "type": "MessageStatusCallback",
            "instanceId": message.from,
            "status": word,
            "ids": [message.message_id],
            "phone": message.to,
            "phoneDevice": 0,
            "isGroup": is_group(&message.to),
            "momment": milliseconds(state),
        }),
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
    if state.settings().zapi.connected {
        return Event {
            name: "ConnectedCallback",
            body: json!({
                "type": "ConnectedCallback",
                "instanceId": account,
                "connected": true,
                "phone": OWN_NUMBER,
                "momment": milliseconds(state),
            }),
        };
    }
    Event {
        name: "DisconnectedCallback",
        body: json!({
            "type": "DisconnectedCallback",
            "instanceId": account,
            "disconnected": true,
            "error": "Device has been disconnected",
            "momment": state.clock.timestamp().as_second(),
        }),
    }
}

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let (key, content) = match &inbound.content {
        InboundContent::Text(text) => ("text", json!({"message": text})),
        InboundContent::Tap(tap) => buttons::tapped(tap)?,
        InboundContent::Pick(row) => list::picked(row),
    };
    let mut body = received(state, inbound);
    body["referenceMessageId"] = json!(inbound.in_reply_to);
    body[key] = content;
    Some(Event {
        name: "ReceivedCallback",
        body,
    })
}

/// Returns whether one call can hold both: the same status of messages to the same phone.
pub(crate) fn joins(one: &Event, other: &Event) -> bool {
    let same = |key: &str| one.body[key] == other.body[key];
    one.name == "MessageStatusCallback" && one.name == other.name && same("status") && same("phone")
}

pub(crate) fn write(
    state: &State,
    webhook: &Webhook,
    mut first: Value,
    mut others: Vec<Value>,
) -> Written {
    if let Some(ids) = first.get_mut("ids").and_then(Value::as_array_mut) {
        for other in &mut others {
            ids.append(other["ids"].as_array_mut().unwrap_or(&mut Vec::new()));
        }
    }
    let mut written = Written::json(first.to_string());
    if state.settings().webhooks.zapi_token
        && let Some((token, _)) = state.accounts.zapi(&webhook.account)
    {
        written.headers.push(("z-api-token", token.to_owned()));
    }
    written
}

fn queued(state: &State, message: &PhoneMessage, message_id: &str) -> Event {
    Event {
        name: "DeliveryCallback",
        body: json!({
            "type": "DeliveryCallback",
            "instanceId": message.from,
            "phone": message.to,
            "zaapId": message.provider_id,
            "messageId": message_id,
            "momment": milliseconds(state),
        }),
    }
}

/// Returns the members of every such callback.
fn received(state: &State, inbound: &Inbound<'_>) -> Value {
    let in_group = is_group(inbound.from);
    let sender = if in_group { MEMBER } else { inbound.from };
    let lid = if sender.ends_with("@lid") {
        sender.to_owned()
    } else {
        format!("{}@lid", ids::alias(sender, 15))
    };
    json!({
        "type": "ReceivedCallback",
        "instanceId": inbound.account,
        "messageId": inbound.message_id,
        "phone": inbound.from,
        "chatLid": (!in_group).then_some(&lid),
        "senderLid": lid,
        "connectedPhone": OWN_NUMBER,
        "fromMe": false,
        "fromApi": false,
        "isGroup": in_group,
        "isNewsletter": false,
        "isEdit": false,
        "waitingMessage": false,
        "momment": milliseconds(state),
        "status": "RECEIVED",
        "senderName": CUSTOMER,
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
