//! What Z-API's error texts mean for a send.
//!
//! The vendor documents few of them; most were observed by integrators.

use crate::prelude::*;

/// Error texts as a whole, by their meaning; `*` stands for one word.
const MEANINGS: [(ErrorKind, &[&str]); 5] = [
    (
        ErrorKind::Unauthorized,
        &[
            "your client-token is not configured",
            "client-token not allowed",
            "client-token * not allowed",
            // "null not allowed" without a token, "203.0.113.9 not allowed" beside the allow-list.
            "* not allowed",
        ],
    ),
    (
        ErrorKind::Misconfigured,
        &["instance not found", "not_found"],
    ),
    (
        ErrorKind::BillingBlocked,
        &["to continue sending a message, you must subscribe to this instance again"],
    ),
    (
        ErrorKind::NotConnected,
        &["you are not connected", "you need to restore the session"],
    ),
    (ErrorKind::ContentRefused, &["the field * is empty"]),
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

/// Whether an order was carried out. The docs have no body for its success, and a compatible vendor has
/// `{"value": true}`; that `{}` says the same is inferred. Any other body proves nothing.
pub(super) fn is_done(answer: &Answer) -> bool {
    let says_so = |body: &Value| {
        body.get("value") == Some(&Value::Bool(true)) && !is_error(body)
            || body.as_object().is_some_and(serde_json::Map::is_empty)
    };
    answer.is_success() && (answer.body.is_empty() || answer.json().as_ref().is_some_and(says_so))
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

/// Returns what a text means that is documented as a whole.
pub(super) fn meaning<T: Copy>(said: &str, meanings: &[(T, &[&str])]) -> Option<T> {
    let mut meanings = meanings.iter();
    let (meaning, _) = meanings.find(|(_, texts)| texts.iter().any(|text| says(said, text)))?;
    Some(*meaning)
}

fn kind(status: u16, error: &str) -> ErrorKind {
    // The message may be in Z-API's queue by then, whatever the text says.
    if status >= 500 {
        return ErrorKind::Indeterminate;
    }
    match meaning(error, &MEANINGS) {
        Some(kind) => kind,
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
