//! Contacts: what is learned of a customer holds in all conversations with them.

use jiff::Timestamp;
use recado_core::inbound::{Contact, CustomerCall, Inbound};
use recado_core::{ConversationId, Provider};
use recado_store::{Conversation, Store};
use rstest::rstest;
use sqlx::AssertSqlSafe;

use crate::inbound::number_changes::moved;
use crate::inbound::received::opened;
use crate::taps::{ana, apply, changed, create_channel, furnish, kinds, phone, said, tapped};
use crate::world::{World, at, conv, gives, id, ok, org, with};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The window that a send in this conversation looks at.
async fn window(store: &Store, conversation: &ConversationId) -> Option<Timestamp> {
    let target = store
        .send_target(&org(1), Some(&id("agent-123")), conversation, at(0))
        .await;
    let target = target.unwrap().conversation.unwrap();
    let shown = ok(store.get::<Conversation>(&org(1), conversation)).await;
    assert_eq!(shown.unwrap().window_expires_at, target.window_expires_at);
    target.window_expires_at
}

fn written(external_id: &str, from: Contact, sent_at: i64) -> Inbound {
    changed(said(external_id, from, "Hi"), |it| {
        it.sent_at = Some(sent_at);
    })
}

fn called(from: Contact, at: i64) -> Inbound {
    Inbound::Call(CustomerCall::new(from, Some(at)))
}

#[rstest]
#[case::brazil("5521988887777", "552188887777")]
#[case::mexico("525512345678", "5215512345678")]
#[tokio::test]
async fn every_agents_conversation_and_both_spellings_see_one_window(
    #[case] one: &str,
    #[case] other: &str,
) {
    let World { store, .. } = &World::new().await;
    create_channel(store, "org_1", "chn_1", Provider::WhatsApp).await;
    create_channel(store, "org_1", "chn_2", Provider::WhatsApp).await;
    let same = [
        opened(store, "conv-1", one).await.id,
        opened(store, "conv-2", one).await.id,
        opened(store, "conv-3", other).await.id,
    ];
    let stranger = opened(store, "conv-4", "5521977776666").await.id;
    let elsewhere = Conversation {
        channel_id: id("chn_2"),
        ..opened(store, "conv-5", "15550001111").await
    };
    let elsewhere = Conversation::new(
        elsewhere.organization_id,
        id("conv-6"),
        elsewhere.agent_id,
        elsewhere.channel_id,
        id(one),
        at(4_000),
    );
    ok(store.create_conversation(&elsewhere, None)).await;
    for (number, (from, sent_at)) in [(one, 50_000), (other, 60_000), (one, 55_000)]
        .into_iter()
        .enumerate()
    {
        apply(
            store,
            vec![written(&format!("w.{number}"), phone(from), sent_at)],
        )
        .await;
        let expected = Some(at(
            sent_at.max(50_000 + 10_000 * i64::from(number > 0)) + DAY
        ));
        for conversation in &same {
            assert_eq!(
                window(store, conversation).await,
                expected,
                "{number} {conversation}"
            );
        }
    }
    for conversation in [&stranger, &elsewhere.id] {
        assert_eq!(window(store, conversation).await, None, "{conversation}");
    }
}

#[tokio::test]
async fn a_conversation_that_is_created_later_knows_the_contact() {
    let World { store, .. } = &tapped().await;
    let person = with(ana(), |it| it.user_id = Some(id("BR.1")));
    apply(store, vec![written("w.1", person.clone(), 50_000)]).await;
    for (text, recipient) in [
        ("conv-same", "5521988887777"),
        ("conv-spelled", "552188887777"),
        ("conv-user", "BR.1"),
    ] {
        let created = opened(store, text, recipient).await;
        assert_eq!(created.window_expires_at, Some(at(50_000 + DAY)), "{text}");
        assert_eq!(created.person.user_id, person.user_id, "{text}");
        assert_eq!(created.recipient, id(recipient));
        gives!(store.get::<Conversation>(&org(1), &created.id) => Some(created));
    }
    // The phone number is not told any more: all are found by the user id.
    let hidden = Contact::new([id("BR.1")]);
    apply(store, vec![written("w.2", hidden, 70_000)]).await;
    for text in ["conv-456", "conv-same", "conv-spelled", "conv-user"] {
        assert_eq!(
            window(store, &id(text)).await,
            Some(at(70_000 + DAY)),
            "{text}"
        );
    }
}

#[rstest]
#[case::whatsapp(Provider::WhatsApp, Some(at(50_000 + DAY)))]
#[case::without_windows(Provider::Zapi, None)]
#[tokio::test]
async fn a_customers_call_opens_the_window_and_makes_no_event(
    #[case] provider: Provider,
    #[case] expected: Option<Timestamp>,
) {
    let World { store, .. } = &World::new().await;
    furnish(store, provider).await;
    opened(store, "conv-other", "552188887777").await;
    let calls = vec![
        called(ana(), 50_000),
        called(phone("5511900000009"), 50_000),
    ];
    let applied = apply(store, calls).await;
    assert_eq!((applied.events, applied.no_agent), (0, false));
    for conversation in [conv(), id("conv-other")] {
        assert_eq!(
            window(store, &conversation).await,
            expected,
            "{conversation}"
        );
    }
    assert!(!kinds(store).await.contains(&"conversation.created"));
}

#[tokio::test]
async fn who_changes_number_keeps_the_window_in_every_conversation() {
    const NEW: &str = "5511977776666";
    let World { store, .. } = &tapped().await;
    opened(store, "conv-new", NEW).await;
    apply(store, vec![written("w.1", ana(), 50_000)]).await;
    apply(store, vec![moved("w.2", ana(), phone(NEW))]).await;
    for conversation in [conv(), id("conv-new")] {
        let expected = Some(at(50_000 + DAY));
        assert_eq!(
            window(store, &conversation).await,
            expected,
            "{conversation}"
        );
    }
}

#[tokio::test]
async fn a_window_that_cannot_be_read_is_not_known() {
    let world = tapped().await;
    let mut raw = world.raw().await;
    sqlx::query("update conversations set window_expires_at = 9223372036854775807")
        .execute(&mut raw)
        .await
        .unwrap();
    assert_eq!(window(&world.store, &conv()).await, None);
    apply(&world.store, vec![written("w.1", ana(), 50_000)]).await;
    assert_eq!(window(&world.store, &conv()).await, Some(at(50_000 + DAY)));
}

#[tokio::test]
async fn the_migration_gives_all_conversations_of_a_contact_their_latest_window() {
    let world = World::new().await;
    let store = &world.store;
    create_channel(store, "org_1", "chn_1", Provider::WhatsApp).await;
    let cases = [
        ("conv-1", "5521988887777", 10, 30),
        ("conv-2", "552188887777", 30, 30),
        ("conv-3", "5215512345678", 20, 20),
        ("conv-4", "525512345678", 0, 20),
        ("conv-5", "5491123456789", 5, 7),
        ("conv-6", "541123456789", 7, 7),
        ("conv-7", "BR.1", 0, 0),
        ("conv-8", "15550001111", 9, 9),
    ];
    let mut raw = world.raw().await;
    for (text, recipient, before, _) in cases {
        opened(store, text, recipient).await;
        let set = "update conversations set window_expires_at = nullif($1, 0) where id = $2";
        let set = sqlx::query(set).bind(i64::from(before)).bind(text);
        ok(set.execute(&mut raw)).await;
    }
    let migration = include_str!("../../../migrations/0003_contacts.sql");
    sqlx::raw_sql(AssertSqlSafe(migration.to_owned()))
        .execute(&mut raw)
        .await
        .unwrap();
    for (text, .., after) in cases {
        let expected = (after > 0).then(|| at(after.into()));
        assert_eq!(window(store, &id(text)).await, expected, "{text}");
    }
}
