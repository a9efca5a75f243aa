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

/// Whether the same request may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not without a person.
    Never,
    /// After a pause: surely nothing was sent, and the cause may pass by itself.
    Backoff,
    /// Once the channel works again, for which a person may be needed: every message of the channel fails until then.
    OnceChannelWorks,
}

/// Writes the enum of all kinds, each from one row: its documentation, its published word, the outcome of the send, and
/// whether it may be repeated.
macro_rules! error_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident: $reason:literal, $outcome:ident, $retry:ident;)+) => {
        /// The kinds of failure; all but [`Indeterminate`](Self::Indeterminate) mean that surely nothing goes out.
        ///
        /// There will be more of them: ask [`outcome`](Self::outcome), [`retry`](Self::retry) and
        /// [`reason`](Self::reason) rather than name them all.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: [Self; [$($reason),+].len()] = [$(Self::$kind),+];

            const fn row(self) -> (&'static str, Outcome, Retry) {
                match self {
                    $(Self::$kind => ($reason, Outcome::$outcome, Retry::$retry),)+
                }
            }
        }
    };
}

error_kinds! {
    /// The provider refuses the credentials.
    Unauthorized: "channel_unauthorized", Rejected, OnceChannelWorks;
    /// The channel is set up wrongly: unknown number or instance, wrong or forbidden address.
    Misconfigured: "channel_misconfigured", Rejected, OnceChannelWorks;
    /// The number is not connected to WhatsApp.
    NotConnected: "channel_disconnected", Rejected, OnceChannelWorks;
    /// The account at the provider is not paid for.
    BillingBlocked: "channel_blocked", Rejected, OnceChannelWorks;
    /// The provider has restricted the account or the number, for example after complaints.
    Restricted: "channel_blocked", Rejected, OnceChannelWorks;
    /// The message cannot go to this recipient.
    InvalidRecipient: "invalid_recipient", Rejected, Never;
    /// The content breaks a limit, ours or the provider's.
    ContentRefused: "content_refused", Rejected, Never;
    /// WhatsApp's 24-hour service window is closed.
    WindowClosed: "window_closed", Rejected, Never;
    /// Too many requests or messages.
    Throttled: "provider_throttled", Rejected, Backoff;
    /// The provider could not be reached, or is out of service.
    Unavailable: "provider_unavailable", Rejected, Backoff;
    /// The provider refused for any other reason.
    Rejected: "provider_rejected", Rejected, Never;
    /// The answer was lost or makes no sense: the message may be on its way.
    Indeterminate: "outcome_unknown", Unknown, Never;
}

impl ErrorKind {
    /// How the send ended.
    pub const fn outcome(self) -> Outcome {
        self.row().1
    }

    /// Whether a repeat is safe and may help.
    pub const fn retry(self) -> Retry {
        self.row().2
    }

    /// The published word, the same in an answer, an event and a metric.
    pub const fn reason(self) -> &'static str {
        self.row().0
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

/// Z-API's reason for a message with buttons whose terms are not accepted in its panel.
pub const BUTTON_TERMS_NOT_ACCEPTED: &str = "button_terms_not_accepted";

/// Z-API's reason for a message of a number that WhatsApp has restricted.
pub const RESTRICTED: &str = "restricted";

/// The reasons for which every message of a channel fails for now, and not just one (Z-API, queue errors).
pub const CHANNEL_WIDE_REASONS: [&str; 2] = [BUTTON_TERMS_NOT_ACCEPTED, RESTRICTED];

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

#[cfg(test)]
mod tests {
    use recado_core::message::MessageError;

    use super::*;

    #[test]
    fn a_reason_concerns_the_channel_if_its_messages_fail_until_the_channel_works() {
        let concerns = |reason: &str| MessageError::new(reason, "").is_of_channel();
        for kind in ErrorKind::ALL {
            let is_of_channel = kind.retry() == Retry::OnceChannelWorks;
            assert_eq!(concerns(kind.reason()), is_of_channel, "{kind:?}");
        }
        assert!(CHANNEL_WIDE_REASONS.into_iter().all(concerns));
    }
}
