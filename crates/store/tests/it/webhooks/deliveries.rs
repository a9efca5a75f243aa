//! Deliveries: none lost, none doubled, in order for each conversation, fair to all endpoints.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::FutureExt as _;
use recado_core::Status;
use recado_core::event::EventType;
use recado_store::{
    AfterAttempt, ClaimLimits, Delivery, DeliveryAttempt, DeliveryStatus, DueDelivery, Store,
    WebhookEndpoint, WebhookEndpointChange,
};
use tokio::task::JoinSet;

use crate::taps::{
    ana, apply, connection, events, phone, said, status_update, strangers_write, tapped,
};
use crate::webhooks::webhook_endpoints::create;
use crate::world::{ALL, World, at, by, end, gives, id, ok, org, some};

pub(crate) const MANY: ClaimLimits = limits(100, 100, 100);

pub(crate) const fn limits(total: u32, per_endpoint: u32, per_organization: u32) -> ClaimLimits {
    ClaimLimits {
        total,
        per_endpoint,
        per_organization,
    }
}

pub(crate) async fn claim(store: &Store, now: i64, limits: ClaimLimits) -> Vec<DueDelivery> {
    ok(store.claim_deliveries(at(now), at(now + 30_000), limits)).await
}

pub(crate) fn attempt(now: i64, status: Option<u16>) -> DeliveryAttempt {
    DeliveryAttempt {
        at: at(now),
        status,
        error: status.is_none().then(|| "connection \0 refused".into()),
        duration: Duration::from_millis(12),
    }
}

pub(crate) async fn delivered(store: &Store, due: &DueDelivery, now: i64) {
    let recorded = store
        .record_attempt(
            &due.delivery.key,
            attempt(now, Some(204)),
            AfterAttempt::Delivered,
        )
        .await;
    assert_eq!(recorded.unwrap(), None);
}

pub(crate) fn targets(due: &[DueDelivery]) -> Vec<(&str, &str)> {
    due.iter()
        .map(|due| {
            let conversation = due.event.conversation_id.as_ref();
            (
                due.endpoint.id.as_str(),
                conversation.map_or("", |id| id.as_str()),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_event_that_this_version_does_not_know_holds_up_no_other() {
    let World { store, database } = &tapped().await;
    create(store, "whk_1", &[]).await;
    apply(store, vec![status_update("wamid.1", Status::Sent)]).await;
    apply(store, vec![connection(true)]).await;
    database
        .execute("update events set type = 'message.unheard' where type = 'message.sent'")
        .await;
    // One place at a time: the first claim takes that event, the second one the other.
    let one = ClaimLimits { total: 1, ..MANY };
    assert_eq!(targets(&claim(store, 100_000, one).await), []);
    assert_eq!(targets(&claim(store, 100_001, one).await), [("whk_1", "")]);
    assert_eq!(targets(&claim(store, 100_002, one).await), []);
}

#[tokio::test]
async fn an_event_is_queued_for_the_endpoints_that_want_it() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_all", &[]).await;
    create(store, "whk_read", &[EventType::MessageRead]).await;
    let off = create(store, "whk_off", &[]).await;
    ok(store.disable_webhook_endpoint(&org(1), &off.id, at(1))).await;
    apply(store, vec![status_update("wamid.1", Status::Sent)]).await;
    apply(store, vec![status_update("wamid.1", Status::Read)]).await;
    let due = claim(store, 100_000, MANY).await;
    // The message's conversation goes one by one; the endpoint that was disabled is told of at once.
    assert_eq!(
        targets(&due),
        [
            ("whk_all", ""),
            ("whk_read", "conv-456"),
            ("whk_all", "conv-456"),
        ]
    );
    let sent = &due[2];
    assert_eq!(sent.event.event_type, EventType::MessageSent);
    assert_eq!(sent.event, events(store, &org(1)).await[2]);
    assert_eq!(sent.endpoint.url, "https://crm.example/hook");
    assert!(store.endpoint_secrets(&sent.endpoint).is_ok());
    assert_eq!(sent.delivery.created_at, at(100_000));
    assert_eq!(sent.delivery.status, DeliveryStatus::Pending);
}

#[tokio::test]
async fn what_is_claimed_comes_again_only_when_the_claim_ran_out() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_1", &[]).await;
    apply(store, vec![connection(true)]).await;
    assert_eq!(claim(store, 99_999, MANY).await.len(), 0, "not yet");
    assert_eq!(claim(store, 100_000, MANY).await.len(), 1);
    assert_eq!(claim(store, 129_999, MANY).await.len(), 0);
    let due = claim(store, 130_000, MANY).await;
    assert_eq!(due.len(), 1);
    delivered(store, &due[0], 130_001).await;
    assert_eq!(claim(store, 900_000, MANY).await.len(), 0);
    let (kept, attempts) = some(store.get_delivery(&due[0].delivery.key)).await;
    assert_eq!(
        (kept.status, kept.attempts, kept.finished_at, kept.next_at),
        (DeliveryStatus::Delivered, 1, Some(at(130_001)), None)
    );
    assert_eq!(attempts, [attempt(130_001, Some(204))]);
}

#[tokio::test]
async fn what_a_server_has_claimed_comes_again_when_it_ends() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_1", &[]).await;
    apply(store, vec![connection(true)]).await;
    let claimed = claim(store, 100_000, MANY).await;
    assert_eq!(claim(store, 100_001, MANY).await.len(), 0);
    assert_eq!(end(store, 100_001).await.deliveries, 1);
    let again = claim(store, 100_001, MANY).await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].delivery.key, claimed[0].delivery.key);
}

#[tokio::test]
async fn a_conversation_waits_for_its_oldest_delivery_and_others_go_on() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_1", &[]).await;
    for number in 0..3 {
        apply(store, vec![said(&format!("w.{number}"), ana(), "Hi")]).await;
    }
    apply(store, vec![connection(true)]).await;
    let due = claim(store, 100_000, MANY).await;
    assert_eq!(targets(&due), [("whk_1", "conv-456"), ("whk_1", "")]);
    delivered(store, &due[1], 100_001).await;
    // The oldest fails: the others wait as long, and a new one too.
    let since = ok(store.record_attempt(
        &due[0].delivery.key,
        attempt(100_001, None),
        AfterAttempt::RetryAt(at(110_000)),
    ))
    .await;
    assert_eq!(since, Some(at(100_001)));
    apply(store, vec![said("w.9", ana(), "Hi")]).await;
    assert_eq!(claim(store, 109_999, MANY).await.len(), 0);
    let mut order = vec![due[0].event.id];
    let mut now = 110_000;
    let again = claim(store, now, MANY).await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].event.id, due[0].event.id);
    assert_eq!(again[0].delivery.attempts, 1);
    assert_eq!(
        again[0].delivery.last_error.as_deref(),
        Some("connection \u{fffd} refused")
    );
    // It is given up, and the next goes.
    let since = store
        .record_attempt(
            &again[0].delivery.key,
            attempt(now, Some(500)),
            AfterAttempt::GiveUp,
        )
        .await;
    assert_eq!(since.unwrap(), Some(at(100_001)), "since the first failure");
    loop {
        now += 1;
        let due = claim(store, now, MANY).await;
        let Some(next) = due.first() else { break };
        assert_eq!(due.len(), 1);
        order.push(next.event.id);
        delivered(store, next, now).await;
    }
    assert!(order.is_sorted() && order.len() == 4, "{order:?}");
    let kept = some(store.get::<WebhookEndpoint>(&org(1), &id("whk_1"))).await;
    assert_eq!(kept.failing_since, None);
}

#[tokio::test]
async fn a_skipped_delivery_lets_the_next_of_its_conversation_go() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_1", &[]).await;
    for number in 0..2 {
        apply(store, vec![said(&format!("w.{number}"), ana(), "Hi")]).await;
    }
    // It is skipped while an attempt is under way, which then ends without effect.
    let due = claim(store, 100_000, MANY).await.remove(0);
    let key = &due.delivery.key;
    assert!(ok(store.skip_delivery(key, at(100_001))).await);
    assert!(!ok(store.skip_delivery(key, at(100_002))).await);
    delivered(store, &due, 100_003).await;
    let (kept, attempts) = some(store.get_delivery(key)).await;
    assert_eq!(
        (kept.status, kept.finished_at, kept.last_error.as_deref()),
        (
            DeliveryStatus::Failed,
            Some(at(100_001)),
            Some("skipped by hand")
        )
    );
    assert_eq!(attempts, []);
    let next = claim(store, 100_004, MANY).await;
    assert_eq!(next.len(), 1);
    assert!(next[0].event.id > due.event.id);
    // It can be replayed, and takes its old place.
    assert!(ok(store.replay_delivery(key, at(100_005))).await);
    assert_eq!(claim(store, 100_006, MANY).await[0].event.id, due.event.id);
}

/// An endpoint for which three texts, a new conversation and three statuses wait, of which it wants one from now on.
async fn narrowed() -> (World, WebhookEndpoint, WebhookEndpointChange) {
    let world = tapped().await;
    let ours = create(&world.store, "whk_1", &[]).await;
    for (number, status) in (0..).zip([Status::Sent, Status::Delivered, Status::Read]) {
        let items = vec![
            said(&format!("w.{number}"), ana(), "Hi"),
            status_update("wamid.1", status),
        ];
        apply(&world.store, items).await;
    }
    let change = WebhookEndpointChange {
        events: Some(vec![EventType::MessageRead]),
        ..Default::default()
    };
    (world, ours, change)
}

/// How many deliveries are set aside because they are not wanted.
async fn unwanted(store: &Store, endpoint: &WebhookEndpoint) -> usize {
    let failed =
        ok(store.list_deliveries(&org(1), &endpoint.id, Some(DeliveryStatus::Failed), &ALL)).await;
    let why = |delivery: &Delivery| delivery.last_error.clone().unwrap_or_default();
    let unwanted = |delivery: &&Delivery| why(delivery).starts_with("not wanted");
    failed.data.iter().filter(unwanted).count()
}

#[tokio::test]
async fn what_waits_and_is_of_a_type_that_is_no_longer_wanted_is_set_aside() {
    let (World { store, .. }, ours, change) = &narrowed().await;
    ok(store.update_webhook_endpoint(&org(1), &ours.id, change.clone(), &by(100_001))).await;
    let due = claim(store, 100_002, MANY).await;
    let kinds: Vec<_> = due.iter().map(|due| due.event.event_type).collect();
    assert_eq!(kinds, [EventType::MessageRead]);
    assert_eq!(unwanted(store, ours).await, 5);
}

#[tokio::test]
async fn what_is_no_longer_wanted_is_set_aside_although_the_caller_goes_away() {
    let (world, ours, change) = narrowed().await;
    let owner = org(1);
    let author = by(100_001);
    let changing = world
        .store
        .update_webhook_endpoint(&owner, &ours.id, change, &author);
    // It is begun, and then dropped.
    assert!(changing.now_or_never().is_none());
    world.store.clone().close().await;
    let store = world.database.store().await;
    assert_eq!(unwanted(&store, &ours).await, 5);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_delivery_is_claimed_twice_and_none_is_left() {
    let world = tapped().await;
    create(&world.store, "whk_1", &[]).await;
    create(&world.store, "whk_2", &[]).await;
    for number in 0..40 {
        let from = phone(&format!("551190000000{}", number % 8));
        apply(&world.store, vec![said(&format!("w.{number}"), from, "Hi")]).await;
    }
    let bound = limits(4, 100, 100);
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let store = world.database.store().await;
        tasks.spawn(async move {
            let mut mine = Vec::new();
            let mut idle = 0;
            while idle < 20 {
                let due = claim(&store, 100_000, bound).await;
                if due.is_empty() {
                    idle += 1;
                    tokio::task::yield_now().await;
                }
                for due in due {
                    delivered(&store, &due, 100_000).await;
                    mine.push(due.delivery.key);
                }
            }
            mine
        });
    }
    let claimed: Vec<_> = tasks.join_all().await.concat();
    // 40 texts and 8 new conversations, twice.
    assert_eq!(claimed.len(), 96);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 96);
}

#[tokio::test]
async fn lost_claims_of_this_server_alone_end() {
    let World { store, database } = &tapped().await;
    create(store, "whk_all", &[]).await;
    strangers_write(store, 3).await;
    let one = ClaimLimits { total: 1, ..MANY };
    let other = database.store().await;
    let theirs = claim(&other, 100_000, one).await;
    let known = claim(store, 100_000, one).await;
    let lost = claim(store, 100_000, MANY).await;
    assert_eq!((theirs.len(), known.len()), (1, 1));
    assert!(!lost.is_empty());
    let known = known.iter().map(|due| &due.delivery.key);
    gives!(store.free_lost_deliveries(known) => lost.len() as u64);
    let again = claim(store, 100_001, MANY).await;
    assert_eq!(targets(&again), targets(&lost));
}
