//! Raw webhook calls.

use std::collections::HashSet;

use recado_core::Status;
use recado_store::{StoreError, WebhookCall};
use tokio::task::JoinSet;

use crate::taps::{application, apply, call, kinds, news, said, tapped};
use crate::world::{World, at, id, org};

fn kept(number: i64) -> WebhookCall {
    WebhookCall {
        id: format!("whc_{number}"),
        organization_id: org(1),
        channel_id: id("chn_1"),
        content_type: (number % 2 == 0).then(|| "text/\0plain".into()),
        body: vec![0, 255, b'{'],
        received_at: at(number),
    }
}

#[tokio::test]
async fn a_call_is_kept_to_the_byte_and_claimed_when_its_claim_ran_out() {
    let World { store, .. } = &World::new().await;
    store.keep_webhook_call(&kept(1), at(10_000)).await.unwrap();
    let again = store.keep_webhook_call(&kept(1), at(10_000)).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    for (now, until, expected) in [
        (9_999, 20_000, vec![]),
        (10_000, 20_000, vec![kept(1)]),
        // The older it is, the longer it rests: 20 seconds, and the 10 that it is old.
        (29_998, 40_000, vec![]),
        (29_999, 40_000, vec![kept(1)]),
    ] {
        let claimed = store.claim_webhook_calls(at(now), at(until), 10).await;
        assert_eq!(claimed.unwrap(), expected, "{now}");
    }
    assert!(!format!("{:?}", kept(1)).contains("123"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_servers_claim_the_same_call() {
    let world = World::new().await;
    for number in 0..60 {
        world
            .store
            .keep_webhook_call(&kept(number), at(0))
            .await
            .unwrap();
    }
    let mut tasks = JoinSet::new();
    for _ in 0..6 {
        let store = world.database.store().await;
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = store.claim_webhook_calls(at(1), at(9), 7).await.unwrap();
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.into_iter().map(|call| call.id));
            }
        });
    }
    let claimed: Vec<_> = tasks.join_all().await.concat();
    assert_eq!(claimed.len(), 60);
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>().len(), 60);
}

#[tokio::test]
async fn of_several_calls_the_bad_one_fails_alone_and_stays() {
    let World { store, .. } = &tapped().await;
    let good = application(&org(1), vec![said("w.1", crate::taps::ana(), "Hi")]);
    let mut bad = application(&org(1), vec![said("w.2", crate::taps::ana(), "Hi")]);
    // An id that is taken.
    bad.items[0].ids.message = id("msg_1");
    let last = application(&org(1), vec![news("wamid.1", Status::Sent)]);
    for application in [&good, &bad, &last] {
        store
            .keep_webhook_call(&call(application), at(200_000))
            .await
            .unwrap();
    }
    let results = store.apply_webhooks(vec![good, bad.clone(), last]).await;
    let told: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().ok().map(|applied| applied.events))
        .collect();
    assert_eq!(told, [Some(1), None, Some(1)]);
    assert_eq!(
        kinds(store).await,
        ["message.accepted", "message.received", "message.sent"]
    );
    let left = store
        .claim_webhook_calls(at(200_000), at(300_000), 10)
        .await
        .unwrap();
    assert_eq!(left, [call(&bad)]);
}

#[tokio::test]
async fn only_what_is_done_and_old_is_pruned() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![news("wamid.9", Status::Read)]).await;
    store.keep_webhook_call(&kept(1), at(0)).await.unwrap();
    assert_eq!(store.prune(at(100_000)).await.unwrap(), 0);
    assert_eq!(
        store.prune(at(100_001)).await.unwrap(),
        2,
        "a call and a status"
    );
    assert_eq!(store.prune(at(100_001)).await.unwrap(), 0);
    let left = store.claim_webhook_calls(at(1), at(2), 10).await.unwrap();
    assert_eq!(left, [kept(1)]);
}

#[tokio::test]
async fn a_call_counts_as_applied_after_its_last_part() {
    let World { store, .. } = &tapped().await;
    let last = application(&org(1), vec![news("wamid.1", Status::Read)]);
    let mut first = last.clone();
    first.items[0].item = news("wamid.1", Status::Sent);
    first.completes = false;
    store
        .keep_webhook_call(&call(&last), at(200_000))
        .await
        .unwrap();
    let left = async |now| {
        let claimed = store.claim_webhook_calls(at(now), at(now), 10).await;
        claimed.unwrap().len()
    };
    for (part, left_after, now) in [(first.clone(), 1, 300_000), (last, 0, 900_000)] {
        let results = store.apply_webhooks(vec![part]).await;
        assert_eq!(results[0].as_ref().unwrap().events, 1);
        assert_eq!(left(now).await, left_after);
    }
    let again = store.apply_webhooks(vec![first]).await;
    assert_eq!(again[0].as_ref().unwrap().duplicates, 1);
    assert_eq!(
        kinds(store).await,
        ["message.accepted", "message.sent", "message.read"]
    );
}
