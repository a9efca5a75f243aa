//! Raw webhook calls.

use std::collections::HashSet;

use recado_core::Status;
use recado_store::{Backlog, Retention, SetAsideReason, Store, StoreError, WebhookCall};
use tokio::task::JoinSet;

use crate::taps::{application, apply, call, kinds, status_update, tapped};
use crate::world::{ALL, WEEK, World, at, gives, id, ok, org, prune, refused};

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

/// Claims everything that is due, one organization after the other, as a server does.
pub(crate) async fn claim_all(store: &Store, now: i64, until: i64) -> Vec<WebhookCall> {
    let (now, until) = (at(now), at(until));
    let mut calls = Vec::new();
    for backlog in ok(store.organizations_with_webhook_calls(now)).await {
        let id = &backlog.organization_id;
        loop {
            let batch = store.claim_webhook_calls(id, now, until, 100, 1_000_000);
            let batch = batch.await.unwrap();
            if batch.is_empty() {
                break;
            }
            calls.extend(batch);
        }
        while let Some((call, _)) = ok(store.claim_doubtful_webhook_call(id, now, until)).await {
            calls.push(call);
        }
    }
    calls
}

#[tokio::test]
async fn a_call_is_kept_to_the_byte_and_rests_the_longer_the_older_it_is() {
    let World { store, .. } = &World::new().await;
    let call = WebhookCall {
        received_at: at(10_000),
        ..kept(1)
    };
    ok(store.keep_webhook_call(&call, at(10_000))).await;
    refused!(store.keep_webhook_call(&call, at(10_000)) => StoreError::Conflict);
    for (now, until, is_free) in [
        (9_999, 20_000, false),
        (10_000, 20_000, true),
        (19_999, 30_000, false),
        (20_000, 30_000, true),
        // 10 seconds, and the 10 that it was old.
        (39_999, 50_000, false),
        (40_000, 50_000, true),
    ] {
        let expected = if is_free { &[call.clone()][..] } else { &[] };
        assert_eq!(claim_all(store, now, until).await, expected, "{now}");
        ok(store.end_webhook_call_attempts(std::slice::from_ref(&call.id))).await;
    }
    assert!(!format!("{call:?}").contains("123"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_servers_claim_the_same_call() {
    let world = World::new().await;
    for number in 0..60 {
        ok(world.store.keep_webhook_call(&kept(number), at(0))).await;
    }
    let mut tasks = JoinSet::new();
    for _ in 0..6 {
        let store = world.database.store().await;
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = ok(store.claim_webhook_calls(&org(1), at(1), at(9), 7, 1_000)).await;
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
async fn only_what_is_done_and_old_is_pruned() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![status_update("wamid.9", Status::Read)]).await;
    ok(store.keep_webhook_call(&kept(1), at(0))).await;
    assert_eq!(prune(store, WEEK + 100_000, Retention::default()).await, 0);
    assert_eq!(
        prune(store, WEEK + 100_001, Retention::default()).await,
        2,
        "a call and a status"
    );
    assert_eq!(prune(store, WEEK + 100_001, Retention::default()).await, 0);
    assert_eq!(claim_all(store, 1, 2).await, [kept(1)]);
}

#[tokio::test]
async fn a_call_counts_as_applied_after_its_last_part() {
    let World { store, database } = &tapped().await;
    let last = application(&org(1), vec![status_update("wamid.1", Status::Read)]);
    let mut first = last.clone();
    first.items[0].item = status_update("wamid.1", Status::Sent);
    first.completes = false;
    ok(store.keep_webhook_call(&call(&last), at(200_000))).await;
    let left = async || {
        database.end_servers().await;
        claim_all(store, 300_000, 400_000).await.len()
    };
    for (part, left_after) in [(first.clone(), 1), (last, 0)] {
        let results = store.apply_webhooks(vec![part]).await;
        assert_eq!(results[0].as_ref().unwrap().events, 1);
        assert_eq!(left().await, left_after);
    }
    let again = store.apply_webhooks(vec![first]).await;
    assert_eq!(again[0].as_ref().unwrap().duplicates, 1);
    let told = kinds(store).await;
    assert_eq!(told, ["message.accepted", "message.sent", "message.read"]);
}

#[tokio::test]
async fn each_attempt_that_ended_with_its_process_is_counted_and_no_other() {
    let World { store, database } = &World::new().await;
    ok(store.keep_webhook_call(&kept(1), at(10))).await;
    let in_batch = async |now| {
        let claimed = ok(store.claim_webhook_calls(&org(1), at(now), at(now + 10), 10, 100)).await;
        claimed.len()
    };
    let alone = async |now| {
        let claimed = ok(store.claim_doubtful_webhook_call(&org(1), at(now), at(now + 10))).await;
        claimed.map(|(_, attempts)| attempts)
    };
    for (in_batch_then, alone_then) in [
        // The process that kept it ended, which may have had a hundred reasons.
        (1, None),
        (0, Some(3)),
        (0, Some(4)),
    ] {
        database.end_servers().await;
        assert_eq!(in_batch(1_000).await, in_batch_then);
        assert_eq!(alone(1_000).await, alone_then);
        assert_eq!(alone(1_001).await, None, "it is claimed");
    }
    ok(store.end_webhook_call_attempts(&[kept(1).id])).await;
    for _ in 0..2 {
        database.end_servers().await;
        assert_eq!((alone(1_000).await, in_batch(1_000).await), (None, 1));
    }
}

#[tokio::test]
async fn a_server_does_not_begin_again_what_it_takes_long_to_apply() {
    let World { store, .. } = &World::new().await;
    ok(store.keep_webhook_call(&kept(1), at(10_000))).await;
    let later = 1_000_000_000;
    assert_eq!(claim_all(store, later, later + 1).await, []);
    ok(store.end_webhook_call_attempts(&[kept(1).id])).await;
    assert_eq!(claim_all(store, later, later + 1).await, [kept(1)]);
}

#[tokio::test]
async fn a_damaged_call_is_set_aside_and_its_company_is_claimed() {
    let World { store, database } = &World::new().await;
    for number in 1..4 {
        ok(store.keep_webhook_call(&kept(number), at(0))).await;
    }
    database
        .execute("update webhook_calls set body = substr(body, 1, 20) where id = 'whc_2'")
        .await;
    assert_eq!(claim_all(store, 10, 20).await, [kept(1), kept(3)]);
    let listed = store
        .list_webhook_calls_set_aside(&org(1), None, &ALL)
        .await;
    let listed = listed.unwrap().data;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, "whc_2");
    assert_eq!(listed[0].reason, SetAsideReason::Unreadable);
}

#[tokio::test]
async fn a_backlog_is_claimed_in_portions_and_for_each_organization() {
    let World { store, .. } = &World::new().await;
    for number in 0..6 {
        let mut call = kept(number);
        call.organization_id = org(1 + u8::from(number == 5));
        ok(store.keep_webhook_call(&call, at(0))).await;
    }
    let backlog = |number| Backlog {
        organization_id: org(number),
        batched: true,
        doubtful: false,
    };
    gives!(store.organizations_with_webhook_calls(at(1)) => [backlog(1), backlog(2)]);
    // Each takes 43 bytes, encrypted, and the first is claimed however large it is.
    for (organization, limit, bytes, claimed) in [
        (1, 10, 0, 1),
        (1, 2, 100, 2),
        (1, 10, 50, 2),
        (2, 10, 100, 1),
    ] {
        let calls = store
            .claim_webhook_calls(&org(organization), at(1), at(9), limit, bytes)
            .await;
        assert_eq!(calls.unwrap().len(), claimed);
    }
    assert_eq!(ok(store.organizations_with_webhook_calls(at(1))).await, []);
}

#[tokio::test]
async fn what_is_set_aside_is_listed_and_not_claimed_until_it_is_retried() {
    let World { store, .. } = &World::new().await;
    let reasons = [SetAsideReason::Unreadable, SetAsideReason::Crashed];
    for (number, reason) in (1..).zip(reasons) {
        let call = kept(number);
        ok(store.keep_webhook_call(&call, at(10))).await;
        ok(store.set_webhook_call_aside(&org(1), &call.id, reason)).await;
    }
    assert_eq!(claim_all(store, 1_000, 2_000).await, []);
    let listed = async |organization, reason| {
        let listed = store
            .list_webhook_calls_set_aside(&org(organization), reason, &ALL)
            .await;
        let calls = listed.unwrap().data.into_iter();
        calls.map(|call| (call.id, call.reason)).collect::<Vec<_>>()
    };
    let [unreadable, crashed] =
        [(1, reasons[0]), (2, reasons[1])].map(|(number, reason)| (kept(number).id, reason));
    assert_eq!(listed(1, None).await, [unreadable.clone(), crashed.clone()]);
    let only = listed(1, Some(reasons[1])).await;
    assert_eq!(only, std::slice::from_ref(&crashed));
    assert_eq!(listed(2, None).await, []);
    let retry = async |organization, id: &str| {
        let retried = store.retry_webhook_call(&org(organization), id).await;
        retried.unwrap().is_some()
    };
    assert!(!retry(2, &unreadable.0).await, "it is another's");
    assert!(retry(1, &unreadable.0).await);
    assert!(!retry(1, &unreadable.0).await, "it is pending");
    assert_eq!(listed(1, None).await, [crashed]);
    assert_eq!(claim_all(store, 1_000, 2_000).await, [kept(1)]);
    let month = 30 * 24 * 60 * 60 * 1000;
    assert_eq!(prune(store, month, Retention::default()).await, 0);
    assert_eq!(prune(store, month + 3, Retention::default()).await, 1);
}
