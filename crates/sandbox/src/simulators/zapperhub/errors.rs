//! The refusals of ZapperHUB's hosted API.

use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;

pub(super) fn no_route(call: &Call) -> Answer {
    let path = call.segments().join("/");
    error(404, &format!("Cannot {} /{path}", call.method()))
}

pub(super) fn error(status: u16, message: &str) -> Answer {
    Answer::new(status, json!({"message": message}))
}
