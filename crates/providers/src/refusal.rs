//! A request that a provider did not take, in the provider's own words.

use std::time::Duration;

use crate::error::ErrorKind;
use crate::http::client::Answer;

/// An error before its text is cleaned: it may hold secrets and phone numbers.
///
/// Only a [`Connection`](crate::connection::Connection) makes a [`ChannelError`](crate::ChannelError) of it.
pub(crate) struct Refusal {
    pub(crate) kind: ErrorKind,
    pub(crate) code: Option<i64>,
    pub(crate) text: String,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            code: None,
            text: text.into(),
            retry_after: None,
        }
    }

    /// Creates the refusal that an answer is; `words` are the provider's, or the whole body stands for them.
    pub(crate) fn of(answer: &Answer, kind: ErrorKind, words: Option<&str>) -> Self {
        let body = String::from_utf8_lossy(&answer.body);
        let words = words.unwrap_or(&body);
        let text = if words.trim().is_empty() {
            format!("HTTP status {} without a reason", answer.status)
        } else {
            words.to_owned()
        };
        Self {
            retry_after: answer.retry_after,
            ..Self::new(kind, text)
        }
    }

    /// Creates the refusal of an answer that should be a success and cannot be read as one: the message may be on its
    /// way.
    pub(crate) fn unreadable(answer: &Answer) -> Self {
        let status = answer.status;
        let text =
            format!("the answer (HTTP status {status}) does not say whether the request was taken");
        Self::new(ErrorKind::Indeterminate, text)
    }

    /// Returns the refusal of a request that may be repeated: a lost answer counts as an unreachable provider.
    pub(crate) fn harmless(mut self) -> Self {
        if self.kind == ErrorKind::Indeterminate {
            self.kind = ErrorKind::Unavailable;
        }
        self
    }
}
