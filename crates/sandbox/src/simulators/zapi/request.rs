//! What all of Z-API's sending methods take, and reading texts from a body.

use serde_json::{Map, Value, json};

use crate::{Answer, address};

pub(super) type Object = Map<String, Value>;

/// Returns the recipient: a phone number in digits, a LID, or a group in the new or the old form (Z-API docs, LID and
/// groups).
pub(super) fn phone(body: &Object) -> Result<&str, Answer> {
    let phone = text(body, "phone")?;
    let suffixed = |suffix| {
        let id = phone.strip_suffix(suffix);
        id.is_some_and(|id| address::is_digits(id, 1..=30))
    };
    let is_recipient = address::is_digits(phone, 8..=15)
        || suffixed("@lid")
        || suffixed("-group")
        || address::is_old_group(phone);
    if is_recipient {
        return Ok(phone);
    }
    Err(invalid("phone"))
}

/// Returns the text of a message, and checks the delay.
pub(super) fn message(body: &Object) -> Result<String, Answer> {
    let message = text(body, "message")?;
    let delay = body.get("delayMessage").filter(|delay| !delay.is_null());
    // The vendor says 1 to 15; that it refuses others is inferred from a compatible vendor.
    let is_valid = |delay: &Value| matches!(delay.as_u64(), Some(1..=15));
    if delay.is_none_or(is_valid) {
        return Ok(message.to_owned());
    }
    Err(invalid("delayMessage"))
}

pub(super) fn text<'a>(parent: &'a Object, name: &str) -> Result<&'a str, Answer> {
    match parent.get(name) {
        None | Some(Value::Null) => Err(empty(name)),
        Some(Value::String(text)) if text.trim().is_empty() => Err(empty(name)),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(invalid(name)),
    }
}

pub(super) fn optional_text(parent: &Object, name: &str) -> Result<Option<String>, Answer> {
    match parent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
        Some(_) => Err(invalid(name)),
    }
}

/// Observed for `message`, inferred for the other fields.
pub(super) fn empty(field: &str) -> Answer {
    error(400, &format!("The field '{field}' is empty"))
}

/// Invented: the vendor documents no such text.
pub(super) fn invalid(field: &str) -> Answer {
    error(400, &format!("The field '{field}' is invalid"))
}

pub(super) fn error(status: u16, text: &str) -> Answer {
    Answer::new(status, json!({"error": text}))
}
