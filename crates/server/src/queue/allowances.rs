//! How many attempts a channel may have in flight: as many as it has earned by answers of its provider.
//!
//! A channel begins with few. Once an attempt is answered, it may have twice as many as were in flight when that attempt
//! began, and at most twice as many as before: a channel that works doubles them with each round of answers, and one whose
//! provider stops answering holds little more than it used before. After an attempt that was not answered it has one, until
//! the next answer.

use std::collections::HashMap;
use std::time::Duration;

use recado_core::{ChannelId, OrganizationId};
use recado_providers::{ChannelError, ErrorKind, Receipt};
use recado_store::ChannelQueue;

use crate::send::places::Allowance;

/// What a channel may have while nothing is known of it.
const FIRST: Allowance = Allowance {
    most: 2,
    hangs: false,
};

/// Channels whose allowances are known, at most; the others have the first one again.
const MAX_KNOWN: usize = 10_000;

/// An attempt that has failed after this part of its time, and without a definite answer, was not answered: waiting for
/// a connection ends before the time of the attempt does.
const UNANSWERED_PART: u32 = 6;

/// What the provider did with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// It answered, or the connection failed at once, which holds no place.
    Answered,
    /// It kept the attempt waiting, and gave no answer.
    Hung,
}

impl Reply {
    /// Judges what was sent, which took so long of the time that it had.
    pub(super) fn of(
        sent: &Result<Receipt, ChannelError>,
        took: Duration,
        budget: Duration,
    ) -> Self {
        let is_indefinite = matches!(sent, Err(error)
            if matches!(error.kind, ErrorKind::Indeterminate | ErrorKind::Unavailable));
        if is_indefinite && took >= budget / UNANSWERED_PART {
            Self::Hung
        } else {
            Self::Answered
        }
    }
}

/// The allowances of channels, as far as they differ from the first one.
#[derive(Default)]
pub(super) struct Allowances {
    known: HashMap<(OrganizationId, ChannelId), Known>,
    /// The number of the last change.
    last: usize,
}

struct Known {
    allowance: Allowance,
    /// The number of its last change.
    number: usize,
}

impl Allowances {
    pub(super) fn of(&self, channel: &(OrganizationId, ChannelId)) -> Allowance {
        let known = self.known.get(channel);
        known.map_or(FIRST, |known| known.allowance)
    }

    /// Notes the reply to an attempt of a channel; so many were in flight when it began, with it.
    pub(super) fn note(
        &mut self,
        channel: (OrganizationId, ChannelId),
        in_flight: usize,
        reply: Reply,
    ) {
        let allowance = match reply {
            Reply::Hung => Allowance {
                most: 1,
                hangs: true,
            },
            Reply::Answered => {
                let before = self.of(&channel).most;
                // An answer to an attempt that began before others were not answered does not restore what it had. What
                // is not used any more is given up, one with each answer.
                let earned = (2 * in_flight).min(2 * before);
                Allowance {
                    most: earned.max(before - 1).max(FIRST.most),
                    hangs: false,
                }
            }
        };
        if allowance == FIRST {
            self.known.remove(&channel);
            return;
        }
        self.last += 1;
        let number = self.last;
        self.known.insert(channel, Known { allowance, number });
        if self.known.len() > MAX_KNOWN {
            self.known
                .retain(|_, known| known.number + MAX_KNOWN / 2 > number);
        }
    }
}

pub(super) fn channel_of(queue: &ChannelQueue) -> (OrganizationId, ChannelId) {
    (queue.organization_id.clone(), queue.channel_id.clone())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn channel(id: &str) -> (OrganizationId, ChannelId) {
        let organization = "org_1".parse().expect("an id");
        (organization, id.parse().expect("an id"))
    }

    fn known(replies: &[(usize, Reply)]) -> Allowances {
        let mut allowances = Allowances::default();
        for (in_flight, reply) in replies {
            allowances.note(channel("a"), *in_flight, *reply);
        }
        allowances
    }

    /// The allowance of a channel whose attempts had these replies.
    fn after(replies: &[(usize, Reply)]) -> (usize, bool) {
        let allowance = known(replies).of(&channel("a"));
        (allowance.most, allowance.hangs)
    }

    #[test]
    fn each_round_of_answers_doubles_the_allowance() {
        let mut allowances = Allowances::default();
        let mut rounds = Vec::new();
        for _ in 0..6 {
            let most = allowances.of(&channel("a")).most;
            rounds.push(most);
            for in_flight in 1..=most {
                allowances.note(channel("a"), in_flight, Reply::Answered);
            }
        }
        assert_eq!(rounds, [2, 4, 8, 16, 32, 64]);
        assert_eq!(allowances.of(&channel("b")), FIRST);
    }

    const GROWN: [(usize, Reply); 3] = [
        (2, Reply::Answered),
        (4, Reply::Answered),
        (8, Reply::Answered),
    ];

    #[test]
    fn an_allowance_that_is_not_used_is_given_up_down_to_the_first_one() {
        assert_eq!(after(&GROWN), (16, false));
        let mut replies = GROWN.to_vec();
        replies.push((1, Reply::Answered));
        assert_eq!(after(&replies), (15, false));
        replies.extend([(1, Reply::Answered); 40]);
        assert_eq!(after(&replies), (2, false));
        assert!(known(&replies).known.is_empty());
    }

    #[test]
    fn a_channel_that_was_not_answered_has_one_attempt_until_the_next_answer() {
        let hung = [GROWN.as_slice(), &[(16, Reply::Hung)]].concat();
        assert_eq!(after(&hung), (1, true));
        // The second one began before.
        for in_flight in [1, 16] {
            let answered = [hung.as_slice(), &[(in_flight, Reply::Answered)]].concat();
            assert_eq!(after(&answered), (2, false));
        }
    }

    #[test]
    fn the_allowances_that_are_known_are_bounded() {
        let mut allowances = Allowances::default();
        for number in 0..2 * MAX_KNOWN {
            allowances.note(channel(&number.to_string()), 1, Reply::Hung);
        }
        assert!(allowances.known.len() <= MAX_KNOWN);
        let newest = channel(&(2 * MAX_KNOWN - 1).to_string());
        assert!(allowances.of(&newest).hangs);
    }

    #[rstest]
    #[case::lost_at_the_end(Some(ErrorKind::Indeterminate), 15, Reply::Hung)]
    #[case::no_connection_in_time(Some(ErrorKind::Unavailable), 3, Reply::Hung)]
    #[case::no_connection_at_once(Some(ErrorKind::Unavailable), 2, Reply::Answered)]
    #[case::lost_at_once(Some(ErrorKind::Indeterminate), 0, Reply::Answered)]
    #[case::refused_late(Some(ErrorKind::Rejected), 9, Reply::Answered)]
    #[case::throttled_late(Some(ErrorKind::Throttled), 9, Reply::Answered)]
    #[case::taken_late(None, 14, Reply::Answered)]
    fn what_waits_and_fails_without_a_definite_answer_was_not_answered(
        #[case] failure: Option<ErrorKind>,
        #[case] took: u64,
        #[case] reply: Reply,
    ) {
        let sent = match failure {
            Some(kind) => Err(ChannelError::new("whatsapp", kind, "")),
            None => Ok(Receipt::default()),
        };
        let (took, budget) = (Duration::from_secs(took), Duration::from_secs(15));
        assert_eq!(Reply::of(&sent, took, budget), reply);
    }
}
