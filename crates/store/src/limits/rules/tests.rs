//! The rules against plain models, with clocks that jump.

use std::num::NonZeroU32;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use recado_core::capabilities::{PairRate, Source, WHATSAPP};

use super::*;

const MILLISECOND: i64 = 1_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const HOUR: i64 = 3_600 * SECOND;

/// An instant in 2026.
const BEGIN: i64 = 1_790_000_000 * SECOND;

#[derive(Clone, Debug)]
enum Step {
    /// A message is to be sent.
    Send,
    /// The clock moves, forwards or backwards.
    Clock(i64),
}

/// Steps of which most are sends and short waits.
fn steps() -> BoxedStrategy<Step> {
    prop_oneof![
        8 => Just(Step::Send),
        4 => (0..2 * SECOND).prop_map(Step::Clock),
        2 => (0..400 * SECOND).prop_map(Step::Clock),
        1 => (-MAX_CLOCK_DIFFERENCE..0).prop_map(Step::Clock),
        1 => prop_oneof![Just(-HOUR), Just(HOUR)].prop_map(Step::Clock),
    ]
    .boxed()
}

/// A model with the clock that it sees, and what came of the last send.
#[derive(Clone, Debug)]
struct Seen<M> {
    model: M,
    now: i64,
    sent: Option<Result<(), i64>>,
}

trait Model: Clone + std::fmt::Debug + 'static {
    const RULE: fn() -> Rule;
    /// The longest that a send may have to wait.
    const LONGEST: i64;

    fn new() -> Self;
    fn send(&mut self, now: i64) -> Result<(), i64>;
}

impl<M: Model> ReferenceStateMachine for Seen<M> {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self {
            model: M::new(),
            now: BEGIN,
            sent: None,
        })
        .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        steps()
    }

    fn apply(mut seen: Self, step: &Step) -> Self {
        match step {
            Step::Send => seen.sent = Some(seen.model.send(seen.now)),
            Step::Clock(by) => {
                seen.now += by;
                seen.sent = None;
            }
        }
        seen
    }
}

/// The rule, as [`take`](crate::limits::take) uses it.
struct Tested<M> {
    used: Use,
    model: std::marker::PhantomData<M>,
}

impl<M: Model> StateMachineTest for Tested<M> {
    type SystemUnderTest = Self;
    type Reference = Seen<M>;

    fn init_test(_: &Seen<M>) -> Self {
        Self {
            used: Use::NONE,
            model: std::marker::PhantomData,
        }
    }

    fn apply(mut tested: Self, seen: &Seen<M>, _: Step) -> Self {
        let Some(expected) = seen.sent else {
            return tested;
        };
        let rule = M::RULE();
        tested.used = rule.corrected(tested.used, seen.now);
        let taken = rule.take(tested.used, seen.now);
        assert_eq!(taken.map(drop), expected);
        if let Ok(used) = taken {
            tested.used = used;
        }
        if let Err(until) = taken {
            let wait = until - seen.now;
            assert!((1..=M::LONGEST).contains(&wait), "{wait}");
            // A send that waits so long is granted, and one that waits less is not.
            assert!(rule.take(tested.used, until).is_ok());
            assert!(rule.take(tested.used, until - 1).is_err());
        }
        tested
    }
}

const TOKENS: i64 = 20;
const INTERVAL: i64 = SECOND / TOKENS;

/// A bucket with so many millionths of a token, which come back with the time.
#[derive(Clone, Debug)]
struct PlainBucket {
    level: i64,
    at: i64,
}

impl Model for PlainBucket {
    const RULE: fn() -> Rule = || {
        let rate = Rate::per_second(NonZeroU32::new(20).expect("not zero"));
        Rule::Bucket(rate.into())
    };
    const LONGEST: i64 = MAX_CLOCK_DIFFERENCE + INTERVAL;

    fn new() -> Self {
        Self {
            level: SECOND,
            at: 0,
        }
    }

    fn send(&mut self, now: i64) -> Result<(), i64> {
        let mut level = (self.level + now - self.at).min(SECOND);
        if level < -MAX_CLOCK_DIFFERENCE {
            // The clock was set back: the bucket is empty.
            (self.level, self.at, level) = (0, now, 0);
        }
        if level < INTERVAL {
            return Err(now + INTERVAL - level);
        }
        (self.level, self.at) = (level - INTERVAL, now);
        Ok(())
    }
}

/// The rule as Meta words it: a burst, and how many messages it has.
#[derive(Clone, Debug)]
struct PlainDebt {
    began: i64,
    messages: i64,
}

const PAUSE: i64 = 6 * SECOND;
const BURST: i64 = 45;

impl Model for PlainDebt {
    const RULE: fn() -> Rule = || Rule::Debt(WHATSAPP.pair_rate.expect("published").into());
    const LONGEST: i64 = MAX_CLOCK_DIFFERENCE + PAUSE * BURST;

    fn new() -> Self {
        Self {
            began: 0,
            messages: 0,
        }
    }

    fn send(&mut self, now: i64) -> Result<(), i64> {
        let is_set_back = self.began > now + MAX_CLOCK_DIFFERENCE;
        if is_set_back {
            // As if the burst had ended at this instant, and nothing of it were paid.
            let (paid, messages) = (now + PAUSE * self.messages, self.messages);
            self.began = now - PAUSE;
            // One pause of the debt lies behind.
            self.messages = messages + 1;
            return Err(paid);
        }
        let paid = self.began + PAUSE * self.messages;
        if now >= paid {
            (self.began, self.messages) = (now, 1);
            return Ok(());
        }
        if now >= self.began + PAUSE || self.messages >= BURST {
            return Err(paid);
        }
        self.messages += 1;
        Ok(())
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bucket_grants_what_a_plain_bucket_grants(sequential 1..120 => Tested<PlainBucket>);

    #[test]
    fn a_debt_grants_what_the_words_of_meta_grant(sequential 1..200 => Tested<PlainDebt>);
}

/// Sends as many messages as are granted at once; returns what is used then, and until when the next one waits.
fn all(rule: Rule, mut used: Use, now: i64) -> (u32, Use, i64) {
    let mut sent = 0;
    loop {
        match rule.take(used, now) {
            Ok(more) => (used, sent) = (more, sent + 1),
            Err(until) => return (sent, used, until),
        }
    }
}

#[test]
fn a_number_of_whatsapp_sends_80_at_once_and_80_in_each_second_after_it() {
    let bucket = Bucket::from(WHATSAPP.send_rate.expect("published").rate);
    let rule = Rule::Bucket(bucket);
    let (sent, used, until) = all(rule, Use::NONE, BEGIN);
    assert_eq!((sent, until), (80, BEGIN + 12_500));
    assert_eq!(bucket.left(used, BEGIN), 0);
    assert_eq!(bucket.left(used, BEGIN + 25_000), 2);
    let (sent, ..) = all(rule, used, BEGIN + SECOND);
    assert_eq!(sent, 80);
}

#[test]
fn a_rate_that_does_not_divide_a_second_never_grants_more_than_it_has() {
    for messages in [3, 7, 11, 999, 1_000, 7_919] {
        let rate = Rate::per_second(NonZeroU32::new(messages).expect("not zero"));
        let rule = Rule::Bucket(rate.into());
        let (first, used, _) = all(rule, Use::NONE, BEGIN);
        let (second, ..) = all(rule, used, BEGIN + SECOND);
        assert_eq!(first, messages);
        assert!(second <= messages, "{second} of {messages}");
    }
}

#[test]
fn a_burst_of_20_to_one_person_waits_two_minutes_and_one_of_45_four_and_a_half() {
    let pair: PairRate = WHATSAPP.pair_rate.expect("published");
    let rule = Rule::Debt(pair.into());
    let twenty = (0..20).fold(Use::NONE, |used, _| {
        rule.take(used, BEGIN).expect("a burst")
    });
    assert_eq!(
        rule.take(twenty, BEGIN + 6 * SECOND),
        Err(BEGIN + 120 * SECOND)
    );
    assert!(rule.take(twenty, BEGIN + 120 * SECOND).is_ok());
    let (sent, _, until) = all(rule, Use::NONE, BEGIN);
    assert_eq!((sent, until), (45, BEGIN + 270 * SECOND));
    let one = PairRate {
        burst: NonZeroU32::MIN,
        source: Source::inferred("a provider without bursts"),
        ..pair
    };
    let (sent, _, until) = all(Rule::Debt(one.into()), Use::NONE, BEGIN);
    assert_eq!((sent, until), (1, BEGIN + 6 * SECOND));
}
