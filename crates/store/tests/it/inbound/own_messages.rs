//! Our own messages that come back: bound to the one message that they are, and to no other.

use recado_core::inbound::{Choice, Contact, Inbound, OwnMessage};
use recado_core::{
    Content, ContentKind, CtaUrl, Location, Outcome, Provider, Status, Text, Warning,
};
use recado_store::{Message, Store};
use rstest::rstest;
use serde_json::json;

use crate::taps::{apply, create_channel, events, furnish, kinds, phone, status_update};
use crate::world::{World, at, buttons, conversation, ended, id, message, msg, ok, org, with};

/// The report of an own message with the content of [`buttons`], a second after its send.
fn own_message(external_id: &str) -> OwnMessage {
    let choice =
        |button: &recado_core::Button| Choice::new(button.id.clone(), button.title.clone());
    with(
        OwnMessage::new(
            external_id,
            phone("5521988887777"),
            ContentKind::Buttons,
            buttons().body(),
        ),
        |it| {
            it.sent_at = Some(6_000);
            it.choices = buttons().buttons().iter().map(choice).collect();
        },
    )
}

/// `msg_1` in `conv-456` on `chn_1`, still on its way.
async fn sending() -> World {
    let world = World::new().await;
    create_channel(&world.store, "org_1", "chn_1", Provider::ZapperHub).await;
    let store = &world.store;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
    world
}

async fn finish(store: &Store, text: &str, outcome: Outcome) {
    ok(store.finish_send(&org(1), &msg(text), &ended(outcome), at(7_000))).await;
}

async fn kept(store: &Store, text: &str) -> Message {
    let kept = ok(store.get::<Message>(&org(1), &msg(text))).await;
    kept.expect("a message")
}

#[rstest]
#[case::accepted_without_an_id(Outcome::Accepted)]
#[case::the_answer_was_lost(Outcome::Unknown)]
#[tokio::test]
async fn an_own_message_gives_its_id_to_the_message_whose_answer_was_lost(
    #[case] outcome: Outcome,
) {
    let World { store, .. } = &sending().await;
    finish(store, "msg_1", outcome).await;
    // Delivered before it came back.
    apply(store, vec![status_update("3EB0", Status::Delivered)]).await;
    apply(store, vec![Inbound::OwnMessage(own_message("3EB0"))]).await;
    let bound = kept(store, "msg_1").await;
    assert_eq!(
        (bound.external_id.as_deref(), bound.status),
        (Some("3EB0"), Status::Delivered)
    );
    apply(store, vec![Inbound::OwnMessage(own_message("3EB0"))]).await;
    apply(store, vec![status_update("3EB0", Status::Read)]).await;
    let told = kinds(store).await;
    assert_eq!(told[1..], ["message.delivered", "message.read"]);
}

#[rstest]
#[case::a_text(Text::new("Hi").expect("a text").into(), true)]
#[case::a_link(CtaUrl::new("Hi", "Open", "https://shop.example").expect("a link").into(), false)]
#[case::a_place(Location::new(1.0, 1.0).expect("a place").with_name("Hi").into(), false)]
#[tokio::test]
async fn a_text_is_only_ever_the_report_of_a_text(#[case] sent: Content, #[case] is_it: bool) {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1", Provider::ZapperHub).await;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    let message = with(message("org_1", "msg_1"), |it| it.content = sent);
    ok(store.begin_send(&message)).await;
    finish(store, "msg_1", Outcome::Accepted).await;
    let own = OwnMessage::new("3EB0", phone("5521988887777"), ContentKind::Text, "Hi");
    let own = with(own, |it| it.sent_at = Some(6_000));
    apply(store, vec![Inbound::OwnMessage(own)]).await;
    let found = kept(store, "msg_1").await.external_id;
    assert_eq!(found.as_deref(), is_it.then_some("3EB0"));
}

#[tokio::test]
async fn only_the_event_of_the_acceptance_names_what_is_degraded() {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1", Provider::ZapperHub).await;
    ok(store.create_conversation(&conversation("org_1", "conv-456"), None)).await;
    let warning = Warning::degraded("name", "it is not shown");
    let message = with(message("org_1", "msg_1"), |it| it.warnings = vec![warning]);
    ok(store.begin_send(&message)).await;
    // It is delivered before the answer to the send is stored.
    apply(store, vec![status_update("3EB0", Status::Delivered)]).await;
    let result = with(ended(Outcome::Accepted), |it| {
        it.external_id = Some("3EB0".into());
    });
    ok(store.finish_send(&org(1), &msg("msg_1"), &result, at(7_000))).await;
    let told: Vec<_> = (events(store, &org(1)).await.iter())
        .map(|event| serde_json::to_value(&event.data).expect("JSON")["degraded"].clone())
        .collect();
    assert_eq!(told, [json!(["name"]), json!(null)]);
}

#[tokio::test]
async fn an_own_message_that_comes_before_the_answer_waits_for_it() {
    let World { store, .. } = &sending().await;
    apply(store, vec![Inbound::OwnMessage(own_message("3EB0"))]).await;
    assert_eq!(kinds(store).await, [""; 0]);
    finish(store, "msg_1", Outcome::Accepted).await;
    let bound = kept(store, "msg_1").await;
    assert_eq!(bound.external_id.as_deref(), Some("3EB0"));
    assert_eq!(kinds(store).await, ["message.accepted", "message.sent"]);
}

#[tokio::test]
async fn two_messages_that_are_alike_are_both_left_without_an_id() {
    let World { store, .. } = &sending().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    for text in ["msg_1", "msg_2"] {
        finish(store, text, Outcome::Accepted).await;
    }
    let applied = apply(store, vec![Inbound::OwnMessage(own_message("3EB0"))]).await;
    assert_eq!((applied.events, applied.pending), (0, 1));
    for text in ["msg_1", "msg_2"] {
        assert_eq!(kept(store, text).await.external_id, None);
    }
}

#[tokio::test]
async fn a_message_whose_id_came_is_not_mistaken_for_one_that_is_alike() {
    let World { store, .. } = &World::new().await;
    furnish(store, Provider::ZapperHub).await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    finish(store, "msg_2", Outcome::Unknown).await;
    apply(store, vec![Inbound::OwnMessage(own_message("wamid.1"))]).await;
    assert_eq!(kept(store, "msg_1").await.status, Status::Sent);
    assert_eq!(kept(store, "msg_2").await.external_id, None);
    apply(store, vec![Inbound::OwnMessage(own_message("3EB0"))]).await;
    let found = kept(store, "msg_2").await.external_id;
    assert_eq!(found.as_deref(), Some("3EB0"));
}

#[rstest]
#[case::another_customer(with(own_message("3EB0"), |it| it.to = phone("5511900000001")))]
#[case::no_customer(with(own_message("3EB0"), |it| it.to = Contact::default()))]
#[case::other_words(with(own_message("3EB0"), |it| it.body = "Body".into()))]
#[case::no_buttons(with(own_message("3EB0"), |it| it.choices = Vec::new()))]
#[case::another_order(with(own_message("3EB0"), |it| it.choices = own_message("3EB0").choices.into_iter().rev().collect()))]
#[case::too_early(with(own_message("3EB0"), |it| it.sent_at = Some(5_000 - 120_001)))]
#[case::too_late(with(own_message("3EB0"), |it| it.sent_at = Some(5_000 + 120_001)))]
#[tokio::test]
async fn another_own_message_gives_no_id(#[case] other: OwnMessage) {
    let World { store, .. } = &sending().await;
    finish(store, "msg_1", Outcome::Unknown).await;
    let applied = apply(store, vec![Inbound::OwnMessage(other)]).await;
    assert_eq!((applied.events, applied.pending), (0, 1));
    assert_eq!(kept(store, "msg_1").await.external_id, None);
}

#[rstest]
#[case::without_the_ninth_digit(phone("552188887777"))]
#[case::by_its_lid(Contact::new([id("1900@lid")]))]
#[tokio::test]
async fn the_customer_is_known_by_every_name(#[case] to: Contact) {
    let World { store, .. } = &sending().await;
    let both = with(phone("5521988887777"), |it| it.lid = Some(id("1900@lid")));
    apply(store, vec![crate::taps::said("w.1", both, "Hi")]).await;
    finish(store, "msg_1", Outcome::Unknown).await;
    apply(
        store,
        vec![Inbound::OwnMessage(with(own_message("3EB0"), |it| {
            it.to = to;
        }))],
    )
    .await;
    assert_eq!(kept(store, "msg_1").await.status, Status::Sent);
}

#[tokio::test]
async fn a_refused_message_is_not_what_came_back() {
    let World { store, .. } = &sending().await;
    finish(store, "msg_1", Outcome::Rejected).await;
    apply(store, vec![Inbound::OwnMessage(own_message("3EB0"))]).await;
    assert_eq!(kept(store, "msg_1").await.external_id, None);
}
