//! What customers' messages hold beside their words, and messages that could not be read at first.

use recado_core::inbound::{
    AccountAlert, AlertSeverity, Choice, Contact, ContactCard, EncryptedFile, Inbound,
    InboundContent, MessageContext, ReceivedContacts, ReceivedContent, ReceivedFile, ReceivedMedia,
    Referral, UNAVAILABLE, Unavailable,
};
use recado_store::{Message, MessageContent, Store};
use rstest::rstest;
use serde_json::{Value, json};

use crate::inbound::received::{last_event, opened};
use crate::taps::{ana, apply, changed, events, inbound, kinds, phone, said, tap, tapped};
use crate::world::{ALL, World, agent, conv, id, ok, org, some};

fn holding(external_id: &str, from: Contact, kind: &str, content: ReceivedContent) -> Inbound {
    let content = InboundContent::Other {
        kind: kind.into(),
        text: None,
        content: Some(Box::new(content)),
    };
    Inbound::Message(inbound(external_id, from, content))
}

fn unavailable(external_id: &str) -> Inbound {
    let content = ReceivedContent::Unavailable(Unavailable::default());
    holding(external_id, ana(), UNAVAILABLE, content)
}

/// The message of the last event.
async fn last_message(store: &Store) -> Message {
    let event = last_event(store).await;
    let message_id = event.data["messageId"].as_str().expect("an id");
    some(store.get::<Message>(&org(1), &id(message_id))).await
}

#[tokio::test]
async fn what_a_message_holds_and_refers_to_is_told_and_kept() {
    let World { store, .. } = &tapped().await;
    let encrypted = EncryptedFile {
        kind: "image".into(),
        media_key: "qqKey".into(),
        ..EncryptedFile::default()
    };
    let media = ReceivedMedia {
        mime_type: Some("image/jpeg".into()),
        available: true,
        encrypted: Some(encrypted.clone()),
        ..ReceivedMedia::default()
    };
    let picture = ReceivedContent::Image(ReceivedFile { media });
    let item = changed(holding("w.2", ana(), "image", picture), |message| {
        message.sent_at = Some(5_000_000);
        message.context = MessageContext {
            forwarded: true,
            ..MessageContext::default()
        };
        message.referral = Some(Box::new(Referral {
            click_id: Some("ARx".into()),
            ..Referral::default()
        }));
    });
    apply(store, vec![item]).await;
    let told = last_event(store).await.data;
    assert_eq!(told["content"]["media"]["mimeType"], "image/jpeg");
    assert_eq!(told["sentAt"], "1970-01-01T01:23:20Z");
    assert_eq!(told["context"], json!({"forwarded": true}));
    assert_eq!(told["referral"]["clickId"], "ARx");
    // What opens the file is kept, and no event has it.
    assert!(!told.to_string().contains("qqKey"), "{told}");
    let MessageContent::Inbound {
        content,
        context,
        referral,
        sent_at,
        ..
    } = last_message(store).await.content
    else {
        panic!("an inbound message");
    };
    let media = content.as_deref().and_then(ReceivedContent::media);
    assert_eq!(media.expect("a file").encrypted, Some(encrypted));
    assert!(context.forwarded && referral.is_some());
    assert_eq!(
        sent_at.map(jiff::Timestamp::as_millisecond),
        Some(5_000_000)
    );
}

#[tokio::test]
async fn what_is_too_long_is_left_out_and_that_is_told() {
    let World { store, .. } = &tapped().await;
    let card = ContactCard {
        vcard: Some("A".repeat(64 * 1024)),
        ..ContactCard::default()
    };
    let cards = ReceivedContent::Contacts(ReceivedContacts {
        contacts: vec![card],
        shared: false,
    });
    let item = changed(holding("w.2", ana(), "contacts", cards), |message| {
        message.referral = Some(Box::new(Referral {
            body: Some("A".repeat(64 * 1024)),
            ..Referral::default()
        }));
    });
    apply(store, vec![item]).await;
    let told = last_event(store).await.data;
    assert_eq!(
        (&told["kind"], &told["referral"]),
        (&json!("contacts"), &Value::Null)
    );
    assert_eq!(
        (&told["content"], &told["textTruncated"]),
        (&Value::Null, &json!(true))
    );
}

#[rstest]
#[case::in_one_transaction(true)]
#[case::in_two(false)]
#[tokio::test]
async fn words_that_come_later_replace_a_message_that_could_not_be_read(#[case] together: bool) {
    let World { store, .. } = &tapped().await;
    let items = vec![unavailable("w.2"), said("w.2", ana(), "Hi")];
    if together {
        assert_eq!(apply(store, items).await.events, 2);
    } else {
        for item in items {
            assert_eq!(apply(store, vec![item]).await.events, 1);
        }
    }
    let told = events(store, &org(1)).await;
    let [.., unread, read] = &told[..] else {
        panic!("two events")
    };
    assert_eq!(
        (&unread.data["kind"], &read.data["kind"]),
        (&json!("unavailable"), &json!("text"))
    );
    assert_eq!(unread.data["messageId"], read.data["messageId"]);
    let MessageContent::Inbound { kind, text, .. } = last_message(store).await.content else {
        panic!("an inbound message");
    };
    assert_eq!((&*kind, text.as_deref()), ("text", Some("Hi")));
    // Whatever comes again has no effect.
    for again in [said("w.2", ana(), "Hi"), unavailable("w.2")] {
        assert_eq!(apply(store, vec![again]).await.duplicates, 1);
    }
}

#[tokio::test]
async fn the_text_of_another_sender_replaces_nothing() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![unavailable("w.2")]).await;
    let other = said("w.2", phone("5511900000009"), "Hi");
    assert_eq!(apply(store, vec![other]).await.duplicates, 1);
    let MessageContent::Inbound { kind, .. } = last_message(store).await.content else {
        panic!("an inbound message");
    };
    assert_eq!(kind, UNAVAILABLE);
}

#[tokio::test]
async fn a_message_that_is_read_later_stands_in_the_conversation_that_its_event_names() {
    let World { store, .. } = &tapped().await;
    ok(store.create_agent(&agent("org_1", "agent-of-other"), None)).await;
    opened(store, "other", "5521988887777").await;
    apply(store, vec![unavailable("w.2")]).await;
    // It answers a message of the first conversation.
    apply(store, vec![tap("w.2", ana())]).await;
    let event = last_event(store).await;
    let message = last_message(store).await;
    assert_eq!(Some(message.conversation_id), event.conversation_id);
    assert_eq!(event.conversation_id, Some(conv()));
    let listed = ok(store.list_messages(&org(1), &conv(), &ALL)).await;
    assert!(listed.data.iter().any(|it| it.id == message.id));
}

#[tokio::test]
async fn a_tap_that_could_not_be_read_at_first_is_still_a_tap() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![unavailable("w.2"), unavailable("w.2")]).await;
    apply(store, vec![tap("w.2", ana())]).await;
    assert_eq!(
        kinds(store).await[1..],
        ["message.received", "button.pressed"]
    );
    let MessageContent::Inbound { choice, .. } = last_message(store).await.content else {
        panic!("an inbound message");
    };
    assert_eq!(choice, Some(Choice::new("btn_sales", "Sales")));
}

#[tokio::test]
async fn an_alert_is_told_once_for_each_thing_that_is_said() {
    let World { store, .. } = &tapped().await;
    let alert = |digest: &str| {
        let mut alert = AccountAlert::new("account_update", AlertSeverity::Critical, digest);
        alert.detail = Some("ACCOUNT_RESTRICTION".into());
        Inbound::AccountAlert(alert)
    };
    let applied = apply(store, vec![alert("a"), alert("a"), alert("b")]).await;
    assert_eq!((applied.events, applied.duplicates), (2, 1));
    assert_eq!(apply(store, vec![alert("a")]).await.duplicates, 1);
    let event = last_event(store).await;
    assert_eq!(event.event_type.as_str(), "channel.alert");
    assert_eq!(
        (event.channel_id, event.conversation_id),
        (Some(id("chn_1")), None)
    );
    assert_eq!(
        event.data,
        json!({"field": "account_update", "severity": "critical", "account": null,
        "detail": "ACCOUNT_RESTRICTION", "code": null, "value": null})
    );
}
