//! The status of messages against a plain model: in whatever order outcomes and reports come, twice and before the answer,
//! and however the clock jumps, each message advances by the same steps, and each step is one event.

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use recado_core::inbound::{Inbound, StatusUpdate};
use recado_core::{Outcome, Status};
use recado_store::{Message, SendResult, Store};
use tokio::runtime::Runtime;

use crate::taps::{application, apply_one, kinds, tapped};
use crate::world::{World, at, ended, message, msg, ok, org, some, with};

const HOUR: i64 = 3_600_000;

const MESSAGES: usize = 3;

/// What a provider may report, in the order in which it is taken if it came before the answer: a failure beside a proof of
/// delivery is none.
const REPORTS: [Status; 5] = [
    Status::Unknown,
    Status::Sent,
    Status::Delivered,
    Status::Read,
    Status::Failed,
];

#[derive(Clone, Debug)]
enum Step {
    Begin(usize),
    /// The answer to the send, which may be the second one: the server was taken for dead.
    Finish(usize, Outcome),
    Report(usize, Status),
    /// The clock moves, forwards or backwards.
    Clock(i64),
}

/// The model of a message.
#[derive(Clone, Debug, Default)]
struct Sent {
    /// `None` before it is begun.
    status: Option<Status>,
    /// What was reported before the answer.
    early: Vec<Status>,
}

#[derive(Clone, Debug)]
struct Plain {
    now: i64,
    messages: [Sent; MESSAGES],
    told: Vec<Status>,
}

/// Which status may come after which one.
fn follows(before: Status, after: Status) -> bool {
    use Status::{Accepted, Delivered, Failed, Read, Rejected, Sending, Unknown};
    match before {
        Unknown => matches!(
            after,
            Accepted | Rejected | Status::Sent | Failed | Delivered | Read
        ),
        Accepted => matches!(after, Unknown | Status::Sent | Failed | Delivered | Read),
        Status::Sent => matches!(after, Failed | Delivered | Read),
        Failed => matches!(after, Delivered | Read),
        Delivered => after == Read,
        Status::Queued | Sending | Rejected | Read => false,
    }
}

fn status_of(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Accepted => Status::Accepted,
        Outcome::Rejected => Status::Rejected,
        Outcome::Unknown => Status::Unknown,
    }
}

impl Plain {
    fn advance(&mut self, number: usize, news: Status) {
        let status = &mut self.messages[number].status;
        if status.is_some_and(|before| follows(before, news)) {
            *status = Some(news);
            self.told.push(news);
        }
    }

    fn finish(&mut self, number: usize, outcome: Status) {
        let message = &mut self.messages[number];
        match message.status {
            Some(Status::Sending) => {
                message.status = Some(outcome);
                let early = std::mem::take(&mut message.early);
                self.told.push(outcome);
                for report in REPORTS.into_iter().filter(|report| early.contains(report)) {
                    self.advance(number, report);
                }
            }
            // An answer that comes late settles what was in doubt, and nothing else.
            Some(Status::Unknown) => self.advance(number, outcome),
            _ => {}
        }
    }
}

impl ReferenceStateMachine for Plain {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let plain = Self {
            now: 100 * HOUR,
            messages: Default::default(),
            // The world has a message of its own.
            told: vec![Status::Accepted],
        };
        Just(plain).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let outcomes = prop_oneof![
            2 => Just(Outcome::Accepted),
            1 => Just(Outcome::Rejected),
            2 => Just(Outcome::Unknown)
        ];
        prop_oneof![
            2 => (0..MESSAGES).prop_map(Step::Begin),
            3 => (0..MESSAGES, outcomes).prop_map(|(number, outcome)| Step::Finish(number, outcome)),
            8 => (0..MESSAGES, prop::sample::select(&REPORTS[..]))
                .prop_map(|(number, status)| Step::Report(number, status)),
            1 => prop_oneof![Just(-HOUR), Just(HOUR)].prop_map(Step::Clock),
        ]
        .boxed()
    }

    fn preconditions(plain: &Self, step: &Step) -> bool {
        match step {
            Step::Begin(number) => plain.messages[*number].status.is_none(),
            Step::Finish(number, _) | Step::Report(number, _) => {
                plain.messages[*number].status.is_some()
            }
            Step::Clock(_) => true,
        }
    }

    fn apply(mut plain: Self, step: &Step) -> Self {
        match *step {
            Step::Begin(number) => plain.messages[number].status = Some(Status::Sending),
            Step::Finish(number, outcome) => plain.finish(number, status_of(outcome)),
            Step::Report(number, status) => {
                let message = &mut plain.messages[number];
                if message.status == Some(Status::Sending) {
                    message.early.push(status);
                } else {
                    plain.advance(number, status);
                }
            }
            Step::Clock(by) => plain.now += by,
        }
        plain
    }
}

struct Tested {
    runtime: Runtime,
    world: World,
}

fn name(number: usize) -> String {
    format!("msg_of_{number}")
}

fn external_id(number: usize) -> String {
    format!("wamid.of.{number}")
}

async fn step(store: &Store, now: i64, step: Step) {
    match step {
        Step::Begin(number) => {
            let new = with(message("org_1", &name(number)), |new| {
                new.created_at = at(now);
            });
            ok(store.begin_send(&new)).await;
        }
        Step::Finish(number, outcome) => {
            let result = SendResult {
                external_id: (outcome == Outcome::Accepted).then(|| external_id(number)),
                ..ended(outcome)
            };
            ok(store.finish_send(&org(1), &msg(&name(number)), &result, at(now))).await;
        }
        Step::Report(number, status) => {
            let report = StatusUpdate::new(vec![external_id(number)], status);
            let report = with(report, |it| it.message_id = Some(msg(&name(number))));
            let items = vec![Inbound::Status(report)];
            let applied = with(application(&org(1), items), |it| it.at = at(now));
            apply_one(store, applied).await;
        }
        Step::Clock(_) => {}
    }
}

async fn status(store: &Store, number: usize) -> Status {
    let message = some(store.get::<Message>(&org(1), &msg(&name(number)))).await;
    message.status
}

impl StateMachineTest for Tested {
    type SystemUnderTest = Self;
    type Reference = Plain;

    fn init_test(_: &Plain) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let world = runtime.block_on(tapped());
        Self { runtime, world }
    }

    fn apply(tested: Self, plain: &Plain, transition: Step) -> Self {
        let stepping = step(&tested.world.store, plain.now, transition);
        tested.runtime.block_on(stepping);
        tested
    }

    fn check_invariants(tested: &Self, plain: &Plain) {
        let store = &tested.world.store;
        let told = tested.runtime.block_on(kinds(store));
        let expected = plain.told.iter().map(|status| format!("message.{status}"));
        assert_eq!(told, expected.collect::<Vec<_>>());
        for (number, message) in plain.messages.iter().enumerate() {
            if let Some(expected) = message.status {
                let status = tested.runtime.block_on(status(store, number));
                assert_eq!(status, expected, "{}", name(number));
            }
        }
    }

    fn teardown(tested: Self, _: Plain) {
        let Self { runtime, world } = tested;
        // The database of the test is removed within a runtime.
        runtime.block_on(async move { drop(world) });
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_advance_as_a_plain_model_does(sequential 1..40 => Tested);
}
