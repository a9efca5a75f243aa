//! The routes of webhook endpoints and deliveries.

use recado_tests::prelude::*;
use recado_tests::receiver::Receiver;
use recado_tests::rig::{Rig, path};

#[tokio::test]
async fn secrets_are_shown_once_and_headers_never() {
    let rig = Rig::start().await;
    let body = json!({"url": "https://example.com/hook?t=1", "header": {"name": "X-Key", "value": "hush"}});
    let created = rig.client.post("/webhook-endpoints", body).await;
    assert!(!created.text.contains("hush"));
    let created = created.expect(201);
    let secret = text(&created["secret"]);
    assert!(secret.starts_with("whsec_"));
    let header = json!({"name": "x-key"});
    created.assert_has(json!({"format": "recado", "events": [], "header": header}));
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
    let url = "https://example.com";
    let header =
        |name: &str, value: &str| json!({"url": url, "header": {"name": name, "value": value}});
    for (body, field) in [
        (json!({}), "url"),
        (json!({"url": "ftp://example.com"}), "url"),
        (json!({"url": url, "events": ["nope"]}), "events"),
        (json!({"url": url, "format": "xml"}), "format"),
        (header("Host", "x"), "header.name"),
        (header("X", "a\nb"), "header.value"),
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
    told.assert_has(json!({"status": 200, "error": null}));
    assert!(told["durationMs"].is_u64());
    let call = receiver.calls().pop().expect("a call");
    assert_eq!(call.json()["type"], "webhook.test");
    assert!(call.is_signed_with(text(&endpoint["secret"])));

    receiver.answer(500);
    let told = rig.client.act(&test, json!({})).await;
    told.assert_has(json!({"status": 500, "error": "the receiver answered 500"}));
    assert_eq!(rig.events().await, Vec::<Value>::new());
    assert_eq!(rig.deliveries(&endpoint).await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_delivery_and_those_of_a_time_are_replayed() {
    let (rig, receiver) = (Rig::start().await, Receiver::start().await);
    let endpoint = rig.endpoint_for("message.received", &receiver).await;
    let mut instants = Vec::new();
    for n in 0..4 {
        instants.push(rig.now());
        rig.say(CUSTOMER, &n.to_string()).await;
        rig.pass(Duration::from_mins(1));
    }
    rig.drain().await;
    let third = &rig.deliveries(&endpoint).await[2];
    let replay = format!("{}/deliveries/{}/replay", path(&endpoint), id(third));
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
    let arrived = receiver.arrived();
    let said = arrived[5..]
        .iter()
        .map(|event| text(&event["data"]["text"]));
    assert_eq!(said.collect::<Vec<_>>(), ["1", "2"]);

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
    let endpoint = rig.endpoint_for("message.received", &receiver).await;
    for said in ["refused", "next"] {
        rig.say(CUSTOMER, said).await;
    }
    receiver.answer(400);
    rig.drain().await;
    receiver.answer(200);
    let skip = async |place: usize| {
        let delivery = &rig.deliveries(&endpoint).await[place];
        let skip = format!("{}/deliveries/{}/skip", path(&endpoint), id(delivery));
        rig.client.act(&skip, json!({})).await
    };
    for _ in 0..2 {
        let skipped = skip(0).await;
        skipped.assert_has(json!({
            "status": "failed", "lastError": "skipped by hand", "nextAttemptAt": null
        }));
        assert_eq!(entries(&skipped["attempts"]).len(), 1);
    }
    rig.drain().await;
    let [next] = &receiver.arrived()[..] else {
        panic!("{:?}", receiver.types());
    };
    assert_eq!(next["data"]["text"], "next");
    assert_eq!(
        skip(1).await["status"],
        "delivered",
        "what has arrived stays so"
    );
}

#[tokio::test]
async fn a_status_that_no_delivery_can_have_is_refused() {
    let rig = Rig::start().await;
    let endpoint = json!({"url": "https://example.com/hook"});
    let endpoint = path(&rig.endpoint(endpoint).await);
    let list = format!("{endpoint}/deliveries?status=");
    rig.client.read(&format!("{list}pending")).await;
    let refused = rig.client.get(&format!("{list}lost")).await;
    refused.refused(400, "invalid_query");
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
