//! The documentation's example, byte for byte, on all three channels.

use recado_tests::prelude::*;
use recado_tests::world::PUBLISHED_EXAMPLE;
use reqwest::header::CONTENT_TYPE;

async fn send(world: &World, text: String) -> Value {
    let request = world
        .client
        .request(Method::POST, "/messages/interactive/send-buttons");
    answer(request.header(CONTENT_TYPE, "application/json").body(text))
        .await
        .expect(200)
}

#[tokio::test]
async fn header_body_footer_and_buttons_arrive_in_order_on_every_channel() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        world.sandbox.clear();
        let answer = send(&world, PUBLISHED_EXAMPLE.replace("conv-456", conversation)).await;
        let phone = world.sandbox.phone_messages();
        assert_eq!(phone.len(), 1, "{provider}");
        let shown = &phone[0];
        assert_eq!(shown.to, CUSTOMER, "{provider}");
        assert_eq!(shown.header(), Some("Select an option"), "{provider}");
        assert_eq!(
            shown.body(),
            Some("How can we help you today?"),
            "{provider}"
        );
        assert_eq!(shown.footer(), Some("ChatVolt Support"), "{provider}");
        let buttons: Vec<_> = shown
            .buttons()
            .iter()
            .map(|button| (button.id.as_str(), button.title.as_str()))
            .collect();
        assert_eq!(
            buttons,
            [("btn_sales", "Sales"), ("btn_support", "Support")],
            "{provider}"
        );
        assert_eq!(
            answer["message"]["externalId"], shown.message_id,
            "{provider}"
        );
    }
}

#[tokio::test]
async fn metas_request_is_the_documented_one() {
    let world = World::start().await;
    let answer = send(&world, PUBLISHED_EXAMPLE.to_owned()).await;
    let requests = world.sandbox.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/whatsapp/v25.0/800000000000001/messages");
    assert_eq!(
        requests[0].body,
        json!({
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
        })
    );
}

#[tokio::test]
async fn a_dry_run_shows_the_exact_request_and_sends_nothing() {
    let world = World::start().await;
    for (provider, conversation) in CONVERSATIONS {
        let text = PUBLISHED_EXAMPLE.replace("conv-456", conversation);
        let request = world.client.request(
            Method::POST,
            "/messages/interactive/send-buttons?dryRun=true",
        );
        let shown = answer(
            request
                .header(CONTENT_TYPE, "application/json")
                .body(text.clone()),
        )
        .await
        .expect(200);
        assert!(world.sandbox.requests().is_empty(), "{provider}");
        shown.assert_has(
            json!({"dryRun": true, "limits": {"button_title": {"max": 20}}, "warnings": []}),
        );
        for secret in ["T-WORKING", "TOKEN-01", "CLIENT-TOKEN-01", "API-KEY-01"] {
            assert!(
                !shown.to_string().contains(&format!("\"{secret}\"")),
                "{provider}: {shown}"
            );
            assert!(
                !shown["request"]["url"]
                    .as_str()
                    .expect("a URL")
                    .contains(secret),
                "{provider}"
            );
        }
        send(&world, text).await;
        let mut sent = world.sandbox.requests().remove(0).body;
        let mut previewed = shown["request"]["body"].clone();
        // The one thing that differs is the id of the message that was not written.
        for body in [&mut sent, &mut previewed] {
            body.as_object_mut()
                .expect("an object")
                .remove("biz_opaque_callback_data");
        }
        assert_eq!(previewed, sent, "{provider}");
        world.sandbox.clear();
    }
}
