//! How fast messages may be sent.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Source;

/// So many messages in a time: all of them at once, or spread over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    messages: NonZeroU32,
    period: Duration,
}

/// The rate at which a provider takes the messages of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendRate {
    /// The rate.
    pub rate: Rate,
    /// Where it comes from.
    pub source: Source,
}

/// The rate at which a provider takes messages of one number to one person.
///
/// A message at an instant without debt opens a burst, which lasts for one pause. Each message of the burst adds one
/// pause to the debt, which begins with the burst. After the burst, no message is taken until the debt is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairRate {
    /// The time in which one message is taken.
    pub pause: Duration,
    /// The most messages of a burst.
    pub burst: NonZeroU32,
    /// Where the rule comes from.
    pub source: Source,
}

words! {
    /// What limits sends: their rate, or the budget of their channel.
    pub enum SendLimit {
        /// The number of the channel.
        Channel = "channel",
        /// The person who receives the messages of the number.
        Recipient = "recipient",
        /// The organization.
        Organization = "organization",
        /// The API key of the caller.
        ApiKey = "api_key",
        /// The budget of the channel for the month.
        Budget = "budget",
    }
}

impl Rate {
    /// Creates a rate for a second.
    pub const fn per_second(messages: NonZeroU32) -> Self {
        let period = Duration::from_secs(1);
        Self { messages, period }
    }

    /// Creates a rate for a minute.
    pub const fn per_minute(messages: NonZeroU32) -> Self {
        let period = Duration::from_mins(1);
        Self { messages, period }
    }

    /// Creates a rate of one message in that time.
    pub const fn one_in(period: Duration) -> Self {
        let messages = NonZeroU32::MIN;
        Self { messages, period }
    }

    /// Returns how many messages may be sent in the period.
    pub const fn messages(self) -> NonZeroU32 {
        self.messages
    }

    /// Returns the time in which the messages may be sent.
    pub const fn period(self) -> Duration {
        self.period
    }
}

impl PairRate {
    /// Returns how many messages to one person are taken in the long run.
    pub const fn rate(&self) -> Rate {
        Rate::one_in(self.pause)
    }
}

impl fmt::Display for Rate {
    /// Writes `80 messages a second`, `60 messages a minute` or `1 message in 6 seconds`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = if self.messages == NonZeroU32::MIN {
            ""
        } else {
            "s"
        };
        write!(f, "{} message{ending} ", self.messages)?;
        match (self.period.as_secs(), self.period.subsec_nanos()) {
            (1, 0) => f.write_str("a second"),
            (60, 0) => f.write_str("a minute"),
            _ => write!(f, "in {} seconds", self.period.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::WHATSAPP;

    #[test]
    fn a_rate_reads_as_a_person_would_say_it() {
        let number = WHATSAPP.send_rate.expect("published").rate;
        assert_eq!(number.to_string(), "80 messages a second");
        let pair = WHATSAPP.pair_rate.expect("published").rate();
        assert_eq!(pair.to_string(), "1 message in 6 seconds");
        let slow = Rate::one_in(Duration::from_millis(2_500));
        assert_eq!(slow.to_string(), "1 message in 2.5 seconds");
        let key = Rate::per_minute(NonZeroU32::MIN);
        assert_eq!(key.to_string(), "1 message a minute");
    }
}
