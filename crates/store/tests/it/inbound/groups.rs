//! Taps in a group: events of the group's conversation, from the member who tapped.

use recado_core::Provider;
use recado_core::inbound::Inbound;
use recado_store::Conversation;
use rstest::rstest;

use crate::inbound::quotations::{answering, sent_in};
use crate::inbound::received::{last_event, opened};
use crate::taps::{ana, apply, changed, create_channel, events, kinds, phone, said, tap};
use crate::world::{World, agent, conv, conversation, id, ok, org};

const GROUP: &str = "120363000000000001@g.us";

/// `org_1` with an agent, a channel, a conversation with Ana, and one with the group, where `msg_2` was sent.
async fn world() -> World {
    let world = World::new().await;
    let store = &world.store;
    ok(store.create_agent(&agent("org_1", "agent-123"), None)).await;
    create_channel(store, "org_1", "chn_1", Provider::Zapi).await;
    let ours = conversation("org_1", "conv-456");
    ok(store.create_conversation(&ours, None)).await;
    opened(store, "conv-group", GROUP).await;
    sent_in(store, "conv-group", "wamid.1").await;
    world
}

fn in_group(item: Inbound, group: &str) -> Inbound {
    changed(item, |it| it.group = Some(id(group)))
}

#[rstest]
#[case::a_tap(tap("w.1", ana()), false)]
#[case::a_title(answering("w.1", ana(), "Sales", "wamid.1"), true)]
#[tokio::test]
async fn a_tap_in_a_group_is_an_event_of_the_group_from_its_member(
    #[case] item: Inbound,
    #[case] inferred: bool,
) {
    let World { store, .. } = &world().await;
    let item = in_group(item, GROUP);
    assert_eq!(apply(store, vec![item.clone()]).await.events, 1);
    let event = last_event(store).await;
    assert_eq!(event.event_type.as_str(), "button.pressed");
    assert_eq!(event.conversation_id, Some(id("conv-group")));
    assert_eq!(event.data["button"]["id"], "btn_sales");
    assert_eq!(event.data["inReplyTo"], "msg_2");
    assert_eq!(event.data["from"]["phone"], "5521988887777");
    assert_eq!(event.data["inferred"] == true, inferred);
    assert_eq!(apply(store, vec![item]).await.duplicates, 1);
    let group = store.get::<Conversation>(&org(1), &id("conv-group")).await;
    let group = group.unwrap().unwrap();
    assert_eq!((group.recipient, group.person.phone), (id(GROUP), None));
    // The member's own conversation is another one.
    let listed = ok(store.list_messages(&org(1), &conv(), &crate::world::ALL)).await;
    assert_eq!(listed.data, []);
}

#[tokio::test]
async fn of_several_conversations_with_a_group_the_quoted_one_counts() {
    let World { store, .. } = &world().await;
    opened(store, "conv-group-2", GROUP).await;
    let newer = in_group(tap("w.0", ana()), GROUP);
    apply(store, vec![newer]).await;
    let found = last_event(store).await.conversation_id;
    assert_eq!(found, Some(id("conv-group")));
}

#[tokio::test]
async fn a_tap_in_an_unknown_group_opens_a_conversation_with_the_group() {
    let World { store, .. } = &world().await;
    let unknown = "120363000000000002@g.us";
    apply(store, vec![in_group(tap("w.1", ana()), unknown)]).await;
    let told = events(store, &org(1)).await;
    assert_eq!(told[1].event_type.as_str(), "conversation.created");
    assert_eq!(told[2].event_type.as_str(), "button.pressed");
    let opened = told[2].conversation_id.clone().unwrap();
    assert_eq!(told[1].conversation_id, Some(opened.clone()));
    let opened = ok(store.get::<Conversation>(&org(1), &opened)).await;
    let opened = opened.unwrap();
    assert_eq!((opened.recipient, opened.person.phone), (id(unknown), None));
    apply(
        store,
        vec![in_group(tap("w.2", phone("5511900000001")), unknown)],
    )
    .await;
    assert_eq!(last_event(store).await.conversation_id, Some(opened.id));
}

#[rstest]
#[case::in_a_known_group(GROUP)]
#[case::in_an_unknown_group("120363000000000002@g.us")]
#[tokio::test]
async fn what_the_members_write_to_one_another_makes_no_event(#[case] group: &str) {
    let World { store, .. } = &world().await;
    let texts = vec![
        in_group(said("w.1", ana(), "Hi"), group),
        in_group(answering("w.2", ana(), "Hi", "wamid.1"), group),
    ];
    let applied = apply(store, texts).await;
    assert_eq!((applied.events, applied.ignored), (0, 2));
    assert_eq!(kinds(store).await, ["message.accepted"]);
}
