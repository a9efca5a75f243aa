//! Limits of the rate of queued messages: who waits, and who does not.

use std::num::NonZeroU32;

use recado_core::capabilities::{Rate, WHATSAPP};
use recado_store::{Begun, ChannelQueue, QueueLimits, SendLimits, StoreError};

use crate::inbound::received::opened;
use crate::outbox::{begin, begun, enqueue, of, queue, with_two_conversations};
use crate::world::{World, accepted, at, gives, id, msg, ok, org, refused, some, with};

fn ids(begun: &Begun) -> Vec<&str> {
    let attempts = begun.attempts.iter();
    attempts
        .map(|attempt| attempt.message.id.as_str())
        .collect()
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
    let rate = (id("key_1"), Rate::per_minute(NonZeroU32::MIN));
    let keyed = |conversation: &str, text: &str| {
        with(of(conversation, text), |new| {
            new.limits.api_key = Some(rate.clone());
        })
    };
    enqueue(store, &keyed("conv-456", "msg_1"), 5_000).await;
    enqueue(store, &keyed("conv-2", "msg_2"), 5_001).await;
    enqueue(store, &of("conv-3", "msg_3"), 5_002).await;
    let of_key = || ChannelQueue {
        api_key_id: Some(id("key_1")),
        ..queue(1)
    };
    gives!(store.queues_due(at(6_000), None) => [queue(1), of_key()]);
    gives!(store.queues_due(at(6_000), Some(&queue(1))) => [of_key()]);
    let limits = QueueLimits {
        all: SendLimits {
            api_key: Some(rate.clone()),
            ..SendLimits::default()
        },
        ..QueueLimits::default()
    };
    let begin_of_key = async |now| ok(store.begin_attempts(&of_key(), at(now), 10, &limits)).await;
    let first = begin_of_key(6_000).await;
    assert_eq!(ids(&first), ["msg_1"]);
    assert_eq!(first.limited_until, Some(at(66_000)));
    assert_eq!(begun(store, 6_000).await, ["msg_3"]);
    // A send whose caller waits has the same rate.
    let sent = with(keyed("conv-3", "msg_4"), |new| new.created_at = at(6_000));
    refused!(store.begin_send(&sent) => StoreError::Limited(_));
    assert_eq!(ids(&begin_of_key(65_999).await), [""; 0]);
    assert_eq!(ids(&begin_of_key(66_000).await), ["msg_2"]);
}
