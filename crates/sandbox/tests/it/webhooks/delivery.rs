//! Delivery: retries, copies, order, and the moment of the answer.

use std::time::Duration;

use recado_sandbox::{Effect, Fault, Provider, Webhook};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Pair, receiver::NO_ANSWER};
use crate::faults::{good, send};
use crate::{Reply, Server, assert_has};

async fn whatsapp() -> Pair {
    let pair = Pair::start(Provider::Whatsapp).await;
    pair.switch(&json!({"retryBaseMs": 1, "steps": ["sent"]}));
    pair
}

fn statuses(pair: &Pair) -> Vec<Value> {
    let bodies = pair.bodies().into_iter();
    let values = bodies.map(|body| body["entry"][0]["changes"][0]["value"].clone());
    values
        .map(|value| value["statuses"][0]["status"].clone())
        .collect()
}

/// Waits until a request was handled.
async fn accepted(pair: &Pair) {
    let handled = async {
        while pair.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let deadline = Duration::from_mins(1);
    tokio::time::timeout(deadline, handled)
        .await
        .expect("a request in time");
}

#[tokio::test]
async fn w37_anything_but_200_is_tried_again_with_the_same_bytes() {
    let pair = whatsapp().await;
    pair.receiver.answer_next(&[503, 201, 204, 302]);
    pair.send().await;
    let posts = pair.receiver.posts();
    assert_eq!(posts.len(), 5);
    for post in &posts {
        assert_eq!(post.body, posts[0].body);
        let signature = "x-hub-signature-256";
        assert_eq!(post.header(signature), posts[0].header(signature));
    }
    let delivery = json!(pair.deliveries()[0]);
    let expected = json!({
        "order": 1, "provider": "whatsapp", "account": "800000000000001", "path": "/hooks/s3cret",
        "attempts": 5, "status": 200, "body": pair.bodies()[0],
    });
    assert_eq!(delivery, expected);
}

#[tokio::test]
async fn a_receiver_that_never_takes_it_is_given_up() {
    let pair = whatsapp().await;
    pair.switch(&json!({"attempts": 3}));
    pair.receiver.answer_next(&[500; 9]);
    pair.send().await;
    pair.tried(3, 500);
}

#[tokio::test]
async fn a_receiver_that_is_gone_has_no_status() {
    let server = Server::start().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let webhook = Webhook::new(Provider::Zapperhub, format!("http://{address}"));
    let registered = server.register_webhook(webhook).await;
    registered.expect("a webhook");
    send(&server, Provider::Zapperhub).await;
    server.settled().await;
    let delivery = json!(server.deliveries()[0]);
    assert_has(&delivery, &json!({"attempts": 1, "path": "/"}));
    // It is said, as null.
    assert_eq!(delivery.get("status"), Some(&Value::Null));
}

#[tokio::test]
async fn h58_the_others_try_as_often_as_their_vendors_say() {
    for (provider, status, attempts) in [
        (Provider::Zapi, 503, 1),
        (Provider::Zapperhub, 503, 1),
        (Provider::Wuzapi, 503, 5),
        (Provider::Wuzapi, 204, 1),
    ] {
        let pair = Pair::start(provider).await;
        pair.switch(&json!({"retryBaseMs": 1, "steps": ["delivered"]}));
        pair.receiver.answer_next(&[status; 5]);
        pair.send().await;
        pair.tried(attempts, status);
    }
}

#[tokio::test]
async fn w21_every_webhook_comes_as_often_and_in_the_order_that_was_chosen() {
    let told = ["sent", "sent", "delivered", "delivered", "read", "read"];
    let mut reversed = told;
    reversed.reverse();
    for (order, expected) in [("as_is", told), ("reversed", reversed), ("shuffled", told)] {
        let pair = whatsapp().await;
        let steps = ["sent", "delivered", "read"];
        pair.switch(&json!({"steps": steps, "duplicate": 1, "order": order}));
        pair.send().await;
        let mut statuses = statuses(&pair);
        if order == "shuffled" {
            // Complete, in any order.
            statuses.sort_by_key(|status| {
                steps
                    .map(Value::from)
                    .iter()
                    .position(|step| step == status)
            });
        }
        assert_eq!(statuses, expected, "{order}");
    }
}

#[tokio::test]
async fn copies_may_come_at_the_same_time() {
    let pair = whatsapp().await;
    pair.switch(&json!({"duplicate": 9, "parallel": 4}));
    pair.send().await;
    assert_eq!(statuses(&pair), vec!["sent"; 10]);
}

#[tokio::test]
async fn w23_webhooks_can_come_before_the_answer() {
    let pair = whatsapp().await;
    pair.switch(&json!({"beforeAnswer": true}));
    let reply = send(&pair, Provider::Whatsapp).await;
    // Without waiting: it was there before the answer.
    assert_eq!(statuses(&pair), ["sent"]);
    let told = &pair.bodies()[0]["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!(told["id"], reply.json["messages"][0]["id"]);
}

#[tokio::test]
async fn an_answer_does_not_wait_long_for_a_receiver_that_hangs() {
    let pair = whatsapp().await;
    let an_hour = 3_600_000;
    pair.switch(&json!({"beforeAnswer": true, "timeoutMs": an_hour}));
    pair.receiver.answer_next(&[NO_ANSWER]);
    tokio::time::pause();
    let asked = Instant::now();
    let reply = send(&pair, Provider::Whatsapp).await;
    assert_eq!((reply.status, asked.elapsed().as_secs()), (200, 5));
}

#[tokio::test]
async fn webhooks_come_after_the_answer_even_if_it_takes_long() {
    let pair = whatsapp().await;
    let mut fault = Fault::new(Provider::Whatsapp, Effect::Delay);
    fault.delay_ms = 50;
    pair.fail_next(fault, 1);
    let early = async {
        accepted(&pair).await;
        // It is not answered yet.
        pair.deliveries().len()
    };
    let (reply, early) = tokio::join!(send(&pair, Provider::Whatsapp), early);
    assert_eq!((reply.status, early), (200, 0));
    pair.settled().await;
    assert_eq!(statuses(&pair), ["sent"]);
}

#[tokio::test]
async fn s50_webhooks_come_when_the_answer_is_lost() {
    let pair = whatsapp().await;
    let fault = Fault::new(Provider::Whatsapp, Effect::ResetAfter);
    pair.fail_next(fault, 1);
    let lost = Reply::try_of(good(&pair, Provider::Whatsapp)).await;
    lost.expect_err("no answer");
    pair.settled().await;
    assert_eq!(statuses(&pair), ["sent"]);
}

#[tokio::test]
async fn webhooks_come_when_the_caller_does_not_wait_for_the_answer() {
    let pair = whatsapp().await;
    let mut fault = Fault::new(Provider::Whatsapp, Effect::Delay);
    fault.delay_ms = 600_000;
    pair.fail_next(fault, 1);
    tokio::select! {
        _ = send(&pair, Provider::Whatsapp) => panic!("no answer is due"),
        () = accepted(&pair) => {}
    }
    pair.settled().await;
    assert_eq!(statuses(&pair), ["sent"]);
}

#[tokio::test]
async fn dropped_and_removed_webhooks_are_not_delivered() {
    let pair = whatsapp().await;
    pair.switch(&json!({"drop": true}));
    pair.send().await;
    assert!(pair.deliveries().is_empty());
    pair.switch(&json!({"drop": false}));
    pair.clear_webhooks();
    let id = pair.send().await;
    pair.tap(&id, 0, None).expect("a tap");
    pair.settled().await;
    assert!(pair.receiver.posts().is_empty());
}

#[tokio::test]
async fn a_receiver_that_answers_too_late_is_tried_again() {
    let pair = whatsapp().await;
    pair.switch(&json!({"timeoutMs": 50}));
    pair.receiver.answer_next(&[NO_ANSWER]);
    pair.send().await;
    pair.tried(2, 200);
    assert_eq!(statuses(&pair), ["sent", "sent"]);
}

#[tokio::test]
async fn deliveries_are_cleared_with_the_requests() {
    let pair = whatsapp().await;
    pair.send().await;
    let listed = pair.get("/_sandbox/deliveries?provider=whatsapp").await;
    let delivery = json!({"attempts": 1, "status": 200, "body": pair.bodies()[0]});
    assert_has(&listed.json["data"][0], &delivery);
    let other = pair.server.get("/_sandbox/deliveries?provider=zapi").await;
    assert_eq!(other.json, json!({"data": []}));
    pair.clear();
    assert!(pair.deliveries().is_empty());
}
