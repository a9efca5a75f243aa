//! A place: out on every channel, and asked for where that is carried.

use recado_core::{SendLocation, SendLocationRequest};
use recado_tests::prelude::*;
use rstest::rstest;

const PATH: &str = "/messages/interactive/send-location";

fn into_conversation(example: &str, conversation: &str) -> Value {
    let mut body: Value = serde_json::from_str(example).expect("JSON");
    body["conversationId"] = conversation.into();
    body
}

#[rstest]
#[case::k21_whatsapp("conv-456", &[], Some("Our shop"), Some("Avenida Paulista, 1578, São Paulo"))]
#[case::k51_zapi("conv-zapi", &[], Some("Our shop"), Some("Avenida Paulista, 1578, São Paulo"))]
#[case::k167_zapperapi("conv-zapperhub", &["name", "address"], None, None)]
#[case::wuzapi("conv-wuzapi", &["address"], Some("Our shop"), None)]
#[tokio::test]
async fn a_place_goes_out_and_is_reported_as_read(
    #[case] conversation: &str,
    #[case] degraded: &[&str],
    #[case] name: Option<&str>,
    #[case] address: Option<&str>,
) {
    let world = World::connected().await;
    if conversation == "conv-wuzapi" {
        world.open_wuzapi().await;
        let path = "/channels/wuzapi/register-webhook";
        world.client.act(path, json!({})).await;
    }
    let body = into_conversation(SendLocation::EXAMPLE, conversation);
    let answer = world.client.act(PATH, body).await;
    answer["message"].assert_has(json!({
        "text": "Our shop", "status": "accepted", "degraded": degraded,
        "metadata": {"kind": "location", "location": {
            "latitude": -23.5614, "longitude": -46.6559, "name": "Our shop",
            "address": "Avenida Paulista, 1578, São Paulo",
        }},
    }));
    let phone = world.sandbox.phone_messages();
    let place = phone[0].content.as_location().expect("a place");
    let degrees = (place.latitude, place.longitude);
    assert_eq!(degrees, (-23.5614, -46.6559));
    assert_eq!(
        (place.name.as_deref(), place.address.as_deref()),
        (name, address)
    );
    world.sandbox.read(&phone[0].message_id).expect("a message");
    let event = &world.events("message.read", 1).await[0];
    assert_eq!(event["conversationId"], conversation);
}

#[tokio::test]
async fn k166_what_is_no_coordinate_is_refused_without_a_call() {
    let world = World::start().await;
    for latitude in [json!("-22,9"), json!("91"), json!(91), json!(null)] {
        let mut body = into_conversation(SendLocation::EXAMPLE, "conv-456");
        body["latitude"] = latitude;
        let refused = world.client.post(PATH, body).await.expect(400);
        assert!(refused["details"].get("latitude").is_some(), "{refused}");
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_place_is_asked_for_over_whatsapp_cloud_api() {
    let world = World::connected().await;
    let path = "/messages/interactive/location-request";
    let body = into_conversation(SendLocationRequest::EXAMPLE, "conv-456");
    let answer = world.client.act(path, body).await;
    answer["message"].assert_has(json!({
        "text": "Where may we deliver your order?", "status": "accepted",
        "metadata": {"kind": "location_request"},
    }));
    let phone = world.sandbox.phone_messages();
    let content = phone[0].content.as_buttons().expect("a text");
    assert!(content.asks_for_location, "{content:?}");
}

#[rstest]
#[case::k168_zapi("conv-zapi")]
#[case::zapperapi("conv-zapperhub")]
#[tokio::test]
async fn k64_a_place_is_not_asked_for_where_that_is_not_carried(#[case] conversation: &str) {
    let world = World::start().await;
    let path = "/messages/interactive/location-request";
    let body = into_conversation(SendLocationRequest::EXAMPLE, conversation);
    let refused = world.client.post(path, body).await.expect(400);
    assert_eq!(refused["reason"], "unsupported_channel");
    let sentence = text(&refused["error"]);
    assert_contains(sentence, "does not carry a request for a location");
    assert_contains(sentence, "it carries a text, reply buttons, a list");
    assert!(world.sandbox.requests().is_empty());
}
