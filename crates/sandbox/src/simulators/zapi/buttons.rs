//! `send-button-list` and `send-button-actions`, and taps on their buttons.

use serde_json::{Value, json};

use super::request;
use super::request::{Object, empty, invalid, optional_text, text};
use crate::{Answer, Buttons, Content, PhoneButton, Shape, phone::Tap};

/// A message of `send-button-list`; `title` and `footer` are not part of it (effect unknown).
pub(super) fn list(body: &Object) -> Result<Content, Answer> {
    let message = request::message(body)?;
    let list = body.get("buttonList").and_then(Value::as_object);
    let list = list.ok_or_else(|| empty("buttonList"))?;
    let image = optional_text(list, "image")?;
    let video = optional_text(list, "video")?;
    if image.is_some() && video.is_some() {
        // Inferred from a compatible vendor.
        return Err(invalid("buttonList"));
    }
    Ok(Content::Buttons(Buttons {
        header: image.or(video),
        body: Some(message),
        footer: None,
        buttons: buttons(list, "buttons", |_| Ok(()))?,
        asks_for_location: false,
    }))
}

/// A message of `send-button-actions`.
pub(super) fn actions(body: &Object) -> Result<Content, Answer> {
    Ok(Content::Buttons(Buttons {
        body: Some(request::message(body)?),
        header: optional_text(body, "title")?,
        footer: optional_text(body, "footer")?,
        buttons: buttons(body, "buttonActions", check_action)?,
        asks_for_location: false,
    }))
}

/// Reads the array of buttons; the vendor states no highest number, so none is enforced.
fn buttons(
    parent: &Object,
    name: &str,
    check: impl Fn(&Object) -> Result<(), Answer>,
) -> Result<Vec<PhoneButton>, Answer> {
    let buttons = parent.get(name).and_then(Value::as_array);
    let buttons = buttons.filter(|buttons| !buttons.is_empty());
    let buttons = buttons.ok_or_else(|| empty(name))?.iter();
    buttons
        .map(|button| {
            let button = button.as_object().ok_or_else(|| invalid(name))?;
            check(button)?;
            Ok(PhoneButton {
                url: match optional_text(button, "type")?.as_deref() {
                    Some("URL") => optional_text(button, "url")?,
                    _ => None,
                },
                id: optional_text(button, "id")?.unwrap_or_default(),
                title: text(button, "label")?.to_owned(),
            })
        })
        .collect()
}

fn check_action(button: &Object) -> Result<(), Answer> {
    match text(button, "type")? {
        "REPLY" => Ok(()),
        "CALL" => text(button, "phone").map(drop),
        "URL" => {
            let url = text(button, "url")?;
            let scheme = url.to_ascii_lowercase();
            if scheme.starts_with("http://") || scheme.starts_with("https://") {
                return Ok(());
            }
            Err(invalid("url"))
        }
        _ => Err(invalid("type")),
    }
}

/// Returns the member of a callback and its content; `None` if Z-API does not use the shape.
pub(super) fn tapped(tap: &Tap<'_>) -> Option<(&'static str, Value)> {
    let (id, title) = (&tap.button.id, &tap.button.title);
    Some(match tap.shape.unwrap_or(Shape::ButtonsResponseMessage) {
        Shape::ButtonsResponseMessage => (
            "buttonsResponseMessage",
            json!({"buttonId": id, "message": title}),
        ),
        Shape::ButtonReply => ("buttonReply", json!({"buttonId": id, "message": title})),
        Shape::ButtonReplyId => ("buttonReply", json!({"id": id, "text": title})),
        Shape::TemplateButtonReplyMessage => (
            "templateButtonReplyMessage",
            json!({"selectedId": id, "selectedDisplayText": title}),
        ),
        Shape::Text => ("text", json!({"message": title})),
        Shape::InteractiveResponseMessage => return None,
    })
}
