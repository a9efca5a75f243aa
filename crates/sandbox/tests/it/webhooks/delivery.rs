//! Delivery: retries, copies, order, and the moment of the answer.

use recado_sandbox::{Effect, Fault, Order, Provider, Step, Webhook};
use rstest::rstest;
use serde_json::{Value, json};

use super::Pair;
use super::receiver::NO_ANSWER;
use crate::faults::{good, send};
use crate::{Reply, Server};

async fn whatsapp() -> Pair {
    let pair = Pair::start(Provider::Whatsapp).await;
    pair.switch(|switches| {
        switches.retry_base_ms = 1;
        switches.steps = vec![Step::Sent];
    });
    pair
}

fn statuses(pair: &Pair) -> Vec<Value> {
    let bodies = pair.bodies();
    let values = bodies
        .iter()
        .map(|body| &body["entry"][0]["changes"][0]["value"]);
    values
        .map(|value| value["statuses"][0]["status"].clone())
        .collect()
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
    let delivery = &pair.deliveries()[0];
    assert_eq!((delivery.attempts, delivery.status), (5, Some(200)));
    assert_eq!(
        (delivery.order, delivery.path.as_str()),
        (1, "/hooks/s3cret")
    );
    assert_eq!(delivery.account, "800000000000001");
    assert_eq!(delivery.body, pair.bodies()[0]);
}

#[tokio::test]
async fn a_receiver_that_never_takes_it_is_given_up() {
    let pair = whatsapp().await;
    pair.switch(|switches| switches.attempts = 3);
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
    let delivery = &server.deliveries()[0];
    assert_eq!((delivery.attempts, delivery.status), (1, None));
    assert_eq!(delivery.path, "/");
}

#[rstest]
#[case(Provider::Zapi, 503, 1)]
#[case(Provider::Zapperhub, 503, 1)]
#[case(Provider::Wuzapi, 503, 5)]
#[case::h58_any_2xx_will_do(Provider::Wuzapi, 204, 1)]
#[tokio::test]
async fn the_others_try_as_often_as_their_vendors_say(
    #[case] provider: Provider,
    #[case] status: u16,
    #[case] attempts: u32,
) {
    let pair = Pair::start(provider).await;
    pair.switch(|switches| {
        switches.retry_base_ms = 1;
        switches.steps = vec![Step::Delivered];
    });
    pair.receiver.answer_next(&[status; 5]);
    pair.send().await;
    pair.tried(attempts, status);
}

#[rstest]
#[case(Order::AsIs, json!(["sent", "sent", "delivered", "delivered", "read", "read"]))]
#[case(Order::Reversed, json!(["read", "read", "delivered", "delivered", "sent", "sent"]))]
#[tokio::test]
async fn w21_every_webhook_comes_as_often_and_in_the_order_that_was_chosen(
    #[case] order: Order,
    #[case] expected: Value,
) {
    let pair = whatsapp().await;
    pair.switch(|switches| {
        switches.steps = vec![Step::Sent, Step::Delivered, Step::Read];
        switches.duplicate = 1;
        switches.order = order;
    });
    pair.send().await;
    assert_eq!(Value::from(statuses(&pair)), expected);
}

#[tokio::test]
async fn shuffled_webhooks_are_complete() {
    let pair = whatsapp().await;
    pair.switch(|switches| {
        switches.steps = vec![Step::Sent, Step::Delivered, Step::Read];
        switches.order = Order::Shuffled;
    });
    pair.send().await;
    let mut told = statuses(&pair);
    told.sort_by_key(Value::to_string);
    assert_eq!(told, ["delivered", "read", "sent"]);
}

#[tokio::test]
async fn copies_may_come_at_the_same_time() {
    let pair = whatsapp().await;
    pair.switch(|switches| {
        switches.duplicate = 9;
        switches.parallel = 4;
    });
    pair.send().await;
    assert_eq!(statuses(&pair), vec!["sent"; 10]);
}

#[tokio::test]
async fn w23_webhooks_can_come_before_the_answer() {
    let pair = whatsapp().await;
    pair.switch(|switches| switches.before_answer = true);
    let reply = send(&pair, Provider::Whatsapp).await;
    // Without waiting: it was there before the answer.
    assert_eq!(statuses(&pair), ["sent"]);
    let told = &pair.bodies()[0]["entry"][0]["changes"][0]["value"]["statuses"][0];
    assert_eq!(told["id"], reply.json["messages"][0]["id"]);
}

#[tokio::test]
async fn webhooks_come_after_the_answer_even_if_it_takes_long() {
    let pair = whatsapp().await;
    let mut fault = Fault::new(Provider::Whatsapp, Effect::Delay);
    fault.delay_ms = 50;
    pair.fail_next(fault, 1);
    let accepted = async {
        while pair.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        // Accepted, not answered yet.
        pair.deliveries().len()
    };
    let (reply, early) = tokio::join!(send(&pair, Provider::Whatsapp), accepted);
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
    let accepted = async {
        while pair.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = send(&pair, Provider::Whatsapp) => panic!("no answer is due"),
        () = accepted => {}
    }
    pair.settled().await;
    assert_eq!(statuses(&pair), ["sent"]);
}

#[tokio::test]
async fn dropped_and_removed_webhooks_are_not_delivered() {
    let pair = whatsapp().await;
    pair.switch(|switches| switches.drop = true);
    pair.send().await;
    assert!(pair.deliveries().is_empty());
    pair.switch(|switches| switches.drop = false);
    pair.clear_webhooks();
    let id = pair.send().await;
    pair.tap(&id, 0, None).expect("a tap");
    pair.settled().await;
    assert!(pair.receiver.posts().is_empty());
}

#[tokio::test]
async fn a_receiver_that_answers_too_late_is_tried_again() {
    let pair = whatsapp().await;
    pair.switch(|switches| switches.timeout_ms = 50);
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
    assert_eq!(listed.json["data"][0]["attempts"], 1);
    assert_eq!(listed.json["data"][0]["status"], 200);
    assert_eq!(listed.json["data"][0]["body"], pair.bodies()[0]);
    let other = pair.server.get("/_sandbox/deliveries?provider=zapi").await;
    assert_eq!(other.json, json!({"data": []}));
    pair.clear();
    assert!(pair.deliveries().is_empty());
}
