//! `POST /messages`: a message of any kind, in Recado's own names.

use recado_core::request::SendMessage;
use recado_tests::prelude::*;

const PATH: &str = "/messages";

fn into_conversation(conversation: &str, content: &Value) -> Value {
    json!({"conversationId": conversation, "content": content})
}

#[tokio::test]
async fn every_kind_goes_out_on_every_channel_that_carries_it() {
    let world = World::start().await;
    let buttons = json!([{"id": "yes", "title": "Yes"}]);
    let sections = json!([{"rows": [{"id": "a", "title": "A"}]}]);
    let contents = [
        json!({"type": "text", "body": "Hi", "linkPreview": true}),
        json!({"type": "buttons", "header": null, "body": "Hi", "buttons": buttons}),
        json!({"type": "list", "body": "Hi", "button": "Open", "sections": sections}),
        json!({"type": "cta_url", "body": "Hi", "button": "Open", "url": "https://shop.example"}),
        json!({"type": "location", "latitude": -23.5, "longitude": -46.6, "name": "Hi", "address": "Rua A, 10"}),
        json!({"type": "location_request", "body": "Hi"}),
    ];
    for (_, conversation) in CONVERSATIONS {
        for content in &contents {
            let kind = content["type"].clone();
            let body = into_conversation(conversation, content);
            if kind == "location_request" && conversation != "conv-456" {
                let refused = world.client.post(PATH, body).await;
                assert_eq!(refused.error(), (400, "unsupported_channel".to_owned()));
                continue;
            }
            let sent = world.client.act(PATH, body).await;
            sent["message"].assert_has(json!({
                "status": "accepted", "text": "Hi", "agentId": "agent-123", "metadata": {"kind": kind},
            }));
        }
    }
    let shown = world.sandbox.phone_messages();
    assert_eq!(shown.len(), 5 * CONVERSATIONS.len() + 1);
}

#[tokio::test]
async fn the_example_is_sent_with_its_limits_and_a_key() {
    let world = World::start().await;
    let example: Value = serde_json::from_str(SendMessage::EXAMPLE).expect("JSON");
    let shown = world
        .client
        .act("/messages?dryRun=true", example.clone())
        .await;
    shown.assert_has(json!({"dryRun": true, "limits": {"message": {"max": 4096}}}));
    for replayed in [false, true] {
        let request = world.client.request(Method::POST, PATH);
        let request = request.header("idempotency-key", "k-1").json(&example);
        let sent = answer(request).await;
        let is_replayed = sent.headers.contains_key("idempotent-replayed");
        assert_eq!((sent.status.as_u16(), is_replayed), (200, replayed));
    }
    assert_eq!(world.sandbox.requests().len(), 1);
}

#[tokio::test]
async fn what_the_kind_does_not_have_is_refused_by_its_place() {
    let world = World::start().await;
    let text = json!({"type": "text", "body": "Hi", "footer": "F"});
    let buttons = json!({"type": "buttons", "body": "Hi", "buttons": [{"id": "yes"}]});
    let poll = json!({"type": "poll"});
    let link = json!({"type": "cta_url", "body": "Hi", "button": "Open", "url": "ftp://x"});
    let place = json!({"type": "location", "latitude": 91, "longitude": 0});
    let array = json!({"type": "buttons", "body": "Hi", "buttons": [["a", "A"]]});
    for (content, field) in [
        (text, "content.footer"),
        (buttons, "content.buttons[0].title"),
        (poll, "content.type"),
        (link, "content.url"),
        (place, "content.latitude"),
        (array, "content.buttons[0]"),
    ] {
        let body = into_conversation("conv-456", &content);
        let refused = world.client.post(PATH, body).await.expect(400);
        assert!(refused["details"].get(field).is_some(), "{refused}");
    }
    let mut body = into_conversation("conv-456", &json!({"type": "text", "body": "Hi"}));
    body["agent"] = json!("agent-123");
    let refused = world.client.post(PATH, body).await.expect(400);
    let sentence = &refused["details"]["agent"]["_errors"][0];
    assert_eq!(sentence, "Unknown field; write agentId");
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_message_of_a_batch_without_a_kind_has_this_form() {
    let world = World::start().await;
    let text = into_conversation("conv-456", &json!({"type": "text", "body": "Hi"}));
    let wrong = into_conversation("conv-456", &json!({"type": "text"}));
    let mut misspelled = text.clone();
    misspelled["agentID"] = json!("agent-123");
    let batch =
        json!({"messages": [{"message": text}, {"message": wrong}, {"message": misspelled}]});
    let taken = world.client.act("/messages/batch", batch).await;
    taken.assert_has(json!({"taken": 1, "refused": 2}));
    let details = &taken["data"][2]["error"]["details"];
    assert!(details.get("agentID").is_some(), "{taken}");
    let details = &taken["data"][1]["error"]["details"];
    assert!(details.get("content.body").is_some(), "{taken}");
    world.events("message.accepted", 1).await;
}
