//! Z-API's refusals.

use serde_json::json;

use crate::answer::Answer;

pub(super) fn error(status: u16, text: &str) -> Answer {
    Answer::new(status, json!({"error": text}))
}
