//! Why a message was not taken and what that means for it, and why a channel cannot be made.

use std::time::Duration;

use recado_core::capabilities::INVALID_PARAMETER_VALUE;
use recado_core::{FieldErrors, Outcome};

/// A send or a question that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {message}")]
#[non_exhaustive]
pub struct ChannelError {
    /// The name of the provider, such as `zapi`.
    pub provider: &'static str,
    /// What happened, in our terms.
    pub kind: ErrorKind,
    /// The provider's number for it.
    pub code: Option<i64>,
    /// The provider's words, or ours where it said nothing; free of secrets and whole phone numbers.
    pub message: String,
    /// How long the provider asks us to wait.
    pub retry_after: Option<Duration>,
}

impl ChannelError {
    /// Creates an error without a number and without a wait.
    pub fn new(provider: &'static str, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            provider,
            kind,
            code: None,
            message: message.into(),
            retry_after: None,
        }
    }

    /// Creates the error of a message that breaks a published limit, with the code that WhatsApp would give.
    pub(crate) fn content_refused(provider: &'static str, message: String) -> Self {
        Self {
            code: Some(INVALID_PARAMETER_VALUE),
            ..Self::new(provider, ErrorKind::ContentRefused, message)
        }
    }
}

/// The kinds of failure; all but [`Indeterminate`](Self::Indeterminate) mean that surely nothing goes out.
///
/// There will be more of them: ask [`outcome`](Self::outcome), [`retry`](Self::retry) and [`reason`](Self::reason)
/// rather than name them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The provider refuses the credentials.
    Unauthorized,
    /// The channel is set up wrongly: unknown number or instance, wrong or forbidden address.
    Misconfigured,
    /// The number is not connected to WhatsApp.
    NotConnected,
    /// The account at the provider is not paid for.
    BillingBlocked,
    /// The provider has restricted the account or the number, for example after complaints.
    Restricted,
    /// The message cannot go to this recipient.
    InvalidRecipient,
    /// The content breaks a limit, ours or the provider's.
    ContentRefused,
    /// WhatsApp's 24-hour service window is closed.
    WindowClosed,
    /// Too many requests or messages.
    Throttled,
    /// The provider could not be reached, or is out of service.
    Unavailable,
    /// The provider refused for any other reason.
    Rejected,
    /// The answer was lost or makes no sense: the message may be on its way.
    Indeterminate,
}

/// Whether the same request may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not without a person.
    Never,
    /// After a pause: surely nothing was sent, and the cause may pass by itself.
    Backoff,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Unauthorized,
        Self::Misconfigured,
        Self::NotConnected,
        Self::BillingBlocked,
        Self::Restricted,
        Self::InvalidRecipient,
        Self::ContentRefused,
        Self::WindowClosed,
        Self::Throttled,
        Self::Unavailable,
        Self::Rejected,
        Self::Indeterminate,
    ];

    /// How the send ended.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Unauthorized
            | Self::Misconfigured
            | Self::NotConnected
            | Self::BillingBlocked
            | Self::Restricted
            | Self::InvalidRecipient
            | Self::ContentRefused
            | Self::WindowClosed
            | Self::Throttled
            | Self::Unavailable
            | Self::Rejected => Outcome::Rejected,
            Self::Indeterminate => Outcome::Unknown,
        }
    }

    /// Whether a repeat is safe and may help.
    pub const fn retry(self) -> Retry {
        match self {
            Self::Throttled | Self::Unavailable => Retry::Backoff,
            Self::Unauthorized
            | Self::Misconfigured
            | Self::NotConnected
            | Self::BillingBlocked
            | Self::Restricted
            | Self::InvalidRecipient
            | Self::ContentRefused
            | Self::WindowClosed
            | Self::Rejected
            | Self::Indeterminate => Retry::Never,
        }
    }

    /// The published word, the same in an answer, an event and a metric.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unauthorized => "channel_unauthorized",
            Self::Misconfigured => "channel_misconfigured",
            Self::NotConnected => "channel_disconnected",
            Self::BillingBlocked | Self::Restricted => "channel_blocked",
            Self::InvalidRecipient => "invalid_recipient",
            Self::ContentRefused => "content_refused",
            Self::WindowClosed => "window_closed",
            Self::Throttled => "provider_throttled",
            Self::Unavailable => "provider_unavailable",
            Self::Rejected => "provider_rejected",
            Self::Indeterminate => "outcome_unknown",
        }
    }

    /// What an HTTP status means where the provider says nothing more exact.
    ///
    /// A 5xx may come from a proxy after the provider took the message, and so may a 408 and nginx's 499.
    pub(crate) const fn from_status(status: u16) -> Self {
        match status {
            404 | 405 => Self::Misconfigured,
            401 | 403 => Self::Unauthorized,
            402 => Self::BillingBlocked,
            429 => Self::Throttled,
            400..=407 | 409..=498 => Self::Rejected,
            _ => Self::Indeterminate,
        }
    }
}

/// A configuration that cannot make a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The base URL is an address that only insiders should reach.
    #[error(
        "the base URL leads to a private, loopback or reserved address, and private networks are not allowed"
    )]
    PrivateAddress,
    /// The base URL sends credentials unencrypted.
    #[error(
        "the base URL is not https: the credentials would travel unencrypted, and private networks are not allowed"
    )]
    NotHttps,
    /// What [`Credentials::parse`](crate::Credentials::parse) would say about the account and its settings, by the names that they have there.
    #[error(transparent)]
    Fields(#[from] FieldErrors),
}

impl From<ConfigError> for FieldErrors {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Fields(errors) => errors,
            ConfigError::PrivateAddress | ConfigError::NotHttps => {
                Self::field("settings.baseUrl", &error.to_string())
            }
        }
    }
}
