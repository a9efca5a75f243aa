//! Where both dialects put the words of a refusal.

use crate::prelude::*;

/// The first that is there counts; the vendor publishes no schema of errors (inferred).
const WORDS: [&str; 5] = ["/message", "/error", "/error/message", "/detail", "/title"];

/// The engine says so before it reads the request (wuzapi in the vendor's version, `handlers.go`).
pub(crate) const NO_SESSION: &str = "no session";

/// Turns an answer into an error; `kind` judges by status and the API's own words.
///
/// A page is shown, but never judged: whatever it says, it may come from a proxy, after the message was taken.
pub(crate) fn refusal(answer: &Answer, kind: fn(u16, &str) -> ErrorKind) -> Refusal {
    if answer.is_success() {
        return Refusal::unreadable(answer);
    }
    let body = answer.json();
    let words = body
        .as_ref()
        .and_then(|body| WORDS.iter().find_map(|path| text(body, path)));
    let kind = kind(answer.status, words.unwrap_or_default());
    Refusal::of(answer, kind, words)
}
