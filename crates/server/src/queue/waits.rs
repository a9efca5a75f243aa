//! When a queued message is tried again, and how long a queue waits for its limits.

use std::time::Duration;

use recado_providers::{ChannelError, ErrorKind, Retry};
use recado_store::SendLimits;

/// Attempts after which a message is given up whose channel works.
pub(super) const MAX_ATTEMPTS: u32 = 50;

/// Longest pause between two attempts that the provider does not ask for.
const MAX_PAUSE: Duration = Duration::from_mins(5);

/// Pause while the channel does not work.
pub(super) const CHANNEL_PAUSE: Duration = Duration::from_secs(30);

/// What a provider may ask for.
const SHORTEST_ASKED: Duration = Duration::from_secs(1);
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// Meta's code for too many messages to one person. Meta asks for pauses of 4^n seconds (WhatsApp Cloud API, 5.2).
const PAIR_LIMIT: i64 = 131_056;
const PAIR_BASE: u32 = 4;
const MAX_PAIR_EXPONENT: u32 = 4;

/// How much longer a queue waits than its limits ask for, so that several of its attempts begin together. Of a limit that
/// has two messages a second, the second one comes back half a second after the first.
const GATHER_TIME: Duration = Duration::from_millis(400);

/// The pause before another attempt, and whom it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) pause: Duration,
    /// Whether all messages of the channel have to wait as long.
    pub(super) holds_channel: bool,
    /// Whether the attempt counts against the limit: one that its channel made fail says nothing of the message.
    pub(super) counts: bool,
}

/// Returns the wait after an attempt that failed, the `attempts`th; `None` if another attempt would fail as well.
/// By `random` it is up to a fifth longer, so that messages that failed together do not come back together.
pub(super) fn wait(attempts: u32, error: &ChannelError, random: u32) -> Option<Wait> {
    let is_pair = error.code == Some(PAIR_LIMIT);
    let before = attempts.saturating_sub(1);
    let pause = match error.kind.retry() {
        Retry::Never => return None,
        Retry::OnceChannelWorks => CHANNEL_PAUSE,
        Retry::Backoff if attempts >= MAX_ATTEMPTS => return None,
        Retry::Backoff => {
            let grown = if is_pair {
                Duration::from_secs(PAIR_BASE.pow(before.min(MAX_PAIR_EXPONENT)).into())
            } else {
                Duration::from_secs(2_u64.saturating_pow(before)).min(MAX_PAUSE)
            };
            let asked = error.retry_after;
            match asked.map(|asked| asked.clamp(SHORTEST_ASKED, LONGEST_ASKED)) {
                Some(asked) if is_pair => asked.max(grown),
                Some(asked) => asked,
                None => grown,
            }
        }
    };
    let is_throttled = error.kind == ErrorKind::Throttled;
    let is_of_channel = error.kind.retry() == Retry::OnceChannelWorks;
    Some(Wait {
        pause: pause.mul_f64(1.0 + 0.2 * f64::from(random) / f64::from(u32::MAX)),
        // A channel that does not work is paused.
        holds_channel: is_throttled && !is_pair,
        counts: !is_of_channel,
    })
}

/// Returns how much longer a queue waits than these limits ask for: not at all if one of them has a single message, which
/// does not grow while it waits.
pub(super) fn gather_time(limits: &SendLimits) -> Duration {
    let of_key = limits.api_key.as_ref().map(|(_, rate)| *rate);
    let rates = [limits.channel, limits.organization, of_key];
    if rates.iter().flatten().all(|rate| rate.messages().get() > 1) {
        GATHER_TIME
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use recado_core::capabilities::Rate;
    use rstest::rstest;

    use super::*;

    fn error(kind: ErrorKind, code: Option<i64>, asked: Option<u64>) -> ChannelError {
        let mut error = ChannelError::new("whatsapp", kind, "");
        error.code = code;
        error.retry_after = asked.map(Duration::from_secs);
        error
    }

    fn seconds(attempts: u32, error: &ChannelError) -> Option<u64> {
        wait(attempts, error, 0).map(|wait| wait.pause.as_secs())
    }

    #[rstest]
    #[case::once(1, Some(1))]
    #[case::twice(2, Some(2))]
    #[case::often(9, Some(256))]
    #[case::very_often(49, Some(300))]
    #[case::too_often(50, None)]
    fn the_pauses_double_up_to_five_minutes(#[case] attempts: u32, #[case] pause: Option<u64>) {
        let error = error(ErrorKind::Unavailable, None, None);
        assert_eq!(seconds(attempts, &error), pause);
    }

    #[rstest]
    #[case(1, 6)]
    #[case(2, 6)]
    #[case(3, 16)]
    #[case(4, 64)]
    #[case(9, 256)]
    fn too_many_messages_to_one_person_wait_as_meta_asks_and_hold_up_no_one_else(
        #[case] attempts: u32,
        #[case] pause: u64,
    ) {
        // What the provider's errors always ask for.
        let error = error(ErrorKind::Throttled, Some(PAIR_LIMIT), Some(6));
        assert_eq!(seconds(attempts, &error), Some(pause));
        assert_eq!(
            wait(attempts, &error, 0).map(|wait| wait.holds_channel),
            Some(false)
        );
    }

    #[test]
    fn the_wait_that_a_provider_asks_for_is_kept_within_bounds_for_the_whole_channel() {
        for (asked, kept) in [(0, 1), (77, 77), (999_999, 3600)] {
            let error = error(ErrorKind::Throttled, None, Some(asked));
            assert_eq!(seconds(30, &error), Some(kept));
            assert_eq!(
                wait(1, &error, 0).map(|wait| wait.holds_channel),
                Some(true)
            );
        }
    }

    #[test]
    fn a_message_is_tried_as_long_as_its_channel_does_not_work() {
        let error = error(ErrorKind::NotConnected, None, None);
        assert_eq!(seconds(1_000, &error), Some(30));
    }

    #[test]
    fn what_is_refused_for_good_is_not_tried_again() {
        for kind in ErrorKind::ALL {
            let is_final = kind.retry() == Retry::Never;
            assert_eq!(
                wait(1, &error(kind, None, None), 0).is_none(),
                is_final,
                "{kind:?}"
            );
        }
    }

    #[test]
    fn chance_makes_a_wait_a_fifth_longer_at_most() {
        let error = error(ErrorKind::Unavailable, None, None);
        let longest = wait(5, &error, u32::MAX).expect("a wait").pause;
        assert_eq!(longest, Duration::from_millis(19_200));
    }

    #[test]
    fn a_queue_gathers_no_longer_than_its_limits_grow() {
        let limits = |messages: u32| SendLimits {
            channel: NonZeroU32::new(messages).map(Rate::per_second),
            organization: NonZeroU32::new(80).map(Rate::per_second),
            ..SendLimits::default()
        };
        assert_eq!(gather_time(&limits(1)), Duration::ZERO);
        let of_two = Rate::per_second(NonZeroU32::new(2).expect("a number"));
        let second_comes_back = of_two.period() / of_two.messages().get();
        assert!((Duration::ZERO..second_comes_back).contains(&gather_time(&limits(2))));
        assert!(gather_time(&limits(2)) > Duration::ZERO);
    }
}
