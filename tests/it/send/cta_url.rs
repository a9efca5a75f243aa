//! A text with a link: out on every channel.

use recado_core::SendCtaUrl;
use recado_tests::prelude::*;
use rstest::rstest;

const PATH: &str = "/messages/interactive/send-cta";

/// The documentation's example, into that conversation.
fn example(conversation: &str) -> Value {
    let mut body: Value = serde_json::from_str(SendCtaUrl::EXAMPLE).expect("JSON");
    body["conversationId"] = conversation.into();
    body
}

#[rstest]
#[case::whatsapp("conv-456")]
#[case::k58_zapi("conv-zapi")]
#[case::k165_zapperapi("conv-zapperhub")]
#[case::wuzapi("conv-wuzapi")]
#[tokio::test]
async fn a_link_goes_out_and_is_reported_as_read(#[case] conversation: &str) {
    let world = World::connected().await;
    if conversation == "conv-wuzapi" {
        world.open_wuzapi().await;
        let path = "/channels/wuzapi/register-webhook";
        world.client.act(path, json!({})).await;
    }
    let answer = world.client.act(PATH, example(conversation)).await;
    answer["message"].assert_has(json!({
        "text": "Your order is on its way.", "status": "accepted", "degraded": [],
        "metadata": {
            "kind": "cta_url", "header": "Order 4711", "footer": "We answer until 18:00", "buttons": [],
            "link": {"title": "Follow it", "url": "https://shop.example/orders/4711"},
        },
    }));
    let phone = world.sandbox.phone_messages();
    let [button] = phone[0].buttons() else {
        panic!("one button: {:?}", phone[0]);
    };
    let url = Some("https://shop.example/orders/4711");
    assert_eq!((&*button.title, button.url.as_deref()), ("Follow it", url));
    let tapped = world.sandbox.tap(&phone[0].message_id, 0, None);
    assert_eq!(tapped, Err(recado_sandbox::PhoneError::OpensLink));
    world.sandbox.read(&phone[0].message_id).expect("a message");
    let event = &world.events("message.read", 1).await[0];
    assert_eq!(event["conversationId"], conversation);
}

#[tokio::test]
async fn k164_what_is_no_https_link_is_refused_without_a_call() {
    let world = World::start().await;
    for url in ["ftp://x", "", "http://shop.example", "javascript:alert(1)"] {
        let mut body = example("conv-456");
        body["button_url"] = url.into();
        let refused = world.client.post(PATH, body).await.expect(400);
        assert!(refused["details"].get("button_url").is_some(), "{refused}");
    }
    let mut body = example("conv-zapi");
    body["button_display_text"] = "x".repeat(21).into();
    let refused = world.client.post(PATH, body).await.expect(500);
    refused.assert_has(json!({"reason": "content_refused", "code": 131_009}));
    assert!(world.sandbox.requests().is_empty());
}
