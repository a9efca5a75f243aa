//! What Z-API's error texts mean for a send.
//!
//! The vendor documents few of them; most were observed by integrators.

use serde_json::Value;

use crate::connection::{Connection, json, text};
use crate::error::{ChannelError, ErrorKind};
use crate::http::Answer;

/// Parts of error texts, in lower case; the first that occurs counts.
const MEANINGS: &[(&str, ErrorKind)] = &[
    ("client-token", ErrorKind::Unauthorized),
    // "null not allowed" without a token, "203.0.113.9 not allowed" beside the allow-list.
    ("not allowed", ErrorKind::Unauthorized),
    ("instance not found", ErrorKind::Misconfigured),
    ("subscribe to this instance", ErrorKind::BillingBlocked),
    (
        "unable to find matching target resource",
        ErrorKind::Misconfigured,
    ),
    ("not_found", ErrorKind::Misconfigured),
    ("not connected", ErrorKind::NotConnected),
    ("restore the session", ErrorKind::NotConnected),
    ("the field '", ErrorKind::ContentRefused),
];

/// Turns an answer that is no success into an error.
pub(super) fn refusal(connection: &Connection, answer: &Answer) -> ChannelError {
    let body = json(answer);
    let said = body.as_ref().filter(|body| is_error(body));
    if said.is_none() && (200..300).contains(&answer.status) {
        return match body {
            // A control operation that an unconnected instance cannot do is answered so.
            Some(body) if body.get("value") == Some(&Value::Bool(false)) => {
                connection.error(ErrorKind::NotConnected, "the instance is not connected")
            }
            _ => connection.unreadable(answer.status),
        };
    }
    let words = said.map(words);
    let kind = kind(answer.status, words.as_deref().unwrap_or_default());
    let raw = String::from_utf8_lossy(&answer.body);
    let shown = words.as_deref().unwrap_or(&raw);
    connection.refusal(kind, answer.retry_after, Some(shown), answer.status)
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

fn kind(status: u16, words: &str) -> ErrorKind {
    // The message may be in Z-API's queue by then, whatever the text says.
    if status >= 500 {
        return ErrorKind::Indeterminate;
    }
    let words = words.to_lowercase();
    match MEANINGS.iter().find(|(part, _)| words.contains(part)) {
        Some((_, kind)) => *kind,
        None if status == 415 => ErrorKind::Misconfigured,
        None if status < 300 => ErrorKind::Rejected,
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
