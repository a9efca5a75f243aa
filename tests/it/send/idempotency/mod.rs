//! `Idempotency-Key`: a request that is made again takes effect once.

mod creations;
mod processes;
mod unknown;

use recado_sandbox::{Answer as Said, Effect, Fault, Provider};
use recado_tests::prelude::*;

/// What became of a send, without what differs between two requests.
fn told(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    body.as_object_mut().expect("an object").remove("requestId");
    body
}

fn fail(world: &World, effect: Effect) {
    let fault = Fault::new(Provider::Whatsapp, effect);
    world.sandbox.fail_next(fault, 1);
}

#[tokio::test]
async fn a_send_that_is_made_again_under_its_key_is_answered_and_not_sent() {
    let world = World::start().await;
    let first = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    assert_eq!((first.status.as_u16(), first.is_replayed()), (200, false));
    // In quotation marks, with other white space and another order of the fields, and under `/api`.
    let body = "{ \"button_1_title\": \"A\", \"button_1_id\": \"a\",\n \"body_text\": \"Hi\",\n\
                \"conversationId\": \"conv-456\", \"agentId\": \"agent-123\" }";
    let request = world.client.request(Method::POST, &format!("/api{SEND}"));
    let request = request.header("idempotency-key", "\"order-1\"");
    let request = request.header("content-type", "application/json");
    let again = answer(request.body(body)).await;
    assert_eq!((again.status.as_u16(), again.is_replayed()), (200, true));
    assert_eq!(again.body["message"]["id"], first.body["message"]["id"]);
    assert_eq!(world.sandbox.requests().len(), 1);

    let other = world
        .client
        .send_once("order-2", smallest_body("conv-456"))
        .await;
    assert!(!other.is_replayed());
    assert_eq!(world.sandbox.requests().len(), 2);
}

#[tokio::test]
async fn another_body_under_a_key_is_refused_and_names_the_documentation() {
    let world = World::start().await;
    world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await
        .expect(200);
    let other = message_of("conv-456", "Something else");
    let refused = world.client.send_once("order-1", other).await;
    refused.refused(422, "idempotency_key_reused");
    assert!(!refused.is_replayed());
    assert_eq!(refused.headers["link"], "</docs/>; rel=\"help\"");
    assert_eq!(world.sandbox.requests().len(), 1);
    let page = world.client.get("/docs/").await;
    assert_eq!(page.status, 200);
    world
        .client
        .get("/openapi.json")
        .await
        .says("## Idempotency-Key");
}

#[tokio::test]
async fn a_key_of_another_organization_is_another_key() {
    let world = World::start().await;
    let other = world.operator.neighbour("other", "conv-other").await;
    world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await
        .expect(200);
    let mut body = smallest_body("conv-other");
    body["agentId"] = "conv-other".into();
    let sent = other.send_once("order-1", body).await;
    assert_eq!((sent.status.as_u16(), sent.is_replayed()), (200, false));
}

#[tokio::test]
async fn a_key_that_cannot_be_read_sends_nothing() {
    let world = World::start().await;
    let long = "k".repeat(256);
    for keys in [
        &[""][..],
        &["\"half"],
        &["caf\u{e9}"],
        &[&*long],
        &["one", "one"],
    ] {
        for path in [SEND.to_owned(), format!("{SEND}?dryRun=true")] {
            let mut request = world.client.request(Method::POST, &path);
            for key in keys {
                request = request.header("idempotency-key", *key);
            }
            let refused = answer(request.json(&smallest_body("conv-456"))).await;
            refused.refused(400, "invalid_header");
            refused.says("nothing was changed");
        }
    }
    assert_eq!(world.sandbox.requests().len(), 0);
}

#[tokio::test]
async fn a_route_that_takes_no_key_refuses_it() {
    let world = World::start().await;
    let path = "/channels/zapi/check";
    world
        .client
        .post_once(path, "k", json!({}))
        .await
        .refused(400, "invalid_header");
    world
        .client
        .anonymous()
        .post_once(path, "k", json!({}))
        .await
        .refused(401, "unauthorized");
    // What changes nothing, or the same however often, needs none.
    let read = world.client.request(Method::GET, "/agents");
    let read = answer(read.header("idempotency-key", "k")).await;
    assert_eq!(read.status, 200);
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_again_in_the_same_words() {
    let world = World::start().await;
    let error = json!({"message": "(#131047) Title", "code": 131_047,
        "error_data": {"messaging_product": "whatsapp", "details": "Said by Meta"}});
    fail(
        &world,
        Effect::Answer(Said::new(400, json!({"error": error}))),
    );
    let first = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    first.refused(500, "window_closed");
    for _ in 0..2 {
        let again = world
            .client
            .send_once("order-1", smallest_body("conv-456"))
            .await;
        assert!(again.is_replayed());
        assert_eq!((again.status, told(&again)), (first.status, told(&first)));
    }
    assert_eq!(world.sandbox.requests().len(), 1);
}

#[tokio::test]
async fn an_unknown_outcome_is_told_again_until_a_status_settles_it() {
    let (world, callbacks) = World::with_callbacks().await;
    fail(&world, Effect::ResetAfter);
    let first = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    first.refused(500, "outcome_unknown");
    let again = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    assert!(again.is_replayed());
    assert_eq!((again.status, told(&again)), (first.status, told(&first)));

    let id = text(&first.body["messageId"]);
    let status = json!({"id": "wamid.late", "status": "delivered", "timestamp": "1", "recipient_id": CUSTOMER,
        "biz_opaque_callback_data": id});
    callbacks
        .deliver_change(change(NUMBER, &json!({"statuses": [status]})))
        .await;
    world.events("message.delivered", 1).await;
    let settled = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    assert!(settled.is_replayed());
    settled.expect(200)["message"].assert_has(json!({"id": id, "status": "delivered"}));
    assert_eq!(world.sandbox.requests().len(), 1);
}

#[tokio::test]
async fn while_the_first_send_is_under_way_its_repeat_is_asked_to_wait() {
    let world = World::start().await;
    let held = world.client.hold("whatsapp").await;
    let (client, body) = (world.client.clone(), smallest_body("conv-456"));
    let first = tokio::spawn(async move { client.send_once("order-1", body).await });
    let request = held.receive().await;
    let waiting = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    waiting.refused(409, "request_in_progress");
    assert_eq!(waiting.headers["retry-after"], "1");
    assert_eq!(waiting.headers["link"], "</docs/>; rel=\"help\"");
    assert!(!waiting.is_replayed());
    request
        .answer(&json!({"messages": [{"id": "wamid.1"}]}))
        .await;
    let first = soon("the first answer", first)
        .await
        .expect("no panic")
        .expect(200);
    assert_eq!(waiting.body["messageId"], first["message"]["id"]);
    let again = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    assert_eq!(again.expect(200)["message"]["id"], first["message"]["id"]);
}

#[tokio::test]
async fn a_send_that_stored_nothing_leaves_its_key_free() {
    let world = World::start().await;
    let mut body = smallest_body("conv-456");
    body["agentId"] = "agent-9".into();
    let refused = world.client.send_once("order-1", body.clone()).await;
    refused.refused(404, "agent_not_found");
    world.client.agent("agent-9").await;
    let sent = world.client.send_once("order-1", body).await;
    assert_eq!((sent.status.as_u16(), sent.is_replayed()), (200, false));

    let dry_run = format!("{SEND}?dryRun=true");
    for _ in 0..2 {
        let shown = world
            .client
            .post_once(&dry_run, "order-2", smallest_body("conv-456"))
            .await;
        assert_eq!(shown.expect(200)["dryRun"], true);
    }
    let sent = world
        .client
        .send_once("order-2", smallest_body("conv-456"))
        .await;
    assert_eq!((sent.status.as_u16(), sent.is_replayed()), (200, false));
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let (world, ahead) = World::with_clock().await;
    world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await
        .expect(200);
    for (hours, is_replayed) in [(24, true), (1, false)] {
        let prune = recado_server::retention::pruning::prune(&world.app, false);
        prune.await.expect("an answer of the database");
        let sent = world
            .client
            .send_once("order-1", smallest_body("conv-456"))
            .await;
        assert_eq!(
            (sent.status.as_u16(), sent.is_replayed()),
            (200, is_replayed)
        );
        ahead.pass(Duration::from_hours(hours));
    }
}
