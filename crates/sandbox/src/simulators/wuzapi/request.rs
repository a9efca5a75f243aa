//! How wuzapi reads a body, what all of its sending routes take, and how it answers.

use serde_json::{Map, Value, json};

use crate::{Answer, Call, Content, address};

pub(super) fn object(call: &Call) -> Result<&Map<String, Value>, Answer> {
    let body = call.json.as_ref().and_then(Value::as_object);
    body.ok_or_else(undecodable)
}

/// Returns a member under its name in any case; the exact name wins, as in Go.
pub(super) fn member<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let similar = || body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    body.get(name).or_else(|| similar().map(|(_, value)| value))
}

/// Returns a text; absent and `null` are empty.
pub(super) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Answer> {
    match member(body, name) {
        None | Some(Value::Null) => Ok(""),
        Some(value) => value.as_str().ok_or_else(undecodable),
    }
}

pub(super) fn success(data: Value) -> Answer {
    let mut answer = json!({"code": 200, "success": true});
    answer["data"] = data;
    Answer::new(200, answer)
}

pub(super) fn error(code: u16, text: &str) -> Answer {
    Answer::new(code, json!({"code": code, "error": text, "success": false}))
}

pub(super) fn undecodable() -> Answer {
    error(400, "could not decode Payload")
}

/// A message that passed the checks of its route.
pub(super) struct Sent {
    pub(super) to: String,
    /// The id that the caller chose.
    pub(super) id: Option<String>,
    pub(super) content: Content,
}

pub(super) fn check_phone(phone: &str) -> Result<(), Answer> {
    if phone.is_empty() {
        return Err(error(400, "missing Phone in Payload"));
    }
    Ok(())
}

/// Returns the recipient: almost any text before the `@` of a JID will do.
pub(super) fn parse_phone(phone: &str) -> Result<String, Answer> {
    let phone = phone.trim_start_matches('+');
    match phone.split_once('@') {
        Some((user, server)) if user.is_empty() || server.contains('@') => {
            Err(error(400, "could not parse Phone"))
        }
        _ => Ok(address::bare(phone)),
    }
}
