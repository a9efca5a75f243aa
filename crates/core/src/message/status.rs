//! How a send ends, how far a message has come, and why it came no further.

use serde::{Deserialize, Serialize};

words! {
    /// How one send ended.
    pub enum Outcome {
        /// The provider accepted the message.
        Accepted = "accepted",
        /// The provider or its published limits refused it; it does not go out.
        Rejected = "rejected",
        /// The answer was lost: the message may be on its way, so it is never sent again by itself.
        Unknown = "unknown",
    }
}

words! {
    /// How far a message has come.
    pub enum Status: UnknownStatus("unknown message status") {
        /// Stored, and waits for its turn.
        Queued = "queued",
        /// Stored, and on its way to the provider.
        Sending = "sending",
        /// The provider accepted it.
        Accepted = "accepted",
        /// Refused by the provider or by its limits; final.
        Rejected = "rejected",
        /// The answer was lost; a later status settles it.
        Unknown = "unknown",
        /// It left the provider.
        Sent = "sent",
        /// It reached the recipient's device.
        Delivered = "delivered",
        /// The recipient read it.
        Read = "read",
        /// The provider took it and could not deliver it, or canceled it; final unless a later proof of delivery arrives.
        Failed = "failed",
    }
}

impl Status {
    /// Returns the status after `news` is reported: it advances, never goes back, and `rejected` is final.
    ///
    /// A delivered message cannot have failed, in either order of the two reports. A provider may learn that it
    /// does not know what became of a message that it accepted. What follows a message that the provider canceled needs
    /// its [error](MessageError::is_cancellation), too: the store takes `sent` and `unknown` as well.
    #[must_use]
    pub fn advanced_by(self, news: Self) -> Self {
        let doubted = self == Self::Accepted && news == Self::Unknown;
        if doubted || (self != Self::Rejected && news.step() > self.step()) {
            news
        } else {
            self
        }
    }

    const fn step(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Unknown => 2,
            Self::Accepted | Self::Rejected => 3,
            Self::Sent => 4,
            Self::Failed => 5,
            Self::Delivered => 6,
            Self::Read => 7,
        }
    }
}

schema_of_words!(Status as "MessageStatus":
    "How far a message has come: it is `queued` if it has to wait, `sending`, then `accepted`, `rejected` or `unknown` (the \
     provider's answer was lost), and later `sent`, `delivered`, `read` or `failed`. A message from a customer is `delivered`.");

/// The reasons that concern a channel, and not one message.
const CHANNEL_REASONS: [&str; 6] = [
    "channel_unauthorized",
    "channel_misconfigured",
    "channel_disconnected",
    "channel_blocked",
    "button_terms_not_accepted",
    "restricted",
];

/// Why a message was rejected or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageError {
    /// The stable word for what went wrong.
    pub reason: String,
    /// The provider's number for the error.
    pub code: Option<i64>,
    /// What went wrong, in a sentence.
    pub message: String,
}

impl MessageError {
    /// Whether every message of the channel fails for this reason, until the channel works again.
    pub fn is_of_channel(&self) -> bool {
        CHANNEL_REASONS.contains(&&*self.reason)
    }

    /// Whether the message was canceled.
    pub fn is_cancellation(&self) -> bool {
        self.reason == "message_canceled"
    }

    /// Creates an error without a number.
    pub fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            code: None,
            message: message.into(),
        }
    }
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::Accepted,
            Outcome::Rejected => Self::Rejected,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{
        self, Accepted, Delivered, Failed, Read, Rejected, Sending, Sent, Unknown,
    };

    fn after(news: &[Status]) -> Status {
        news.iter()
            .fold(Sending, |status, &next| status.advanced_by(next))
    }

    #[test]
    fn a_message_climbs_the_ladder_and_never_falls() {
        assert_eq!(after(&[Accepted, Sent, Delivered, Read]), Read);
        assert_eq!(after(&[Accepted, Read, Delivered, Sent]), Read);
    }

    #[test]
    fn rejected_is_final_and_failed_only_gives_way_to_a_proof_of_delivery() {
        for proof in [Delivered, Read] {
            assert_eq!(after(&[Accepted, Failed, proof]), proof);
            assert_eq!(after(&[Accepted, proof, Failed]), proof);
        }
        for news in [Accepted, Unknown, Sent] {
            assert_eq!(after(&[Accepted, Failed, news]), Failed);
        }
        for news in [Accepted, Unknown, Sent, Delivered, Read, Failed] {
            assert_eq!(after(&[Rejected, news]), Rejected);
        }
    }

    #[test]
    fn a_provider_may_doubt_what_it_accepted_and_nothing_further() {
        assert_eq!(after(&[Accepted, Unknown]), Unknown);
        assert_eq!(after(&[Accepted, Unknown, Read]), Read);
        for status in [Sent, Delivered, Read, Failed] {
            assert_eq!(after(&[Accepted, status, Unknown]), status);
        }
    }

    #[test]
    fn a_later_status_settles_an_unknown() {
        assert_eq!(after(&[Unknown, Delivered]), Delivered);
        assert_eq!(after(&[Unknown, Accepted]), Accepted);
    }

    #[test]
    fn every_status_reads_back_from_its_name() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }
}
