//! The events of messages (Meta, webhooks reference: messages, statuses, interactive).

use serde_json::{Map, Value, json};

use super::errors::WINDOW_CLOSED;
use super::recipient::is_user_id;
use super::{buttons, list};
use crate::ids;
use crate::phone::{CUSTOMER, Inbound, InboundContent, PhoneMessage};
use crate::settings::BsuidMode;
use crate::state::State;
use crate::webhooks::{Event, Failure, Step};

/// The field that statuses and messages come under.
const FIELD: &str = "messages";

/// A step of a message.
pub(crate) fn step(state: &State, message: &PhoneMessage, step: Step) -> Vec<Event> {
    let customer = Customer::of(state, &message.to);
    let name = match step {
        Step::Sent => "sent",
        Step::Delivered => "delivered",
        Step::Read => "read",
    };
    let mut status = status(state, message, name);
    status["recipient_id"] = json!(customer.phone);
    status["recipient_user_id"] = json!(customer.user);
    if step != Step::Read {
        status["pricing"] = json!({
            "billable": false,
            "pricing_model": "PMP",
            "type": "free_customer_service",
            "category": "service",
        });
    }
    let mut value = json!({"statuses": [without_null(status)]});
    if customer.user.is_some() {
        value["contacts"] = json!([customer.contact()]);
    }
    vec![event(value)]
}

/// A message that fails: no contact, and a user id only if that was the recipient.
pub(crate) fn failed(state: &State, message: &PhoneMessage, failure: &Failure) -> Vec<Event> {
    let code = failure.code.unwrap_or(131_047);
    let (title, details) = words(code);
    let title = failure.text.as_deref().unwrap_or(title);
    let mut status = status(state, message, "failed");
    let recipient = if is_user_id(&message.to) {
        "recipient_user_id"
    } else {
        "recipient_id"
    };
    status[recipient] = json!(message.to);
    status["errors"] = json!([{
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details.unwrap_or(title)},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }]);
    vec![event(json!({"statuses": [without_null(status)]}))]
}

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let customer = Customer::of(state, inbound.from);
    let mut message = json!({
        "from": customer.phone,
        "from_user_id": customer.user,
        "id": inbound.message_id,
        "timestamp": seconds(state),
    });
    if let Some(answered) = inbound.in_reply_to {
        let business = state.accounts.number(inbound.account);
        let business = business.map(|(number, _)| number);
        message["context"] = json!({"from": business, "id": answered});
    }
    let (kind, content) = match &inbound.content {
        InboundContent::Text(text) => ("text", json!({"body": text})),
        InboundContent::Tap(tap) => interactive(buttons::tapped(tap)?),
        InboundContent::Pick(row) => interactive(list::picked(row)),
    };
    message["type"] = json!(kind);
    message[kind] = content;
    let message = without_null(message);
    let contacts = [customer.contact()];
    Some(event(json!({"contacts": contacts, "messages": [message]})))
}

fn interactive((kind, reply): (&'static str, Value)) -> (&'static str, Value) {
    let mut content = json!({"type": kind});
    content[kind] = reply;
    ("interactive", content)
}

fn event(body: Value) -> Event {
    Event { name: FIELD, body }
}

fn status(state: &State, message: &PhoneMessage, name: &str) -> Value {
    json!({
        "id": message.message_id,
        "status": name,
        "timestamp": seconds(state),
        "biz_opaque_callback_data": message.callback_data,
    })
}

/// Title and details of an error (Meta, error codes).
fn words(code: u32) -> (&'static str, Option<&'static str>) {
    match code {
        130_472 => ("User's number is part of an experiment", None),
        131_026 => ("Message undeliverable", None),
        131_042 => ("Business eligibility payment issue", None),
        131_047 => (WINDOW_CLOSED.0, Some(WINDOW_CLOSED.1)),
        131_048 => ("Spam rate limit hit", None),
        131_049 => (
            "This message was not delivered to maintain healthy ecosystem engagement.",
            None,
        ),
        131_053 => ("Media upload error", None),
        _ => ("Something went wrong", None),
    }
}

/// A customer, as webhooks name one.
struct Customer<'a> {
    phone: Option<&'a str>,
    user: Option<String>,
}

impl<'a> Customer<'a> {
    fn of(state: &State, recipient: &'a str) -> Self {
        if is_user_id(recipient) {
            return Self {
                phone: None,
                user: Some(recipient.to_owned()),
            };
        }
        let mode = state.settings().whatsapp.bsuid_mode;
        Self {
            phone: (mode != BsuidMode::Only).then_some(recipient),
            user: (mode != BsuidMode::Off).then(|| user_id(recipient)),
        }
    }

    fn contact(&self) -> Value {
        without_null(json!({
            "profile": {"name": CUSTOMER},
            "wa_id": self.phone,
            "user_id": self.user,
        }))
    }
}

/// An invented id; its country is Brazil or the United States.
fn user_id(phone: &str) -> String {
    let country = if phone.starts_with("55") { "BR" } else { "US" };
    format!("{country}.{}", ids::alias(phone, 16))
}

fn seconds(state: &State) -> String {
    state.clock.timestamp().as_second().to_string()
}

/// Meta leaves out members without a value.
pub(super) fn without_null(object: Value) -> Value {
    match object {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}
