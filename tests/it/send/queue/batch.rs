//! Many messages in one request, each with an answer of its own.

use recado_tests::prelude::*;
use recado_tests::sent::text_of;

use super::{assert_none_stored, until_it_is};

const BATCH: &str = "/messages/batch";

fn item(conversation: &str, text: &str) -> Value {
    json!({"kind": "buttons", "message": message_of(conversation, text)})
}

async fn batch(world: &World, messages: Vec<Value>) -> Value {
    let body = json!({ "messages": messages });
    world.client.post(BATCH, body).await.expect(200)
}

fn statuses(answer: &Value) -> Vec<u64> {
    let items = entries(&answer["data"]).iter();
    items.filter_map(|item| item["status"].as_u64()).collect()
}

#[tokio::test]
async fn each_message_is_answered_by_itself_and_a_wrong_one_stops_no_other() {
    let world = World::start().await;
    let mut misspelled = item("conv-456", "Misspelled");
    misspelled["sendat"] = "2026-12-01T12:00:00Z".into();
    let mut another_kind = item("conv-456", "Another kind");
    another_kind["kind"] = "fax".into();
    let mut without_a_body = item("conv-456", "");
    without_a_body["message"]["button_1_title"] = "".into();
    let answer = batch(
        &world,
        vec![
            item("conv-456", "First"),
            item("conv-unknown", "Nowhere"),
            misspelled,
            another_kind,
            without_a_body,
            json!("not an object"),
            item("conv-zapi", "Second"),
        ],
    )
    .await;
    assert_eq!(statuses(&answer), [202, 404, 400, 400, 400, 400, 202]);
    answer.assert_has(json!({"taken": 2, "refused": 5}));
    let data = entries(&answer["data"]);
    data[1].assert_has(json!({"error": {"reason": "conversation_not_found"}}));
    assert_contains(text(&data[2]["error"]["error"]), "sendAt");
    assert_contains(text(&data[3]["error"]["error"]), "kind");
    assert_eq!(
        data[4]["error"]["details"]["body_text"]["_errors"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    for place in [0, 6] {
        until_it_is(&world, id(&data[place]["message"]), "accepted").await;
    }
    assert_eq!(world.sandbox.requests().len(), 2);
}

#[tokio::test]
async fn a_batch_that_is_sent_again_queues_no_message_twice() {
    let world = World::start().await;
    world.client.unlimit("whatsapp").await;
    let messages = |text: &str| {
        let numbers = 0..20;
        let keyed = numbers.map(|number| {
            let mut item = item("conv-456", &format!("{text} {number}"));
            item["idempotencyKey"] = format!("row-{number}").into();
            item
        });
        keyed.collect::<Vec<_>>()
    };
    let first = batch(&world, messages("Hi")).await;
    assert_eq!(statuses(&first), [202; 20]);
    let last = id(&first["data"][19]["message"]).to_owned();
    until_it_is(&world, &last, "accepted").await;
    let again = batch(&world, messages("Hi")).await;
    assert_eq!(statuses(&again), [200; 20]);
    for (one, other) in entries(&first["data"]).iter().zip(entries(&again["data"])) {
        assert_eq!(one["message"]["id"], other["message"]["id"]);
        assert_eq!(
            (&one["replayed"], &other["replayed"]),
            (&json!(false), &json!(true))
        );
    }
    let others = batch(&world, messages("Something else")).await;
    assert_eq!(statuses(&others), [422; 20]);
    let texts: Vec<_> = world
        .sandbox
        .requests()
        .iter()
        .filter_map(text_of)
        .collect();
    let expected: Vec<_> = (0..20).map(|number| format!("Hi {number}")).collect();
    assert_eq!(texts, expected, "each once, and in order");
}

#[tokio::test]
async fn a_dry_run_checks_every_message_and_queues_none() {
    let world = World::start().await;
    let messages = vec![item("conv-456", "Right"), item("conv-unknown", "Wrong")];
    let path = format!("{BATCH}?dryRun=true");
    let answer = world
        .client
        .post(&path, json!({ "messages": messages }))
        .await
        .expect(200);
    assert_eq!(statuses(&answer), [200, 404]);
    assert_none_stored(&world, "conv-456").await;
}

#[tokio::test]
async fn a_batch_has_between_one_and_a_thousand_messages() {
    let world = World::start().await;
    for count in [0, 1001] {
        let body = json!({ "messages": vec![item("conv-456", "Hi"); count] });
        world
            .client
            .post(BATCH, body)
            .await
            .refused(400, "invalid_body");
    }
    let full: Vec<_> = (0..1000)
        .map(|number| item("conv-456", &number.to_string()))
        .collect();
    assert_eq!(batch(&world, full).await["taken"], 1000);
    let many = format!("{{\"messages\": [{}0]}}", "0,".repeat(1_500_000));
    let request = world.client.request(Method::POST, BATCH);
    let many = answer(
        request
            .header("content-type", "application/json")
            .body(many),
    )
    .await;
    many.refused(400, "invalid_body");
    let large = json!({ "messages": [item("conv-456", &"x".repeat(70_000))] });
    let large = world.client.post(BATCH, large).await.expect(200);
    assert_eq!(statuses(&large), [413]);
    for path in ["?sendAt=2026-12-01T12:00:00Z", "?dryrun=true"] {
        let body = json!({ "messages": [item("conv-456", "Hi")] });
        let refused = world.client.post(&format!("{BATCH}{path}"), body).await;
        refused.refused(400, "invalid_query");
    }
    let key = world.client.post_once(
        BATCH,
        "a-key",
        json!({"messages": [item("conv-456", "Hi")]}),
    );
    key.await.refused(400, "invalid_header");
}

#[tokio::test]
async fn messages_of_a_batch_may_be_scheduled() {
    let (world, ahead) = World::with_clock().await;
    let mut later = item("conv-zapi", "Later");
    later["sendAt"] = (Timestamp::now() + Duration::from_hours(1))
        .to_string()
        .into();
    let mut unreadable = item("conv-zapi", "Never");
    unreadable["sendAt"] = "tomorrow".into();
    let answer = batch(&world, vec![later, unreadable, item("conv-zapi", "Now")]).await;
    assert_eq!(statuses(&answer), [202, 400, 202]);
    until_it_is(&world, id(&answer["data"][2]["message"]), "accepted").await;
    ahead.pass(Duration::from_hours(1));
    until_it_is(&world, id(&answer["data"][0]["message"]), "accepted").await;
}
