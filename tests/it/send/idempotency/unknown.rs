//! A client without a key that repeats a message because it learned no outcome: nothing is sent again.

use recado_sandbox::{Effect, Fault, Provider};
use recado_tests::prelude::*;

/// A send whose answer is lost; returns the id of the message.
async fn lost(world: &World) -> String {
    let fault = Fault::new(Provider::Whatsapp, Effect::ResetAfter);
    world.sandbox.fail_next(fault, 1);
    let answer = world.client.send(smallest_body("conv-456")).await;
    answer.refused(500, "outcome_unknown");
    assert!(!answer.is_replayed());
    text(&answer.body["messageId"]).to_owned()
}

fn count(world: &World) -> usize {
    world.sandbox.requests().len()
}

#[tokio::test]
async fn the_same_message_shortly_after_an_unknown_outcome_is_not_sent_again() {
    let (world, ahead) = World::with_clock().await;
    let id = lost(&world).await;
    for _ in 0..3 {
        let again = world.client.send(smallest_body("conv-456")).await;
        again.refused(500, "outcome_unknown");
        assert_eq!(
            (&*id, again.is_replayed()),
            (text(&again.body["messageId"]), true)
        );
    }
    assert_eq!(count(&world), 1);
    world
        .client
        .accepted(message_of("conv-456", "Something else"))
        .await;
    world.client.accepted(smallest_body("conv-zapi")).await;
    let keyed = world
        .client
        .send_once("order-1", smallest_body("conv-456"))
        .await;
    assert_eq!((keyed.status.as_u16(), keyed.is_replayed()), (200, false));
    assert_eq!(count(&world), 4);
    ahead.pass(Duration::from_secs(110));
    let late = world.client.send(smallest_body("conv-456")).await;
    assert!(late.is_replayed());
    ahead.pass(Duration::from_secs(10));
    world.client.accepted(smallest_body("conv-456")).await;
    assert_eq!(count(&world), 5);
}

#[tokio::test]
async fn once_a_status_settles_the_message_its_repeat_succeeds() {
    let (world, callbacks) = World::with_callbacks().await;
    for (status, kind) in [
        ("failed", "message.failed"),
        ("delivered", "message.delivered"),
    ] {
        let id = lost(&world).await;
        let status = json!({"id": format!("wamid.{id}"), "status": status, "timestamp": "1", "recipient_id": CUSTOMER,
            "biz_opaque_callback_data": id, "errors": [{"code": 131_026, "title": "Undeliverable"}]});
        callbacks
            .deliver_change(change(NUMBER, &json!({"statuses": [status]})))
            .await;
        world.events(kind, 1).await;
        let again = world.client.send(smallest_body("conv-456")).await;
        // A message that did not arrive is sent once more.
        let is_replayed = kind == "message.delivered";
        assert_eq!(again.is_replayed(), is_replayed, "{kind}");
        let shown = again.expect(200);
        assert_eq!(shown["message"]["id"] == *id, is_replayed, "{kind}");
    }
}

#[tokio::test]
async fn an_organization_can_switch_it_off() {
    let world = World::start().await;
    let path = "/organizations/demo";
    let off = world
        .client
        .change(path, json!({"guardRepeats": false}))
        .await;
    off.assert_has(json!({"id": "demo", "guardRepeats": false}));
    lost(&world).await;
    world.client.accepted(smallest_body("conv-456")).await;
    assert_eq!(count(&world), 2);
    assert_eq!(world.operator.read(path).await["guardRepeats"], false);
    let unchanged = world.client.change(path, json!({})).await;
    assert_eq!(unchanged["guardRepeats"], false);
    world
        .operator
        .change(path, json!({"guardRepeats": true}))
        .await;
    let again = world.client.send(smallest_body("conv-456")).await;
    again.refused(500, "outcome_unknown");
    assert!(again.is_replayed());
    let wrong = world
        .client
        .patch(path, json!({"guardRepeats": "no"}))
        .await;
    wrong.refused(400, "invalid_body");
}
