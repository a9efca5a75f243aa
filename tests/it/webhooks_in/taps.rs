//! What customers do comes back: taps, texts and statuses, as events.

use std::collections::HashSet;

use recado_sandbox::{Effect, Fault, Provider, Settings};
use recado_tests::prelude::*;

#[tokio::test]
async fn a_status_advances_to_read_and_every_step_is_an_event() {
    let world = World::connected().await;
    for (_, conversation) in CONVERSATIONS {
        let sent = world.sent(conversation).await;
        world.sandbox.read(&sent.external_id).expect("read");
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
        let messages = format!("/conversations/{conversation}/messages");
        let messages = world.client.read(&messages).await;
        messages["data"][0].assert_has(json!({"status": "read", "read": true}));
    }
}

#[tokio::test]
async fn however_often_a_webhook_comes_it_has_one_effect() {
    let world = World::connected().await;
    let mut settings = Settings::default();
    settings.webhooks.duplicate = 3;
    settings.webhooks.parallel = 8;
    world.sandbox.set_settings(settings);
    for (_, conversation) in CONVERSATIONS {
        let sent = world.sent(conversation).await;
        let tapped = world.sandbox.tap(&sent.external_id, 0, None);
        tapped.expect("a tap");
    }
    soon("all calls are made", world.sandbox.settled()).await;
    for kind in ["message.delivered", "button.pressed"] {
        assert_eq!(world.events(kind, 3).await.len(), 3, "{kind}");
    }
    // A status that is overtaken by the next one is not told.
    let sent = world.client.list("/events?type=message.sent").await;
    let told = |event: &Value| text(&event["data"]["messageId"]).to_owned();
    let messages: HashSet<_> = sent.iter().map(told).collect();
    assert_eq!(messages.len(), sent.len(), "{sent:?}");
}

#[tokio::test]
async fn a_status_that_comes_before_the_answer_of_its_send_waits_for_it() {
    let world = World::connected().await;
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
        assert!(id(accepted) < id(delivered), "{accepted} {delivered}");
    }
}

#[tokio::test]
async fn a_status_settles_a_send_whose_answer_was_lost() {
    let world = World::connected().await;
    let lost = Fault::new(Provider::Whatsapp, Effect::ResetAfter);
    world.sandbox.fail_next(lost, 1);
    let lost = world.client.send(smallest_body("conv-456")).await;
    lost.refused(500, "outcome_unknown");
    let id = text(&lost.body["messageId"]);
    let delivered = &world.events("message.delivered", 1).await[0];
    assert_eq!(delivered["data"]["messageId"], id);
    let message = world.client.read(&format!("/messages/{id}")).await;
    assert_eq!(message["status"], "delivered");
    assert!(text(&message["externalId"]).starts_with("wamid."));
}

#[tokio::test]
async fn an_unknown_customer_opens_a_conversation_and_can_be_answered() {
    let world = World::connected().await;
    for (provider, from) in [
        (Provider::Whatsapp, "5511911111111"),
        (Provider::Zapi, "5511922222222"),
        (Provider::Zapperhub, "5511933333333"),
    ] {
        let said = world.sandbox.say(provider, "", from, "Oi, tudo bem?");
        said.expect("a text");
    }
    let received = world.events("message.received", 3).await;
    assert_eq!(world.events("conversation.created", 3).await.len(), 3);
    for event in received {
        event["data"].assert_has(json!({"kind": "text", "text": "Oi, tudo bem?"}));
        let conversation = text(&event["conversationId"]);
        let shown = format!("/conversations/{conversation}");
        let shown = world.client.read(&shown).await;
        assert_eq!(shown["to"], event["data"]["from"]["phone"]);
        world.client.accepted(smallest_body(conversation)).await;
    }
}

#[tokio::test]
async fn meta_asks_for_the_verify_token_before_it_calls() {
    let world = World::start().await;
    let handshake =
        "/webhooks/whatsapp/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    let ask = async |token| world.client.get(&format!("{handshake}{token}")).await;
    assert_eq!(ask("wrong").await.status, 403);
    assert_eq!(ask("verify-token-01").await.text, "1158201444");
}
