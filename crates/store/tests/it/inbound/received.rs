//! What customers write: once, and in the right conversation.

use recado_core::inbound::{
    Choice, Inbound, InboundContent, MessageContext, ReceivedContent, ReceivedFile, ReceivedMedia,
};
use recado_store::{Channel, Conversation, Direction, Event, Message, MessageContent, Store};
use serde_json::json;
use tokio::task::JoinSet;

use crate::taps::{
    ana, application, apply, apply_one, connection, events, inbound, kinds, phone, said, tap,
    tapped,
};
use crate::world::{ALL, World, at, conv, id, msg, ok, org, some};

/// Opens a conversation of `chn_1` by API.
pub(crate) async fn opened(store: &Store, text: &str, recipient: &str) -> Conversation {
    let conversation = Conversation::new(
        org(1),
        id(text),
        id(&format!("agent-of-{text}")),
        id("chn_1"),
        id(recipient),
        at(4_000),
    );
    ok(store.create_conversation(&conversation, None)).await
}

pub(crate) async fn last_event(store: &Store) -> Event {
    events(store, &org(1)).await.pop().unwrap()
}

pub(crate) async fn lands_in(store: &Store, item: Inbound) -> String {
    assert!(apply(store, vec![item]).await.events > 0);
    last_event(store).await.conversation_id.unwrap().into()
}

#[tokio::test]
async fn a_tap_is_told_with_all_that_it_answers() {
    let World { store, .. } = &tapped().await;
    assert_eq!(apply(store, vec![tap("wamid.in", ana())]).await.events, 1);
    let event = last_event(store).await;
    assert_eq!(event.event_type.as_str(), "button.pressed");
    assert_eq!(event.organization_id, org(1));
    assert_eq!(event.agent_id, Some(id("agent-123")));
    assert_eq!(event.channel_id, Some(id("chn_1")));
    assert_eq!(event.conversation_id, Some(conv()));
    assert_eq!(event.created_at, at(100_000));
    let message_id = event.data["messageId"].as_str().unwrap();
    assert_eq!(
        event.data,
        serde_json::json!({
            "messageId": message_id,
            "externalId": "wamid.in",
            "button": { "id": "btn_sales", "title": "Sales" },
            "inReplyTo": "msg_1",
            "from": { "phone": "5521988887777", "userId": null, "lid": null, "name": "Ana" },
        })
    );
    let kept = some(store.get::<Message>(&org(1), &msg(message_id))).await;
    assert_eq!(
        (kept.direction, kept.from, kept.in_reply_to),
        (Direction::Inbound, Some(ana()), Some(msg("msg_1")))
    );
    let choice = Choice::new("btn_sales", "Sales");
    assert_eq!(
        kept.content,
        MessageContent::Inbound {
            kind: "button".into(),
            text: Some("Sales".into()),
            text_truncated: false,
            choice: Some(choice),
            content: None,
            context: MessageContext::default(),
            referral: None,
            sent_at: None,
        }
    );
    let listed = ok(store.list_messages(&org(1), &conv(), &ALL)).await;
    assert_eq!(listed.data.len(), 2);
}

#[tokio::test]
async fn a_list_row_and_other_kinds_are_told_as_what_they_are() {
    let World { store, .. } = &tapped().await;
    let choice = Choice::new("row", "Row");
    let list = Inbound::Message(inbound("w.1", ana(), InboundContent::List(choice)));
    let media = ReceivedMedia {
        provider_url: Some("https://files.example/1.jpeg".into()),
        mime_type: Some("image/jpeg".into()),
        available: true,
        ..ReceivedMedia::default()
    };
    let image = InboundContent::Other {
        kind: "image".into(),
        text: None,
        content: Some(Box::new(ReceivedContent::Image(ReceivedFile { media }))),
    };
    apply(
        store,
        vec![list, Inbound::Message(inbound("w.2", ana(), image))],
    )
    .await;
    let told = events(store, &org(1)).await;
    assert_eq!(told[1].event_type.as_str(), "list.selected");
    assert_eq!(told[1].data["list"]["id"], "row");
    assert_eq!(told[2].event_type.as_str(), "message.received");
    assert_eq!(told[2].data["kind"], "image");
    let content = json!({"type": "image", "media": {"id": null, "providerUrl": "https://files.example/1.jpeg",
        "mimeType": "image/jpeg", "fileName": null, "size": null, "available": true}});
    assert_eq!(told[2].data["content"], content);
    assert!(told[2].data["text"].is_null() && told[2].data["inReplyTo"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_many_times_at_once_is_told_once() {
    let world = tapped().await;
    let mut tasks = JoinSet::new();
    for _ in 0..12 {
        // Another server each time.
        let store = world.database.store().await;
        tasks.spawn(async move {
            let items = vec![
                said("w.1", phone("5511900000001"), "Hi"),
                said("w.1", phone("5511900000001"), "Hi"),
                tap("w.2", ana()),
            ];
            apply(&store, items).await
        });
    }
    let applied = tasks.join_all().await;
    let (told, again) = applied.iter().fold((0, 0), |(told, again), applied| {
        (told + applied.events, again + applied.duplicates)
    });
    assert_eq!((told, again), (3, 12 * 3 - 2));
    assert_eq!(
        kinds(&world.store).await[1..].len(),
        3,
        "a conversation, a text and a tap"
    );
}

#[tokio::test]
async fn a_call_is_applied_once_even_if_two_servers_have_it() {
    let World { store, .. } = &tapped().await;
    let call_of = application(&org(1), vec![connection(true)]);
    assert_eq!(apply_one(store, call_of.clone()).await.events, 1);
    apply(store, vec![connection(false)]).await;
    let again = store.apply_webhooks(vec![call_of]).await;
    assert_eq!(again[0].as_ref().unwrap().events, 0);
    let told = kinds(store).await;
    assert_eq!(
        told[1..],
        [
            "channel.connected",
            "channel.disconnected",
            "channel.paused"
        ]
    );
}

#[tokio::test]
async fn a_connection_is_told_when_it_changes() {
    let World { store, .. } = &tapped().await;
    for (connected, told) in [(false, 2), (false, 0), (true, 1), (true, 0)] {
        assert_eq!(apply(store, vec![connection(connected)]).await.events, told);
    }
    let event = last_event(store).await;
    assert_eq!(event.data["detail"], "detail");
    assert_eq!(
        (event.channel_id, event.conversation_id),
        (Some(id("chn_1")), None)
    );
    let channel = ok(store.get::<Channel>(&org(1), &id("chn_1"))).await;
    assert_eq!(channel.unwrap().connected, Some(true));
}
