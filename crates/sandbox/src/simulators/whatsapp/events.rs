//! What webhooks say of messages (Meta, webhooks reference: messages, statuses, interactive).

use serde_json::{Map, Value, json};

use super::recipient::is_user_id;
use crate::ids;
use crate::phone::PhoneMessage;
use crate::phone::{CUSTOMER, Content, Inbound};
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

/// A message from a customer; a tap has one form here.
pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let customer = Customer::of(state, inbound.from);
    let mut message = json!({
        "from": customer.phone,
        "from_user_id": customer.user,
        "id": inbound.message_id,
        "timestamp": seconds(state),
    });
    let (answered, content) = match &inbound.content {
        Content::Text(text) => {
            message["type"] = json!("text");
            message["text"] = json!({"body": text});
            return Some(told(&customer, message));
        }
        Content::Tap { shape: Some(_), .. } => return None,
        Content::Tap {
            message_id, button, ..
        } => {
            let reply = json!({"id": button.id, "title": button.title});
            (
                message_id,
                json!({"type": "button_reply", "button_reply": reply}),
            )
        }
        Content::Pick { message_id, row } => {
            let reply = json!({"id": row.id, "title": row.title, "description": row.description});
            let reply = without_null(reply);
            (
                message_id,
                json!({"type": "list_reply", "list_reply": reply}),
            )
        }
    };
    let business = state.accounts.display_number(inbound.account);
    message["context"] = json!({"from": business, "id": answered});
    message["type"] = json!("interactive");
    message["interactive"] = content;
    Some(told(&customer, message))
}

fn told(customer: &Customer<'_>, message: Value) -> Event {
    let message = without_null(message);
    event(json!({"contacts": [customer.contact()], "messages": [message]}))
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
        131_047 => (
            "Re-engagement message",
            Some(
                "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
            ),
        ),
        131_048 => ("Spam rate limit hit", None),
        131_049 => (
            "This message was not delivered to maintain healthy ecosystem engagement.",
            None,
        ),
        131_053 => ("Media upload error", None),
        _ => ("Something went wrong", None),
    }
}

/// A customer as webhooks name them.
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

/// An invented id: the country is only told apart for Brazil.
fn user_id(phone: &str) -> String {
    let country = if phone.starts_with("55") { "BR" } else { "US" };
    format!("{country}.{}", ids::alias(phone, 16))
}

fn seconds(state: &State) -> String {
    state.clock.timestamp().as_second().to_string()
}

/// Meta leaves out what is not there.
fn without_null(object: Value) -> Value {
    match object {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}
