//! Where both dialects put the words of a refusal.

use crate::connection::{Connection, json, text};
use crate::error::{ChannelError, ErrorKind};
use crate::http::client::Answer;

/// The first that is there counts; the vendor publishes no schema of errors (inferred).
const WORDS: [&str; 5] = ["/message", "/error", "/error/message", "/detail", "/title"];

/// The engine says so before it reads the request (wuzapi in the vendor's version, `handlers.go`).
pub(crate) const NO_SESSION: &str = "no session";

/// Turns an answer into an error; `kind` judges by status and the API's own words.
///
/// A page is shown, but never judged: whatever it says, it may come from a proxy, after the message was taken.
pub(crate) fn refusal(
    connection: &Connection,
    answer: &Answer,
    kind: fn(u16, &str) -> ErrorKind,
) -> ChannelError {
    if (200..300).contains(&answer.status) {
        return connection.unreadable(answer.status);
    }
    let body = json(answer);
    let words = body
        .as_ref()
        .and_then(|body| WORDS.iter().find_map(|path| text(body, path)));
    let raw = String::from_utf8_lossy(&answer.body);
    let shown = words.unwrap_or(&raw);
    let kind = kind(answer.status, words.unwrap_or_default());
    connection.refusal(kind, answer.retry_after, Some(shown), answer.status)
}
