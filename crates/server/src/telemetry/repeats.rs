//! Sends that repeat an earlier one.

use recado_core::words;

words! {
    /// How a send is known to repeat an earlier one.
    pub(crate) enum Repeat {
        /// It has the same `Idempotency-Key`.
        Key = "key",
        /// It has the content of a message whose outcome became unknown shortly before.
        Unknown = "unknown",
    }
}

/// A send repeated an earlier one, and sent nothing.
pub(crate) fn repeated(by: Repeat) {
    metrics::counter!("recado_sends_repeated_total", "by" => by.as_str()).increment(1);
}
