//! A call that proves itself and cannot be read is kept, told of, and can be tried again.

use recado_tests::owned::set_aside_calls;
use recado_tests::prelude::*;
use rstest::rstest;

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
    let world = World::start().await;
    world.open_wuzapi().await;
    let callbacks = world.callbacks().await;
    let call = callbacks.call(channel, body);
    let call = call.header("content-type", "application/json");
    answer(call).await.expect(200);
    let calls = set_aside_calls(&world.client, 1).await;
    calls[0].assert_has(json!({
        "status": "unreadable", "channelId": channel, "contentType": "application/json"
    }));
    for (status, count) in [("unreadable", 1), ("crashed", 0), ("too_many_items", 0)] {
        let path = format!("/webhook-calls?status={status}");
        let listed = world.client.read(&path).await;
        assert_eq!(entries(&listed).len(), count);
    }
    let refused = world.client.get("/webhook-calls?status=lost").await;
    refused.refused(400, "invalid_query");

    let path = format!("/webhook-calls/{}/retry", id(&calls[0]));
    let retried = world.client.act(&path, json!({})).await;
    assert_eq!(retried["status"], "pending");
    let again = set_aside_calls(&world.client, 1).await;
    assert_eq!(again, calls, "it is tried again");
    let unknown = world.client.post("/webhook-calls/whc_9/retry", json!({}));
    unknown.await.refused(404, "webhook_call_not_found");
    // What can be read is applied all the same.
    let readable = zapi(&Text::from("5511944443333"));
    callbacks.deliver("zapi", &readable).await;
    world.events("message.received", 1).await;
}
