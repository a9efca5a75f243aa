//! The places of deliveries: shared by endpoints and by organizations.

use std::collections::HashSet;
use std::time::Duration;

use recado_core::Status;
use recado_core::event::EventType;
use recado_store::{AfterAttempt, ClaimLimits, DeliveryAttempt, Store};

use crate::taps::{apply, phone, said, status_update, tapped};
use crate::webhooks::deliveries::{attempt, claim, delivered, places};
use crate::webhooks::webhook_endpoints::{create, endpoint};
use crate::world::{World, accepted, agent, at, by, conversation, id, message, msg, ok};

#[tokio::test]
async fn a_slow_endpoint_with_a_long_queue_delays_no_other() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_slow", &[EventType::MessageReceived]).await;
    for number in 0..20 {
        let from = phone(&format!("55119000000{number:02}"));
        apply(store, vec![said(&format!("w.{number}"), from, "Hi")]).await;
    }
    create(store, "whk_quick", &[EventType::MessageRead]).await;
    apply(store, vec![status_update("wamid.1", Status::Read)]).await;
    let limits = ClaimLimits {
        total: 5,
        per_endpoint: 3,
        per_organization: 100,
    };
    let due = claim(store, 100_000, limits).await;
    let names: Vec<_> = places(&due).into_iter().map(|(name, _)| name).collect();
    assert_eq!(due.len(), 4);
    assert!(names[..2].contains(&"whk_quick"), "{names:?}");
    // The slow one holds its three places until an answer comes.
    assert_eq!(claim(store, 100_001, limits).await.len(), 0);
    let slow = due
        .iter()
        .find(|due| due.endpoint.id.as_str() == "whk_slow")
        .unwrap();
    delivered(store, slow, 100_002).await;
    assert_eq!(claim(store, 100_003, limits).await.len(), 1);
}

#[tokio::test]
async fn an_organization_with_many_endpoints_leaves_places_to_another() {
    let World { store, .. } = &tapped().await;
    furnish_second(store).await;
    for number in 0..10 {
        create(store, &format!("whk_{number}"), &[]).await;
    }
    for number in 0..4 {
        let from = phone(&format!("55119000000{number:02}"));
        apply(store, vec![said(&format!("w.{number}"), from, "Hi")]).await;
    }
    let theirs = endpoint("org_2", "whk_theirs", &[]);
    ok(store.create_webhook_endpoint(theirs, 20, &by(9_000))).await;
    finish(store, "org_2", "msg_2").await;
    let limits = ClaimLimits {
        total: 8,
        per_endpoint: 3,
        per_organization: 6,
    };
    let due = claim(store, 100_000, limits).await;
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
    assert_eq!(claim(store, 100_001, limits).await.len(), 0);
}

async fn furnish_second(store: &Store) {
    ok(store.create_agent(&agent("org_2", "agent-123"))).await;
    ok(store.create_conversation(&conversation("org_2", "conv-456"))).await;
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
    for number in 0..6 {
        let from = phone(&format!("55119000000{number:02}"));
        apply(store, vec![said(&format!("w.{number}"), from, "Hi")]).await;
    }
    let limits = ClaimLimits {
        total: 100,
        per_endpoint: 2,
        per_organization: 100,
    };
    let first = claim(store, 100_000, limits).await;
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
    let one = claim(store, 100_002, limits).await;
    assert_eq!(one.len(), 1);
    assert_eq!(claim(store, 100_003, limits).await.len(), 0);
    delivered(store, &one[0], 100_004).await;
    assert_eq!(claim(store, 100_005, limits).await.len(), 2);
}
