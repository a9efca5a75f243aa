//! The one write path: groups, failures, durability.

use recado_core::Status;
use recado_store::{Channel, Message, StoreError};
use tokio::task::JoinSet;

use crate::world::{
    ALL, World, accepted, at, by, create_channel, id, message, msg, object, ok, org, refused, some,
};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_writers_at_once_all_land() {
    let World { store, .. } = &World::with_conversations().await;
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let store = store.clone();
        tasks.spawn(async move {
            let new = message("org_1", &format!("msg_{number}"));
            store.begin_send(&new).await?;
            store
                .finish_send(&org(1), &new.id, &accepted(), at(6_000))
                .await
        });
    }
    for ended in tasks.join_all().await {
        assert_eq!(ended.unwrap().unwrap().status, Status::Accepted);
    }
}

#[tokio::test]
async fn in_a_group_the_bad_write_fails_alone() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_7"))).await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        tasks.spawn(async move {
            let written = store
                .begin_send(&message("org_1", &format!("msg_{number}")))
                .await;
            (number, written)
        });
    }
    for (number, written) in tasks.join_all().await {
        match (number, written) {
            (7, Err(StoreError::Conflict)) => {}
            (7, unexpected) => panic!("{unexpected:?}"),
            (_, written) => written.unwrap(),
        }
        let found = ok(store.get::<Message>(&org(1), &msg(&format!("msg_{number}")))).await;
        assert!(found.is_some(), "{number}");
    }
}

#[tokio::test]
async fn in_a_group_a_half_done_transaction_is_taken_back_alone() {
    let world = World::with_conversations().await;
    let store = &world.store;
    let channel = create_channel(store, "org_1", "chn_1").await;
    world
        .database
        .execute("update channels set key_id = 'another' where id = 'chn_1'")
        .await;
    let change = recado_store::ChannelChange {
        version: None,
        name: Some("Half".into()),
        settings: None,
        agent_id: None,
        credentials: Some(object(serde_json::json!({}))),
        number: None,
        budget: None,
    };
    let (before, after) = (message("org_1", "msg_1"), message("org_1", "msg_2"));
    let author = by(9_000);
    let (first, changed, last) = tokio::join!(
        store.begin_send(&before),
        store.update_channel(&channel.organization_id, &channel.id, change, &author),
        store.begin_send(&after),
    );
    first.unwrap();
    last.unwrap();
    assert!(
        matches!(changed, Err(StoreError::WrongKey { .. })),
        "{changed:?}"
    );
    let kept = some(store.get::<Channel>(&org(1), &id("chn_1"))).await;
    assert_eq!(
        (kept.name.as_str(), kept.version),
        ("Sales", channel.version)
    );
    for text in ["msg_1", "msg_2"] {
        assert!(
            ok(store.get::<Message>(&org(1), &msg(text)))
                .await
                .is_some()
        );
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_breaks_no_other_write() {
    let World { store, .. } = &World::with_conversations().await;
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        tasks.spawn(async move {
            let new = message("org_1", &format!("msg_{number}"));
            let write = store.begin_send(&new);
            if number % 2 == 0 {
                // Polled once, so that the write is under way, then dropped.
                tokio::select! { biased; _ = write => {}, () = std::future::ready(()) => {} }
                return Ok(());
            }
            write.await
        });
    }
    for written in tasks.join_all().await {
        written.unwrap();
    }
    for number in (1..50).step_by(2) {
        let found = ok(store.get::<Message>(&org(1), &msg(&format!("msg_{number}")))).await;
        assert!(found.is_some(), "{number}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_start_without_a_close() {
    let World { store, database } = World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    let second = database.store().await;
    assert!(
        ok(second.get::<Message>(&org(1), &msg("msg_1")))
            .await
            .is_some()
    );
    drop(store);
    let third = database.store().await;
    assert!(
        ok(third.get::<Message>(&org(1), &msg("msg_1")))
            .await
            .is_some()
    );
}

#[tokio::test]
async fn closing_finishes_the_writes_that_wait() {
    let World { store, database } = World::with_conversations().await;
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let store = store.clone();
        tasks.spawn(async move {
            store
                .begin_send(&message("org_1", &format!("msg_{number}")))
                .await
                .is_ok()
        });
    }
    tokio::task::yield_now().await;
    store.close().await;
    let acknowledged = tasks
        .join_all()
        .await
        .into_iter()
        .filter(|landed| *landed)
        .count();
    let again = database.store().await;
    let kept = ok(again.list_messages(&org(1), &id("conv-456"), &ALL)).await;
    assert!(acknowledged > 0);
    assert_eq!(kept.data.len(), acknowledged);
}

#[tokio::test]
async fn while_another_program_holds_the_file_reads_go_on_and_later_writes_land() {
    let world = World::with_conversations().await;
    let store = &world.store;
    if world.database.kind() != recado_store::DatabaseKind::Sqlite {
        return;
    }
    let mut raw = world.raw().await;
    let held = sqlx::Connection::begin_with(&mut raw, "begin immediate")
        .await
        .unwrap();
    let new = message("org_1", "msg_1");
    refused!(store.begin_send(&new) => StoreError::NotCommitted);
    assert_eq!(ok(store.get::<Message>(&org(1), &new.id)).await, None);
    ok(held.rollback()).await;
    ok(store.begin_send(&new)).await;
}
