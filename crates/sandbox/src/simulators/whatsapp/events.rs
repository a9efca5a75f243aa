//! The events of messages (Meta, webhooks reference: messages, statuses, interactive).

use serde_json::{Value, json};

use super::{buttons, errors::WINDOW_CLOSED, list, media, recipient::is_user_id, retained};
use crate::phone::{CUSTOMER, Inbound, InboundContent};
use crate::{BsuidMode, Failure, PhoneMessage, State, Step, ids, webhooks::Event};

/// The field that statuses and messages come under.
const FIELD: &str = "messages";

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
        status["pricing"] = json!({"billable": false, "pricing_model": "PMP",
            "type": "free_customer_service", "category": "service"});
    }
    let mut value = json!({"statuses": [without_null(status)]});
    if customer.user.is_some() {
        value["contacts"] = json!([customer.contact()]);
    }
    vec![event(state, &message.from, value)]
}

/// A message that fails: no contact, and a user id only if that was the recipient.
pub(crate) fn failed(state: &State, message: &PhoneMessage, failure: &Failure) -> Vec<Event> {
    let code = failure.code.unwrap_or(131_047);
    let (title, details) = words(code);
    let title = failure.text.as_deref().unwrap_or(title);
    let mut status = status(state, message, "failed");
    let user_id = is_user_id(&message.to).then_some("recipient_user_id");
    status[user_id.unwrap_or("recipient_id")] = json!(message.to);
    status["errors"] = json!([{
        "code": code, "title": title, "message": title,
        "error_data": {"details": details.unwrap_or(title)},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }]);
    let value = json!({"statuses": [without_null(status)]});
    vec![event(state, &message.from, value)]
}

pub(crate) fn inbound(state: &State, inbound: &Inbound<'_>) -> Option<Event> {
    let customer = Customer::of(state, inbound.from);
    let mut message = json!({
        "from": customer.phone, "from_user_id": customer.user, "id": inbound.message_id,
        "timestamp": seconds(state),
    });
    let is_reaction = matches!(inbound.content, InboundContent::Reaction(_));
    if let Some(answered) = inbound.in_reply_to.filter(|_| !is_reaction) {
        let business = state.accounts.number(inbound.account);
        let business = business.map(|(number, _)| number);
        message["context"] = json!({"from": business, "id": answered});
    }
    let (kind, content) = match &inbound.content {
        InboundContent::Text(text) => ("text", json!({"body": text})),
        InboundContent::Tap(tap) => interactive(buttons::tapped(tap)?),
        InboundContent::Pick(row) => interactive(list::picked(row)),
        InboundContent::File(kept) => {
            (kept.file.kind.as_str(), without_null(media::received(kept)))
        }
        InboundContent::Location(place) => ("location", without_null(json!(place))),
        InboundContent::Reaction(emoji) => {
            // The removal of a reaction has none (Meta, reaction messages).
            let emoji = Some(emoji).filter(|emoji| !emoji.is_empty());
            let reaction = json!({"message_id": inbound.in_reply_to, "emoji": emoji});
            ("reaction", without_null(reaction))
        }
    };
    message["type"] = json!(kind);
    message[kind] = content;
    let value = json!({"contacts": [customer.contact()], "messages": [without_null(message)]});
    Some(event(state, inbound.account, value))
}

fn interactive((kind, reply): (&'static str, Value)) -> (&'static str, Value) {
    let mut content = json!({"type": kind});
    content[kind] = reply;
    ("interactive", content)
}

/// Makes the event of a number, which every value names.
fn event(state: &State, number: &str, mut value: Value) -> Event {
    let display = state.accounts.number(number);
    let display = display.map_or("", |(display, _)| display);
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": display, "phone_number_id": number});
    Event::new(FIELD, value)
}

fn status(state: &State, message: &PhoneMessage, name: &str) -> Value {
    json!({
        "id": message.message_id, "status": name, "timestamp": seconds(state),
        "biz_opaque_callback_data": message.callback_data,
    })
}

const UNHEALTHY: &str = "This message was not delivered to maintain healthy ecosystem engagement.";

/// Title and details of an error (Meta, error codes).
fn words(code: u32) -> (&'static str, Option<&'static str>) {
    match code {
        130_472 => ("User's number is part of an experiment", None),
        131_026 => ("Message undeliverable", None),
        131_042 => ("Business eligibility payment issue", None),
        131_047 => (WINDOW_CLOSED.0, Some(WINDOW_CLOSED.1)),
        131_048 => ("Spam rate limit hit", None),
        131_049 => (UNHEALTHY, None),
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
            let user = Some(recipient.to_owned());
            return Self { phone: None, user };
        }
        let mode = state.settings.whatsapp.bsuid_mode;
        Self {
            phone: (mode != BsuidMode::Only).then_some(recipient),
            user: (mode != BsuidMode::Off).then(|| user_id(recipient)),
        }
    }

    fn contact(&self) -> Value {
        without_null(json!({
            "profile": {"name": CUSTOMER}, "wa_id": self.phone, "user_id": self.user,
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
fn without_null(object: Value) -> Value {
    retained(object, |_, value| !value.is_null())
}
