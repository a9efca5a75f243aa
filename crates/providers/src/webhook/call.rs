//! What a webhook call is, how it is proved, and what all providers share in reading one.

use std::fmt;

use recado_core::inbound::Inbound;
use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::SecretString;

/// Items of one call that are read; a call with more of them yields one more, and no others.
///
/// Meta's largest calls, of 3 MB, have about ten thousand. Without a bound, a call of 4 MiB could say a
/// million things, each of which takes a hundred times its size in memory.
pub const MAX_ITEMS: usize = 100_000;

/// The beginning of a call, before its body is read and before anything of it is believed; its `Debug` shows no
/// secret.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct WebhookHead<'a> {
    /// POST, or Meta's GET.
    pub method: &'a Method,
    /// The secret that the called URL carries, percent-decoded; `None` if it carries none, as Meta's does not.
    pub url_secret: Option<&'a str>,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The channel's webhook secret, with which [`url_secret`](Self::url_secret) or a header is compared. wuzapi takes
    /// none of less than 32 characters, and Meta's verify token is this one unless the account has its own.
    pub secret: &'a SecretString,
}

impl<'a> WebhookHead<'a> {
    /// Creates the beginning of a call.
    pub const fn new(
        method: &'a Method,
        url_secret: Option<&'a str>,
        headers: &'a HeaderMap,
        secret: &'a SecretString,
    ) -> Self {
        Self {
            method,
            url_secret,
            headers,
            secret,
        }
    }

    /// Tells whether the called URL carries the channel's secret, in a time that tells nothing about the secret.
    pub fn has_secret(&self) -> bool {
        self.url_secret
            .is_some_and(|given| super::proof::knows(given.as_bytes(), self.secret))
    }
}

/// A call as it came in; its `Debug` shows no secret and no text.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct WebhookCall<'a> {
    /// Its beginning.
    pub head: WebhookHead<'a>,
    /// The query string, still encoded.
    pub query: &'a str,
    /// The body, byte for byte: signatures cover it as it was sent.
    pub body: &'a [u8],
}

impl<'a> WebhookCall<'a> {
    /// Creates a call.
    pub const fn new(head: WebhookHead<'a>, query: &'a str, body: &'a [u8]) -> Self {
        Self { head, query, body }
    }
}

recado_core::shows_only!(WebhookHead<'_> { method });

impl fmt::Debug for WebhookCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookCall")
            .field("head", &self.head)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What to do with a call that is proved.
///
/// Each of them asks for another answer, so a match names all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Answer 200 with exactly this text (Meta, webhook verification requests).
    Challenge(String),
    /// Read the body with [`Channel::parse_webhook`](crate::Channel::parse_webhook).
    Deliver,
}

/// One item of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Meta's id of the number that it is for; Meta sends the items of several numbers to one URL.
    pub number: Option<String>,
    /// What it says.
    pub what: Inbound,
}

impl Received {
    /// Creates an item for the number whose webhook was called.
    pub const fn new(what: Inbound) -> Self {
        Self { number: None, what }
    }
}

/// Why a call is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookRefused {
    /// The proof is wrong or missing.
    #[error("the call does not prove that it comes from the provider")]
    Forbidden,
    /// This channel cannot check proofs yet; the credential that it needs.
    #[error("the call cannot be checked: set the credential {0} of this channel")]
    Unprovable(&'static str),
    /// The provider makes no such call.
    #[error("the provider makes no call with this method")]
    Method,
}

impl WebhookRefused {
    pub(crate) fn unless(proved: bool) -> Result<(), Self> {
        if proved { Ok(()) } else { Err(Self::Forbidden) }
    }
}

/// The body is not in a form that the provider uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body cannot be read as a webhook of this provider")]
pub struct WebhookUnreadable;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret_and_no_text_of_a_call() {
        let headers = HeaderMap::from_iter([(
            reqwest::header::AUTHORIZATION,
            "Bearer SECRET".parse().expect("a header"),
        )]);
        let secret = "SECRET".into();
        let head = WebhookHead::new(&Method::POST, Some("SECRET"), &headers, &secret);
        let call = WebhookCall::new(head, "hub.verify_token=SECRET", b"SECRET");
        assert_eq!(
            format!("{call:?}"),
            "WebhookCall { head: WebhookHead { method: POST, .. }, bytes: 6, .. }"
        );
    }
}
