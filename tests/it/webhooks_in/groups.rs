//! A tap in a group is an event of the group.

use recado_sandbox::Shape;
use recado_tests::prelude::*;
use rstest::rstest;

const GROUP: &str = "120363000000000001@g.us";

/// The member of every group in the sandbox.
const MEMBER: &str = "5521966665555";

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
    let world = World::connected().await;
    world.open_wuzapi().await;
    let register = format!("/channels/{channel}/register-webhook");
    if channel == "wuzapi" {
        world.client.act(&register, json!({})).await;
    }
    for (id, to) in [("conv-group", GROUP), ("conv-member", MEMBER)] {
        world.client.open(id, "agent-123", channel, to).await;
    }
    let sent = world.sent("conv-group").await;
    let tapped = world.sandbox.tap(&sent.external_id, "a", shape);
    tapped.expect("a tap");
    let event = &world.events("button.pressed", 1).await[0];
    event.assert_has(json!({"conversationId": "conv-group", "data": {
        "inReplyTo": sent.id, "from": {"phone": MEMBER},
    }}));
    assert_eq!(event["data"]["button"], json!({"id": "a", "title": "A"}));
    assert_eq!(event["data"]["inferred"] == true, inferred, "{event}");
}
