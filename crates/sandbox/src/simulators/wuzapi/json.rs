//! How wuzapi reads a body, and how it answers.

use serde_json::{Map, Value, json};

use crate::answer::Answer;

/// A member under its name in any case; the exact name wins, as in Go.
pub(super) fn member<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let similar = || body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    body.get(name).or_else(|| similar().map(|(_, value)| value))
}

/// Absent and `null` are empty text; `None` is a value of another type.
pub(super) fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    match member(body, name) {
        None | Some(Value::Null) => Some(""),
        Some(value) => value.as_str(),
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
