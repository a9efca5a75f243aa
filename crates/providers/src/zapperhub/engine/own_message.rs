//! Our own message, which comes back: a text, buttons or a list may have been sent here, anything else by hand on the phone.
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
    let sent = with_buttons(message)
        .or_else(|| with_list(message))
        .or_else(|| plain(message));
    let Some((body, choices)) = sent else {
        return Inbound::Ignored(Ignored::OwnMessage);
    };
    let Some(external_id) = external_id else {
        return Inbound::Ignored(Ignored::WithoutId);
    };
    let (to, body) = (to.unwrap_or_default(), body.unwrap_or_default());
    let mut own_message = OwnMessage::new(external_id, to, body);
    own_message.sent_at = sent_at;
    own_message.choices = choices;
    Inbound::OwnMessage(own_message)
}

/// Returns the body and the buttons of a message with buttons.
fn with_buttons(message: &Value) -> Option<(Option<String>, Vec<Choice>)> {
    let mut known = WITH_BUTTONS.iter();
    let (member, body, buttons) =
        known.find_map(|(name, body, buttons)| Some((own(message, name)?, body, buttons)))?;
    let body =
        within(member, body).and_then(|it| words(Some(it)).or_else(|| words(own(it, "text"))));
    let buttons = items(within(member, buttons));
    Some((body, buttons.filter_map(button).collect()))
}

/// Returns the body and the rows of a list.
fn with_list(message: &Value) -> Option<(Option<String>, Vec<Choice>)> {
    let member = own(message, "listMessage")?;
    let rows = items(own(member, "sections")).flat_map(|section| items(own(section, "rows")));
    let rows = rows.filter_map(|row| choice(own(row, "rowId"), own(row, "title")));
    Some((words(own(member, "description")), rows.collect()))
}

/// Returns the body of a plain text: with a preview it is an object.
fn plain(message: &Value) -> Option<(Option<String>, Vec<Choice>)> {
    let extended = || own(own(message, "extendedTextMessage")?, "text");
    let body = words(own(message, "conversation").or_else(extended))?;
    Some((Some(body), Vec::new()))
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
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
