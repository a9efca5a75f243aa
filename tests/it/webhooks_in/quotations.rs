//! Who quotes which message: the sender decides the conversation, on every provider.

use recado_sandbox::Shape;
use recado_tests::World;
use recado_tests::callbacks::{Callbacks, NUMBER, Text, change, whatsapp, zapi, zapperhub};
use recado_tests::json::AssertHas as _;
use recado_tests::world::{CUSTOMER, smallest_body};
use rstest::rstest;
use serde_json::{Value, json};

const BIA: &str = "5511922222222";
const GROUP: &str = "120363000000000001@g.us";

/// A text as the provider of that channel tells it, which quotes a message.
fn quoting(channel: &str, from: &str, quoted: &Value) -> Value {
    let text = Text::from(from);
    match channel {
        "whatsapp" => {
            let message = json!({"from": from, "id": text.id, "timestamp": "1790000000", "type": "text",
                "text": {"body": text.body}, "context": {"from": "15550001111", "id": quoted}});
            whatsapp(&[vec![change(NUMBER, &json!({"messages": [message]}))]])
        }
        "zapi" => {
            let mut body = zapi(&text);
            body["referenceMessageId"] = quoted.clone();
            body
        }
        "zapperhub" => {
            let mut body = zapperhub(&text);
            body["message"] = json!({"extendedTextMessage": {"text": text.body,
                "contextInfo": {"stanzaId": quoted}}});
            body
        }
        _ => {
            let sender = format!("{from}@s.whatsapp.net");
            json!({"type": "Message", "event": {
                "Info": {"ID": text.id, "Chat": sender, "Sender": sender, "PushName": "Bia"},
                "Message": {"extendedTextMessage": {"text": text.body, "contextInfo": {"stanzaID": quoted}}},
            }})
        }
    }
}

/// The member of every group in the sandbox.
const MEMBER: &str = "5521966665555";

async fn open(world: &World, id: &str, channel: &str, to: &str) {
    let conversation = json!({"id": id, "agentId": "agent-123", "channelId": channel, "to": to});
    let opened = world.client.post("/conversations", conversation).await;
    opened.expect(201);
}

async fn send(world: &World, conversation: &str) -> Value {
    let sent = world.client.send(smallest_body(conversation)).await;
    sent.expect(200)["message"].clone()
}

#[rstest]
#[case("whatsapp", "conv-456")]
#[case("zapi", "conv-zapi")]
#[case("zapperhub", "conv-zapperhub")]
#[case("wuzapi", "conv-wuzapi")]
#[tokio::test]
async fn who_quotes_another_customers_message_stays_in_the_own_conversation(
    #[case] channel: &str,
    #[case] of_ana: &str,
) {
    let world = World::start().await;
    world.open_wuzapi().await;
    open(&world, "conv-bia", channel, BIA).await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let sent = send(&world, of_ana).await;
    let body = quoting(channel, BIA, &sent["externalId"]);
    callbacks.deliver(channel, &body).await;
    let events = world.events("message.received", 1).await;
    events[0].assert_has(json!({
        "conversationId": "conv-bia", "data": {"inReplyTo": sent["id"], "from": {"phone": BIA}}
    }));
    let shown = world.client.get(&format!("/conversations/{of_ana}")).await;
    let shown = shown.expect(200);
    shown.assert_has(json!({"windowExpiresAt": null, "contact": {"phone": CUSTOMER}}));
}

#[rstest]
#[case("zapi", "conv-zapi")]
#[case("wuzapi", "conv-wuzapi")]
#[tokio::test]
async fn a_private_answer_to_a_message_in_a_group_is_private(
    #[case] channel: &str,
    #[case] of_ana: &str,
) {
    let world = World::start().await;
    world.open_wuzapi().await;
    open(&world, "conv-group", channel, GROUP).await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let sent = send(&world, "conv-group").await;
    let body = quoting(channel, CUSTOMER, &sent["externalId"]);
    callbacks.deliver(channel, &body).await;
    let events = world.events("message.received", 1).await;
    events[0].assert_has(json!({"conversationId": of_ana, "data": {"inReplyTo": sent["id"]}}));
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
