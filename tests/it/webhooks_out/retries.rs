//! What happens when a receiver fails.

use std::collections::BTreeMap;

use recado_tests::prelude::*;
use recado_tests::world::OTHER_CUSTOMER;

use recado_tests::receiver::Receiver;
use recado_tests::rig::{Rig, path};

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
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    rig.endpoint(json!({"url": receiver.url, "events": ["message.received"]}))
        .await;
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
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let wanted = json!({"url": receiver.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
    receiver.answer(500);
    rig.say(CUSTOMER, "Hi").await;
    rig.drain().await;
    receiver.answer(200);
    rig.pass(Duration::from_secs(7));
    rig.drain().await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].header("webhook-id"), calls[1].header("webhook-id"));
    assert_eq!(calls[0].body, calls[1].body);
    assert_ne!(
        calls[0].header("webhook-timestamp"),
        calls[1].header("webhook-timestamp")
    );
    for call in &calls {
        assert!(call.is_signed_with(text(&endpoint["secret"])));
    }

    let id = text(&rig.deliveries(&endpoint).await[0]["id"]).to_owned();
    let shown = rig
        .client
        .read(&format!("{}/deliveries/{id}", path(&endpoint)))
        .await;
    let attempts = shown["attempts"].as_array().expect("attempts");
    let statuses: Vec<&Value> = attempts.iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [500, 200]);
    assert_eq!(attempts[0]["error"], "the receiver answered 500");
    assert_eq!(attempts[1]["error"], Value::Null);
    assert_eq!(shown["status"], "delivered");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (rig, receiver, target) = (
        Rig::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    rig.endpoint(json!({"url": receiver.url, "events": ["message.received"]}))
        .await;
    rig.say(CUSTOMER, "Hi").await;
    for status in [301, 302, 307, 308] {
        receiver.answer_with(status, &[("location", &target.url)]);
        assert_eq!(rig.drain().await.retried, 1);
        rig.pass(Duration::from_mins(13));
    }
    assert_eq!(target.calls().len(), 0);
}

#[tokio::test]
async fn gone_disables_the_endpoint_at_once_and_what_waited_follows_when_it_is_enabled() {
    let (rig, gone, other) = (
        Rig::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    gone.answer(410);
    let wanted = json!({"url": gone.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
    rig.endpoint(json!({"url": other.url, "events": ["webhook_endpoint.disabled"]}))
        .await;
    rig.say(CUSTOMER, "Hi").await;
    rig.drain().await;
    assert_eq!(other.types(), ["webhook_endpoint.disabled"]);
    let shown = rig.client.read(&path(&endpoint)).await;
    assert_ne!(shown["disabledAt"], Value::Null);
    assert_eq!(rig.deliveries(&endpoint).await[0]["status"], "pending");

    gone.answer(200);
    rig.pass(Duration::from_hours(24));
    rig.drain().await;
    assert_eq!(gone.calls().len(), 1, "a disabled endpoint gets nothing");
    let enable = json!({"enabled": true});
    let enabled = rig.client.change(&path(&endpoint), enable).await;
    assert_eq!(enabled["disabledAt"], Value::Null);
    rig.drain().await;
    assert_eq!(gone.types(), ["message.received"]);
}

#[tokio::test]
async fn five_days_without_a_success_disable_the_endpoint_and_an_event_says_so() {
    let (rig, bad, other) = (
        Rig::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    bad.answer(500);
    let wanted = json!({"url": bad.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
    rig.endpoint(json!({"url": other.url, "events": ["webhook_endpoint.disabled"]}))
        .await;
    rig.say(CUSTOMER, "Hi").await;
    let begun = rig.now();
    while other.calls().is_empty() {
        rig.drain().await;
        assert!(
            rig.now() < begun + Duration::from_hours(24 * 6),
            "never disabled"
        );
        rig.pass(Duration::from_hours(1));
    }
    assert!(
        rig.now() >= begun + Duration::from_hours(24 * 5),
        "too early"
    );
    assert_eq!(other.types(), ["webhook_endpoint.disabled"]);
    let shown = rig.client.read(&path(&endpoint)).await;
    assert_ne!(shown["disabledAt"], Value::Null);
    let waiting = &rig.deliveries(&endpoint).await[0];
    assert_eq!(
        waiting["status"], "pending",
        "it follows when the endpoint is enabled"
    );
    let told = rig.events().await.pop().expect("an event");
    assert_eq!(told["type"], "webhook_endpoint.disabled");
}

#[tokio::test]
async fn an_event_that_is_refused_for_15_minutes_while_others_arrive_is_set_aside() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let wanted = json!({"url": receiver.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
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
        assert!(
            rig.now() < begun + Duration::from_mins(17),
            "never set aside"
        );
    }
    assert!(rig.now() >= begun + Duration::from_mins(15), "too early");
    let refused = rig.deliveries(&endpoint).await.remove(0);
    refused.assert_has(json!({"status": "failed", "lastError": "the receiver answered 400"}));
    assert_ne!(refused["finishedAt"], Value::Null);
    let shown = rig.client.read(&path(&endpoint)).await;
    assert_eq!(shown["disabledAt"], Value::Null);
    // It went at once, while the receiver still refused.
    rig.pass(Duration::from_secs(7));
    rig.drain().await;
    let last = receiver.arrived().pop().expect("an event");
    assert_eq!(last["data"]["text"], "next");

    let replay = format!(
        "{}/deliveries/{}/replay",
        path(&endpoint),
        text(&refused["id"])
    );
    rig.client.act(&replay, json!({})).await;
    rig.drain().await;
    let last = receiver.arrived().pop().expect("an event");
    assert_eq!(last["data"]["text"], "refused");
}
