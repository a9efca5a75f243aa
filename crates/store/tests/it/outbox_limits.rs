//! Limits of the rate of queued messages: who waits, and who does not.

use std::num::NonZeroU32;

use recado_core::ApiKeyId;
use recado_core::capabilities::{Rate, WHATSAPP};
use recado_store::{Begun, ChannelQueue, NewMessage, QueueLimits, SendLimits, Store, StoreError};

use crate::inbound::received::opened;
use crate::outbox::{begin, begun, enqueue, of, queue, queues_due, with_two_conversations};
use crate::world::{World, accepted, at, id, msg, ok, org, refused, some, with};

fn ids(begun: &Begun) -> Vec<&str> {
    let attempts = begun.attempts.iter();
    attempts
        .map(|attempt| attempt.message.id.as_str())
        .collect()
}

/// A key that sends a message a minute.
fn slow(key: &str) -> (ApiKeyId, Rate) {
    (id(key), Rate::per_minute(NonZeroU32::MIN))
}

/// A message that a slow key queues.
fn keyed(key: &str, conversation: &str, text: &str) -> NewMessage {
    with(of(conversation, text), |new| {
        new.limits.api_key = Some(slow(key));
    })
}

fn queue_of(key: &str) -> ChannelQueue {
    ChannelQueue {
        api_key_id: Some(id(key)),
        ..queue(1)
    }
}

/// Begins what is due in the queue of a slow key.
async fn begin_of(store: &Store, key: &str, now: i64) -> Begun {
    let limits = QueueLimits {
        all: SendLimits {
            api_key: Some(slow(key)),
            ..SendLimits::default()
        },
        ..QueueLimits::default()
    };
    ok(store.begin_attempts(&queue_of(key), at(now), 10, &limits)).await
}

#[tokio::test]
async fn a_queue_begins_as_much_as_the_rate_of_its_channel_allows() {
    let World { store, .. } = &with_two_conversations().await;
    opened(store, "conv-3", "5521966665555").await;
    for (lane, text) in [
        ("conv-456", "msg_1"),
        ("conv-2", "msg_2"),
        ("conv-3", "msg_3"),
    ] {
        enqueue(store, &of(lane, text), 5_000).await;
    }
    let limits = QueueLimits {
        all: SendLimits {
            channel: Some(Rate::per_second(NonZeroU32::new(2).unwrap())),
            ..SendLimits::default()
        },
        pair: None,
        budget: None,
    };
    let begun = begin(store, 6_000, &limits).await;
    assert_eq!(ids(&begun), ["msg_1", "msg_2"]);
    let until = begun.limited_until.expect("the channel has to wait");
    let none = begin(store, until.as_millisecond() - 1, &limits).await;
    assert_eq!((ids(&none), none.limited_until), (vec![], Some(until)));
    let rest = begin(store, until.as_millisecond(), &limits).await;
    assert_eq!((ids(&rest), rest.limited_until), (vec!["msg_3"], None));
}

#[tokio::test]
async fn queues_that_begin_at_once_share_the_rate_of_their_organization() {
    let World { store, .. } = &with_two_conversations().await;
    opened(store, "conv-3", "5521966665555").await;
    enqueue(store, &of("conv-456", "msg_1"), 5_000).await;
    enqueue(store, &of("conv-2", "msg_2"), 5_001).await;
    let elsewhere = with(of("conv-3", "msg_3"), |new| new.channel_id = id("chn_2"));
    enqueue(store, &elsewhere, 5_000).await;
    let limits = QueueLimits {
        all: SendLimits {
            organization: Some(Rate::per_second(NonZeroU32::new(2).unwrap())),
            ..SendLimits::default()
        },
        ..QueueLimits::default()
    };
    let here = queue(1);
    let other = ChannelQueue {
        channel_id: id("chn_2"),
        ..queue(1)
    };
    let (first, second) = tokio::join!(
        store.begin_attempts(&here, at(6_000), 1, &limits),
        store.begin_attempts(&other, at(6_000), 10, &limits),
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!((ids(&first), first.has_more), (vec!["msg_1"], true));
    assert_eq!((ids(&second), second.limited_until), (vec!["msg_3"], None));
    let rest = begin(store, 6_000, &limits).await;
    assert_eq!((ids(&rest), rest.limited_until), (vec![], Some(at(6_500))));
}

#[tokio::test]
async fn a_queue_that_two_callers_begin_at_once_gives_each_message_to_one() {
    let World { store, .. } = &with_two_conversations().await;
    enqueue(store, &of("conv-456", "msg_1"), 5_000).await;
    enqueue(store, &of("conv-2", "msg_2"), 5_001).await;
    let limits = QueueLimits::default();
    let (first, second) = tokio::join!(begin(store, 6_000, &limits), begin(store, 6_000, &limits));
    assert_eq!(
        (ids(&first), ids(&second)),
        (vec!["msg_1", "msg_2"], vec![])
    );
}

#[tokio::test]
async fn a_person_who_has_had_many_messages_waits_and_no_other() {
    let World { store, .. } = &with_two_conversations().await;
    let limits = QueueLimits {
        pair: WHATSAPP.pair_rate,
        ..QueueLimits::default()
    };
    let mut due = 6_000;
    for number in 0..46 {
        let text = format!("msg_{number}");
        enqueue(store, &of("conv-456", &text), 5_000 + number).await;
        let begun = begin(store, 6_000, &limits).await;
        if let Some(next) = begun.next_due {
            assert_eq!((number, ids(&begun)), (45, vec![]));
            due = next.as_millisecond();
            continue;
        }
        assert_eq!(ids(&begun), [&*text]);
        some(store.finish_attempt(&org(1), &msg(&text), &accepted(), at(6_000))).await;
    }
    assert_eq!(due, 6_000 + 45 * 6_000, "the debt of 45 messages");
    enqueue(store, &of("conv-2", "msg_other"), 5_000).await;
    assert_eq!(ids(&begin(store, due - 1, &limits).await), ["msg_other"]);
    assert_eq!(ids(&begin(store, due, &limits).await), ["msg_45"]);
}

#[tokio::test]
async fn the_messages_of_a_key_wait_for_its_rate_and_delay_no_others_of_their_channel() {
    let World { store, .. } = &with_two_conversations().await;
    opened(store, "conv-3", "5521966665555").await;
    enqueue(store, &keyed("key_1", "conv-456", "msg_1"), 5_000).await;
    enqueue(store, &keyed("key_1", "conv-2", "msg_2"), 5_001).await;
    enqueue(store, &of("conv-3", "msg_3"), 5_002).await;
    assert_eq!(
        queues_due(store, 6_000, None).await,
        [queue(1), queue_of("key_1")]
    );
    assert_eq!(
        queues_due(store, 6_000, Some(&queue(1))).await,
        [queue_of("key_1")]
    );
    let first = begin_of(store, "key_1", 6_000).await;
    assert_eq!(ids(&first), ["msg_1"]);
    assert_eq!(first.limited_until, Some(at(66_000)));
    assert_eq!(begun(store, 6_000).await, ["msg_3"]);
    // A send whose caller waits has the same rate.
    let sent = with(keyed("key_1", "conv-3", "msg_4"), |new| {
        new.created_at = at(6_000);
    });
    refused!(store.begin_send(&sent) => StoreError::Limited(_));
    assert_eq!(ids(&begin_of(store, "key_1", 65_999).await), [""; 0]);
    assert_eq!(ids(&begin_of(store, "key_1", 66_000).await), ["msg_2"]);
}

#[tokio::test]
async fn a_message_whose_key_has_to_wait_is_passed_by_no_later_one_of_its_conversation() {
    let World { store, .. } = &with_two_conversations().await;
    enqueue(store, &keyed("key_1", "conv-2", "msg_1"), 5_000).await;
    assert_eq!(ids(&begin_of(store, "key_1", 6_000).await), ["msg_1"]);
    // Each of them is in a queue of its own.
    enqueue(store, &keyed("key_1", "conv-456", "msg_2"), 5_001).await;
    enqueue(store, &of("conv-456", "msg_3"), 5_002).await;
    enqueue(store, &keyed("key_2", "conv-456", "msg_4"), 5_003).await;
    assert_eq!(ids(&begin_of(store, "key_1", 65_999).await), [""; 0]);
    assert_eq!(queues_due(store, 65_999, None).await, [queue_of("key_1")]);
    assert_eq!(begun(store, 65_999).await, [""; 0]);
    assert_eq!(ids(&begin_of(store, "key_2", 65_999).await), [""; 0]);

    assert_eq!(ids(&begin_of(store, "key_1", 66_000).await), ["msg_2"]);
    assert_eq!(begun(store, 66_000).await, [""; 0], "one at a time");
    some(store.finish_attempt(&org(1), &msg("msg_2"), &accepted(), at(66_000))).await;
    assert_eq!(ids(&begin_of(store, "key_2", 66_000).await), [""; 0]);
    assert_eq!(begun(store, 66_000).await, ["msg_3"]);
    some(store.finish_attempt(&org(1), &msg("msg_3"), &accepted(), at(66_000))).await;
    assert_eq!(ids(&begin_of(store, "key_2", 66_000).await), ["msg_4"]);
}
