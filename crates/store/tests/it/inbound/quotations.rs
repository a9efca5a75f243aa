//! Quotations: they choose among the conversations of their sender, and nothing more.

use recado_core::Provider;
use recado_core::inbound::{Contact, Inbound};
use recado_store::{Conversation, SendResult, Store};
use rstest::rstest;

use crate::inbound::received::{lands_in, last_event, opened};
use crate::taps::{ana, changed, furnish, phone, said, tap, tapped};
use crate::world::{World, accepted, at, conv, id, message, ok, org};

/// A customer who is known by a user id alone.
fn user(user_id: &str) -> Contact {
    Contact::new([id(user_id)])
}

/// A text that quotes a message of ours.
pub(crate) fn answering(external_id: &str, from: Contact, text: &str, quoted: &str) -> Inbound {
    changed(said(external_id, from, text), |it| {
        it.in_reply_to = Some(quoted.to_owned());
    })
}

/// A text that quotes `msg_1`.
fn quoting(external_id: &str, from: Contact, text: &str) -> Inbound {
    answering(external_id, from, text, "wamid.1")
}

/// Sends `msg_2` in a conversation, which is accepted under this id.
pub(crate) async fn sent_in(store: &Store, conversation: &str, external_id: &str) {
    let mut newer = message("org_1", "msg_2");
    newer.conversation_id = id(conversation);
    newer.created_at = at(50_000);
    ok(store.begin_send(&newer)).await;
    let result = SendResult {
        external_id: Some(external_id.to_owned()),
        provider_id: None,
        ..accepted()
    };
    ok(store.finish_send(&org(1), &newer.id, &result, at(51_000))).await;
}

#[rstest]
#[case::a_tap(Provider::WhatsApp, tap("w.1", phone("5511900000001")))]
#[case::a_title(Provider::Zapi, quoting("w.1", phone("5511900000001"), "Sales"))]
#[case::a_user_id(Provider::WhatsApp, tap("w.1", user("BR.9")))]
#[tokio::test]
async fn a_quotation_of_another_customers_message_stays_with_its_sender(
    #[case] provider: Provider,
    #[case] item: Inbound,
) {
    let World { store, .. } = &World::new().await;
    furnish(store, provider).await;
    opened(store, "conv-phone", "5511900000001").await;
    opened(store, "conv-user", "BR.9").await;
    let landed = lands_in(store, item).await;
    assert!(["conv-phone", "conv-user"].contains(&&*landed), "{landed}");
    let event = last_event(store).await;
    assert_eq!(event.data["inReplyTo"], "msg_1");
    assert!(event.data.get("inferred").is_none(), "{}", event.data);
    let kept = ok(store.get::<Conversation>(&org(1), &conv())).await;
    let kept = kept.unwrap();
    assert_eq!(
        (kept.person, kept.window_expires_at),
        (phone("5521988887777"), None)
    );
}

#[tokio::test]
async fn a_stranger_who_quotes_a_customers_message_gets_a_conversation_of_their_own() {
    let World { store, .. } = &tapped().await;
    let landed = lands_in(store, tap("w.1", phone("5511900000001"))).await;
    let kept = ok(store.get::<Conversation>(&org(1), &id(&landed))).await;
    assert_eq!(kept.unwrap().recipient, id("5511900000001"));
    assert_eq!(last_event(store).await.data["inReplyTo"], "msg_1");
}

#[tokio::test]
async fn a_private_answer_to_a_message_in_a_group_stays_private() {
    let World { store, .. } = &tapped().await;
    opened(store, "conv-group", "120363000000000001@g.us").await;
    sent_in(store, "conv-group", "wamid.group").await;
    let landed = lands_in(store, answering("w.1", ana(), "Hi", "wamid.group")).await;
    assert_eq!(landed, "conv-456");
    assert_eq!(last_event(store).await.data["inReplyTo"], "msg_2");
}

#[tokio::test]
async fn a_quotation_chooses_among_the_senders_own_conversations() {
    let World { store, .. } = &tapped().await;
    opened(store, "conv-other", "552188887777").await;
    sent_in(store, "conv-other", "wamid.other").await;
    for (number, (quoted, expected)) in [
        ("wamid.1", "conv-456"),
        ("wamid.other", "conv-other"),
        ("wamid.1", "conv-456"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = answering(&format!("w.{number}"), ana(), "Hi", quoted);
        assert_eq!(lands_in(store, text).await, expected, "{quoted}");
    }
}
