//! What customers do comes back: taps, texts and statuses, as events.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use recado_sandbox::{Effect, Fault, Provider, Settings};
use recado_server::app::Clock;
use recado_tests::World;
use recado_tests::json::AssertHas as _;
use recado_tests::world::{CONVERSATIONS, CUSTOMER, Options, smallest_body};
use serde_json::{Value, json};

async fn connected() -> World {
    let world = World::start().await;
    world.connect_webhooks().await;
    world
}

fn three_buttons(conversation: &str) -> Value {
    json!({
        "agentId": "agent-123", "conversationId": conversation, "body_text": "Which one?",
        "button_1_id": "one ✅", "button_1_title": "One", "button_2_id": "two", "button_2_title": "Two",
        "button_3_id": "three", "button_3_title": "Três"
    })
}

#[tokio::test]
async fn a_tap_on_each_button_comes_back_with_its_id_on_every_channel() {
    let world = connected().await;
    let mut expected = Vec::new();
    for (provider, conversation) in CONVERSATIONS {
        let sent = world.client.accepted(three_buttons(conversation)).await;
        let external_id = sent["message"]["externalId"].as_str().expect("an id");
        for (id, title) in [("one ✅", "One"), ("two", "Two"), ("three", "Três")] {
            world.sandbox.tap(external_id, id, None).expect("a tap");
            expected.push((
                provider,
                conversation,
                sent["message"]["id"].clone(),
                id,
                title,
            ));
        }
    }
    let mut events = world.events("button.pressed", expected.len()).await;
    assert_eq!(events.len(), expected.len());
    // The channels do not wait for one another.
    events.sort_by_key(|event| event["channelId"] != "whatsapp" && event["channelId"] != "zapi");
    events.sort_by_key(|event| event["channelId"] != "whatsapp");
    for (event, (channel, conversation, message, id, title)) in events.iter().zip(expected) {
        event.assert_has(json!({
            "channelId": channel, "conversationId": conversation, "agentId": "agent-123",
            "organizationId": "demo"
        }));
        assert_eq!(
            event["data"]["button"],
            json!({"id": id, "title": title}),
            "{event}"
        );
        event["data"].assert_has(json!({
            "inReplyTo": message, "from": {"phone": CUSTOMER, "name": "Ana"}
        }));
    }
}

#[tokio::test]
async fn a_message_climbs_to_read_and_every_step_is_an_event() {
    let world = connected().await;
    for (_, conversation) in CONVERSATIONS {
        let sent = world.client.accepted(smallest_body(conversation)).await;
        world
            .sandbox
            .read(sent["message"]["externalId"].as_str().expect("an id"))
            .expect("read");
    }
    for kind in [
        "message.accepted",
        "message.sent",
        "message.delivered",
        "message.read",
    ] {
        assert_eq!(world.events(kind, 3).await.len(), 3, "{kind}");
    }
    for (_, conversation) in CONVERSATIONS {
        let messages = world
            .client
            .read(&format!("/conversations/{conversation}/messages"))
            .await;
        messages["data"][0].assert_has(json!({"status": "read", "read": true}));
    }
}

#[tokio::test]
async fn however_often_a_webhook_comes_it_has_one_effect() {
    let world = connected().await;
    let mut settings = Settings::default();
    settings.webhooks.duplicate = 3;
    settings.webhooks.parallel = 8;
    world.sandbox.set_settings(settings);
    for (_, conversation) in CONVERSATIONS {
        let sent = world.client.accepted(smallest_body(conversation)).await;
        world
            .sandbox
            .tap(
                sent["message"]["externalId"].as_str().expect("an id"),
                0,
                None,
            )
            .expect("a tap");
    }
    world.sandbox.settled().await;
    world.events("message.delivered", 3).await;
    assert_eq!(world.events("button.pressed", 3).await.len(), 3);
    for kind in ["message.sent", "message.delivered"] {
        assert_eq!(world.events(kind, 3).await.len(), 3, "{kind}");
    }
}

#[tokio::test]
async fn a_status_that_comes_before_the_answer_of_its_send_waits_for_it() {
    let world = connected().await;
    let mut settings = Settings::default();
    settings.webhooks.before_answer = true;
    world.sandbox.set_settings(settings);
    for (_, conversation) in CONVERSATIONS {
        world.client.accepted(smallest_body(conversation)).await;
    }
    let accepted = world.events("message.accepted", 3).await;
    let delivered = world.events("message.delivered", 3).await;
    assert_eq!(delivered.len(), 3);
    for (accepted, delivered) in accepted.iter().zip(&delivered) {
        assert!(
            accepted["id"].as_str() < delivered["id"].as_str(),
            "{accepted} {delivered}"
        );
    }
}

#[tokio::test]
async fn a_status_settles_a_send_whose_answer_was_lost() {
    let world = connected().await;
    world
        .sandbox
        .fail_next(Fault::new(Provider::Whatsapp, Effect::ResetAfter), 1);
    let lost = world
        .client
        .send(smallest_body("conv-456"))
        .await
        .expect(500);
    assert_eq!(lost["reason"], "outcome_unknown");
    let delivered = world.events("message.delivered", 1).await;
    assert_eq!(delivered[0]["data"]["messageId"], lost["messageId"]);
    let id = lost["messageId"].as_str().expect("an id");
    let message = world.client.read(&format!("/messages/{id}")).await;
    assert_eq!(message["status"], "delivered");
    assert!(
        message["externalId"]
            .as_str()
            .is_some_and(|id| id.starts_with("wamid."))
    );
}

#[tokio::test]
async fn somebody_new_opens_a_conversation_and_can_be_answered() {
    let world = connected().await;
    for (provider, from) in [
        (Provider::Whatsapp, "5511911111111"),
        (Provider::Zapi, "5511922222222"),
        (Provider::Zapperhub, "5511933333333"),
    ] {
        world
            .sandbox
            .say(provider, "", from, "Oi, tudo bem?")
            .expect("a text");
    }
    let received = world.events("message.received", 3).await;
    assert_eq!(world.events("conversation.created", 3).await.len(), 3);
    for event in received {
        event["data"].assert_has(json!({"kind": "text", "text": "Oi, tudo bem?"}));
        let conversation = event["conversationId"].as_str().expect("a conversation");
        let shown = world
            .client
            .read(&format!("/conversations/{conversation}"))
            .await;
        assert_eq!(shown["to"], event["data"]["from"]["phone"]);
        world.client.accepted(smallest_body(conversation)).await;
    }
}

#[tokio::test]
async fn whatsapps_window_is_kept_and_checked_before_a_send() {
    let hours = Arc::new(AtomicI64::new(0));
    let passed = Arc::clone(&hours);
    let clock = Clock::from_fn(move || {
        let hours = jiff::SignedDuration::from_hours(passed.load(Ordering::SeqCst));
        Timestamp::now()
            .checked_add(hours)
            .expect("within the calendar")
    });
    let world = World::with(Options {
        clock,
        ..Options::default()
    })
    .await;
    world.connect_webhooks().await;
    world.client.accepted(smallest_body("conv-456")).await;
    world
        .sandbox
        .say(Provider::Whatsapp, "", CUSTOMER, "Oi")
        .expect("a text");
    world.events("message.received", 1).await;
    let shown = world.client.read("/conversations/conv-456").await;
    assert!(shown["windowExpiresAt"].is_string(), "{shown}");
    world.client.accepted(smallest_body("conv-456")).await;
    hours.store(25, Ordering::SeqCst);
    let before = world.sandbox.requests().len();
    let closed = world.client.send(smallest_body("conv-456")).await;
    closed.refused(500, "window_closed");
    assert_eq!(closed.body["code"], 131_047);
    assert_eq!(world.sandbox.requests().len(), before, "nothing is sent");
}

#[tokio::test]
async fn a_call_without_proof_is_refused_and_leaves_nothing() {
    let world = connected().await;
    let body = json!({"object": "whatsapp_business_account", "entry": []});
    let whatsapp = world
        .client
        .post("/webhooks/whatsapp/whatsapp", body.clone())
        .await;
    whatsapp.refused(401, "unauthorized");
    for path in [
        "/webhooks/zapi/zapi/wrong",
        "/webhooks/zapperhub/zapperhub/wrong",
        "/webhooks/zapi/nobody/x",
        "/webhooks/whatsapp/zapi",
    ] {
        assert_eq!(
            world.client.post(path, body.clone()).await.status,
            404,
            "{path}"
        );
    }
    let handshake =
        "/webhooks/whatsapp/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    assert_eq!(
        world.client.get(&format!("{handshake}wrong")).await.status,
        403
    );
    assert_eq!(
        world
            .client
            .get(&format!("{handshake}verify-token-01"))
            .await
            .text,
        "1158201444"
    );
    let events = world.client.read("/events").await;
    assert_eq!(events["data"], json!([]));
}
