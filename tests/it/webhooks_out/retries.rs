//! What happens when a receiver fails.

use std::collections::BTreeMap;

use recado_tests::prelude::*;
use recado_tests::receiver::Receiver;
use recado_tests::rig::{Rig, path};
use recado_tests::world::OTHER_CUSTOMER;

const RECEIVED: &str = "message.received";

/// A rig, and a receiver with an endpoint for what customers say.
async fn with_endpoint() -> (Rig, Receiver, Value) {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let endpoint = rig.endpoint_for(RECEIVED, &receiver).await;
    (rig, receiver, endpoint)
}

/// The texts that arrived, by conversation, in their order.
fn texts(receiver: &Receiver) -> BTreeMap<String, Vec<String>> {
    let mut texts: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in receiver.arrived() {
        let conversation = text(&event["conversationId"]).to_owned();
        let said = text(&event["data"]["text"]).to_owned();
        texts.entry(conversation).or_default().push(said);
    }
    texts
}

#[tokio::test]
async fn after_an_hour_without_the_receiver_everything_arrives_in_order_of_each_conversation() {
    let (rig, receiver, _) = with_endpoint().await;
    receiver.answer(503);
    let people: Vec<String> = (0..3).map(|n| format!("551190000010{n}")).collect();
    for minute in 0..60 {
        for phone in &people {
            rig.say(phone, &format!("{minute}")).await;
        }
        rig.drain().await;
        rig.pass(Duration::from_mins(1));
    }
    assert_eq!(receiver.arrived(), Vec::<Value>::new());
    // One call for each conversation and attempt, not for each event.
    assert!(receiver.calls().len() < 3 * 8, "{}", receiver.calls().len());

    receiver.answer(200);
    // The longest that the published schedule can be waiting by then.
    rig.pass(Duration::from_mins(72));
    rig.drain().await;
    let texts = texts(&receiver);
    assert_eq!(texts.len(), people.len());
    let all: Vec<String> = (0..60).map(|minute| minute.to_string()).collect();
    for said in texts.values() {
        assert_eq!(*said, all);
    }
}

#[tokio::test]
async fn the_same_delivery_has_the_same_id_and_a_fresh_signature_in_every_attempt() {
    let (rig, receiver, endpoint) = with_endpoint().await;
    receiver.answer(500);
    rig.say(CUSTOMER, "Hi").await;
    rig.drain().await;
    receiver.answer(200);
    rig.pass(Duration::from_secs(7));
    rig.drain().await;
    let [one, other] = &receiver.calls()[..] else {
        panic!("{:?}", receiver.types());
    };
    assert_eq!(one.header("webhook-id"), other.header("webhook-id"));
    assert_eq!(one.body, other.body);
    let at = "webhook-timestamp";
    assert_ne!(one.header(at), other.header(at));
    for call in [one, other] {
        assert!(call.is_signed_with(text(&endpoint["secret"])));
    }

    let id = id(&rig.deliveries(&endpoint).await[0]).to_owned();
    let shown = format!("{}/deliveries/{id}", path(&endpoint));
    let shown = rig.client.read(&shown).await;
    let attempts = entries(&shown["attempts"]);
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| json!([attempt["status"], attempt["error"]]))
        .collect();
    let failed = json!([500, "the receiver answered 500"]);
    assert_eq!(told, [failed, json!([200, null])]);
    assert_eq!(shown["status"], "delivered");
}

#[tokio::test]
async fn what_a_receiver_asks_for_is_waited_and_the_schedule_is_kept_otherwise() {
    let (rig, receiver, endpoint) = with_endpoint().await;
    rig.say(CUSTOMER, "Hi").await;
    for (asked, expected) in [("90", 90..=90), ("soon", 20..=40)] {
        receiver.answer_with(503, &[("retry-after", asked)]);
        assert_eq!(rig.drain().await.retried, 1);
        let next = rig.deliveries(&endpoint).await[0]["nextAttemptAt"].clone();
        let next: Timestamp = text(&next).parse().expect("an instant");
        let wait = next.duration_since(rig.now()).as_secs();
        assert!(expected.contains(&wait), "{asked}: {wait}");
        rig.pass(Duration::from_secs(91));
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (rig, receiver, _) = with_endpoint().await;
    let target = Receiver::start().await;
    rig.say(CUSTOMER, "Hi").await;
    for status in [301, 302, 307, 308] {
        receiver.answer_with(status, &[("location", &target.url)]);
        assert_eq!(rig.drain().await.retried, 1);
        rig.pass(Duration::from_mins(13));
    }
    assert_eq!(target.calls().len(), 0);
}

/// The endpoint is disabled, the other receiver was told, and the delivery follows when it is enabled.
async fn assert_disabled(rig: &Rig, endpoint: &Value, other: &Receiver) {
    assert_eq!(other.types(), ["webhook_endpoint.disabled"]);
    let shown = rig.client.read(&path(endpoint)).await;
    assert_ne!(shown["disabledAt"], Value::Null);
    assert_eq!(rig.deliveries(endpoint).await[0]["status"], "pending");
}

#[tokio::test]
async fn gone_disables_the_endpoint_at_once_and_what_waited_follows_when_it_is_enabled() {
    let (rig, gone, endpoint) = with_endpoint().await;
    let other = Receiver::start().await;
    rig.endpoint_for("webhook_endpoint.disabled", &other).await;
    gone.answer(410);
    rig.say(CUSTOMER, "Hi").await;
    rig.drain().await;
    assert_disabled(&rig, &endpoint, &other).await;

    gone.answer(200);
    rig.pass(Duration::from_hours(24));
    rig.drain().await;
    assert_eq!(gone.calls().len(), 1, "a disabled endpoint gets nothing");
    let enable = json!({"enabled": true});
    let enabled = rig.client.change(&path(&endpoint), enable).await;
    assert_eq!(enabled["disabledAt"], Value::Null);
    rig.drain().await;
    assert_eq!(gone.types(), [RECEIVED]);
}

#[tokio::test]
async fn five_days_without_a_success_disable_the_endpoint_and_an_event_says_so() {
    let (rig, bad, endpoint) = with_endpoint().await;
    let other = Receiver::start().await;
    rig.endpoint_for("webhook_endpoint.disabled", &other).await;
    bad.answer(500);
    rig.say(CUSTOMER, "Hi").await;
    let mut hours = 0;
    while other.calls().is_empty() {
        rig.drain().await;
        assert!(hours < 24 * 6, "never disabled");
        rig.pass(Duration::from_hours(1));
        hours += 1;
    }
    assert!(hours > 24 * 5, "too early: {hours}");
    assert_disabled(&rig, &endpoint, &other).await;
    let told = rig.events().await.pop().expect("an event");
    assert_eq!(told["type"], "webhook_endpoint.disabled");
}

#[tokio::test]
async fn an_event_that_is_refused_for_15_minutes_while_others_arrive_is_set_aside() {
    let (rig, receiver, endpoint) = with_endpoint().await;
    rig.say(CUSTOMER, "refused").await;
    rig.say(CUSTOMER, "next").await;
    let begun = rig.now();
    let mut given_up = 0;
    while given_up == 0 {
        receiver.answer(400);
        given_up = rig.drain().await.given_up;
        receiver.answer(200);
        if given_up == 0 {
            rig.say(OTHER_CUSTOMER, "taken").await;
            assert_eq!(rig.drain().await.delivered, 1);
            rig.pass(Duration::from_mins(1));
        }
        let end = begun + Duration::from_mins(17);
        assert!(rig.now() < end, "never set aside");
    }
    assert!(rig.now() >= begun + Duration::from_mins(15), "too early");
    let refused = rig.deliveries(&endpoint).await.remove(0);
    refused.assert_has(json!({"status": "failed", "lastError": "the receiver answered 400"}));
    assert_ne!(refused["finishedAt"], Value::Null);
    let shown = rig.client.read(&path(&endpoint)).await;
    assert_eq!(shown["disabledAt"], Value::Null);
    let last = || receiver.arrived().pop().expect("an event")["data"]["text"].clone();
    // It went at once, while the receiver still refused.
    rig.pass(Duration::from_secs(7));
    rig.drain().await;
    assert_eq!(last(), "next");

    let replay = format!("{}/deliveries/{}/replay", path(&endpoint), id(&refused));
    rig.client.act(&replay, json!({})).await;
    rig.drain().await;
    assert_eq!(last(), "refused");
}
