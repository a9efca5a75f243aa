//! The bodies of Z-API's sending methods.

use serde_json::{Map, Value};

use super::errors::error;
use crate::address;
use crate::answer::Answer;
use crate::ids;
use crate::phone::{PhoneButton, PhoneMessage};
use crate::provider::Provider;

/// The fields that every message has; `title` and `footer` are not part of a button list (effect unknown).
pub(super) fn message(body: &Map<String, Value>) -> Result<PhoneMessage, Answer> {
    let phone = text(body, "phone")?;
    if !is_recipient(phone) {
        return Err(invalid("phone"));
    }
    let message = text(body, "message")?;
    // The vendor says 1 to 15; that it refuses others is inferred from a compatible vendor.
    if let Some(delay) = body.get("delayMessage").filter(|delay| !delay.is_null())
        && !delay
            .as_u64()
            .is_some_and(|delay| (1..=15).contains(&delay))
    {
        return Err(invalid("delayMessage"));
    }
    Ok(PhoneMessage {
        provider: Provider::Zapi,
        to: address::bare(phone),
        from: String::new(),
        message_id: ids::device_message_id(),
        header: None,
        body: Some(message.to_owned()),
        footer: None,
        buttons: Vec::new(),
        callback_data: None,
        provider_id: Some(ids::zaap_id()),
    })
}

/// A message of `send-button-list`.
pub(super) fn button_list(body: &Map<String, Value>) -> Result<PhoneMessage, Answer> {
    let message = message(body)?;
    let list = body.get("buttonList").and_then(Value::as_object);
    let list = list.ok_or_else(|| empty("buttonList"))?;
    let image = optional_text(list, "image")?;
    let video = optional_text(list, "video")?;
    if image.is_some() && video.is_some() {
        // Inferred from a compatible vendor.
        return Err(invalid("buttonList"));
    }
    Ok(PhoneMessage {
        header: image.or(video),
        buttons: buttons(list, "buttons", |_| Ok(()))?,
        ..message
    })
}

/// A message of `send-button-actions`.
pub(super) fn button_actions(body: &Map<String, Value>) -> Result<PhoneMessage, Answer> {
    let message = message(body)?;
    Ok(PhoneMessage {
        header: optional_text(body, "title")?,
        footer: optional_text(body, "footer")?,
        buttons: buttons(body, "buttonActions", action)?,
        ..message
    })
}

/// The array of buttons; the vendor states no highest number, so none is enforced.
fn buttons(
    parent: &Map<String, Value>,
    name: &str,
    check: impl Fn(&Map<String, Value>) -> Result<(), Answer>,
) -> Result<Vec<PhoneButton>, Answer> {
    let buttons = parent.get(name).and_then(Value::as_array);
    let buttons = buttons
        .filter(|buttons| !buttons.is_empty())
        .ok_or_else(|| empty(name))?;
    buttons
        .iter()
        .map(|button| {
            let button = button.as_object().ok_or_else(|| invalid(name))?;
            check(button)?;
            Ok(PhoneButton {
                id: optional_text(button, "id")?.unwrap_or_default(),
                title: text(button, "label")?.to_owned(),
            })
        })
        .collect()
}

fn action(button: &Map<String, Value>) -> Result<(), Answer> {
    match text(button, "type")? {
        "REPLY" => Ok(()),
        "CALL" => text(button, "phone").map(drop),
        "URL" => {
            let url = text(button, "url")?;
            if url.starts_with("http://") || url.starts_with("https://") {
                return Ok(());
            }
            Err(invalid("url"))
        }
        _ => Err(invalid("type")),
    }
}

/// Digits of a phone number, a LID, or a group in the new or the old form (Z-API docs, LID and groups).
fn is_recipient(phone: &str) -> bool {
    let suffixed = |suffix| {
        let id = phone.strip_suffix(suffix);
        id.is_some_and(|id| address::is_digits(id, 1..=30))
    };
    address::is_digits(phone, 8..=15)
        || suffixed("@lid")
        || suffixed("-group")
        || address::is_old_group(phone)
}

fn text<'a>(parent: &'a Map<String, Value>, name: &str) -> Result<&'a str, Answer> {
    match parent.get(name) {
        None | Some(Value::Null) => Err(empty(name)),
        Some(Value::String(text)) if text.trim().is_empty() => Err(empty(name)),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(invalid(name)),
    }
}

fn optional_text(parent: &Map<String, Value>, name: &str) -> Result<Option<String>, Answer> {
    match parent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
        Some(_) => Err(invalid(name)),
    }
}

/// Observed for `message`, inferred for the other fields.
fn empty(field: &str) -> Answer {
    error(400, &format!("The field '{field}' is empty"))
}

/// Invented: the vendor documents no such text.
fn invalid(field: &str) -> Answer {
    error(400, &format!("The field '{field}' is invalid"))
}
