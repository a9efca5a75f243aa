//! The payloads that `docs/chatvolt.md` shows are the ones that are delivered.

use recado_tests::callbacks::{call_of, whatsapp_status, with};
use recado_tests::generated::root;
use recado_tests::prelude::*;
use recado_tests::world::PUBLISHED_EXAMPLE;

use recado_tests::receiver::Receiver;

/// The payloads in the documentation, in their order.
fn documented() -> Vec<Value> {
    let page = std::fs::read_to_string(root().join("docs/chatvolt.md")).expect("the page");
    let (_, webhooks) = page.split_once("## Webhooks").expect("the chapter");
    let blocks = webhooks.split("```json\n").skip(1).map(|block| {
        let (json, _) = block.split_once("```").expect("an end");
        serde_json::from_str(json).expect("JSON")
    });
    blocks.collect()
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
        let channel = format!("loja-{provider}");
        let new = json!({"id": channel, "provider": provider, "name": provider, "credentials": credentials(provider)});
        client.create("/channels", new).await;
        let agent = "agent-123";
        client.open(conversation, agent, &channel, CUSTOMER).await;
    }
    client
}

/// A call of Meta with this message of Ana.
fn of_ana(id: &str, message: Value) -> Value {
    let now = Timestamp::now().as_second().to_string();
    let message = with(
        message,
        &json!({"from": CUSTOMER, "id": id, "timestamp": now}),
    );
    let contact = json!({"profile": {"name": "Ana"}, "wa_id": CUSTOMER});
    let members = json!({"contacts": [contact], "messages": [message]});
    whatsapp(&[vec![change(NUMBER, &members)]])
}

#[tokio::test]
async fn the_documentation_shows_what_is_delivered() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let client = loja(&world).await;
    let endpoint = json!({"url": receiver.url, "format": "chatvolt"});
    client.create("/webhook-endpoints", endpoint).await;
    let callbacks = Callbacks::of(&client, &world.url).await;
    let said = json!({"type": "text", "text": {"body": "Good morning"}});
    let tap = json!({"type": "interactive", "interactive": {"type": "button_reply",
        "button_reply": {"id": "btn_sales", "title": "Sales"}}});
    let file = json!({"senderName": "Ana", "document": {"documentUrl": "https://files.example/receipt.pdf",
        "mimeType": "application/pdf", "fileName": "receipt.pdf", "caption": "The receipt"}});
    let provider_calls = [
        ("loja-whatsapp", of_ana("w1", said)),
        ("loja-whatsapp", of_ana("w2", tap)),
        ("loja-zapi", call_of("zapi", "z1", &file)),
    ];
    for (place, (channel, body)) in provider_calls.iter().enumerate() {
        callbacks.deliver(channel, body).await;
        receiver.wait_for(place + 1).await;
    }
    let body = serde_json::from_str(PUBLISHED_EXAMPLE).expect("JSON");
    let sent = client.accepted(body).await;
    receiver.wait_for(4).await;
    let errors = json!({"errors": [{"code": 131_047, "title": "Re-engagement message"}]});
    let external_id = text(&sent["message"]["externalId"]);
    let failed = with(whatsapp_status(external_id, "failed"), &errors);
    let failed = whatsapp(&[vec![change(NUMBER, &json!({"statuses": [failed]}))]]);
    callbacks.deliver("loja-whatsapp", &failed).await;
    receiver.wait_for(5).await;
    let delivered: Vec<_> = receiver.arrived().into_iter().map(comparable).collect();
    let documented: Vec<_> = documented().into_iter().map(comparable).collect();
    assert_eq!(delivered, documented);
}
