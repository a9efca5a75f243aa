//! Messages.

use recado_core::message::MessageError;
use recado_core::{Content, Outcome, Status};
use recado_store::{Direction, Message, MessageContent, SendResult, StoreError};
use rstest::rstest;

use crate::world::{
    ALL, World, accepted, at, content, conv, end, gives, message, msg, ok, org, refused, some,
};

#[tokio::test]
async fn a_message_that_todays_rules_would_refuse_can_still_be_read() {
    let world = World::with_conversations().await;
    let store = &world.store;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    let invisible = "update messages set content = \
        '{\"header\":null,\"body\":\"\u{3164}\",\"footer\":null,\"buttons\":[{\"id\":\"a\",\"title\":\"\u{200b}\"}]}'";
    world.database.execute(invisible).await;
    let kept = ok(store.get::<Message>(&org(1), &msg("msg_1"))).await;
    let Some(MessageContent::Outbound(Content::Buttons(kept))) = kept.map(|kept| kept.content)
    else {
        panic!("no message with buttons");
    };
    assert_eq!(
        (kept.body(), &*kept.buttons()[0].title),
        ("\u{3164}", "\u{200b}")
    );
}

#[tokio::test]
async fn a_message_is_sending_until_its_send_ends() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    let sending = some(store.get::<Message>(&org(1), &msg("msg_1"))).await;
    assert_eq!(sending.status, Status::Sending);
    assert_eq!(
        (sending.created_at, sending.updated_at),
        (at(5_000), at(5_000))
    );
    assert_eq!(sending.content, MessageContent::Outbound(content()));
    assert_eq!(
        (sending.direction, &sending.from),
        (Direction::Outbound, &None)
    );
    assert_eq!(sending.warnings, message("org_1", "msg_1").warnings);
    assert_eq!((&sending.external_id, &sending.error), (&None, &None));

    let ended = some(store.finish_send(&org(1), &msg("msg_1"), &accepted(), at(6_000))).await;
    assert_eq!(
        (ended.status, ended.updated_at),
        (Status::Accepted, at(6_000))
    );
    assert_eq!(ended.external_id.as_deref(), Some("wamid.1"));
    assert_eq!(ended.provider_id.as_deref(), Some("zaap-1"));
    assert_eq!(ended.content, MessageContent::Outbound(content()));
    gives!(store.get::<Message>(&org(1), &msg("msg_1")) => Some(ended));
}

#[rstest]
#[case(Outcome::Rejected, Status::Rejected)]
#[case(Outcome::Unknown, Status::Unknown)]
#[tokio::test]
async fn an_error_is_kept_with_its_words(#[case] outcome: Outcome, #[case] status: Status) {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    let result = SendResult {
        outcome,
        external_id: Some("with a \0".into()),
        provider_id: None,
        error: Some(MessageError {
            reason: "window_closed".into(),
            code: Some(131_047),
            message: "more than 24 hours \0 ✅".into(),
        }),
    };
    let ended = store
        .finish_send(&org(1), &msg("msg_1"), &result, at(6_000))
        .await;
    let ended = ended.unwrap().unwrap();
    assert_eq!((ended.status, ended.error), (status, result.error));
    assert_eq!(ended.external_id.as_deref(), Some("with a \u{fffd}"));
}

#[tokio::test]
async fn an_unknown_is_settled_by_a_late_answer_and_an_outcome_is_not_overwritten() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    let unknown = SendResult {
        outcome: Outcome::Unknown,
        ..accepted()
    };
    let rejected = SendResult {
        outcome: Outcome::Rejected,
        ..accepted()
    };
    for (result, status) in [
        (unknown, Status::Unknown),
        (accepted(), Status::Accepted),
        (rejected, Status::Accepted),
    ] {
        let ended = some(store.finish_send(&org(1), &msg("msg_1"), &result, at(6_000))).await;
        assert_eq!(ended.status, status);
    }
}

#[tokio::test]
async fn the_end_of_a_send_that_never_began_is_none() {
    let World { store, .. } = &World::with_conversations().await;
    gives!(store.finish_send(&org(1), &msg("msg_1"), &accepted(), at(6_000)) => None);
}

#[tokio::test]
async fn a_message_id_is_used_once() {
    let World { store, .. } = &World::with_conversations().await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    refused!(store.begin_send(&message("org_1", "msg_1")) => StoreError::Conflict);
}

#[tokio::test]
async fn a_conversation_lists_its_own_messages() {
    let World { store, .. } = &World::with_conversations().await;
    let mut elsewhere = message("org_1", "msg_3");
    elsewhere.conversation_id = "conv-9".parse().unwrap();
    let mut other = crate::world::conversation("org_1", "conv-9");
    other.recipient = "5511900000009".parse().unwrap();
    ok(store.create_conversation(&other, None)).await;
    for new in [
        message("org_1", "msg_1"),
        message("org_1", "msg_2"),
        elsewhere,
    ] {
        ok(store.begin_send(&new)).await;
    }
    let listed = ok(store.list_messages(&org(1), &conv(), &ALL)).await;
    let ids: Vec<_> = listed
        .data
        .iter()
        .map(|message| message.id.as_str())
        .collect();
    assert_eq!(ids, ["msg_1", "msg_2"]);
}

#[tokio::test]
async fn what_a_server_leaves_in_sending_is_unknown_when_it_ends() {
    let World { store, .. } = &World::with_conversations().await;
    for (text, created_at) in [("msg_old", 5_000), ("msg_done", 5_000), ("msg_new", 7_000)] {
        let mut new = message("org_1", text);
        new.created_at = at(created_at);
        ok(store.begin_send(&new)).await;
    }
    ok(store.finish_send(&org(1), &msg("msg_done"), &accepted(), at(6_000))).await;
    assert_eq!(end(store, 8_000).await.messages, 2);
    assert_eq!(end(store, 8_000).await.messages, 0);
    for (text, status, updated_at) in [
        ("msg_old", Status::Unknown, 8_000),
        ("msg_done", Status::Accepted, 6_000),
        ("msg_new", Status::Unknown, 8_000),
    ] {
        let found = some(store.get::<Message>(&org(1), &msg(text))).await;
        assert_eq!(
            (found.status, found.updated_at),
            (status, at(updated_at)),
            "{text}"
        );
    }
}
