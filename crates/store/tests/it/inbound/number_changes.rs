//! Customers who change number or user id: known by the new addresses, and not mixed up with others.

use recado_core::Provider;
use recado_core::inbound::{Contact, Inbound, InboundContent};
use recado_store::{Conversation, Store};
use rstest::rstest;
use tokio::task::JoinSet;

use crate::inbound::received::{lands_in, last_event, opened};
use crate::taps::{ana, apply, create_channel, events, inbound, kinds, phone, said, tapped};
use crate::world::{ALL, World, at, conv, id, ok, org, with};

const OLD: &str = "5521988887777";
const NEW: &str = "5511977776666";

fn person(phone: Option<&str>, user_id: Option<&str>) -> Contact {
    Contact::new([phone, user_id].into_iter().flatten().map(id))
}

pub(crate) fn moved(external_id: &str, from: Contact, to: Contact) -> Inbound {
    let content = InboundContent::NumberChange {
        to,
        text: Some("Ana changed".into()),
    };
    Inbound::Message(inbound(external_id, from, content))
}

async fn kept(store: &Store, text: &str) -> Conversation {
    let kept = ok(store.get::<Conversation>(&org(1), &id(text))).await;
    kept.expect("a conversation")
}

#[tokio::test]
async fn a_new_number_goes_on_in_the_conversation_of_the_old_one() {
    let World { store, .. } = &tapped().await;
    let before = with(ana(), |it| it.user_id = Some(id("BR.1")));
    apply(store, vec![said("w.1", before, "Hi")]).await;
    let to = person(Some(NEW), Some("BR.2"));
    let change = moved("w.2", person(Some(OLD), Some("BR.1")), to.clone());
    assert_eq!(apply(store, vec![change]).await.events, 1);
    let event = last_event(store).await;
    assert_eq!(event.event_type.as_str(), "message.received");
    assert_eq!(event.conversation_id, Some(conv()));
    let name = |phone: &str, user_id: &str| serde_json::json!({ "phone": phone, "userId": user_id, "lid": null, "name": "Ana" });
    assert_eq!(
        (&event.data["kind"], &event.data["text"]),
        (&"system".into(), &"Ana changed".into())
    );
    assert_eq!(event.data["from"], name(OLD, "BR.1"));
    assert_eq!(event.data["movedTo"], name(NEW, "BR.2"));
    let conversation = kept(store, "conv-456").await;
    assert_eq!(conversation.recipient, id(NEW));
    assert_eq!(conversation.person, to.clone().named(Some("Ana".into())));
    let target = ok(store.send_target(&org(1), Some(&id("agent-123")), &conv(), at(0))).await;
    assert_eq!(target.conversation.unwrap().recipient, id(NEW));
    for (number, from) in [to, person(Some(NEW), None), person(None, Some("BR.2"))]
        .into_iter()
        .enumerate()
    {
        let landed = lands_in(store, said(&format!("w.new.{number}"), from, "Hi")).await;
        assert_eq!(landed, "conv-456", "{number}");
    }
}

#[rstest]
#[case::a_user_id_alone(person(None, Some("BR.2")), "BR.2")]
#[case::a_number_alone(person(Some(NEW), None), NEW)]
#[tokio::test]
async fn no_former_name_is_left(#[case] to: Contact, #[case] recipient: &str) {
    let World { store, .. } = &tapped().await;
    let old = person(Some(OLD), Some("BR.1"));
    apply(store, vec![said("w.1", old.clone(), "Hi")]).await;
    apply(
        store,
        vec![moved("w.2", person(None, Some("BR.1")), to.clone())],
    )
    .await;
    let conversation = kept(store, "conv-456").await;
    assert_eq!(
        (conversation.recipient, conversation.person),
        (id(recipient), to.clone())
    );
    // The old number belongs to another customer now.
    let stranger = person(Some(OLD), Some("BR.9"));
    assert_ne!(
        lands_in(store, said("w.3", stranger, "Hi")).await,
        "conv-456"
    );
    assert_eq!(lands_in(store, said("w.4", to, "Hi")).await, "conv-456");
}

#[tokio::test]
async fn a_conversation_with_a_user_id_is_sent_to_the_new_user_id() {
    let World { store, .. } = &tapped().await;
    opened(store, "conv-user", "BR.1").await;
    let to = person(Some(NEW), Some("BR.2"));
    apply(
        store,
        vec![moved("w.1", person(None, Some("BR.1")), to.clone())],
    )
    .await;
    let conversation = kept(store, "conv-user").await;
    assert_eq!(
        (conversation.recipient, conversation.person),
        (id("BR.2"), to)
    );
    assert_eq!(
        kept(store, "conv-456").await.recipient,
        id(OLD),
        "another customer"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_comes_many_times_at_once_is_told_once() {
    let world = tapped().await;
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        // Another server each time.
        let store = world.database.store().await;
        tasks.spawn(async move {
            let change = || moved("w.1", phone(OLD), person(Some(NEW), Some("BR.2")));
            apply(&store, vec![change(), change()]).await.events
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 1);
    assert_eq!(kept(&world.store, "conv-456").await.recipient, id(NEW));
}

#[tokio::test]
async fn one_change_that_is_told_as_two_opens_no_conversation() {
    let World { store, .. } = &tapped().await;
    let old = person(Some(OLD), Some("BR.1"));
    apply(store, vec![said("w.1", old.clone(), "Hi")]).await;
    let by_id = moved(
        "w.2",
        person(None, Some("BR.1")),
        person(None, Some("BR.2")),
    );
    let by_number = moved("w.3", old, person(Some(NEW), Some("BR.2")));
    apply(store, vec![by_id, by_number]).await;
    assert_eq!(last_event(store).await.conversation_id, Some(conv()));
    assert!(!kinds(store).await.contains(&"conversation.created"));
    let conversation = kept(store, "conv-456").await;
    assert_eq!(conversation.person, person(Some(NEW), Some("BR.2")));
}

#[tokio::test]
async fn every_agents_conversation_goes_along_and_no_other_channels() {
    let World { store, .. } = &tapped().await;
    create_channel(store, "org_1", "chn_2", Provider::WhatsApp).await;
    opened(store, "conv-other", OLD).await;
    let elsewhere = Conversation::new(
        org(1),
        id("conv-elsewhere"),
        id("agent-123"),
        id("chn_2"),
        id(OLD),
        at(4_000),
    );
    ok(store.create_conversation(&elsewhere, None)).await;
    apply(store, vec![moved("w.1", phone(OLD), phone(NEW))]).await;
    for (text, recipient) in [
        ("conv-456", NEW),
        ("conv-other", NEW),
        ("conv-elsewhere", OLD),
    ] {
        assert_eq!(kept(store, text).await.recipient, id(recipient), "{text}");
    }
}

#[tokio::test]
async fn a_customer_who_wrote_from_the_new_number_first_stays_in_the_old_conversation() {
    let World { store, .. } = &tapped().await;
    let to = person(Some(NEW), Some("BR.2"));
    let early = lands_in(store, said("w.1", to.clone(), "Hi")).await;
    assert_ne!(early, "conv-456");
    apply(store, vec![moved("w.2", phone(OLD), to.clone())]).await;
    let conversation = kept(store, "conv-456").await;
    // One agent has one conversation with one address.
    assert_eq!(conversation.recipient, id("BR.2"));
    assert_eq!(conversation.person, to);
    assert_eq!(lands_in(store, said("w.3", to, "Hi")).await, "conv-456");
    // Nothing of the other one is lost: what was said there, and whom it goes to.
    assert_eq!(kept(store, &early).await.recipient, id(NEW));
    let listed = store.list_messages(&org(1), &id(&early), &ALL).await;
    assert_eq!(listed.unwrap().data.len(), 1);
}

#[tokio::test]
async fn a_conversation_whose_new_address_is_taken_stays_and_the_other_goes_on() {
    let World { store, .. } = &tapped().await;
    let early = lands_in(store, said("w.1", phone(NEW), "Hi")).await;
    apply(store, vec![moved("w.2", phone(OLD), phone(NEW))]).await;
    assert_eq!(last_event(store).await.conversation_id, Some(conv()));
    let conversation = kept(store, "conv-456").await;
    assert_eq!(
        (conversation.recipient, conversation.person),
        (id(OLD), phone(OLD))
    );
    assert_eq!(lands_in(store, said("w.3", phone(NEW), "Hi")).await, early);
}

#[tokio::test]
async fn another_customer_who_had_the_number_before_is_left_alone() {
    let World { store, .. } = &tapped().await;
    let first = person(Some(OLD), Some("BR.7"));
    apply(store, vec![said("w.1", first.clone(), "Hi")]).await;
    let second = lands_in(store, said("w.2", person(Some(OLD), Some("BR.1")), "Hi")).await;
    let to = person(Some(NEW), Some("BR.2"));
    apply(
        store,
        vec![moved("w.3", person(Some(OLD), Some("BR.1")), to.clone())],
    )
    .await;
    assert_eq!(kept(store, "conv-456").await.person, first);
    assert_eq!(kept(store, &second).await.person, to);
}

#[tokio::test]
async fn an_unknown_customer_gets_a_conversation_with_the_new_address() {
    let World { store, .. } = &tapped().await;
    let to = person(Some(NEW), Some("BR.2"));
    apply(
        store,
        vec![moved("w.1", phone("5511900000001"), to.clone())],
    )
    .await;
    let told = events(store, &org(1)).await;
    assert_eq!(told[1].event_type.as_str(), "conversation.created");
    let landed = told[2].conversation_id.as_ref().expect("a conversation");
    let conversation = kept(store, landed.as_str()).await;
    assert_eq!((conversation.recipient, conversation.person), (id(NEW), to));
}

#[tokio::test]
async fn what_whatsapp_says_of_a_customer_opens_no_window() {
    let World { store, .. } = &tapped().await;
    let system = InboundContent::Other {
        kind: "system".into(),
        text: None,
        content: None,
    };
    let notice = Inbound::Message(inbound("w.1", ana(), system));
    apply(store, vec![notice, moved("w.2", ana(), phone(NEW))]).await;
    assert_eq!(kept(store, "conv-456").await.window_expires_at, None);
    apply(store, vec![said("w.3", phone(NEW), "Hi")]).await;
    assert!(kept(store, "conv-456").await.window_expires_at.is_some());
}
