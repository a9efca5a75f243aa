//! Events reach the organization's own servers: signed, at least once, in order, and nowhere else.

use recado_core::inbound::InboundContent;
use recado_server::delivery::Drained;
use recado_tests::prelude::*;
use reqwest::header::AUTHORIZATION;
use standardwebhooks::Webhook;

use recado_tests::receiver::Receiver;
use recado_tests::rig::{self, Rig, path};

#[tokio::test]
async fn an_event_arrives_as_the_list_gives_it_signed_by_the_scheme() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let endpoint = rig.endpoint(json!({"url": receiver.url})).await;
    rig.tap(CUSTOMER, "btn_sales", "Sales 👋").await;
    let drained = rig.drain().await;
    let events = rig.events().await;
    assert_eq!(drained.delivered, events.len());
    assert_eq!(receiver.arrived(), events);
    assert!(receiver.types().contains(&"button.pressed".to_owned()));

    let webhook = Webhook::new(text(&endpoint["secret"])).expect("a secret");
    let deliveries = rig.deliveries(&endpoint).await;
    for (call, delivery) in receiver.calls().iter().zip(&deliveries) {
        webhook
            .verify(&call.body, &call.headers)
            .expect("a valid signature");
        assert_eq!(call.header("content-type"), "application/json");
        assert_eq!(call.header("webhook-id"), text(&delivery["id"]));
        assert_eq!(call.json()["id"], delivery["eventId"]);
        delivery.assert_has(json!({"status": "delivered", "attemptCount": 1}));
    }
    assert_eq!(deliveries.len(), events.len());
    assert_eq!(rig.drain().await, Drained::default(), "each once");
}

#[tokio::test]
async fn an_endpoint_gets_the_types_that_it_wants_and_no_events_of_other_organizations() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let wanted = json!({"url": receiver.url, "events": ["button.pressed"]});
    rig.endpoint(wanted).await;
    rig.say(CUSTOMER, "Hi").await;
    rig.tap(CUSTOMER, "a", "A").await;
    rig.drain().await;
    assert_eq!(receiver.types(), ["button.pressed"]);

    let other = organization(&rig.operator, "other").await;
    let other_receiver = Receiver::start().await;
    let client = rig.operator.with_key(&other);
    let body = json!({"url": other_receiver.url});
    client.create("/webhook-endpoints", body).await;
    rig.tap(CUSTOMER, "b", "B").await;
    rig.drain().await;
    assert_eq!(other_receiver.calls().len(), 0);
    assert_eq!(receiver.types().len(), 2);
}

#[tokio::test]
async fn every_secret_of_the_last_day_signs_however_often_it_changed() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let wanted = json!({"url": receiver.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
    let rotate = format!("{}/rotate-secret", path(&endpoint));
    let mut secrets = vec![text(&endpoint["secret"]).to_owned()];
    for _ in 0..9 {
        let rotated = rig.client.act(&rotate, json!({})).await;
        secrets.push(text(&rotated["secret"]).to_owned());
        rig.pass(Duration::from_hours(1));
    }
    rig.say(CUSTOMER, "Hi").await;
    rig.drain().await;
    let call = receiver.calls().pop().expect("a call");
    for secret in &secrets {
        assert!(call.is_signed_with(secret));
    }
    let refused = rig.client.post(&rotate, json!({})).await;
    refused.refused(429, "rate_limited");
    refused.says("10 secrets");
    assert_eq!(refused.headers["retry-after"], "54000");

    rig.pass(Duration::from_hours(16));
    rig.say(CUSTOMER, "Hi").await;
    rig.drain().await;
    let call = receiver.calls().pop().expect("a call");
    let signing = secrets.iter().map(|secret| call.is_signed_with(secret));
    let signing: Vec<bool> = signing.collect();
    assert_eq!(signing[..2], [false, false], "they were replaced a day ago");
    assert!(signing[2..].iter().all(|signs| *signs));
    rig.client.act(&rotate, json!({})).await;
}

#[tokio::test]
async fn format_chatvolt_sends_chatvolts_payload_and_its_static_header() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let endpoint =
        json!({"url": receiver.url, "format": "chatvolt", "header": {"value": "Bearer hush"}});
    let endpoint = rig.endpoint(endpoint).await;
    rig.tap(CUSTOMER, "btn_sales", "Sales").await;
    rig.drain().await;
    let calls = receiver.calls();
    assert_eq!(
        calls.len(),
        1,
        "ChatVolt has no word for a new conversation"
    );
    let call = &calls[0];
    assert_eq!(call.headers[AUTHORIZATION], "Bearer hush");
    assert!(call.is_signed_with(text(&endpoint["secret"])));
    let event = rig.events().await.pop().expect("an event");
    let expected = json!({
        "eventType": "USER_MESSAGE_RECEIVED",
        "organizationId": "demo",
        "conversationId": event["conversationId"],
        "messageId": event["data"]["messageId"],
        "agentId": "agent-123",
        "agentName": "Agent",
        "channel": "zapi",
        "conversationStatus": "UNRESOLVED",
        "conversationPriority": "MEDIUM",
        "isAiEnabled": false,
        "userMessage": "Sales",
        "buttonReply": {"id": "btn_sales", "title": "Sales"},
        "userName": "Ana",
        "userPhoneNumber": CUSTOMER,
        "createdAt": event["createdAt"],
    });
    assert_eq!(call.json(), expected);
}

#[tokio::test]
async fn an_accepted_send_is_told_to_a_chatvolt_receiver_with_its_text() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let endpoint = json!({"url": receiver.url, "format": "chatvolt"});
    world.client.create("/webhook-endpoints", endpoint).await;
    let body = smallest_body("conv-456");
    world.client.accepted(body).await;
    receiver.wait_for(1).await;
    let payload = receiver.calls()[0].json();
    payload.assert_has(json!({
        "eventType": "AGENT_MESSAGE_SENDED", "agentResponse": "Hi", "channel": "whatsapp",
        "userPhoneNumber": CUSTOMER
    }));
}

#[tokio::test]
async fn the_server_delivers_by_itself_and_finishes_before_it_stops() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let endpoint = json!({"url": receiver.url, "events": ["message.received"]});
    world.client.create("/webhook-endpoints", endpoint).await;
    for n in 0..20 {
        let phone = format!("55119000010{n:02}");
        let content = InboundContent::Other {
            kind: "text".to_owned(),
            text: Some("Hi".to_owned()),
        };
        rig::say(&world.store, "demo", Timestamp::now(), &phone, content).await;
    }
    receiver.wait_for(20).await;
    world.stop().await;
    assert_eq!(receiver.arrived().len(), 20);
}
