//! Our own message, which comes back: a text, buttons or a list may have been sent here. A place is not recognized, because
//! ZapperAPI leaves out its name.
//!
//! The vendors show no own message; the members are those of WhatsApp's protobuf, which both dialects print (inferred).

use recado_core::ContentKind;
use recado_core::inbound::OwnMessage;
use serde_json::Value;

use super::content::{is_edit, unwrapped};
use super::members::{own, within};
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
    // The new text of an earlier message.
    if is_edit(message) {
        return Inbound::Ignored(Ignored::OwnMessage);
    }
    let message = unwrapped(message);
    let sent = with_buttons(message)
        .or_else(|| with_list(message))
        .or_else(|| plain(message));
    let Some((kind, body, choices)) = sent else {
        return Inbound::Ignored(Ignored::OwnMessage);
    };
    let Some(external_id) = external_id else {
        return Inbound::Ignored(Ignored::WithoutId);
    };
    let (to, body) = (to.unwrap_or_default(), body.unwrap_or_default());
    let mut own_message = OwnMessage::new(external_id, to, kind, body);
    own_message.sent_at = sent_at;
    own_message.choices = choices;
    Inbound::OwnMessage(own_message)
}

/// What a message of ours says: its form, its body, and what the customer chooses from.
type Said = (ContentKind, Option<String>, Vec<Choice>);

/// Returns a message with buttons; one whose buttons all open links has no reply.
fn with_buttons(message: &Value) -> Option<Said> {
    let mut known = WITH_BUTTONS.iter();
    let (member, body, buttons) =
        known.find_map(|(name, body, buttons)| Some((own(message, name)?, body, buttons)))?;
    let body =
        within(member, body).and_then(|it| words(Some(it)).or_else(|| words(own(it, "text"))));
    let (links, replies): (Vec<_>, Vec<_>) =
        items(within(member, buttons)).partition(|button| opens_link(button));
    let kind = if links.is_empty() {
        ContentKind::Buttons
    } else {
        ContentKind::CtaUrl
    };
    Some((kind, body, replies.into_iter().filter_map(button).collect()))
}

/// Returns a list with its rows.
fn with_list(message: &Value) -> Option<Said> {
    let member = own(message, "listMessage")?;
    let rows = items(own(member, "sections")).flat_map(|section| items(own(section, "rows")));
    let rows = rows.filter_map(|row| choice(own(row, "rowId"), own(row, "title")));
    let body = words(own(member, "description"));
    Some((ContentKind::List, body, rows.collect()))
}

/// Returns a plain text: with a preview it is an object.
fn plain(message: &Value) -> Option<Said> {
    let extended = || own(own(message, "extendedTextMessage")?, "text");
    let body = words(own(message, "conversation").or_else(extended))?;
    Some((ContentKind::Text, Some(body), Vec::new()))
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

/// Whether a button of a native flow opens a link (`cta_url`, as WhatsApp names it).
fn opens_link(button: &Value) -> bool {
    let name = own(button, "name").and_then(Value::as_str);
    name == Some("cta_url") || own(button, "urlButton").is_some()
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
