//! Events reach the organization's own servers: signed, at least once, in order, and nowhere else.

use recado_core::inbound::InboundContent;
use recado_server::delivery::Drained;
use recado_tests::prelude::*;
use recado_tests::receiver::Receiver;
use recado_tests::rig::{self, Rig, path};
use reqwest::header::AUTHORIZATION;
use standardwebhooks::Webhook;

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
        let verified = webhook.verify(&call.body, &call.headers);
        verified.expect("a valid signature");
        assert_eq!(call.header("content-type"), "application/json");
        delivery.assert_has(json!({
            "id": call.header("webhook-id"), "eventId": call.json()["id"],
            "status": "delivered", "attemptCount": 1
        }));
    }
    assert_eq!(deliveries.len(), events.len());
    assert_eq!(rig.drain().await, Drained::default(), "each once");
}

#[tokio::test]
async fn an_endpoint_gets_the_types_that_it_wants_and_no_events_of_other_organizations() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    rig.endpoint_for("button.pressed", &receiver).await;
    rig.say(CUSTOMER, "Hi").await;
    rig.tap(CUSTOMER, "a", "A").await;
    rig.drain().await;
    assert_eq!(receiver.types(), ["button.pressed"]);

    let other_receiver = Receiver::start().await;
    let client = rig.operator.organization("other").await;
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
    let endpoint = rig.endpoint_for("message.received", &receiver).await;
    let rotate = format!("{}/rotate-secret", path(&endpoint));
    let mut secrets = vec![text(&endpoint["secret"]).to_owned()];
    for _ in 0..9 {
        let rotated = rig.client.act(&rotate, json!({})).await;
        secrets.push(text(&rotated["secret"]).to_owned());
        rig.pass(Duration::from_hours(1));
    }
    let signing = async || {
        rig.say(CUSTOMER, "Hi").await;
        rig.drain().await;
        let call = receiver.calls().pop().expect("a call");
        let signing = secrets.iter().map(|secret| call.is_signed_with(secret));
        signing.collect::<Vec<bool>>()
    };
    assert_eq!(signing().await, [true; 10]);
    let refused = rig.client.post(&rotate, json!({})).await;
    refused.refused(429, "rate_limited");
    refused.says("10 secrets");
    assert_eq!(refused.headers["retry-after"], "54000");

    rig.pass(Duration::from_hours(16));
    // Two of them were replaced a day ago.
    assert_eq!(signing().await, [&[false; 2][..], &[true; 8]].concat());
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
    // ChatVolt has no word for a new conversation.
    let [call] = &receiver.calls()[..] else {
        panic!("{:?}", receiver.types());
    };
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
async fn the_server_delivers_by_itself_and_finishes_before_it_stops() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let endpoint = json!({"url": receiver.url, "events": ["message.received"]});
    world.client.create("/webhook-endpoints", endpoint).await;
    say_20(&world).await;
    receiver.wait_for(20).await;
    world.stop().await;
    assert_eq!(receiver.arrived().len(), 20);
}

/// Each of 20 customers writes.
async fn say_20(world: &World) {
    for n in 0..20 {
        let phone = format!("55119000010{n:02}");
        rig::say(
            &world.store,
            Timestamp::now(),
            &phone,
            InboundContent::text("Hi"),
        )
        .await;
    }
}

#[tokio::test]
async fn endpoints_that_never_answer_do_not_delay_another_organization() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let other = world.operator.neighbour("other", "theirs").await;
    let endpoint = json!({"url": receiver.url});
    other.create("/webhook-endpoints", endpoint).await;
    let held = HeldProvider::start().await;
    let endpoint = json!({"url": held.url, "events": ["message.received"]});
    for _ in 0..20 {
        let endpoint = endpoint.clone();
        world.client.create("/webhook-endpoints", endpoint).await;
    }
    say_20(&world).await;
    let mut waiting = Vec::new();
    for _ in 0..16 {
        waiting.push(held.receive().await);
    }
    let mut body = smallest_body("theirs");
    body["agentId"] = "theirs".into();
    other.accepted(body).await;
    // Each of the calls that wait ends after 15 seconds at the earliest.
    let arrives = tokio::time::timeout(Duration::from_secs(10), receiver.wait_for(1));
    arrives.await.expect("it does not wait for them");
    assert_eq!(receiver.types(), ["message.accepted"]);
    drop(waiting);
}
