//! A contact is erased with what was before a number change, and what happens meanwhile brings nothing back.

use recado_store::{AfterStep, DatabaseKind, Message, Store, StoreError};

use crate::db::locks::{hold, wait_for_lock};
use crate::erasure::contacts::{
    OTHER, assert_gone, dump, erase, erasure, in_group, keep, known_twice, talked,
};
use crate::inbound::number_changes::moved;
use crate::inbound::received::opened;
use crate::taps::{ana, application, apply, apply_one, call, create_channel, phone, said, tap};
use crate::world::{
    World, agent_id, at, conv, conversation, id, message, msg, ok, org, refused, with,
};

const OLD: &str = "5521988887777";
const NEW: &str = "5511977776666";

/// Ana has another number now, which one of two channels has told of; her old number has another owner.
async fn changed_number() -> World {
    let world = talked().await;
    let store = &world.store;
    create_channel(store, "org_1", "chn_2", recado_core::Provider::WhatsApp).await;
    let elsewhere = with(conversation("org_1", "conv-elsewhere"), |it| {
        it.channel_id = id("chn_2");
    });
    ok(store.create_conversation(&elsewhere, None)).await;
    keep(
        store,
        1,
        r#"{"from":"5521988887777","text":"before"}"#,
        true,
    )
    .await;
    apply(store, vec![moved("w.6", known_twice(), phone(NEW))]).await;
    let next = with(conversation("org_1", "conv-next"), |it| {
        it.created_at = at(150_000);
    });
    ok(store.create_conversation(&next, None)).await;
    let tap = vec![in_group(tap("w.7", phone(OLD)))];
    let later = with(application(&org(1), tap), |it| it.at = at(150_000));
    apply_one(store, later).await;
    world
}

#[tokio::test]
async fn what_was_told_of_a_former_number_is_erased_and_nothing_of_its_next_owner() {
    let World { store, database } = &changed_number().await;
    let before = dump(database, "org_1").await;
    erase(store, NEW).await;
    let after = dump(database, "org_1").await;
    for trace in [
        "conv-456",
        "conv-elsewhere",
        NEW,
        "77001122",
        "secret",
        "w.3",
        "Ana",
    ] {
        assert!(before.contains(trace), "{trace} was there");
        assert!(!after.contains(trace), "{trace} is left:\n{after}");
    }
    for trace in ["conv-next", "w.7", OLD, OTHER, "w.4"] {
        assert!(after.contains(trace), "{trace} is lost:\n{after}");
    }
    // Of the calls, only that of the tap of the next owner is left, and those that name another person or none.
    let calls = |dump: &str| dump.matches("webhook_calls: ").count();
    assert_eq!(calls(&before) - calls(&after), 1);
}

#[tokio::test]
async fn an_erasure_with_a_former_number_that_was_interrupted_is_completed_by_the_new_one() {
    for steps in 0.. {
        let World { store, database } = &talked().await;
        // The new number has a conversation already, so that the old one stays as it is.
        opened(store, "conv-new", NEW).await;
        apply(store, vec![moved("w.6", known_twice(), phone(NEW))]).await;
        let many = "insert into events (organization_id, seq, type, conversation_id, data, created_at) \
                    with recursive n (i) as (select 100 union all select i + 1 from n where i < 1300) \
                    select 'org_1', i, 'message.sent', 'conv-456', '{}', i from n";
        database.execute(many).await;
        let mut interrupted = erasure(store, NEW);
        let mut after = AfterStep::More;
        for _ in 0..steps {
            after = ok(interrupted.step()).await;
        }
        drop(interrupted);
        erase(store, NEW).await;
        let left = dump(database, "org_1").await;
        assert_gone(
            &format!("after {steps} steps"),
            &left,
            &["conv-456", "conv-new", OLD, NEW, "77001122", "secret"],
        );
        if after == AfterStep::Done {
            break;
        }
    }
}

#[tokio::test]
async fn a_call_from_before_the_erasure_is_waited_for_and_a_later_one_is_not() {
    let World { store, database } = &talked().await;
    let before = application(&org(1), vec![said("w.8", ana(), "late words")]);
    let after = with(application(&org(1), Vec::new()), |it| it.at = at(600_000));
    for application in [&before, &after] {
        let named = with(call(application), |it| it.body = OLD.into());
        ok(store.keep_webhook_call(&named, at(200_000))).await;
    }
    let (early, later) = (before.call_id.clone(), after.call_id.clone());
    let mut erasure = erasure(store, OLD);
    while ok(erasure.step()).await == AfterStep::More {}
    assert_eq!(ok(erasure.step()).await, AfterStep::Waits);
    store.apply_webhooks(vec![before]).await.remove(0).unwrap();
    while ok(erasure.step()).await == AfterStep::More {}
    assert_eq!(ok(erasure.step()).await, AfterStep::Done);
    let left = dump(database, "org_1").await;
    assert_gone("at the end", &left, &["late words", OLD, &early]);
    assert!(left.contains(&later), "{left}");
}

async fn is_unknown(store: &Store, text: &str) {
    refused!(store.begin_send(&message("org_1", text)) => StoreError::UnknownConversation);
    assert_eq!(ok(store.get::<Message>(&org(1), &msg(text))).await, None);
}

#[tokio::test]
async fn a_send_that_read_its_target_before_the_erasure_stores_nothing() {
    let World { store, .. } = &talked().await;
    let target = store
        .send_target(&org(1), Some(&agent_id()), &conv(), at(0))
        .await;
    assert!(target.unwrap().conversation.is_some());
    erase(store, OLD).await;
    is_unknown(store, "msg_2").await;
    // What another conversation sends at the same time is stored.
    let group = with(message("org_1", "msg_3"), |it| {
        it.conversation_id = id("conv-group");
    });
    let (gone, stored) = tokio::join!(is_unknown(store, "msg_4"), store.begin_send(&group));
    let ((), ()) = (gone, stored.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_waits_for_the_lock_of_the_erasure_stores_nothing() {
    let world = talked().await;
    if world.database.kind() != DatabaseKind::Postgres {
        // On SQLite there is one writer.
        return;
    }
    let mut erasing = world.raw().await;
    hold(&mut erasing).await;
    let removal = "delete from conversations where organization_id = 'org_1' and id = 'conv-456'";
    sqlx::raw_sql(removal).execute(&mut erasing).await.unwrap();
    let store = world.store.clone();
    let sending = tokio::spawn(async move { is_unknown(&store, "msg_2").await });
    wait_for_lock(&world).await;
    sqlx::raw_sql("commit").execute(&mut erasing).await.unwrap();
    sending.await.unwrap();
}
