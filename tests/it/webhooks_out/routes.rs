//! The routes of webhook endpoints and deliveries.

use std::time::Duration;

use recado_tests::json::AssertHas as _;
use recado_tests::world::{CUSTOMER, organization};
use serde_json::{Value, json};

use super::deliveries::text;
use super::receiver::Receiver;
use super::rig::{Rig, path};

#[tokio::test]
async fn secrets_are_shown_once_and_headers_never() {
    let rig = Rig::start().await;
    let body = json!({"url": "https://example.com/hook?t=1", "header": {"name": "X-Key", "value": "hush"}});
    let created = rig.client.post("/webhook-endpoints", body).await;
    assert!(!created.text.contains("hush"));
    let created = created.expect(201);
    let secret = text(&created, "secret");
    assert!(secret.starts_with("whsec_"));
    created.assert_has(json!({"format": "recado", "events": []}));
    assert_eq!(created["header"], json!({"name": "x-key"}));
    for path in [path(&created), "/webhook-endpoints".to_owned()] {
        let shown = rig.client.get(&path).await;
        assert!(!shown.text.contains(secret) && !shown.text.contains("hush"));
        assert!(shown.text.contains("https://example.com/hook?t=1"));
    }
    let patch = json!({"header": null, "events": ["button.pressed"], "enabled": false});
    let patched = rig.client.change(&path(&created), patch).await;
    patched.assert_has(json!({"header": null, "events": ["button.pressed"]}));
    assert_ne!(patched["disabledAt"], Value::Null);
    let kept = rig.client.change(&path(&created), json!({})).await;
    kept.assert_has(json!({"events": ["button.pressed"], "url": created["url"]}));
    rig.client.remove(&path(&created)).await;
    let gone = rig.client.get(&path(&created)).await;
    gone.refused(404, "webhook_endpoint_not_found");
}

#[tokio::test]
async fn what_is_wrong_with_an_endpoint_is_named() {
    let rig = Rig::start().await;
    for (body, field) in [
        (json!({}), "url"),
        (json!({"url": "hello"}), "url"),
        (json!({"url": "ftp://example.com"}), "url"),
        (json!({"url": "https://a:b@example.com"}), "url"),
        (
            json!({"url": "https://example.com", "events": "all"}),
            "events",
        ),
        (
            json!({"url": "https://example.com", "events": ["nope"]}),
            "events",
        ),
        (
            json!({"url": "https://example.com", "format": "xml"}),
            "format",
        ),
        (
            json!({"url": "https://example.com", "format": "chatvolt", "events": ["message.read"]}),
            "events",
        ),
        (
            json!({"url": "https://example.com", "header": {"name": "Host", "value": "x"}}),
            "header.name",
        ),
        (
            json!({"url": "https://example.com", "header": {"name": "X", "value": "a\nb"}}),
            "header.value",
        ),
    ] {
        let refused = rig.client.post("/webhook-endpoints", body.clone()).await;
        refused.refused(400, "invalid_body");
        let errors = &refused.body["details"][field]["_errors"];
        assert!(errors.is_array(), "{body}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_test_tells_what_the_receiver_answers_and_is_no_event() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let endpoint = rig.endpoint(json!({"url": receiver.url})).await;
    let test = format!("{}/test", path(&endpoint));
    let told = rig.client.act(&test, json!({})).await;
    assert_eq!(
        (&told["status"], &told["error"]),
        (&json!(200), &Value::Null)
    );
    assert!(told["durationMs"].is_u64());
    let call = receiver.calls().pop().expect("a call");
    assert_eq!(call.json()["type"], "webhook.test");
    assert!(call.is_signed_with(text(&endpoint, "secret")));

    receiver.answer(500);
    let told = rig.client.act(&test, json!({})).await;
    told.assert_has(json!({"status": 500, "error": "the receiver answered 500"}));
    assert_eq!(rig.events().await, Vec::<Value>::new());
    assert_eq!(rig.deliveries(&endpoint).await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_delivery_and_those_of_a_time_are_replayed() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let wanted = json!({"url": receiver.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
    let mut instants = Vec::new();
    for n in 0..4 {
        instants.push(rig.now());
        rig.say(CUSTOMER, &n.to_string()).await;
        rig.pass(Duration::from_mins(1));
    }
    rig.drain().await;
    let deliveries = rig.deliveries(&endpoint).await;
    let replay = format!(
        "{}/deliveries/{}/replay",
        path(&endpoint),
        text(&deliveries[2], "id")
    );
    let replayed = rig.client.act(&replay, json!({})).await;
    assert_eq!(replayed["status"], "pending");
    rig.drain().await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 5);
    assert_eq!(calls[4].header("webhook-id"), calls[2].header("webhook-id"));
    assert_eq!(calls[4].json(), calls[2].json());

    let range = json!({"from": instants[1].to_string(), "to": instants[3].to_string()});
    let replay = format!("{}/replay", path(&endpoint));
    let replayed = rig.client.act(&replay, range).await;
    assert_eq!(replayed, json!({"replayed": 2}));
    rig.drain().await;
    let said: Vec<Value> = receiver
        .arrived()
        .iter()
        .skip(5)
        .map(|event| event["data"]["text"].clone())
        .collect();
    assert_eq!(said, ["1", "2"]);

    for range in [
        json!({}),
        json!({"from": "x", "to": "y"}),
        json!({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
    ] {
        let refused = rig.client.post(&replay, range).await;
        refused.refused(400, "invalid_body");
    }
}

#[tokio::test]
async fn a_delivery_is_skipped_and_the_next_of_its_conversation_goes() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let wanted = json!({"url": receiver.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
    for said in ["refused", "next"] {
        rig.say(CUSTOMER, said).await;
    }
    receiver.answer(400);
    rig.drain().await;
    receiver.answer(200);
    let refused = text(&rig.deliveries(&endpoint).await[0], "id").to_owned();
    let delivery = format!("{}/deliveries/{refused}", path(&endpoint));
    for _ in 0..2 {
        let skip = format!("{delivery}/skip");
        let skipped = rig.client.act(&skip, json!({})).await;
        skipped.assert_has(json!({
            "status": "failed", "lastError": "skipped by hand", "nextAttemptAt": null
        }));
        assert_eq!(skipped["attempts"].as_array().map(Vec::len), Some(1));
    }
    rig.drain().await;
    let arrived = receiver.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0]["data"]["text"], "next");
    // What has arrived stays so.
    let next = text(&rig.deliveries(&endpoint).await[1], "id").to_owned();
    let skip = format!("{}/deliveries/{next}/skip", path(&endpoint));
    let kept = rig.client.act(&skip, json!({})).await;
    assert_eq!(kept["status"], "delivered");
}

#[tokio::test]
async fn an_organization_may_have_20_webhook_endpoints() {
    let rig = Rig::start().await;
    let body = json!({"url": "https://example.com/hook"});
    for _ in 0..20 {
        rig.endpoint(body.clone()).await;
    }
    let refused = rig.client.post("/webhook-endpoints", body).await;
    refused.refused(409, "limit_reached");
    refused.says("20 webhook endpoints");
}

#[tokio::test]
async fn deliveries_are_listed_by_status_and_in_parts() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let wanted = json!({"url": receiver.url, "events": ["message.received"]});
    let endpoint = rig.endpoint(wanted).await;
    for n in 0..3 {
        rig.say(&format!("551190000020{n}"), "Hi").await;
    }
    rig.drain().await;
    receiver.answer(500);
    rig.say("5511900000299", "Hi").await;
    rig.drain().await;
    let list = format!("{}/deliveries", path(&endpoint));
    for (status, count) in [("pending", 1), ("delivered", 3), ("failed", 0)] {
        let listed = rig.client.read(&format!("{list}?status={status}")).await;
        assert_eq!(
            listed["data"].as_array().map(Vec::len),
            Some(count),
            "{status}"
        );
    }
    let first = rig.client.read(&format!("{list}?limit=3")).await;
    let rest = format!("{list}?limit=3&cursor={}", text(&first, "nextCursor"));
    let rest = rig.client.read(&rest).await;
    assert_eq!(rest["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["nextCursor"], Value::Null);
    let wrong = rig.client.get(&format!("{list}?status=lost")).await;
    wrong.refused(400, "invalid_query");
}

#[tokio::test]
async fn another_organization_and_an_operator_reach_nothing() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let endpoint = rig.endpoint(json!({"url": receiver.url})).await;
    rig.say(CUSTOMER, "Hi").await;
    rig.drain().await;
    let delivery = text(&rig.deliveries(&endpoint).await[0], "id").to_owned();
    let calls = receiver.calls().len();
    let other = rig
        .operator
        .with_key(&organization(&rig.operator, "other").await);
    let path = path(&endpoint);
    let range = json!({"from": "2026-01-01T00:00:00Z", "to": "2036-01-01T00:00:00Z"});
    for (client, expected) in [
        (&other, (404, "webhook_endpoint_not_found".to_owned())),
        (&rig.operator, (403, "forbidden".to_owned())),
    ] {
        let answers = [
            client.get(&path).await,
            client.patch(&path, json!({"enabled": false})).await,
            client.delete(&path).await,
            client.post(&format!("{path}/test"), json!({})).await,
            client
                .post(&format!("{path}/rotate-secret"), json!({}))
                .await,
            client.get(&format!("{path}/deliveries")).await,
            client.get(&format!("{path}/deliveries/{delivery}")).await,
            client
                .post(&format!("{path}/deliveries/{delivery}/replay"), json!({}))
                .await,
            client
                .post(&format!("{path}/deliveries/{delivery}/skip"), json!({}))
                .await,
            client.post(&format!("{path}/replay"), range.clone()).await,
        ];
        for answer in answers {
            assert_eq!(answer.error(), expected, "{}", answer.text);
        }
    }
    let listed = other.read("/webhook-endpoints").await;
    assert_eq!(listed["data"], json!([]));
    rig.drain().await;
    assert_eq!(receiver.calls().len(), calls);
    let missing = rig.client.get(&format!("{path}/deliveries/dlv_1")).await;
    missing.refused(404, "delivery_not_found");
}
