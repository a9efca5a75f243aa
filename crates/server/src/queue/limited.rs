//! Queues that wait for their limits, and when each of them begins again.
//!
//! That is when its limits allow more, and some seconds before: they may be raised meanwhile, and messages expire. While
//! nothing begins, the pause doubles, so that a queue that waits for long costs little.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use recado_store::ChannelQueue;

use crate::app::clock::later;

const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How long it takes at most until a limit counts that was raised.
const MAX_PAUSE: Duration = Duration::from_secs(4);

/// The queues whose limits allowed less than was due.
#[derive(Default)]
pub(super) struct LimitedQueues {
    waits: HashMap<ChannelQueue, Wait>,
}

struct Wait {
    until: Timestamp,
    pause: Duration,
}

impl LimitedQueues {
    /// Notes from when on the limits of a queue allow more, or `None` if they allowed all, and whether any of its attempts
    /// began. Returns when it begins again.
    pub(super) fn note(
        &mut self,
        queue: &ChannelQueue,
        allowed_at: Option<Timestamp>,
        has_begun: bool,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let last = self.waits.remove(queue).filter(|_| !has_begun);
        let pause = last.map_or(FIRST_PAUSE, |last| (last.pause * 2).min(MAX_PAUSE));
        let until = allowed_at?.min(later(now, pause));
        self.waits.insert(queue.clone(), Wait { until, pause });
        Some(until)
    }

    /// Tells whether nothing of a queue begins yet.
    pub(super) fn has(&self, queue: &ChannelQueue, now: Timestamp) -> bool {
        let wait = self.waits.get(queue);
        // It ends further ahead only if the clock was set back.
        wait.is_some_and(|wait| now < wait.until && wait.until <= later(now, MAX_PAUSE))
    }

    /// Forgets the queues that could have begun for a while and did not, such as those that are empty now.
    pub(super) fn forget_old(&mut self, now: Timestamp) {
        self.waits
            .retain(|_, wait| now < later(wait.until, MAX_PAUSE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> ChannelQueue {
        ChannelQueue {
            organization_id: "org_1".parse().expect("an id"),
            channel_id: "chn_1".parse().expect("an id"),
            api_key_id: Some("key_1".parse().expect("an id")),
        }
    }

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).expect("an instant")
    }

    #[test]
    fn a_queue_that_waits_for_long_begins_again_after_pauses_that_double_up_to_the_longest() {
        let mut limited = LimitedQueues::default();
        let (mut now, mut again) = (at(0), Vec::new());
        while now < at(20_000) {
            limited.forget_old(now);
            let until = limited.note(&queue(), Some(at(20_000)), false, now);
            now = until.expect("it is limited");
            again.push(now.as_millisecond());
        }
        assert_eq!(again, [1_000, 3_000, 7_000, 11_000, 15_000, 19_000, 20_000]);
    }

    #[test]
    fn the_first_pause_follows_once_attempts_began_or_nothing_was_limited() {
        for (allowed_at, has_begun) in [(Some(at(60_000)), true), (None, false)] {
            let mut limited = LimitedQueues::default();
            limited.note(&queue(), Some(at(60_000)), false, at(0));
            limited.note(&queue(), allowed_at, has_begun, at(1_000));
            let has_begun = allowed_at.is_some();
            let until = limited.note(&queue(), Some(at(60_000)), has_begun, at(2_000));
            assert_eq!(until, Some(at(3_000)));
        }
    }

    #[test]
    fn a_queue_waits_until_its_time_and_no_longer_if_the_clock_is_set_back() {
        let mut limited = LimitedQueues::default();
        limited.note(&queue(), Some(at(100_500)), true, at(100_000));
        assert!(limited.has(&queue(), at(100_499)));
        assert!(!limited.has(&queue(), at(100_500)));
        assert!(!limited.has(&queue(), at(0)));
        limited.note(&queue(), None, true, at(100_100));
        assert!(!limited.has(&queue(), at(100_200)));
    }

    #[test]
    fn a_queue_that_does_not_begin_again_is_forgotten() {
        let mut limited = LimitedQueues::default();
        limited.note(&queue(), Some(at(500)), true, at(0));
        limited.forget_old(at(60_000));
        assert!(limited.waits.is_empty());
    }
}
