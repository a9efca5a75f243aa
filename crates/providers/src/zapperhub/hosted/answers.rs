//! What the hosted API answers; it publishes no schema, so everything here is tolerant (inferred).

use crate::prelude::*;
use crate::zapperhub::engine::errors;

/// Where callers of the API have found the message's id; the first that is there counts.
const MESSAGE_ID: [&str; 8] = [
    "/key/id",
    "/key",
    "/data/key/id",
    "/data/Id",
    "/Id",
    "/messageId",
    "/message_id",
    "/id",
];

/// The id of the job that sends the message, which is not the message's.
const JOB_ID: [&str; 2] = ["/jobId", "/job/id"];

/// A 200 means that the message was queued, even if no id comes with it.
pub(super) fn receipt(answer: &Answer) -> Result<Receipt, Refusal> {
    if !answer.is_success() {
        return Err(refusal(answer));
    }
    if answer.body.trim_ascii().is_empty() {
        return Ok(Receipt::default());
    }
    let unreadable = || Refusal::unreadable(answer);
    let body = answer.json().ok_or_else(unreadable)?;
    let external_id = MESSAGE_ID.iter().find_map(|path| text(&body, path));
    let receipt = Receipt {
        external_id: external_id.map(str::to_owned),
        provider_id: JOB_ID.iter().find_map(|path| given_id(body.pointer(path)?)),
    };
    if receipt == Receipt::default() && contradicts(&body) {
        return Err(unreadable());
    }
    Ok(receipt)
}

/// Reads `GET /connection`: `open` is Baileys' word, `close` the documented one.
pub(super) fn health(answer: &Answer) -> Result<Health, Refusal> {
    let body = answer.json().filter(|_| answer.status == 200);
    let body = body.ok_or_else(|| refusal(answer))?;
    let status = text(&body, "/status").ok_or_else(|| refusal(answer))?;
    let (state, detail) = match status {
        "open" => (HealthState::Connected, text(&body, "/user/name")),
        _ if text(&body, "/qrCode").is_some() => (HealthState::NeedsPairing, Some(status)),
        _ => (HealthState::Disconnected, Some(status)),
    };
    Ok(Health::new(state, detail.map(str::to_owned)))
}

/// Reads the id of a job or a webhook, which may be a number.
pub(super) fn given_id(id: &Value) -> Option<String> {
    match id {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Tells whether a 2xx answer contains a refusal.
pub(super) fn contradicts(body: &Value) -> bool {
    body.get("success") == Some(&Value::Bool(false))
        || body.get("error").is_some_and(|error| !error.is_null())
}

/// Turns an answer that is not a success into an error.
pub(super) fn refusal(answer: &Answer) -> Refusal {
    errors::refusal(answer, kind)
}

/// The one code of the vendor that says that nothing was taken; any other 503 may be a proxy's.
const UNAVAILABLE: &str = "PROVIDER_UNAVAILABLE";

fn kind(status: u16, words: &str) -> ErrorKind {
    match status {
        400 | 413 | 415 | 422 => ErrorKind::ContentRefused,
        409 | 412 | 428 => ErrorKind::NotConnected,
        500 if says(words, errors::NO_SESSION) => ErrorKind::NotConnected,
        503 if words.trim() == UNAVAILABLE => ErrorKind::Unavailable,
        _ => ErrorKind::from_status(status),
    }
}
