//! What Z-API's error texts mean for a send.
//!
//! The vendor documents few of them; most were observed by integrators.

use serde_json::Value;

use crate::documented::says;
use crate::error::ErrorKind;
use crate::http::client::Answer;
use crate::lenient_json::text;
use crate::refusal::Refusal;

/// Error texts as a whole; the first that is said counts. `*` stands for one word.
const MEANINGS: &[(&str, ErrorKind)] = &[
    (
        "your client-token is not configured",
        ErrorKind::Unauthorized,
    ),
    ("client-token not allowed", ErrorKind::Unauthorized),
    ("client-token * not allowed", ErrorKind::Unauthorized),
    // "null not allowed" without a token, "203.0.113.9 not allowed" beside the allow-list.
    ("* not allowed", ErrorKind::Unauthorized),
    ("instance not found", ErrorKind::Misconfigured),
    (
        "to continue sending a message, you must subscribe to this instance again",
        ErrorKind::BillingBlocked,
    ),
    ("not_found", ErrorKind::Misconfigured),
    ("you are not connected", ErrorKind::NotConnected),
    ("you need to restore the session", ErrorKind::NotConnected),
    ("the field * is empty", ErrorKind::ContentRefused),
];

/// Turns an unsuccessful answer into an error.
pub(super) fn refusal(answer: &Answer) -> Refusal {
    let body = answer.json();
    let said = body.as_ref().filter(|body| is_error(body));
    if said.is_none() && answer.is_success() {
        return Refusal::unreadable(answer);
    }
    let error = said.and_then(|body| text(body, "/error"));
    let kind = kind(answer.status, error.unwrap_or_default());
    Refusal::of(answer, kind, said.map(words).as_deref())
}

/// Whether a body has an `error` that says something.
pub(super) fn is_error(body: &Value) -> bool {
    match body.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(_) => true,
    }
}

fn kind(status: u16, error: &str) -> ErrorKind {
    // The message may be in Z-API's queue by then, whatever the text says.
    if status >= 500 {
        return ErrorKind::Indeterminate;
    }
    match MEANINGS.iter().find(|(known, _)| says(error, known)) {
        Some((_, kind)) => *kind,
        None if status == 415 => ErrorKind::Misconfigured,
        // A success with an undocumented error leaves open whether the message was queued.
        None => ErrorKind::from_status(status),
    }
}

/// `error`, with `message` where it says more.
fn words(body: &Value) -> String {
    let error = match body.get("error") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    match text(body, "/message") {
        Some(message) => format!("{error}: {message}"),
        None => error,
    }
}
