//! Pauses of channels, by requests and because a channel does not work.
use recado_core::Status;
use recado_core::event::EventType;
use recado_core::inbound::{Inbound, StatusUpdate};
use recado_core::message::MessageError;
use recado_store::{
    Author, Channel, ChannelChange, ChannelQueue, FIRST_CHECK, MAX_CHECK, Message, QueueLimits,
    SendTime, Store,
};
use rstest::rstest;
use serde_json::Map;

use crate::outbox::queues_due;
use crate::taps::{apply, connection, events};
use crate::world::{
    World, accepted, at, by, create_channel, gives, id, message, msg, ok, org, some, with,
};

const FIRST: i64 = 30_000;

const PAUSES: [EventType; 2] = [EventType::ChannelPaused, EventType::ChannelResumed];

pub(super) async fn with_channel() -> World {
    let world = World::with_conversations().await;
    create_channel(&world.store, "org_1", "chn_1").await;
    world
}

pub(super) fn queue() -> ChannelQueue {
    ChannelQueue {
        organization_id: org(1),
        channel_id: id("chn_1"),
        api_key_id: None,
    }
}

pub(super) fn time() -> SendTime {
    SendTime {
        send_at: at(5_000),
        expires_at: at(50_000),
    }
}

pub(super) async fn enqueue(store: &Store, text: &str) {
    ok(store.enqueue(&message("org_1", text), time(), None)).await;
}

/// How many attempts begin.
pub(super) async fn begun(store: &Store, now: i64) -> usize {
    let limits = QueueLimits::default();
    let begun = ok(store.begin_attempts(&queue(), at(now), 10, &limits)).await;
    begun.attempts.len()
}

fn refused() -> MessageError {
    MessageError::new("channel_unauthorized", "the token has expired")
}

pub(super) async fn fail(store: &Store, now: i64) -> bool {
    ok(store.pause_failing_channel(&org(1), &id("chn_1"), &refused(), at(now))).await
}

pub(super) async fn recover(store: &Store, now: i64) -> bool {
    ok(store.resume_working_channel(&org(1), &id("chn_1"), at(now))).await
}

pub(super) async fn channel(store: &Store) -> Channel {
    some(store.get::<Channel>(&org(1), &id("chn_1"))).await
}

/// When the provider is asked next.
async fn check_at(store: &Store) -> Option<i64> {
    let pause = channel(store).await.paused?;
    Some(pause.check_at?.as_millisecond())
}

/// The pauses and their ends that were told, each with its reason.
async fn told(store: &Store) -> Vec<(&'static str, Option<String>)> {
    let told = events(store, &org(1)).await.into_iter();
    let told = told.filter(|event| PAUSES.contains(&event.event_type));
    let told = told.map(|event| {
        let reason = event.data.pointer("/error/reason");
        let reason = reason.and_then(|reason| reason.as_str()).map(str::to_owned);
        (event.event_type.as_str(), reason)
    });
    told.collect()
}

#[tokio::test]
async fn what_is_queued_waits_while_its_channel_is_paused() {
    let World { store, .. } = &with_channel().await;
    enqueue(store, "msg_1").await;
    let paused = some(store.pause_channel(&org(1), &id("chn_1"), &by(5_000))).await;
    let pause = paused.paused.expect("a pause");
    assert_eq!(
        (pause.since, pause.error, pause.check_at),
        (at(5_000), None, None)
    );
    assert_eq!(queues_due(store, 6_000, None).await, []);
    assert_eq!(begun(store, 6_000).await, 0);
    let mut subscription = store.subscribe_outbox();
    let resumed = some(store.resume_channel(&org(1), &id("chn_1"), &by(7_000))).await;
    subscription.changed().await;
    assert_eq!(resumed.paused, None);
    assert_eq!(queues_due(store, 7_000, None).await, [queue()]);
    assert_eq!(begun(store, 7_000).await, 1);
    assert_eq!(
        told(store).await,
        [("channel.paused", None), ("channel.resumed", None)]
    );
}

#[tokio::test]
async fn a_message_whose_time_is_over_does_not_wait_for_its_channel() {
    let World { store, .. } = &with_channel().await;
    enqueue(store, "msg_1").await;
    some(store.pause_channel(&org(1), &id("chn_1"), &by(5_000))).await;
    assert_eq!(queues_due(store, 49_999, None).await, []);
    assert_eq!(queues_due(store, 50_000, None).await, [queue()]);
    assert_eq!(begun(store, 50_000).await, 1);
    let message = some(store.get::<Message>(&org(1), &msg("msg_1"))).await;
    assert_eq!(message.status, Status::Sending);
}

#[tokio::test]
async fn pausing_or_resuming_twice_is_told_and_recorded_once() {
    let World { store, .. } = &with_channel().await;
    for now in [5_000, 6_000] {
        some(store.pause_channel(&org(1), &id("chn_1"), &by(now))).await;
    }
    assert_eq!(
        channel(store).await.paused.expect("a pause").since,
        at(5_000)
    );
    for now in [7_000, 8_000] {
        some(store.resume_channel(&org(1), &id("chn_1"), &by(now))).await;
    }
    assert_eq!(told(store).await.len(), 2);
    gives!(store.pause_channel(&org(2), &id("chn_1"), &by(9_000)) => None);
    gives!(store.resume_channel(&org(2), &id("chn_1"), &by(9_000)) => None);
}

#[tokio::test]
async fn a_channel_that_does_not_work_waits_until_it_works() {
    let World { store, .. } = &with_channel().await;
    enqueue(store, "msg_1").await;
    assert!(fail(store, 5_000).await);
    assert!(!fail(store, 5_001).await, "it is paused already");
    let pause = channel(store).await.paused.expect("a pause");
    assert_eq!((pause.since, pause.error), (at(5_000), Some(refused())));
    assert_eq!(queues_due(store, 6_000, None).await, []);
    assert!(recover(store, 7_000).await);
    assert!(!recover(store, 7_001).await);
    assert_eq!(begun(store, 7_000).await, 1);
    let why = Some("channel_unauthorized".to_owned());
    assert_eq!(
        told(store).await,
        [("channel.paused", why.clone()), ("channel.resumed", why)]
    );
}

#[rstest]
#[case::of_the_channel("channel_blocked", true)]
#[case::of_the_message("invalid_recipient", false)]
#[tokio::test]
async fn a_message_that_fails_after_it_was_accepted_pauses_a_channel_that_does_not_work(
    #[case] reason: &str,
    #[case] pauses: bool,
    // Whether the failure is told before the answer to the send is stored.
    #[values(false, true)] is_early: bool,
) {
    let World { store, .. } = &with_channel().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    let finish = async || {
        some(store.finish_send(&org(1), &msg("msg_1"), &accepted(), at(5_001))).await;
    };
    if !is_early {
        finish().await;
    }
    let failed = StatusUpdate::new(vec!["wamid.1".into()], Status::Failed);
    let failed = with(failed, |update| {
        update.message_id = Some(msg("msg_1"));
        update.error = Some(MessageError::new(reason, "refused"));
    });
    apply(store, vec![Inbound::Status(failed)]).await;
    if is_early {
        finish().await;
    }
    let paused = channel(store).await.paused;
    assert_eq!(paused.is_some(), pauses);
}

#[tokio::test]
async fn what_a_request_paused_is_not_resumed_because_it_works() {
    let World { store, .. } = &with_channel().await;
    fail(store, 5_000).await;
    some(store.pause_channel(&org(1), &id("chn_1"), &by(6_000))).await;
    assert!(!recover(store, 7_000).await);
    assert!(!fail(store, 8_000).await);
    gives!(store.channels_to_check(at(9_000_000)) => []);
    let pause = channel(store).await.paused.expect("a pause");
    assert_eq!((pause.since, pause.error), (at(6_000), None));
}

#[tokio::test]
async fn its_provider_is_asked_by_one_server_and_ever_more_rarely() {
    let World { store, database } = &with_channel().await;
    assert_eq!(i64::try_from(FIRST_CHECK.as_millis()), Ok(FIRST));
    fail(store, 0).await;
    gives!(store.channels_to_check(at(FIRST - 1)) => []);
    let (mut now, mut wait) = (FIRST, FIRST);
    for _ in 0..8 {
        let checked = ok(store.channels_to_check(at(now))).await;
        assert_eq!(checked, [channel(store).await]);
        gives!(database.store().await.channels_to_check(at(now)) => []);
        wait = (wait * 2).min(i64::try_from(MAX_CHECK.as_millis()).expect("a wait"));
        now += wait;
        assert_eq!(check_at(store).await, Some(now));
    }
}

#[rstest]
#[case::soon(1_000_000, 120_000)]
#[case::much_later(9_000_000, FIRST)]
#[tokio::test]
async fn one_that_stops_working_soon_after_it_was_resumed_goes_on_with_its_wait(
    #[case] later: i64,
    #[case] wait: i64,
) {
    let World { store, .. } = &with_channel().await;
    fail(store, 0).await;
    for now in [FIRST, 3 * FIRST] {
        assert_eq!(ok(store.channels_to_check(at(now))).await.len(), 1);
    }
    recover(store, 100_000).await;
    fail(store, later).await;
    assert_eq!(check_at(store).await, Some(later + wait));
}

#[tokio::test]
async fn a_change_of_the_channel_has_its_provider_asked_at_once() {
    let World { store, .. } = &with_channel().await;
    let change = ChannelChange {
        settings: Some(Map::new()),
        ..ChannelChange::default()
    };
    some(store.update_channel(&org(1), &id("chn_1"), change.clone(), &by(5_000))).await;
    gives!(store.channels_to_check(at(9_000_000)) => []);
    fail(store, 6_000).await;
    for now in [100_000, 300_000, 900_000] {
        ok(store.channels_to_check(at(now))).await;
    }
    some(store.update_channel(&org(1), &id("chn_1"), change, &by(7_000))).await;
    assert_eq!(check_at(store).await, Some(7_000));
    ok(store.channels_to_check(at(7_000))).await;
    let after = check_at(store).await;
    assert_eq!(
        after,
        Some(7_000 + 2 * FIRST),
        "the wait begins from the shortest"
    );
}

#[tokio::test]
async fn a_number_that_is_disconnected_pauses_its_channel_and_is_asked_about_when_it_is_connected()
{
    let World { store, .. } = &with_channel().await;
    apply(store, vec![connection(false)]).await;
    let error = channel(store).await.paused.expect("a pause").error;
    let expected = MessageError::new("channel_disconnected", "detail");
    assert_eq!(error, Some(expected));
    assert_eq!(check_at(store).await, Some(100_000 + FIRST));
    apply(store, vec![connection(true)]).await;
    assert_eq!(check_at(store).await, Some(100_000));
    assert!(recover(store, 100_000).await);
    // A send finds out before the provider tells, which then tells what was known.
    fail(store, 100_000).await;
    apply(store, vec![connection(true)]).await;
    assert_eq!(check_at(store).await, Some(100_000));
}

#[tokio::test]
async fn the_providers_of_a_suspended_organization_are_not_asked() {
    let World { store, .. } = &with_channel().await;
    fail(store, 5_000).await;
    let author = Author::command_line(at(6_000));
    some(store.suspend_organization(&org(1), &author)).await;
    gives!(store.channels_to_check(at(9_000_000)) => []);
    some(store.resume_organization(&org(1), &author)).await;
    assert_eq!(ok(store.channels_to_check(at(9_000_000))).await.len(), 1);
}
