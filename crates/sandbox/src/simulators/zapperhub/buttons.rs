//! The schema of `POST /messages/buttons` (the vendor's `OpenAPI` file); the words of its violations are invented.

use serde_json::{Map, Value};

use super::errors::error;
use crate::address;
use crate::answer::Answer;
use crate::ids;
use crate::phone::PhoneButton;

const MESSAGE_KEYS: [&str; 8] = [
    "jid",
    "title",
    "body",
    "footer",
    "buttons",
    "media",
    "mediaType",
    "expiration",
];
const BUTTON_KEYS: [&str; 6] = [
    "type",
    "displayText",
    "id",
    "url",
    "copyCode",
    "phoneNumber",
];

/// A body that kept to the schema.
pub(super) struct Draft<'a> {
    pub(super) jid: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) body: Option<&'a str>,
    pub(super) footer: Option<&'a str>,
    pub(super) media: Option<&'a str>,
    pub(super) buttons: Vec<PhoneButton>,
    pub(super) has_reply: bool,
    pub(super) message_id: String,
}

impl<'a> Draft<'a> {
    pub(super) fn read(body: &'a Map<String, Value>, strip: bool) -> Result<Self, Answer> {
        closed(body, &MESSAGE_KEYS, "body", strip)?;
        let jid = required(body, "jid", "body")?;
        if !is_recipient(jid) {
            return Err(violation("body/jid", "Invalid"));
        }
        let media = optional(body, "media", "body")?;
        one_of(body, "mediaType", &["image", "video"])?;
        one_of(body, "expiration", &["none", "24h", "7d", "90d"])?;
        let list = body
            .get("buttons")
            .ok_or_else(|| violation("body/buttons", "Required"))?;
        let list = list
            .as_array()
            .ok_or_else(|| violation("body/buttons", "must be array"))?;
        if list.is_empty() {
            return Err(violation(
                "body/buttons",
                "must NOT have fewer than 1 items",
            ));
        }
        let mut has_reply = false;
        let mut buttons = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let (kind, button) = button(value, &format!("body/buttons/{index}"), strip)?;
            has_reply |= kind == "reply";
            buttons.push(button);
        }
        Ok(Self {
            jid,
            title: optional(body, "title", "body")?,
            body: optional(body, "body", "body")?,
            footer: optional(body, "footer", "body")?,
            media,
            buttons,
            has_reply,
            message_id: ids::device_message_id(),
        })
    }
}

fn button<'a>(value: &'a Value, path: &str, strip: bool) -> Result<(&'a str, PhoneButton), Answer> {
    let button = value
        .as_object()
        .ok_or_else(|| violation(path, "must be object"))?;
    closed(button, &BUTTON_KEYS, path, strip)?;
    let kind = required(button, "type", path)?;
    match kind {
        "reply" => {}
        "url" => drop(required(button, "url", path)?),
        "copy" => drop(required(button, "copyCode", path)?),
        "call" => drop(required(button, "phoneNumber", path)?),
        _ => {
            let path = format!("{path}/type");
            return Err(violation(
                &path,
                "must be equal to one of the allowed values",
            ));
        }
    }
    let title = required(button, "displayText", path)?.to_owned();
    let id = required(button, "id", path)?.to_owned();
    Ok((kind, PhoneButton { id, title }))
}

/// `+digits`, digits, or a JID of a person, a LID or a group (the vendor's `OpenAPI` file).
fn is_recipient(jid: &str) -> bool {
    match jid.split_once('@') {
        None => address::is_digits(jid.strip_prefix('+').unwrap_or(jid), 8..=15),
        Some((user, "s.whatsapp.net")) => address::is_digits(user, 8..=15),
        Some((user, "lid")) => address::is_digits(user, 1..=30),
        Some((user, "g.us")) => user.split('-').all(|part| address::is_digits(part, 1..=30)),
        Some(_) => false,
    }
}

/// The vendor's schemas are closed; whether extra keys are refused or dropped is not said.
fn closed(
    object: &Map<String, Value>,
    known: &[&str],
    path: &str,
    strip: bool,
) -> Result<(), Answer> {
    if strip || object.keys().all(|key| known.contains(&key.as_str())) {
        return Ok(());
    }
    Err(violation(path, "must NOT have additional properties"))
}

fn required<'a>(object: &'a Map<String, Value>, key: &str, path: &str) -> Result<&'a str, Answer> {
    match object.get(key) {
        None => Err(violation(&format!("{path}/{key}"), "Required")),
        Some(Value::String(text)) if text.is_empty() => {
            let path = format!("{path}/{key}");
            Err(violation(&path, "must NOT have fewer than 1 characters"))
        }
        Some(value) => string(value, key, path),
    }
}

fn optional<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    path: &str,
) -> Result<Option<&'a str>, Answer> {
    let value = object
        .get(key)
        .map(|value| string(value, key, path))
        .transpose()?;
    Ok(value.filter(|text| !text.is_empty()))
}

fn one_of(body: &Map<String, Value>, key: &str, allowed: &[&str]) -> Result<(), Answer> {
    match body.get(key) {
        None => Ok(()),
        Some(Value::String(word)) if allowed.contains(&word.as_str()) => Ok(()),
        Some(_) => {
            let path = format!("body/{key}");
            Err(violation(
                &path,
                "must be equal to one of the allowed values",
            ))
        }
    }
}

fn string<'a>(value: &'a Value, key: &str, path: &str) -> Result<&'a str, Answer> {
    value
        .as_str()
        .ok_or_else(|| violation(&format!("{path}/{key}"), "must be string"))
}

fn violation(path: &str, problem: &str) -> Answer {
    error(400, &format!("{path} {problem}"))
}
