//! Servers: what a live one claimed is its own, and what a dead one claimed is free.

use recado_core::Status;
use recado_store::{DatabaseKind, Freed, Message, Store, StoreError, WebhookCall};

use crate::taps::{apply, connection, tapped};
use crate::webhooks::deliveries::MANY;
use crate::webhooks::webhook_endpoints::create;
use crate::world::{World, at, gives, id, message, msg, ok, org, refused, soon};

/// An hour later than everything else: the clock of a server that is wrong by an hour.
const FAST_CLOCK: i64 = 3_600_000;

fn call() -> WebhookCall {
    WebhookCall {
        id: "whc_1".into(),
        organization_id: org(1),
        channel_id: id("chn_1"),
        content_type: None,
        body: b"{}".to_vec(),
        received_at: at(200_000),
    }
}

/// A message that is being sent, a call that is being applied, and a delivery that is under way.
async fn work(store: &Store) {
    create(store, "whk_1", &[]).await;
    apply(store, vec![connection(true)]).await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    ok(store.keep_webhook_call(&call(), at(260_000))).await;
    let claimed = store.claim_deliveries(at(200_000), at(260_000), MANY).await;
    assert_eq!(claimed.unwrap().len(), 1);
}

/// What another server gets of it: deliveries, calls, and the status of the message.
async fn left(store: &Store, now: i64) -> (usize, usize, Status) {
    let deliveries = ok(store.claim_deliveries(at(now), at(now), MANY)).await;
    let calls = store
        .claim_webhook_calls(&org(1), at(now), at(now), 10, 1_000)
        .await;
    let calls = calls.unwrap().len();
    let message = ok(store.get::<Message>(&org(1), &msg("msg_2"))).await;
    (deliveries.len(), calls, message.unwrap().status)
}

const ONE_OF_EACH: Freed = Freed {
    messages: 1,
    webhook_calls: 1,
    deliveries: 1,
};

#[tokio::test]
async fn what_a_live_server_claimed_is_its_own_whatever_the_clocks_say() {
    let World { store, database } = &tapped().await;
    let first = ok(store.join(None)).await;
    work(store).await;
    let other = database.store().await;
    if database.kind() == DatabaseKind::Postgres {
        let second = ok(other.join(None)).await;
        gives!(other.free_dead_servers(at(FAST_CLOCK)) => Freed::default());
        drop(second);
    }
    assert_eq!(left(&other, FAST_CLOCK).await, (0, 0, Status::Sending));
    drop(first);
}

#[tokio::test]
async fn what_a_dead_server_claimed_is_free() {
    let World { store, database } = &tapped().await;
    let first = ok(store.join(None)).await;
    work(store).await;
    drop(first);
    let mut calls = store.subscribe_webhook_calls();
    let other = database.store().await;
    let mut woken = (
        other.subscribe_webhook_calls(),
        other.subscribe_deliveries(),
    );
    match database.kind() {
        DatabaseKind::Sqlite => {
            let mut second = ok(other.join(None)).await;
            assert_eq!(ok(second.take_over(at(300_000))).await, ONE_OF_EACH);
        }
        DatabaseKind::Postgres => {
            let mut second = ok(other.join(None)).await;
            assert_eq!(ok(second.take_over(at(300_000))).await, Freed::default());
            sqlx::query(
                "update servers set lease_until = 0 where id in (select server_id from messages)",
            )
            .execute(&mut World::raw_of(database).await)
            .await
            .unwrap();
            assert_eq!(ok(other.free_dead_servers(at(300_000))).await, ONE_OF_EACH);
        }
    }
    soon(woken.0.changed()).await;
    soon(woken.1.changed()).await;
    assert!(
        tokio::time::timeout(std::time::Duration::ZERO, calls.changed())
            .await
            .is_err(),
        "only who frees them is woken"
    );
    let freed = left(&other, 300_000).await;
    assert_eq!((freed.1, freed.2), (1, Status::Unknown));
    assert!(
        freed.0 >= 1,
        "the delivery, and that of the event that tells of the message"
    );
    gives!(other.free_dead_servers(at(300_000)) => Freed::default());
}

#[tokio::test]
async fn what_a_server_leaves_at_its_end_is_free_at_once() {
    let World { store, database } = &tapped().await;
    let membership = ok(store.join(None)).await;
    work(store).await;
    assert_eq!(ok(membership.leave(at(300_000))).await, ONE_OF_EACH);
    let other = database.store().await;
    let freed = left(&other, 300_000).await;
    assert_eq!((freed.1, freed.2), (1, Status::Unknown));
}

#[tokio::test]
async fn a_restart_under_the_same_name_takes_over_at_once_and_two_of_one_name_cannot_live() {
    let World { store, database } = &tapped().await;
    if database.kind() != DatabaseKind::Postgres {
        // On SQLite every restart takes over.
        return;
    }
    let first = ok(store.join(Some("blue"))).await;
    work(store).await;
    let other = database.store().await;
    refused!(other.join(Some("blue")) => StoreError::NameTaken);
    let mut green = ok(other.join(Some("green"))).await;
    assert_eq!(ok(green.take_over(at(300_000))).await, Freed::default());
    // Its connection ends with the process.
    drop(first);
    let restarted = database.store().await;
    let mut again = ok(restarted.join(Some("blue"))).await;
    assert_eq!(ok(again.take_over(at(300_000))).await, ONE_OF_EACH);
    drop((green, again));
}

#[tokio::test]
async fn after_an_outage_of_the_database_no_server_takes_the_others_for_dead() {
    let World { store, database } = &tapped().await;
    if database.kind() != DatabaseKind::Postgres {
        return;
    }
    let first = ok(store.join(None)).await;
    work(store).await;
    let other = database.store().await;
    let mut second = ok(other.join(None)).await;
    let mut raw = World::raw_of(database).await;
    sqlx::raw_sql("update servers set lease_until = lease_until - 60000")
        .execute(&mut raw)
        .await
        .unwrap();
    ok(second.renew()).await;
    gives!(other.free_dead_servers(at(300_000)) => Freed::default());
    drop((first, second));
}

#[tokio::test]
async fn a_lease_whose_connection_is_lost_is_renewed_on_a_new_one() {
    let World { store, database } = &tapped().await;
    if database.kind() != DatabaseKind::Postgres {
        return;
    }
    let mut membership = ok(store.join(Some("blue"))).await;
    let mut raw = World::raw_of(database).await;
    sqlx::raw_sql(
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    assert!(membership.renew().await.is_err(), "the connection is lost");
    ok(membership.renew()).await;
    refused!(database.store().await.join(Some("blue")) => StoreError::NameTaken);
}
