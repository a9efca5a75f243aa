//! The payloads that `docs/chatvolt.md` shows are the ones that are delivered.

use recado_tests::callbacks::{call_of, whatsapp_status};
use recado_tests::generated::root;
use recado_tests::prelude::*;
use recado_tests::world::PUBLISHED_EXAMPLE;

use recado_tests::receiver::Receiver;

/// The payloads in the documentation, in their order.
fn documented() -> Vec<Value> {
    let page = std::fs::read_to_string(root().join("docs/chatvolt.md")).expect("the page");
    let (_, webhooks) = page.split_once("## Webhooks").expect("the chapter");
    let mut blocks = webhooks.split("```json\n").skip(1);
    let payloads = blocks.by_ref().map(|block| {
        let (json, _) = block.split_once("```").expect("an end");
        serde_json::from_str(json).expect("JSON")
    });
    payloads.collect()
}

/// A payload as text, keys in their order, without what differs each time.
fn comparable(mut payload: Value) -> String {
    payload["createdAt"] = "now".into();
    let text = serde_json::to_string_pretty(&payload).expect("JSON");
    let without_ids = text.lines().map(|line| match line.split_once("\"msg_") {
        Some((start, _)) => format!("{start}\"msg_\"\n"),
        None => format!("{line}\n"),
    });
    without_ids.collect()
}

/// An organization with what the samples name.
async fn loja(world: &World) -> Client {
    let client = world.operator.organization("loja").await;
    let agent = json!({"id": "agent-123", "name": "Front desk"});
    client.create("/agents", agent).await;
    for (provider, conversation) in [("whatsapp", "conv-456"), ("zapi", "conv-789")] {
        let channel = json!({"id": format!("loja-{provider}"), "provider": provider, "name": provider,
            "credentials": credentials(provider)});
        client.create("/channels", channel).await;
        let body = json!({"id": conversation, "agentId": "agent-123",
            "channelId": format!("loja-{provider}"), "to": CUSTOMER});
        client.create("/conversations", body).await;
    }
    client
}

#[tokio::test]
async fn the_documentation_shows_what_is_delivered() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let client = loja(&world).await;
    let endpoint = json!({"url": receiver.url, "format": "chatvolt"});
    client.create("/webhook-endpoints", endpoint).await;
    let callbacks = Callbacks::of(&client, &world.url).await;
    let named = |message: Value| {
        let contact = json!({"profile": {"name": "Ana"}, "wa_id": CUSTOMER});
        let change = change(
            NUMBER,
            &json!({"contacts": [contact], "messages": [message]}),
        );
        whatsapp(&[vec![change]])
    };
    let mut text = json!({"type": "text", "text": {"body": "Good morning"}});
    let mut tap = json!({"type": "interactive", "interactive": {"type": "button_reply",
        "button_reply": {"id": "btn_sales", "title": "Sales"}}});
    for (message, id) in [(&mut text, "w1"), (&mut tap, "w2")] {
        message["from"] = CUSTOMER.into();
        message["id"] = id.into();
        message["timestamp"] = Timestamp::now().as_second().to_string().into();
    }
    let mut file = call_of(
        "zapi",
        "z1",
        &json!({"document": {"documentUrl": "https://files.example/receipt.pdf",
        "mimeType": "application/pdf", "fileName": "receipt.pdf", "caption": "The receipt"}}),
    );
    file["senderName"] = "Ana".into();
    let provider_calls = [
        ("loja-whatsapp", named(text)),
        ("loja-whatsapp", named(tap)),
        ("loja-zapi", file),
    ];
    for (place, (channel, body)) in provider_calls.iter().enumerate() {
        callbacks.deliver(channel, body).await;
        receiver.wait_for(place + 1).await;
    }
    let body = serde_json::from_str(PUBLISHED_EXAMPLE).expect("JSON");
    let sent = client.accepted(body).await;
    receiver.wait_for(4).await;
    let mut failed = whatsapp_status(
        sent["message"]["externalId"].as_str().expect("an id"),
        "failed",
    );
    failed["errors"] = json!([{"code": 131_047, "title": "Re-engagement message"}]);
    let failed = change(NUMBER, &json!({"statuses": [failed]}));
    callbacks
        .deliver("loja-whatsapp", &whatsapp(&[vec![failed]]))
        .await;
    receiver.wait_for(5).await;
    let delivered: Vec<_> = receiver.arrived().into_iter().map(comparable).collect();
    let documented: Vec<_> = documented().into_iter().map(comparable).collect();
    assert_eq!(delivered, documented);
}
