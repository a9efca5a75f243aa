//! Messages whose outcome became unknown, for the sends that repeat them.

use recado_core::{Outcome, Status};
use recado_store::{Message, NewMessage, OrganizationChange, Store};

use crate::inbound::received::opened;
use crate::world::{
    World, accepted, agent_id, at, by, conv, end, ended, gives, message, msg, ok, org,
};

async fn has_unknown(store: &Store, since: i64) -> bool {
    ok(store.send_target(&org(1), Some(&agent_id()), &conv(), at(since)))
        .await
        .has_unknown
}

async fn once_unknown(store: &Store, since: i64) -> Vec<Message> {
    ok(store.messages_once_unknown(&org(1), &conv(), at(since))).await
}

#[tokio::test]
async fn a_message_is_found_from_its_unknown_outcome_on_also_when_it_is_settled() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    assert!(!has_unknown(store, 0).await, "it is on its way");
    let unknown = ended(Outcome::Unknown);
    ok(store.finish_send(&org(1), &msg("msg_1"), &unknown, at(6_000))).await;
    for (result, status) in [(unknown, Status::Unknown), (accepted(), Status::Accepted)] {
        ok(store.finish_send(&org(1), &msg("msg_1"), &result, at(7_000))).await;
        assert!(has_unknown(store, 5_999).await);
        assert!(!has_unknown(store, 6_000).await);
        let found = once_unknown(store, 5_999).await;
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.id.as_str(), found.status))
            .collect();
        assert_eq!(found, [("msg_1", status)]);
        assert_eq!(once_unknown(store, 6_000).await, []);
    }
}

#[tokio::test]
async fn neither_another_conversation_nor_an_accepted_message_is_found() {
    let World { store, .. } = &World::with_conversations().await;
    let other = opened(store, "conv-other", "5521977776666").await;
    let elsewhere = NewMessage {
        conversation_id: other.id,
        ..message("org_1", "msg_3")
    };
    ok(store.begin_send(&elsewhere)).await;
    ok(store.finish_send(&org(1), &msg("msg_3"), &ended(Outcome::Unknown), at(6_000))).await;
    ok(store.begin_send(&message("org_2", "msg_1"))).await;
    ok(store.finish_send(&org(2), &msg("msg_1"), &ended(Outcome::Unknown), at(6_000))).await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    ok(store.finish_send(&org(1), &msg("msg_2"), &accepted(), at(6_000))).await;
    assert!(!has_unknown(store, 0).await);
    assert_eq!(once_unknown(store, 0).await, []);
}

#[tokio::test]
async fn a_message_whose_server_ended_is_found() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    end(store, 8_000).await;
    assert!(has_unknown(store, 7_999).await);
    assert_eq!(once_unknown(store, 7_999).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_is_still_sent_is_found_once_its_caller_gave_up() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    for noted_at in [6_000, 9_000] {
        ok(store.note_unknown(&org(1), &msg("msg_1"), at(noted_at))).await;
    }
    assert_eq!(once_unknown(store, 5_999).await[0].status, Status::Sending);
    assert!(!has_unknown(store, 6_000).await, "the first note counts");
}

#[tokio::test]
async fn an_organization_may_want_each_repeat_to_be_sent() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    ok(store.note_unknown(&org(1), &msg("msg_1"), at(6_000))).await;
    for (guards, found) in [(false, 0), (false, 0), (true, 1)] {
        let updated = ok(store.update_organization(&org(1), guarding(guards), &by(7_000))).await;
        assert_eq!(updated.unwrap().guards_repeats, guards);
        assert_eq!(once_unknown(store, 0).await.len(), found);
    }
    gives!(store.update_organization(&crate::world::id("org_9"), guarding(true), &by(1)) => None);
}

fn guarding(guards: bool) -> OrganizationChange {
    OrganizationChange {
        guards_repeats: Some(guards),
        ..OrganizationChange::default()
    }
}
