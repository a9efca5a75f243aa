//! How a send ends, and how far a message has come.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How one send ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The provider took the message.
    Accepted,
    /// The provider or its published limits refused it; it surely does not go out.
    Rejected,
    /// The answer was lost: the message may be on its way, so it is never sent again by itself.
    Unknown,
}

/// How far an outbound message has come: `sending`, then an outcome, then the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Written down, and on its way to the provider.
    Sending,
    /// The provider took it.
    Accepted,
    /// Refused; final.
    Rejected,
    /// The answer was lost; a later status settles it.
    Unknown,
    /// It left the provider.
    Sent,
    /// It reached the recipient's device.
    Delivered,
    /// The recipient read it.
    Read,
    /// The provider took it and could not deliver it; final unless a later proof of delivery arrives.
    Failed,
}

/// A text that names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown message status")]
pub struct UnknownStatus;

impl Status {
    /// Every status, in the order a message passes them.
    pub const ALL: [Self; 8] = [
        Self::Sending,
        Self::Accepted,
        Self::Rejected,
        Self::Unknown,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
    ];

    /// The name in answers and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }

    /// Returns the status after hearing of `news`: it advances, never goes back, and `rejected` is final.
    ///
    /// A delivered message cannot have failed, in whatever order the two are told. A provider may learn that it
    /// does not know what became of a message that it accepted.
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
            Self::Sending => 0,
            Self::Unknown => 1,
            Self::Accepted | Self::Rejected => 2,
            Self::Sent => 3,
            Self::Failed => 4,
            Self::Delivered => 5,
            Self::Read => 6,
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

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownStatus)
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
