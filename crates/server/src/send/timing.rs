//! When a message is sent.

use std::time::Duration;

use jiff::Timestamp;
use recado_core::{FieldErrors, switch};

use crate::api::error::{ApiError, Reason};
use crate::app::clock::later;

/// How far ahead a message may be scheduled.
const MAX_AHEAD: Duration = Duration::from_hours(30 * 24);

/// How far back: the clock of the caller may be slow.
const MAX_BEHIND: Duration = Duration::from_mins(5);

/// When a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// While the caller waits.
    Now,
    /// From the queue, in its turn; from an instant on, if there is one.
    Queued(Option<Timestamp>),
}

impl Timing {
    /// Checks that the time is not too far ahead, and has not passed. The repeat of a request is not checked: what the
    /// first one asked for may have happened.
    pub(crate) fn check(self, now: Timestamp) -> Result<(), ApiError> {
        let Self::Queued(Some(at)) = self else {
            return Ok(());
        };
        if at > later(now, MAX_AHEAD) {
            return Err(wrong("sendAt is more than 30 days ahead; nothing was sent"));
        }
        if later(at, MAX_BEHIND) < now {
            return Err(wrong("sendAt has passed; nothing was sent"));
        }
        Ok(())
    }
}

/// Returns the error of a time that no message can have.
pub(crate) fn wrong(sentence: &str) -> ApiError {
    ApiError {
        details: Some(Box::new(FieldErrors::field(switch::SEND_AT, sentence))),
        ..ApiError::new(Reason::InvalidQuery, sentence)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::in_a_month("2026-12-31T12:00:00Z", true)]
    #[case::later("2026-12-31T12:00:01Z", false)]
    #[case::a_moment_ago("2026-12-01T11:55:00Z", true)]
    #[case::before("2026-12-01T11:54:59Z", false)]
    fn a_message_is_scheduled_within_thirty_days(#[case] time: &str, #[case] is_taken: bool) {
        let timing = Timing::Queued(Some(time.parse().expect("a time")));
        let now = "2026-12-01T12:00:00Z".parse().expect("a time");
        assert_eq!(timing.check(now).is_ok(), is_taken);
    }
}
