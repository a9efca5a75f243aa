//! When a failed delivery is tried again, and when no more.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::app::clock::elapsed;

/// The waits after the first, second, … attempt; the last one repeats. As published in the documentation.
pub(crate) const WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(8),
];

/// How long an endpoint may fail before it is disabled.
pub(crate) const DISABLE_AFTER: Duration = Duration::from_hours(5 * 24);

/// How long a delivery may fail while its endpoint accepts other events.
pub(crate) const SET_ASIDE_AFTER: Duration = Duration::from_mins(15);

/// What a receiver may ask for with `Retry-After`.
const SHORTEST_ASKED: Duration = Duration::from_secs(1);
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// The wait after that many attempts: what the receiver asked for, within bounds, or the published wait
/// with a fifth less to a fifth more, by `random`.
pub(crate) fn wait(attempts: u32, asked: Option<Duration>, random: u32) -> Duration {
    if let Some(asked) = asked {
        return asked.clamp(SHORTEST_ASKED, LONGEST_ASKED);
    }
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let published = WAITS[place.min(WAITS.len() - 1)];
    published.mul_f64(0.8 + 0.4 * f64::from(random) / f64::from(u32::MAX))
}

/// Whether a delivery that failed again holds up its conversation although its endpoint is well, and if
/// so, when it is to be set aside.
///
/// `failures` are its earlier failures, the oldest first. The endpoint is well if it accepted another
/// event after the first of them, and it is still so if it did after the last of them: an endpoint that
/// broke down meanwhile gets the delivery when it is back.
pub(crate) fn set_aside(
    failures: &[Timestamp],
    accepted_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<SetAside> {
    let (first, last) = (failures.first()?, failures.last()?);
    let accepted_at = accepted_at.filter(|accepted_at| accepted_at >= first)?;
    let left = SET_ASIDE_AFTER.saturating_sub(elapsed(*first, now));
    if left > Duration::ZERO {
        return Some(SetAside::NotBefore(left));
    }
    (accepted_at >= *last).then_some(SetAside::Now)
}

/// What becomes of a delivery that fails while its endpoint accepts other events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetAside {
    /// It has failed for long enough.
    Now,
    /// It gets one more attempt when it has failed for long enough, after this time.
    NotBefore(Duration),
}

/// `Retry-After`, which is whole seconds or a date (RFC 9110, 10.2.3).
pub(crate) fn asked(retry_after: &str, now: Timestamp) -> Option<Duration> {
    let text = retry_after.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::parse(text).ok()?.timestamp();
    Some(elapsed(now, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_are_the_published_ones_give_or_take_a_fifth() {
        let seconds = [
            5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800, 28800,
        ];
        for (attempts, seconds) in (1..).zip(seconds) {
            let published = Duration::from_secs(seconds);
            let near = |wait: Duration, factor| {
                wait.abs_diff(published.mul_f64(factor)) < Duration::from_millis(1)
            };
            assert!(near(wait(attempts, None, 0), 0.8), "{attempts}");
            assert!(near(wait(attempts, None, u32::MAX / 2), 1.0), "{attempts}");
            assert!(near(wait(attempts, None, u32::MAX), 1.2), "{attempts}");
        }
    }

    #[test]
    fn no_number_of_attempts_panics() {
        assert_eq!(wait(0, None, 0), wait(1, None, 0));
        assert_eq!(wait(u32::MAX, None, 0), wait(9, None, 0));
    }

    #[test]
    fn what_the_receiver_asks_for_is_honoured_between_a_second_and_an_hour() {
        for (asked, waited) in [(0, 1), (1, 1), (90, 90), (3600, 3600), (86_400, 3600)] {
            let asked = Duration::from_secs(asked);
            assert_eq!(wait(3, Some(asked), 7), Duration::from_secs(waited));
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("an instant");
        for (text, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Sun, 22 Nov 2026 12:01:30 GMT", Some(90)),
            ("Sun, 22 Nov 2026 11:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(
                asked(text, now),
                seconds.map(Duration::from_secs),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_delivery_is_set_aside_after_15_minutes_if_the_endpoint_accepts_others() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).expect("an instant");
        let failures = [at(100), at(112)];
        for (accepted_at, now, expected) in [
            (Some(at(114)), 115, Some(SetAside::Now)),
            (Some(at(112)), 115, Some(SetAside::Now)),
            (
                Some(at(101)),
                112,
                Some(SetAside::NotBefore(Duration::from_mins(3))),
            ),
            // Since the last failure it accepted nothing: it may be down.
            (Some(at(111)), 115, None),
            // It was well only before the first failure.
            (Some(at(99)), 115, None),
            (None, 115, None),
        ] {
            assert_eq!(
                set_aside(&failures, accepted_at, at(now)),
                expected,
                "{accepted_at:?}"
            );
        }
        assert_eq!(set_aside(&[], Some(at(100)), at(115)), None);
    }
}
