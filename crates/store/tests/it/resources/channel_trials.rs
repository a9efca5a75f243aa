//! Messages that try a channel which did not work.

use std::collections::HashSet;
use std::num::NonZeroU32;

use recado_core::capabilities::Rate;
use recado_store::{ApiKey, ApiKeySecret, ChannelQueue, QueueLimits, SendLimits, SendTime, Store};

use super::channel_pauses::{begun, channel, enqueue, fail, queue, recover, time, with_channel};
use crate::inbound::received::opened;
use crate::outbox::queues_due;
use crate::world::{World, at, by, id, message, ok, org, some, with};

async fn may_work(store: &Store, works: bool) {
    ok(store.try_channel(&org(1), &id("chn_1"), works, at(6_000))).await;
}

#[tokio::test]
async fn one_message_tries_a_channel_that_may_work_and_the_others_wait_for_it() {
    let World { store, database } = &with_channel().await;
    opened(store, "conv-2", "5521977776666").await;
    fail(store, 5_000).await;
    enqueue(store, "msg_1").await;
    let other = with(message("org_1", "msg_2"), |new| {
        new.conversation_id = id("conv-2");
    });
    ok(store.enqueue(&other, time(), None)).await;
    for works in [true, false] {
        may_work(store, works).await;
        assert_ne!(channel(store).await.paused, None, "it may fail again");
        assert_eq!(queues_due(store, 6_000, None).await, [queue()]);
        assert_eq!(begun(store, 6_000).await, 1);
        assert_eq!(queues_due(store, 6_000, None).await, []);
        assert_eq!(begun(&database.store().await, 6_000).await, 0);
        ok(store.free_lost_attempts(&HashSet::new(), &HashSet::new(), at(6_000))).await;
    }
    assert!(recover(store, 7_000).await);
    assert_eq!(begun(store, 7_000).await, 2);
}

#[tokio::test]
async fn a_message_that_a_rate_holds_back_or_whose_time_is_over_uses_up_no_trial() {
    let World { store, .. } = &with_channel().await;
    opened(store, "conv-2", "5521977776666").await;
    fail(store, 5_000).await;
    let expired = with(message("org_1", "msg_1"), |new| {
        new.conversation_id = id("conv-2");
    });
    let over = SendTime {
        expires_at: at(6_000),
        ..time()
    };
    ok(store.enqueue(&expired, over, None)).await;
    may_work(store, true).await;
    assert_eq!(begun(store, 6_000).await, 1, "its time is over");
    enqueue(store, "msg_2").await;
    let one = Rate::per_second(NonZeroU32::MIN);
    let limits = QueueLimits {
        all: SendLimits {
            channel: Some(one),
            ..SendLimits::default()
        },
        ..QueueLimits::default()
    };
    let first = with(message("org_1", "msg_3"), |new| {
        new.limits = limits.all.clone();
    });
    ok(store.begin_send(&with(first, |new| new.created_at = at(6_500)))).await;
    let attempts = async |now| {
        let begun = ok(store.begin_attempts(&queue(), at(now), 10, &limits)).await;
        begun.attempts.len()
    };
    assert_eq!(attempts(6_500).await, 0, "the rate is used up");
    assert_eq!(attempts(7_500).await, 1);
    assert_eq!(attempts(9_500).await, 0);
}

#[tokio::test]
async fn a_message_of_a_channel_whose_id_begins_alike_tries_no_other_channel() {
    let World { store, .. } = &with_channel().await;
    let new = with(message("org_1", "msg_1"), |new| {
        new.channel_id = id("chn_10");
    });
    ok(store.enqueue(&new, time(), None)).await;
    fail(store, 6_000).await;
    may_work(store, true).await;
    assert_eq!(channel(store).await.paused, None, "nothing tries it");
}

#[tokio::test]
async fn the_messages_of_a_key_with_a_rate_wait_while_their_channel_is_paused_and_try_it() {
    let World { store, .. } = &with_channel().await;
    let secret = ApiKeySecret::generate().unwrap();
    let key = with(
        ApiKey::new(id("key_1"), Some(org(1)), "slow", &secret, at(1_000)),
        |key| key.messages_per_minute = Some(NonZeroU32::MIN),
    );
    ok(store.create_api_key(&key, &secret, &by(1_000))).await;
    let new = with(message("org_1", "msg_1"), |new| {
        new.limits.api_key = Some((id("key_1"), Rate::per_minute(NonZeroU32::MIN)));
    });
    ok(store.enqueue(&new, time(), None)).await;
    let of_key = || ChannelQueue {
        api_key_id: Some(id("key_1")),
        ..queue()
    };
    assert_eq!(queues_due(store, 6_000, None).await, [of_key()]);
    fail(store, 6_000).await;
    assert_eq!(queues_due(store, 6_000, None).await, []);
    // What it has queued is sent all the same.
    ok(store.delete_api_key(&org(1), &key.id, &by(6_000))).await;
    may_work(store, true).await;
    assert_ne!(channel(store).await.paused, None, "a message tries it");
    assert_eq!(queues_due(store, 6_000, None).await, [of_key()]);
}

#[tokio::test]
async fn one_message_tries_a_channel_of_which_two_queues_begin_at_once() {
    let World { store, .. } = &with_channel().await;
    opened(store, "conv-2", "5521977776666").await;
    enqueue(store, "msg_1").await;
    let keyed = with(message("org_1", "msg_2"), |new| {
        new.conversation_id = id("conv-2");
        new.limits.api_key = Some((id("key_1"), Rate::per_minute(NonZeroU32::MIN)));
    });
    ok(store.enqueue(&keyed, time(), None)).await;
    fail(store, 6_000).await;
    may_work(store, true).await;
    let of_channel = queue();
    let of_key = ChannelQueue {
        api_key_id: Some(id("key_1")),
        ..queue()
    };
    let limits = QueueLimits::default();
    let (first, second) = tokio::join!(
        store.begin_attempts(&of_channel, at(6_000), 10, &limits),
        store.begin_attempts(&of_key, at(6_000), 10, &limits),
    );
    let begun = [first.unwrap(), second.unwrap()].map(|begun| begun.attempts.len());
    assert_eq!(begun, [1, 0]);
}

#[tokio::test]
async fn a_channel_that_works_and_has_nothing_to_send_is_resumed_without_a_try() {
    let World { store, .. } = &with_channel().await;
    fail(store, 5_000).await;
    may_work(store, false).await;
    assert_ne!(channel(store).await.paused, None);
    may_work(store, true).await;
    assert_eq!(channel(store).await.paused, None);
    some(store.pause_channel(&org(1), &id("chn_1"), &by(7_000))).await;
    may_work(store, true).await;
    assert_ne!(channel(store).await.paused, None, "a request resumes it");
}
