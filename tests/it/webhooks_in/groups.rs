//! A tap in a group is an event of the group.

use recado_sandbox::Shape;
use recado_tests::prelude::*;
use rstest::rstest;

const GROUP: &str = "120363000000000001@g.us";

/// The member of every group in the sandbox.
const MEMBER: &str = "5521966665555";

async fn open(world: &World, id: &str, channel: &str, to: &str) {
    let conversation = json!({"id": id, "agentId": "agent-123", "channelId": channel, "to": to});
    world.client.create("/conversations", conversation).await;
}

async fn send(world: &World, conversation: &str) -> Value {
    let sent = world.client.accepted(smallest_body(conversation)).await;
    sent["message"].clone()
}

#[rstest]
#[case::zapi("zapi", None, false)]
#[case::zapi_as_a_title("zapi", Some(Shape::Text), true)]
#[case::wuzapi("wuzapi", None, false)]
#[tokio::test]
async fn a_tap_in_a_group_is_an_event_of_the_group(
    #[case] channel: &str,
    #[case] shape: Option<Shape>,
    #[case] inferred: bool,
) {
    let world = World::start().await;
    world.open_wuzapi().await;
    world.connect_webhooks().await;
    let register = format!("/channels/{channel}/register-webhook");
    if channel == "wuzapi" {
        world.client.act(&register, json!({})).await;
    }
    open(&world, "conv-group", channel, GROUP).await;
    open(&world, "conv-member", channel, MEMBER).await;
    let sent = send(&world, "conv-group").await;
    let external_id = sent["externalId"].as_str().expect("an id");
    world.sandbox.tap(external_id, "a", shape).expect("a tap");
    let events = world.events("button.pressed", 1).await;
    assert_eq!(events[0]["conversationId"], "conv-group", "{}", events[0]);
    let data = &events[0]["data"];
    assert_eq!(data["button"], json!({"id": "a", "title": "A"}));
    data.assert_has(json!({"inReplyTo": sent["id"], "from": {"phone": MEMBER}}));
    assert_eq!(data["inferred"] == true, inferred, "{data}");
}
