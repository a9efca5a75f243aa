//! The outbox against a plain model: whatever is queued, begun, postponed, canceled, paused and settled, and however the
//! clock jumps, the same messages begin in the same order.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use recado_core::Outcome;
use recado_core::message::MessageError;
use recado_store::{Attempt, ChannelQueue, NewMessage, Postponed, QueueLimits, SendTime, Store};
use tokio::runtime::Runtime;

use crate::inbound::received::opened;
use crate::world::{World, at, by, create_channel, ended, id, message, msg, ok, org, some, with};

const HOUR: i64 = 3_600_000;

/// How long after its time a message may be sent.
const LIFETIME: i64 = 10_000;

const CONVERSATIONS: [&str; 3] = ["conv-456", "conv-2", "conv-3"];

#[derive(Clone, Debug)]
enum Step {
    /// A message for one of the conversations, to be sent in so many milliseconds.
    Enqueue(usize, i64),
    /// At most so many attempts begin.
    Begin(usize),
    /// One of the attempts under way ends.
    Finish(usize, Outcome),
    /// One of the attempts under way sent nothing; the message waits so many milliseconds.
    Postpone(usize, i64),
    /// One of the messages that wait is canceled.
    Cancel(usize),
    /// The server has forgotten its attempts.
    Forget,
    Pause,
    Resume,
    /// The clock moves, forwards or backwards.
    Clock(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waits,
    Calling,
    Left,
}

#[derive(Clone, Debug)]
struct Queued {
    conversation: usize,
    send_at: i64,
    ready_at: i64,
    state: State,
}

/// The model: messages by their numbers.
#[derive(Clone, Debug)]
struct Plain {
    now: i64,
    is_paused: bool,
    messages: Vec<Queued>,
    /// The message that the last step was about.
    chosen: Option<usize>,
    /// What the last step began.
    begun: Vec<usize>,
}

impl Plain {
    fn numbers(&self, state: State) -> Vec<usize> {
        let messages = self.messages.iter().enumerate();
        let numbers = messages.filter(|(_, message)| message.state == state);
        numbers.map(|(number, _)| number).collect()
    }

    fn choose(&mut self, state: State, choice: usize, next: State) -> Option<&mut Queued> {
        let numbers = self.numbers(state);
        let number = *numbers.get(choice.checked_rem(numbers.len())?)?;
        self.chosen = Some(number);
        let message = &mut self.messages[number];
        message.state = next;
        Some(message)
    }

    /// The messages that are due, each the first of its conversation, the one that is due longest first.
    fn due(&self) -> Vec<usize> {
        let firsts = (0..CONVERSATIONS.len()).filter_map(|conversation| {
            let messages = self.messages.iter().enumerate();
            let in_it = messages.filter(|(_, it)| it.conversation == conversation);
            let open: Vec<_> = in_it.filter(|(_, it)| it.state != State::Left).collect();
            if open.iter().any(|(_, it)| it.state == State::Calling) {
                return None;
            }
            open.into_iter()
                .min_by_key(|(number, it)| (it.send_at, *number))
        });
        let mut due: Vec<_> = firsts.filter(|(_, it)| it.ready_at <= self.now).collect();
        due.sort_by_key(|(number, it)| (it.ready_at, *number));
        due.into_iter().map(|(number, _)| number).collect()
    }

    /// Whether a message may begin though its channel is paused.
    fn passes(&self, number: usize) -> bool {
        !self.is_paused || self.messages[number].send_at + LIFETIME <= self.now
    }
}

impl ReferenceStateMachine for Plain {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let plain = Self {
            now: 100 * HOUR,
            is_paused: false,
            messages: Vec::new(),
            chosen: None,
            begun: Vec::new(),
        };
        Just(plain).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let outcomes = prop_oneof![
            Just(Outcome::Accepted),
            Just(Outcome::Rejected),
            Just(Outcome::Unknown)
        ];
        prop_oneof![
            6 => (0..CONVERSATIONS.len(), prop_oneof![Just(0), 0..4_000_i64])
                .prop_map(|(conversation, delay)| Step::Enqueue(conversation, delay)),
            6 => (1..4_usize).prop_map(Step::Begin),
            4 => (any::<usize>(), outcomes).prop_map(|(choice, outcome)| Step::Finish(choice, outcome)),
            3 => (any::<usize>(), 1..4_000_i64).prop_map(|(choice, wait)| Step::Postpone(choice, wait)),
            2 => any::<usize>().prop_map(Step::Cancel),
            1 => Just(Step::Forget),
            1 => Just(Step::Pause),
            2 => Just(Step::Resume),
            4 => (0..3_000_i64).prop_map(Step::Clock),
            1 => prop_oneof![Just(-HOUR), Just(HOUR)].prop_map(Step::Clock),
        ]
        .boxed()
    }

    fn apply(mut plain: Self, step: &Step) -> Self {
        plain.chosen = None;
        plain.begun.clear();
        let now = plain.now;
        match step {
            Step::Enqueue(conversation, delay) => plain.messages.push(Queued {
                conversation: *conversation,
                send_at: now + delay,
                ready_at: now + delay,
                state: State::Waits,
            }),
            Step::Begin(most) => {
                let due = plain.due().into_iter().take(*most);
                plain.begun = due.filter(|number| plain.passes(*number)).collect();
                for number in plain.begun.clone() {
                    plain.messages[number].state = State::Calling;
                }
            }
            Step::Finish(choice, _) => {
                plain.choose(State::Calling, *choice, State::Left);
            }
            Step::Postpone(choice, wait) => {
                if let Some(message) = plain.choose(State::Calling, *choice, State::Waits) {
                    message.ready_at = now + wait;
                }
            }
            Step::Cancel(choice) => {
                plain.choose(State::Waits, *choice, State::Left);
            }
            Step::Forget => {
                for number in plain.numbers(State::Calling) {
                    plain.messages[number].state = State::Waits;
                }
            }
            Step::Pause => plain.is_paused = true,
            Step::Resume => plain.is_paused = false,
            Step::Clock(by) => plain.now += by,
        }
        plain
    }
}

/// The store, with the attempts that are under way.
struct Tested {
    runtime: Runtime,
    world: World,
    attempts: Vec<Attempt>,
}

fn queue() -> ChannelQueue {
    ChannelQueue {
        organization_id: org(1),
        channel_id: id("chn_1"),
        api_key_id: None,
    }
}

fn name(number: usize) -> String {
    format!("msg_{number:03}")
}

fn new(plain: &Plain) -> (NewMessage, SendTime) {
    let queued = plain.messages.last().expect("the message of this step");
    let new = with(message("org_1", &name(plain.messages.len() - 1)), |new| {
        new.conversation_id = id(CONVERSATIONS[queued.conversation]);
    });
    let time = SendTime {
        send_at: at(queued.send_at),
        expires_at: at(queued.send_at + LIFETIME),
    };
    (new, time)
}

impl Tested {
    fn take(&mut self, number: usize) -> Attempt {
        let is_it = |attempt: &Attempt| attempt.message.id == msg(&name(number));
        let found = self.attempts.iter().position(is_it);
        self.attempts.remove(found.expect("an attempt under way"))
    }
}

async fn step(
    store: &Store,
    plain: &Plain,
    step: Step,
    ended_attempt: Option<Attempt>,
) -> Vec<Attempt> {
    let now = at(plain.now);
    match step {
        Step::Enqueue(..) => {
            let (new, time) = new(plain);
            ok(store.enqueue(&new, time, None)).await;
        }
        Step::Begin(most) => {
            let most = u32::try_from(most).expect("a few");
            let limits = QueueLimits::default();
            return ok(store.begin_attempts(&queue(), now, most, &limits))
                .await
                .attempts;
        }
        Step::Finish(_, outcome) => {
            if let Some(attempt) = ended_attempt {
                some(store.finish_attempt(&org(1), &attempt.message.id, &ended(outcome), now))
                    .await;
            }
        }
        Step::Postpone(_, wait) => {
            if let Some(attempt) = ended_attempt {
                let postponed = Postponed {
                    ready_at: at(plain.now + wait),
                    counts: true,
                    error: None,
                };
                assert!(ok(store.postpone(&attempt, &postponed, now)).await);
            }
        }
        Step::Cancel(_) => {
            if let Some(number) = plain.chosen {
                let error = MessageError::new("message_canceled", "nothing was sent");
                some(store.cancel_queued(&org(1), &msg(&name(number)), &error, now)).await;
            }
        }
        Step::Forget => {
            ok(store.free_lost_attempts(&HashSet::new(), &HashSet::new(), now)).await;
        }
        Step::Pause => {
            some(store.pause_channel(&org(1), &id("chn_1"), &by(plain.now))).await;
        }
        Step::Resume => {
            some(store.resume_channel(&org(1), &id("chn_1"), &by(plain.now))).await;
        }
        Step::Clock(_) => {}
    }
    Vec::new()
}

impl StateMachineTest for Tested {
    type SystemUnderTest = Self;
    type Reference = Plain;

    fn init_test(_: &Plain) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let world = runtime.block_on(async {
            let world = World::with_conversations().await;
            create_channel(&world.store, "org_1", "chn_1").await;
            opened(&world.store, "conv-2", "5521977776666").await;
            opened(&world.store, "conv-3", "5521977775555").await;
            world
        });
        Self {
            runtime,
            world,
            attempts: Vec::new(),
        }
    }

    fn apply(mut tested: Self, plain: &Plain, transition: Step) -> Self {
        let ends = matches!(transition, Step::Finish(..) | Step::Postpone(..));
        let attempt = plain
            .chosen
            .filter(|_| ends)
            .map(|number| tested.take(number));
        if matches!(transition, Step::Forget) {
            tested.attempts.clear();
        }
        let store = &tested.world.store;
        let begun = tested
            .runtime
            .block_on(step(store, plain, transition, attempt));
        let names: Vec<_> = begun.iter().map(|it| it.message.id.to_string()).collect();
        let expected: Vec<_> = plain.begun.iter().copied().map(name).collect();
        assert_eq!(names, expected);
        tested.attempts.extend(begun);
        tested
    }

    fn check_invariants(tested: &Self, plain: &Plain) {
        let due = tested.world.store.queues_due(at(plain.now), None);
        let due = tested.runtime.block_on(ok(due));
        let first = plain.due().first().copied();
        let is_due = first.is_some_and(|number| plain.passes(number));
        assert_eq!(due.queues, if is_due { vec![queue()] } else { Vec::new() });
    }

    fn teardown(tested: Self, _: Plain) {
        let Self { runtime, world, .. } = tested;
        // The database of the test is removed within a runtime.
        runtime.block_on(async move { drop(world) });
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_outbox_begins_what_a_plain_model_begins(sequential 1..80 => Tested);
}
