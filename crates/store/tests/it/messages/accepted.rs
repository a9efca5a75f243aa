//! Sends that their provider has accepted, whose message the caller knows: what is stored is what reading it again tells.

use recado_core::inbound::{Inbound, StatusUpdate};
use recado_core::{Outcome, Status};
use recado_store::{Message, NewMessage, SendResult, Store};
use tokio::task::JoinSet;

use crate::taps::{apply, events, kinds, status_update, tapped};
use crate::webhooks::deliveries::{MANY, claim, delivered, targets};
use crate::webhooks::webhook_endpoints::create;
use crate::world::{World, accepted, at, conv, ended, gives, message, msg, ok, org, some, with};

fn with_id(external_id: &str) -> SendResult {
    SendResult {
        external_id: Some(external_id.into()),
        ..accepted()
    }
}

/// Begins a message, and writes down that it was accepted.
async fn accept(store: &Store, new: &NewMessage, result: &SendResult) -> Message {
    ok(store.begin_send(new)).await;
    some(store.finish_begun(new, result, at(6_000))).await
}

#[tokio::test]
async fn the_answer_is_the_message_as_it_is_stored() {
    let World { store, .. } = &World::with_conversations().await;
    let new = with(message("org_1", "msg_1"), |new| {
        new.external_id = Some("3EB0".into());
        new.created_at = "1970-01-01T00:00:05.000999Z".parse().unwrap();
    });
    let without_ids = SendResult {
        external_id: None,
        provider_id: None,
        ..accepted()
    };
    let answer = accept(store, &new, &without_ids).await;
    assert_eq!(
        (answer.status, answer.external_id.as_deref()),
        (Status::Accepted, Some("3EB0"))
    );
    gives!(store.get::<Message>(&org(1), &msg("msg_1")) => Some(answer));

    let answer = accept(store, &message("org_1", "msg_2"), &accepted()).await;
    assert_eq!(answer.external_id.as_deref(), Some("wamid.1"));
    gives!(store.get::<Message>(&org(1), &msg("msg_2")) => Some(answer));
}

#[tokio::test]
async fn its_event_is_that_of_a_message_that_is_read_again() {
    let World { store, .. } = &World::with_conversations().await;
    accept(store, &message("org_1", "msg_1"), &accepted()).await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    some(store.finish_send(&org(1), &msg("msg_2"), &accepted(), at(6_000))).await;
    let [known, read] = &events(store, &org(1)).await[..] else {
        panic!("two events");
    };
    assert_eq!(known.data["messageId"], "msg_1");
    let same = with(read.clone(), |read| {
        read.id = known.id;
        read.data["messageId"] = "msg_1".into();
    });
    assert_eq!(*known, same);
}

#[tokio::test]
async fn a_status_that_came_before_the_answer_is_applied() {
    let World { store, .. } = &tapped().await;
    let new = message("org_1", "msg_2");
    ok(store.begin_send(&new)).await;
    apply(store, vec![status_update("wamid.2", Status::Delivered)]).await;
    let answer = some(store.finish_begun(&new, &with_id("wamid.2"), at(51_000))).await;
    assert_eq!(answer.status, Status::Delivered);
    let told = ["message.accepted", "message.accepted", "message.delivered"];
    assert_eq!(kinds(store).await, told);
}

#[tokio::test]
async fn an_id_that_a_status_told_before_an_answer_without_one_is_kept_with_what_waits_for_it() {
    let World { store, .. } = &tapped().await;
    let new = message("org_1", "msg_2");
    ok(store.begin_send(&new)).await;
    apply(store, vec![status_update("wamid.2", Status::Delivered)]).await;
    let named = with(
        StatusUpdate::new(vec!["wamid.2".into()], Status::Sent),
        |it| {
            it.message_id = Some(msg("msg_2"));
        },
    );
    apply(store, vec![Inbound::Status(named)]).await;
    let answer = some(store.finish_begun(&new, &ended(Outcome::Accepted), at(51_000))).await;
    assert_eq!(
        (answer.status, answer.external_id.as_deref()),
        (Status::Delivered, Some("wamid.2"))
    );
    gives!(store.get::<Message>(&org(1), &msg("msg_2")) => Some(answer));
}

#[tokio::test]
async fn an_outcome_that_is_written_again_is_told_once_and_leaves_a_later_status() {
    let World { store, .. } = &tapped().await;
    let new = message("org_1", "msg_2");
    let first = accept(store, &new, &with_id("wamid.2")).await;
    gives!(store.finish_begun(&new, &with_id("wamid.2"), at(6_000)) => Some(first));
    apply(store, vec![status_update("wamid.2", Status::Read)]).await;
    let again = some(store.finish_begun(&new, &with_id("wamid.2"), at(6_000))).await;
    assert_eq!(again.status, Status::Read);
    let told = ["message.accepted", "message.accepted", "message.read"];
    assert_eq!(kinds(store).await, told);
}

#[tokio::test]
async fn of_many_at_once_each_has_its_event_and_deliveries_follow_each_other() {
    let World { store, .. } = &World::with_conversations().await;
    create(store, "whk_1", &[]).await;
    let mut sends = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        sends.spawn(async move {
            let new = message("org_1", &format!("msg_{number}"));
            accept(&store, &new, &with_id(&format!("wamid.{number}"))).await
        });
    }
    sends.join_all().await;
    let told = events(store, &org(1)).await;
    assert_eq!(told.len(), 20);
    for event in &told {
        assert_eq!(event.conversation_id, Some(conv()));
        let due = claim(store, 7_000, MANY).await;
        assert_eq!(targets(&due).len(), 1, "one conversation has one at a time");
        assert_eq!(due[0].event.id, event.id);
        delivered(store, &due[0], 7_000).await;
    }
}
