//! The documentation's example, byte for byte, on all three channels.

use recado_tests::prelude::*;
use recado_tests::sent::{assert_example_arrived, bodies_without_id, without_id};
use recado_tests::world::PUBLISHED_EXAMPLE;
use reqwest::header::CONTENT_TYPE;

/// Sends the example into that conversation, with that query.
async fn send(world: &World, conversation: &str, query: &str) -> Value {
    let path = format!("{SEND}{query}");
    let text = PUBLISHED_EXAMPLE.replace("conv-456", conversation);
    let request = world.client.request(Method::POST, &path).body(text);
    let request = request.header(CONTENT_TYPE, "application/json");
    answer(request).await.expect(200)
}

#[tokio::test]
async fn header_body_footer_and_buttons_arrive_in_order_on_every_channel() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        world.sandbox.clear();
        let answer = send(&world, conversation, "").await;
        let external_id = &answer["message"]["externalId"];
        assert_example_arrived(&world.sandbox, provider, external_id);
    }
}

#[tokio::test]
async fn metas_request_is_the_documented_one() {
    let world = World::start().await;
    let answer = send(&world, "conv-456", "").await;
    let [request] = &world.sandbox.requests()[..] else {
        panic!("one request");
    };
    assert_eq!(request.path, "/whatsapp/v25.0/800000000000001/messages");
    let expected = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": CUSTOMER,
        "type": "interactive",
        "biz_opaque_callback_data": answer["message"]["id"],
        "interactive": {
            "type": "button",
            "header": {"type": "text", "text": "Select an option"},
            "body": {"text": "How can we help you today?"},
            "footer": {"text": "ChatVolt Support"},
            "action": {"buttons": [
                {"type": "reply", "reply": {"id": "btn_sales", "title": "Sales"}},
                {"type": "reply", "reply": {"id": "btn_support", "title": "Support"}},
            ]},
        },
    });
    assert_eq!(request.body, expected);
}

#[tokio::test]
async fn a_dry_run_shows_the_exact_request_and_sends_nothing() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        let shown = send(&world, conversation, "?dryRun=true").await;
        assert!(world.sandbox.requests().is_empty(), "{provider}");
        shown.assert_has(
            json!({"dryRun": true, "limits": {"button_title": {"max": 20}}, "warnings": []}),
        );
        let url = text(&shown["request"]["url"]);
        for secret in ["T-WORKING", "TOKEN-01", "CLIENT-TOKEN-01", "API-KEY-01"] {
            let leaks = shown.to_string().contains(&format!("\"{secret}\""));
            assert!(!leaks && !url.contains(secret), "{provider}: {shown}");
        }
        send(&world, conversation, "").await;
        // The one thing that differs is the id of the message that was not written.
        let previewed = without_id(shown["request"]["body"].clone());
        assert_eq!(bodies_without_id(&world.sandbox), [previewed], "{provider}");
        world.sandbox.clear();
    }
}
