//! Meta's rate limits of a number and of a pair of number and recipient.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::KEPT;

/// Messages of one number in one second (Meta, throughput).
const THROUGHPUT: usize = 80;
const SECOND: Duration = Duration::from_secs(1);
/// One message to one recipient in this time (Meta, about the platform).
const PAIR_PAUSE: Duration = Duration::from_secs(6);
/// A burst of so many may borrow from the pauses to come.
const PAIR_BURST: u32 = 45;

/// What was sent lately; times count from the start of the sandbox.
#[derive(Default)]
pub(crate) struct Limits {
    sent: HashMap<String, VecDeque<Duration>>,
    pairs: HashMap<(String, String), Burst>,
}

/// A burst of messages to one recipient (model inferred from Meta's description).
struct Burst {
    started: Duration,
    count: u32,
}

impl Burst {
    fn paid_at(&self) -> Duration {
        self.started + PAIR_PAUSE * self.count
    }
}

impl Limits {
    /// Whether the number may send one more message now.
    pub(super) fn has_throughput(&mut self, number: &str, now: Duration) -> bool {
        let Some(sent) = self.sent.get_mut(number) else {
            return true;
        };
        while sent.front().is_some_and(|&at| at + SECOND <= now) {
            sent.pop_front();
        }
        sent.len() < THROUGHPUT
    }

    pub(super) fn use_throughput(&mut self, number: &str, now: Duration) {
        let sent = self.sent.entry(number.to_owned()).or_default();
        sent.push_back(now);
    }

    /// Counts one message to the recipient; refused ones count nothing.
    pub(super) fn take_pair(&mut self, number: &str, recipient: &str, now: Duration) -> bool {
        if self.pairs.len() >= KEPT {
            self.pairs.retain(|_, burst| burst.paid_at() > now);
        }
        let pair = (number.to_owned(), recipient.to_owned());
        let (started, count) = (now, 0);
        let burst = self.pairs.entry(pair).or_insert(Burst { started, count });
        if now >= burst.paid_at() {
            *burst = Burst { started, count };
        }
        let in_window = now < burst.started + PAIR_PAUSE;
        let free = in_window && burst.count < PAIR_BURST;
        burst.count += u32::from(free);
        free
    }
}
