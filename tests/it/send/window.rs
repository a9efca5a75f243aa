//! WhatsApp's 24-hour window: it belongs to the customer, and is open in every conversation with them.

use recado_sandbox::Provider;
use recado_tests::prelude::*;

/// The other spelling of [`CUSTOMER`].
const SPELLED: &str = "551100000001";

/// Sends in every conversation; tells what each answered.
async fn send(world: &World) -> Vec<Option<Value>> {
    let mut answers = Vec::new();
    for (agent, conversation) in [
        ("agent-123", "conv-456"),
        ("agent-2", "conv-2"),
        ("agent-2", "conv-spelled"),
    ] {
        let body = json!({"agentId": agent, "conversationId": conversation, "body_text": "Hi",
            "button_1_id": "a", "button_1_title": "A"});
        let sent = world.client.send(body).await;
        answers.push((sent.status != 200).then(|| sent.body["reason"].clone()));
    }
    answers
}

#[tokio::test]
async fn a_message_or_a_call_opens_it_in_every_conversation_with_the_customer() {
    let (world, ahead) = World::with_clock().await;
    world.connect_webhooks().await;
    let agent = json!({"id": "agent-2", "name": "Second"});
    world.client.create("/agents", agent).await;
    for (id, to) in [("conv-2", CUSTOMER), ("conv-spelled", SPELLED)] {
        let new = json!({"id": id, "agentId": "agent-2", "channelId": "whatsapp", "to": to});
        world.client.create("/conversations", new).await;
    }
    let say = |from: &str| {
        let said = world.sandbox.say(Provider::Whatsapp, "", from, "Oi");
        said.expect("a text");
    };
    let (open, closed) = (vec![None; 3], vec![Some(json!("window_closed")); 3]);
    say(CUSTOMER);
    world.events("message.received", 1).await;
    assert_eq!(send(&world).await, open);
    ahead.pass(Duration::from_hours(25));
    let before = world.sandbox.requests().len();
    assert_eq!(send(&world).await, closed, "it ended everywhere");
    assert_eq!(world.sandbox.requests().len(), before, "nothing is sent");

    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let now = world.app.clock.now().as_second();
    let call = json!({"id": "wacid.1", "from": SPELLED, "to": "15550001111", "event": "connect",
        "timestamp": now.to_string(), "direction": "USER_INITIATED"});
    let mut call = change(NUMBER, &json!({"calls": [call]}));
    call["field"] = json!("calls");
    callbacks
        .deliver("whatsapp", &whatsapp(&[vec![call]]))
        .await;
    // What comes later is applied later.
    let text = json!({"from": "5511955555555", "id": "wamid.later", "timestamp": now.to_string(),
        "type": "text", "text": {"body": "Oi"}});
    let later = whatsapp(&[vec![change(NUMBER, &json!({"messages": [text]}))]]);
    callbacks.deliver("whatsapp", &later).await;
    world.events("message.received", 2).await;
    assert_eq!(send(&world).await, open);
}
