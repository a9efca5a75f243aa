//! Our own message, which comes back: one with buttons was sent here, any other by hand on the phone.
//!
//! The vendors show no own message; the members are those of WhatsApp's protobuf, which both dialects print (inferred).

use recado_core::inbound::OwnMessage;
use serde_json::Value;

use super::content::{own, unwrapped, within};
use crate::webhook::prelude::*;

/// The members of a message with buttons: each with the keys of its body and its buttons.
const WITH_BUTTONS: [(&str, &str, &str); 3] = [
    ("interactiveMessage", "body", "buttons"),
    ("buttonsMessage", "contentText", "buttons"),
    ("templateMessage", "hydratedContentText", "hydratedButtons"),
];

/// What it says is read so that it can be told which message it is, if its id never came.
pub(crate) fn own_message(
    external_id: Option<String>,
    to: Option<Contact>,
    sent_at: Option<i64>,
    message: &Value,
) -> Inbound {
    let message = unwrapped(message);
    let mut known = WITH_BUTTONS.iter();
    let Some((member, body, buttons)) =
        known.find_map(|(name, body, buttons)| Some((own(message, name)?, body, buttons)))
    else {
        return Inbound::Ignored(Ignored::OwnMessage);
    };
    let Some(external_id) = external_id else {
        return Inbound::Ignored(Ignored::WithoutId);
    };
    let body =
        within(member, body).and_then(|it| words(Some(it)).or_else(|| words(own(it, "text"))));
    let buttons = within(member, buttons).and_then(Value::as_array);
    let buttons = buttons.map_or(&[][..], Vec::as_slice).iter();
    let (to, body) = (to.unwrap_or_default(), body.unwrap_or_default());
    let mut own_message = OwnMessage::new(external_id, to, body);
    own_message.sent_at = sent_at;
    own_message.buttons = buttons.filter_map(button).collect();
    Inbound::OwnMessage(own_message)
}

/// A native flow's button, whose parameters are a JSON text; a legacy one; or a template's.
fn button(button: &Value) -> Option<Choice> {
    let flow = within(button, "buttonParamsJson")
        .and_then(Value::as_str)
        .and_then(|json| lenient_json::parse(json.as_bytes()));
    if let Some(flow) = flow {
        return choice(flow.get("id"), flow.get("display_text"));
    }
    let id = own(button, "buttonId").or_else(|| own(own(button, "quickReplyButton")?, "id"));
    choice(id, within(button, "displayText"))
}

fn choice(id: Option<&Value>, title: Option<&Value>) -> Option<Choice> {
    Some(Choice::new(choice_id(id)?, words(title)?))
}
