//! The places of deliveries: shared by endpoints and by organizations.

use std::collections::HashSet;
use std::time::Duration;

use recado_core::Status;
use recado_core::event::EventType;
use recado_store::{AfterAttempt, DeliveryAttempt, Store};

use crate::taps::{apply, status_update, strangers_write, tapped};
use crate::webhooks::deliveries::{attempt, claim, delivered, limits, targets};
use crate::webhooks::webhook_endpoints::{create, endpoint};
use crate::world::{World, accepted, agent, at, by, conversation, id, message, msg, ok};

#[tokio::test]
async fn a_slow_endpoint_with_a_long_queue_delays_no_other() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_slow", &[EventType::MessageReceived]).await;
    strangers_write(store, 20).await;
    create(store, "whk_quick", &[EventType::MessageRead]).await;
    apply(store, vec![status_update("wamid.1", Status::Read)]).await;
    let bound = limits(5, 3, 100);
    let due = claim(store, 100_000, bound).await;
    let names: Vec<_> = targets(&due).into_iter().map(|(name, _)| name).collect();
    assert_eq!(due.len(), 4);
    assert!(names[..2].contains(&"whk_quick"), "{names:?}");
    // The slow one holds its three places until an answer comes.
    assert_eq!(claim(store, 100_001, bound).await.len(), 0);
    let slow = due
        .iter()
        .find(|due| due.endpoint.id.as_str() == "whk_slow")
        .unwrap();
    delivered(store, slow, 100_002).await;
    assert_eq!(claim(store, 100_003, bound).await.len(), 1);
}

#[tokio::test]
async fn an_organization_with_many_endpoints_leaves_places_to_another() {
    let World { store, .. } = &tapped().await;
    furnish_second(store).await;
    for number in 0..10 {
        create(store, &format!("whk_{number}"), &[]).await;
    }
    strangers_write(store, 4).await;
    let theirs = endpoint("org_2", "whk_theirs", &[]);
    ok(store.create_webhook_endpoint(theirs, 20, &by(9_000))).await;
    finish(store, "org_2", "msg_2").await;
    let bound = limits(8, 3, 6);
    let due = claim(store, 100_000, bound).await;
    let of = |owner: &str| {
        let owned = due
            .iter()
            .filter(|due| due.event.organization_id.as_str() == owner);
        owned.count()
    };
    assert_eq!((of("org_1"), of("org_2")), (6, 1));
    // The first of each organization goes before the second of any.
    let first: HashSet<_> = due[..2]
        .iter()
        .map(|due| &due.event.organization_id)
        .collect();
    assert_eq!(first.len(), 2);
    assert_eq!(claim(store, 100_001, bound).await.len(), 0);
}

async fn furnish_second(store: &Store) {
    ok(store.create_agent(&agent("org_2", "agent-123"), None)).await;
    ok(store.create_conversation(&conversation("org_2", "conv-456"), None)).await;
}

/// A message of that organization is accepted, which is one event.
async fn finish(store: &Store, owner: &str, text: &str) {
    ok(store.begin_send(&message(owner, text))).await;
    ok(store.finish_send(&id(owner), &msg(text), &accepted(), at(6_000))).await;
}

#[rstest::rstest]
#[case::a_failure(Some(12), false)]
#[case::a_slow_success(Some(2_001), true)]
#[tokio::test]
async fn an_endpoint_that_fails_or_is_slow_has_one_place_until_it_is_quick_again(
    #[case] milliseconds: Option<u64>,
    #[case] arrives: bool,
) {
    let World { store, .. } = &tapped().await;
    create(store, "whk_1", &[EventType::MessageReceived]).await;
    strangers_write(store, 6).await;
    let bound = limits(100, 2, 100);
    let first = claim(store, 100_000, bound).await;
    assert_eq!(first.len(), 2);
    for due in &first {
        let attempt = DeliveryAttempt {
            duration: Duration::from_millis(milliseconds.unwrap_or_default()),
            ..attempt(100_001, arrives.then_some(200))
        };
        let after = if arrives {
            AfterAttempt::Delivered
        } else {
            AfterAttempt::RetryAt(at(900_000))
        };
        let key = &due.delivery.key;
        ok(store.record_attempt(key, attempt, after)).await;
    }
    let one = claim(store, 100_002, bound).await;
    assert_eq!(one.len(), 1);
    assert_eq!(claim(store, 100_003, bound).await.len(), 0);
    delivered(store, &one[0], 100_004).await;
    assert_eq!(claim(store, 100_005, bound).await.len(), 2);
}
