//! WhatsApp's 24-hour window: it belongs to the customer, and is open in every conversation with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use recado_sandbox::Provider;
use recado_server::app::Clock;
use recado_tests::World;
use recado_tests::callbacks::{Callbacks, NUMBER, change, whatsapp};
use recado_tests::world::{CUSTOMER, Options};
use serde_json::{Value, json};

/// The other spelling of [`CUSTOMER`].
const SPELLED: &str = "551100000001";

/// A world whose clock is so many hours ahead.
async fn world(hours: &Arc<AtomicI64>) -> World {
    let passed = Arc::clone(hours);
    let clock = Clock::from_fn(move || {
        let hours = SignedDuration::from_hours(passed.load(Ordering::SeqCst));
        Timestamp::now()
            .checked_add(hours)
            .expect("within the calendar")
    });
    let options = Options {
        clock,
        ..Options::default()
    };
    World::with(options).await
}

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
    let hours = Arc::new(AtomicI64::new(0));
    let world = world(&hours).await;
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
    hours.store(25, Ordering::SeqCst);
    assert_eq!(send(&world).await, closed, "it ended everywhere");

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

#[tokio::test]
async fn a_number_change_behind_the_first_message_in_one_call_splits_nobody() {
    let world = World::start().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let text = json!({"from": "5511966666666", "from_user_id": "BR.2", "id": "wamid.T",
        "timestamp": "1790000001", "type": "text", "text": {"body": "My new number"}});
    let system = json!({"from": CUSTOMER, "id": "wamid.S", "timestamp": "1790000000", "type": "system",
        "system": {"type": "customer_changed_number", "new_wa_id": "5511966666666", "user_id": "BR.2",
            "body": "changed"}});
    let value = json!({"messages": [text, system]});
    callbacks
        .deliver("whatsapp", &whatsapp(&[vec![change(NUMBER, &value)]]))
        .await;
    for event in world.events("message.received", 2).await {
        assert_eq!(event["conversationId"], "conv-456", "{event}");
    }
    assert!(world.events("conversation.created", 0).await.is_empty());
}
