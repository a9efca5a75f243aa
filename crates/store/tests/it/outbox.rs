//! The outbox: messages that wait for their turn or their time.

use std::collections::HashSet;

use recado_core::inbound::{Inbound, StatusUpdate};
use recado_core::message::MessageError;
use recado_core::{Outcome, Status};
use recado_store::{
    Attempt, Begun, ChannelQueue, Enqueue, IdempotencyKey, MAX_QUEUES, Message, NewMessage,
    Postponed, QueueLimits, SendTime, Store, StoreError,
};

use crate::inbound::received::opened;
use crate::taps::{apply, events};
use crate::world::{
    World, accepted, at, create_channel, end, ended, gives, id, message, msg, ok, org, refused,
    some, with,
};

/// A report of the provider about a message that it names by our id.
fn status(text: &str, status: Status) -> Inbound {
    Inbound::Status(with(
        StatusUpdate::new(vec!["wamid.9".into()], status),
        |update| {
            update.message_id = Some(msg(text));
        },
    ))
}

pub(crate) fn queue(organization: u8) -> ChannelQueue {
    ChannelQueue {
        organization_id: org(organization),
        channel_id: id("chn_1"),
        api_key_id: None,
    }
}

fn time(send_at: i64) -> SendTime {
    SendTime {
        send_at: at(send_at),
        expires_at: at(send_at + 1_000_000),
    }
}

pub(crate) fn of(conversation: &str, text: &str) -> NewMessage {
    with(message("org_1", text), |new| {
        new.conversation_id = id(conversation);
    })
}

pub(crate) async fn enqueue(store: &Store, new: &NewMessage, send_at: i64) {
    let queued = ok(store.enqueue(new, time(send_at), None)).await;
    let stored = some(store.get::<Message>(&new.organization_id, &new.id)).await;
    assert_eq!(queued, Enqueue::Queued(Box::new(stored)));
}

/// Returns the queues that have something due.
pub(crate) async fn queues_due(
    store: &Store,
    now: i64,
    after: Option<&ChannelQueue>,
) -> Vec<ChannelQueue> {
    ok(store.queues_due(at(now), after)).await.queues
}

pub(crate) async fn begin(store: &Store, now: i64, limits: &QueueLimits) -> Begun {
    ok(store.begin_attempts(&queue(1), at(now), 10, limits)).await
}

/// Begins what is due in the queue of `org_1`.
async fn attempts(store: &Store, now: i64) -> Vec<Attempt> {
    begin(store, now, &QueueLimits::default()).await.attempts
}

/// Begins what is due in the queue of `org_1`; returns the ids.
pub(crate) async fn begun(store: &Store, now: i64) -> Vec<String> {
    let ids = attempts(store, now)
        .await
        .into_iter()
        .map(|attempt| attempt.message.id);
    ids.map(|id| id.to_string()).collect()
}

async fn status_of(store: &Store, text: &str) -> Status {
    some(store.get::<Message>(&org(1), &msg(text))).await.status
}

async fn postpone(store: &Store, attempt: &Attempt, ready_at: i64) -> bool {
    let postponed = Postponed {
        ready_at: at(ready_at),
        counts: true,
        error: Some(MessageError::new("provider_unavailable", "down")),
    };
    ok(store.postpone(attempt, &postponed, at(ready_at - 1))).await
}

pub(crate) async fn with_two_conversations() -> World {
    let world = World::with_conversations().await;
    opened(&world.store, "conv-2", "5521977776666").await;
    world
}

#[tokio::test]
async fn a_message_is_queued_with_its_event_and_due_at_its_time() {
    let World { store, database } = &World::with_conversations().await;
    let mut subscription = store.subscribe_outbox();
    enqueue(store, &message("org_1", "msg_1"), 9_000).await;
    subscription.changed().await;
    let queued = some(store.get::<Message>(&org(1), &msg("msg_1"))).await;
    assert_eq!(queued.status, Status::Queued);
    assert_eq!(
        (queued.created_at, queued.send_at),
        (at(5_000), Some(at(9_000)))
    );
    assert_eq!(queues_due(store, 8_999, None).await, []);
    assert_eq!(begun(store, 8_999).await, [""; 0]);
    assert_eq!(queues_due(store, 9_000, None).await, [queue(1)]);
    // Another server, or none on SQLite, which has one.
    let other = database.store().await;
    assert_eq!(begun(&other, 9_000).await, ["msg_1"]);
    assert_eq!(status_of(store, "msg_1").await, Status::Sending);
    assert_eq!(queues_due(store, 9_000, None).await, []);
    assert_eq!(begun(store, 9_000).await, [""; 0], "one attempt at a time");
}

#[tokio::test]
async fn what_begins_tells_whether_more_is_due() {
    let World { store, .. } = &with_two_conversations().await;
    enqueue(store, &of("conv-456", "msg_1"), 5_000).await;
    enqueue(store, &of("conv-2", "msg_2"), 5_000).await;
    enqueue(store, &of("conv-2", "msg_3"), 5_000).await;
    let begin_one =
        async || ok(store.begin_attempts(&queue(1), at(5_000), 1, &<_>::default())).await;
    let [first, second] = [begin_one().await, begin_one().await];
    assert_eq!((first.attempts.len(), second.attempts.len()), (1, 1));
    // The third one waits for the second.
    assert_eq!((first.has_more, second.has_more), (true, false));
}

#[tokio::test]
async fn messages_of_a_conversation_follow_each_other_and_others_pass() {
    let World { store, .. } = &with_two_conversations().await;
    enqueue(store, &of("conv-456", "msg_1"), 5_000).await;
    enqueue(store, &of("conv-456", "msg_2"), 5_000).await;
    enqueue(store, &of("conv-2", "msg_3"), 5_001).await;
    let first = attempts(store, 6_000).await;
    assert_eq!(
        (first[0].message.id.as_str(), first[1].message.id.as_str()),
        ("msg_1", "msg_3")
    );
    assert!(postpone(store, &first[0], 7_000).await);
    assert_eq!(begun(store, 6_999).await, [""; 0]);
    assert_eq!(begun(store, 7_000).await, ["msg_1"]);
    some(store.finish_attempt(&org(1), &msg("msg_1"), &accepted(), at(7_001))).await;
    assert_eq!(begun(store, 7_001).await, ["msg_2"]);
}

#[tokio::test]
async fn an_earlier_time_goes_first_and_lets_the_later_one_wait() {
    let World { store, .. } = &World::with_conversations().await;
    enqueue(store, &message("org_1", "msg_1"), 9_000).await;
    enqueue(store, &message("org_1", "msg_2"), 7_000).await;
    enqueue(store, &message("org_1", "msg_3"), 8_000).await;
    assert_eq!(begun(store, 10_000).await, ["msg_2"]);
    enqueue(store, &message("org_1", "msg_4"), 6_000).await;
    assert_eq!(
        begun(store, 10_000).await,
        [""; 0],
        "one of them is under way"
    );
    for (ends, follows) in [("msg_2", "msg_4"), ("msg_4", "msg_3"), ("msg_3", "msg_1")] {
        some(store.finish_attempt(&org(1), &msg(ends), &accepted(), at(11_000))).await;
        assert_eq!(begun(store, 11_000).await, [follows]);
    }
}

#[tokio::test]
async fn a_message_that_waits_again_keeps_its_place_and_tells_why() {
    let World { store, .. } = &World::with_conversations().await;
    enqueue(store, &message("org_1", "msg_1"), 5_000).await;
    enqueue(store, &message("org_1", "msg_2"), 5_001).await;
    for (before, now) in [(0, 6_000), (1, 7_000), (2, 8_000)] {
        let attempt = &attempts(store, now).await[0];
        assert_eq!(
            (attempt.message.id.as_str(), attempt.attempts),
            ("msg_1", before)
        );
        assert_eq!(attempt.expires_at, at(1_005_000));
        assert_eq!(attempt.recipient, id("5521988887777"));
        assert!(postpone(store, attempt, now + 1_000).await);
        let waits = some(store.get::<Message>(&org(1), &msg("msg_1"))).await;
        assert_eq!(waits.status, Status::Queued);
        assert_eq!(
            waits.error.map(|error| error.reason).as_deref(),
            Some("provider_unavailable")
        );
    }
}

#[tokio::test]
async fn what_an_earlier_attempt_writes_again_touches_no_later_one() {
    let World { store, .. } = &World::with_conversations().await;
    enqueue(store, &message("org_1", "msg_1"), 5_000).await;
    let earlier = &attempts(store, 6_000).await[0];
    assert!(postpone(store, earlier, 7_000).await);
    assert!(
        postpone(store, earlier, 7_500).await,
        "the answer to the first was lost"
    );
    let later = &attempts(store, 7_000).await[0];
    assert_eq!((later.attempts, later.fence), (1, earlier.fence + 1));
    assert!(postpone(store, earlier, 7_600).await);
    assert_eq!(status_of(store, "msg_1").await, Status::Sending);
    some(store.finish_attempt(&org(1), &msg("msg_1"), &accepted(), at(8_000))).await;
    assert!(!postpone(store, later, 9_000).await, "it has left");
    assert_eq!(status_of(store, "msg_1").await, Status::Accepted);
}

#[tokio::test]
async fn an_attempt_whose_beginning_was_lost_is_made_again() {
    let World { store, .. } = &with_two_conversations().await;
    enqueue(store, &of("conv-456", "msg_1"), 5_000).await;
    enqueue(store, &of("conv-2", "msg_2"), 5_000).await;
    assert_eq!(begun(store, 6_000).await, ["msg_1", "msg_2"]);
    let known = HashSet::from([(org(1), msg("msg_1"))]);
    let beginning = HashSet::from([queue(1)]);
    gives!(store.free_lost_attempts(&known, &beginning, at(7_000)) => 0);
    gives!(store.free_lost_attempts(&known, &HashSet::new(), at(7_000)) => 1);
    assert_eq!(begun(store, 7_000).await, ["msg_2"]);
}

#[tokio::test]
async fn a_status_of_a_message_that_waits_again_settles_it() {
    for during_the_attempt in [true, false] {
        let World { store, .. } = &World::with_conversations().await;
        create_channel(store, "org_1", "chn_1").await;
        enqueue(store, &message("org_1", "msg_1"), 5_000).await;
        enqueue(store, &message("org_1", "msg_2"), 5_001).await;
        let attempt = &attempts(store, 6_000).await[0];
        let delivered = status("msg_1", Status::Delivered);
        if during_the_attempt {
            apply(store, vec![delivered]).await;
            assert!(postpone(store, attempt, 7_000).await);
        } else {
            assert!(postpone(store, attempt, 7_000).await);
            apply(store, vec![delivered]).await;
        }
        assert_eq!(status_of(store, "msg_1").await, Status::Delivered);
        assert_eq!(
            begun(store, 9_000).await,
            ["msg_2"],
            "the other one is not sent again"
        );
    }
}

#[tokio::test]
async fn what_a_server_sends_when_it_ends_is_unknown_and_the_next_message_follows() {
    let World { store, database } = &World::with_conversations().await;
    enqueue(store, &message("org_1", "msg_1"), 5_000).await;
    enqueue(store, &message("org_1", "msg_2"), 5_001).await;
    let attempt = &attempts(store, 6_000).await[0];
    let freed = end(store, 7_000).await;
    assert_eq!(freed.messages, 1);
    assert_eq!(status_of(store, "msg_1").await, Status::Unknown);
    assert!(
        !postpone(store, attempt, 8_000).await,
        "another server told its end"
    );
    let other = database.store().await;
    assert_eq!(begun(&other, 8_000).await, ["msg_2"]);
}

#[tokio::test]
async fn a_canceled_message_is_rejected_with_its_event_and_the_next_one_is_due() {
    let World { store, .. } = &World::with_conversations().await;
    enqueue(store, &message("org_1", "msg_1"), 5_000).await;
    enqueue(store, &message("org_1", "msg_2"), 5_001).await;
    let error = MessageError::new("message_canceled", "nothing was sent");
    gives!(store.cancel_queued(&org(2), &msg("msg_1"), &error, at(6_000)) => None);
    let canceled = some(store.cancel_queued(&org(1), &msg("msg_1"), &error, at(6_000))).await;
    assert_eq!(
        (canceled.status, canceled.error),
        (Status::Rejected, Some(error.clone()))
    );
    gives!(store.cancel_queued(&org(1), &msg("msg_1"), &error, at(6_000)) => None);
    assert_eq!(begun(store, 6_000).await, ["msg_2"]);
    gives!(store.cancel_queued(&org(1), &msg("msg_2"), &error, at(6_000)) => None);
    assert_eq!(status_of(store, "msg_2").await, Status::Sending);
}

#[tokio::test]
async fn a_message_that_its_provider_cancels_has_failed_unless_a_status_shows_that_it_left() {
    let World { store, .. } = &World::with_conversations().await;
    create_channel(store, "org_1", "chn_1").await;
    let error = MessageError::new("message_canceled", "nothing was sent");
    let cancel = async |id: &str| {
        let canceled = ok(store.cancel_accepted(&org(1), &msg(id), &error, at(7_000))).await;
        canceled.map(|message| message.status)
    };
    enqueue(store, &message("org_1", "msg_1"), 5_000).await;
    assert_eq!(cancel("msg_1").await, None, "not accepted yet");
    assert_eq!(begun(store, 6_000).await, ["msg_1"]);
    some(store.finish_attempt(&org(1), &msg("msg_1"), &accepted(), at(6_001))).await;
    gives!(store.cancel_accepted(&org(2), &msg("msg_1"), &error, at(7_000)) => None);
    assert_eq!(cancel("msg_1").await, Some(Status::Failed));
    assert_eq!(cancel("msg_1").await, None, "once");
    let last = events(store, &org(1)).await.pop().expect("an event");
    assert_eq!(last.event_type.as_str(), "message.failed");
    assert_eq!(last.data["error"]["reason"], "message_canceled");
    for (news, status_then) in [
        (Status::Failed, Status::Failed),
        (Status::Unknown, Status::Unknown),
        (Status::Sent, Status::Sent),
    ] {
        apply(store, vec![status("msg_1", news)]).await;
        assert_eq!(status_of(store, "msg_1").await, status_then);
    }
    assert_eq!(cancel("msg_1").await, None, "the status came first");
}

#[tokio::test]
async fn a_key_queues_one_message() {
    let World { store, .. } = &World::with_conversations().await;
    let key = IdempotencyKey::new("POST /messages", "order-1", "{}");
    let first = message("org_1", "msg_1");
    let queued = ok(store.enqueue(&first, time(5_000), Some(&key))).await;
    assert!(matches!(queued, Enqueue::Queued(_)));
    let again = message("org_1", "msg_2");
    let Enqueue::Repeated(found) = ok(store.enqueue(&again, time(5_000), Some(&key))).await else {
        panic!("the key has a message");
    };
    assert_eq!(found.target, "msg_1");
    gives!(store.get::<Message>(&org(1), &msg("msg_2")) => None);
    assert_eq!(begun(store, 6_000).await, ["msg_1"]);
    refused!(store.enqueue(&of("conv-unknown", "msg_3"), time(5_000), None) => StoreError::UnknownConversation);
    refused!(store.enqueue(&first, time(5_000), None) => StoreError::Conflict);
}

#[tokio::test]
async fn a_look_goes_over_a_part_of_many_queues_and_tells_where_the_next_one_goes_on() {
    let World { store, database } = &World::with_conversations().await;
    let queues: Vec<_> = (0..=MAX_QUEUES)
        .map(|number| ChannelQueue {
            channel_id: id(&format!("chn_{number:03}")),
            ..queue(1)
        })
        .collect();
    let rows = queues.iter().enumerate().map(|(number, queue)| {
        // Every other one is due later.
        let next_at = 6_000 + number % 2;
        format!(
            "('org_1', 'msg_{number}', 'conv_{number}', '{queue}', 0, {next_at}, {next_at}, 9000)"
        )
    });
    let rows = rows.collect::<Vec<_>>().join(", ");
    database
        .execute(format!(
            "insert into outbox (organization_id, message_id, conversation_id, queue, send_at, ready_at, next_at, \
             expires_at) values {rows}"
        ))
        .await;
    let first = ok(store.queues_due(at(6_000), None)).await;
    let due: Vec<_> = queues.iter().step_by(2).cloned().collect();
    assert_eq!(first.queues, due[..MAX_QUEUES / 2]);
    assert_eq!(first.after.as_ref(), Some(&queues[MAX_QUEUES - 1]));
    let second = ok(store.queues_due(at(6_000), first.after.as_ref())).await;
    assert_eq!(
        (second.queues, second.after),
        (due[MAX_QUEUES / 2..].to_vec(), None)
    );
}

#[tokio::test]
async fn messages_of_a_suspended_organization_wait() {
    let World { store, .. } = &World::with_conversations().await;
    enqueue(store, &message("org_1", "msg_1"), 5_000).await;
    let by = crate::world::by(6_000);
    ok(store.suspend_organization(&org(1), &by)).await;
    assert_eq!(queues_due(store, 6_000, None).await, []);
    ok(store.resume_organization(&org(1), &by)).await;
    assert_eq!(queues_due(store, 6_000, None).await, [queue(1)]);
    assert_eq!(queues_due(store, 6_000, Some(&queue(1))).await, []);
}

#[tokio::test]
async fn the_end_of_an_attempt_is_its_outcome_whatever_it_is() {
    let World { store, .. } = &World::with_conversations().await;
    for (number, outcome) in [(1, Outcome::Rejected), (2, Outcome::Unknown)] {
        let text = format!("msg_{number}");
        enqueue(store, &message("org_1", &text), 5_000).await;
        assert_eq!(begun(store, 6_000).await, [&*text]);
        some(store.finish_attempt(&org(1), &msg(&text), &ended(outcome), at(6_000))).await;
        assert_eq!(status_of(store, &text).await, Status::from(outcome));
    }
    assert_eq!(queues_due(store, 9_000, None).await, []);
}
