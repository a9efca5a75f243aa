//! A call that proves itself and cannot be read is kept, told of, and can be tried again.

use recado_tests::prelude::*;
use rstest::rstest;

/// The calls that are set aside, as soon as there are so many.
async fn set_aside(client: &Client, count: usize) -> Vec<Value> {
    loop {
        let listed = client.read("/webhook-calls").await;
        let calls = listed["data"].as_array().cloned().unwrap_or_default();
        if calls.len() >= count {
            return calls;
        }
        tokio::task::yield_now().await;
    }
}

#[rstest]
#[case::no_json("whatsapp", "no JSON")]
#[case::empty("whatsapp", "")]
#[case::no_object("zapi", "null")]
#[case::a_form("zapi", "jsonData=%7B%7D")]
#[case::cut_off("zapi", r#"{"type": "ReceivedCallback", "#)]
#[case::no_objects("zapperhub", "[1]")]
#[case::neither_form_nor_json("wuzapi", "nothing")]
#[tokio::test]
async fn a_verified_call_that_cannot_be_read_is_kept_and_can_be_tried_again(
    #[case] channel: &str,
    #[case] body: &str,
) {
    let (world, _) = World::with_callbacks().await;
    world.open_wuzapi().await;
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    let call = callbacks.call(channel, body);
    answer(call.header("content-type", "application/json"))
        .await
        .expect(200);
    let calls = set_aside(&world.client, 1).await;
    calls[0].assert_has(json!({
        "status": "unreadable", "channelId": channel, "contentType": "application/json"
    }));
    for (status, count) in [("unreadable", 1), ("crashed", 0), ("too_many_items", 0)] {
        let path = format!("/webhook-calls?status={status}");
        let listed = world.client.read(&path).await;
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(count));
    }
    let refused = world.client.get("/webhook-calls?status=lost").await;
    refused.refused(400, "invalid_query");

    let id = calls[0]["id"].as_str().expect("an id");
    let path = format!("/webhook-calls/{id}/retry");
    let retried = world.client.act(&path, json!({})).await;
    assert_eq!(retried["status"], "pending");
    assert_eq!(
        set_aside(&world.client, 1).await,
        calls,
        "it is tried again"
    );
    let unknown = world.client.post("/webhook-calls/whc_9/retry", json!({}));
    let unknown = unknown.await.error();
    assert_eq!(unknown, (404, "webhook_call_not_found".to_owned()));
    // What can be read is applied all the same.
    callbacks
        .deliver("zapi", &zapi(&Text::from("5511944443333")))
        .await;
    world.events("message.received", 1).await;
}
