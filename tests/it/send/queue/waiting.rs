//! Scheduled messages, and messages that are canceled or sent again by a person.

use recado_sandbox::{Effect, Fault, Provider, Settings};
use recado_tests::prelude::*;

use super::{assert_none_stored, queue, until_it_is};

fn in_an_hour() -> String {
    (Timestamp::now() + Duration::from_hours(1)).to_string()
}

async fn scheduled(world: &World) -> String {
    let path = format!("{SEND}?sendAt={}", in_an_hour());
    let answer = world.client.post(&path, smallest_body("conv-zapi")).await;
    let message = answer.expect(202)["message"].clone();
    assert_eq!(message["status"], "queued");
    assert_ne!(message["sendAt"], Value::Null);
    id(&message).to_owned()
}

#[tokio::test]
async fn a_message_is_sent_at_its_time_and_not_before() {
    let (world, ahead) = World::with_clock().await;
    let message = scheduled(&world).await;
    ahead.pass(Duration::from_mins(59));
    let at_once = queue(&world.client, "", message_of("conv-zapi", "At once")).await;
    until_it_is(&world, id(&at_once.expect(202)["message"]), "accepted").await;
    let waits = world.client.read(&format!("/messages/{message}")).await;
    assert_eq!(waits["status"], "queued");
    ahead.pass(Duration::from_mins(1));
    until_it_is(&world, &message, "accepted").await;
}

#[tokio::test]
async fn a_message_that_waits_can_be_canceled_and_one_that_was_sent_cannot() {
    let (world, ahead) = World::with_clock().await;
    let message = scheduled(&world).await;
    for _ in 0..2 {
        let canceled = world.client.delete(&format!("/messages/{message}")).await;
        canceled.expect(200).assert_has(json!({
            "status": "rejected", "metadata": {"error": {"reason": "message_canceled"}},
        }));
    }
    world.events("message.rejected", 1).await;
    ahead.pass(Duration::from_hours(2));
    let sent = queue(&world.client, "", message_of("conv-zapi", "Sent")).await;
    let sent = id(&sent.expect(202)["message"]).to_owned();
    until_it_is(&world, &sent, "accepted").await;
    assert_eq!(
        world.sandbox.requests().len(),
        1,
        "the canceled one is not sent"
    );
    let refused = world.client.delete(&format!("/messages/{sent}")).await;
    refused.refused(409, "message_not_queued");
    let unknown = world.client.delete("/messages/msg_unknown").await;
    unknown.refused(404, "message_not_found");
}

#[tokio::test]
async fn a_time_that_cannot_be_read_sends_nothing() {
    let world = World::start().await;
    for query in [
        "?sendAt=tomorrow",
        "?send_at=2026-12-01T09:00:00Z",
        "?sendAt=2020-01-01T00:00:00Z",
    ] {
        let refused = world
            .client
            .post(&format!("{SEND}{query}"), smallest_body("conv-456"))
            .await;
        refused.refused(400, "invalid_query");
    }
    let mut body = smallest_body("conv-456");
    body["sendAt"] = in_an_hour().into();
    world.client.send(body).await.refused(400, "invalid_body");
    assert_eq!(world.sandbox.requests(), []);
}

#[tokio::test]
async fn a_dry_run_of_a_scheduled_message_queues_nothing() {
    let world = World::start().await;
    let query = format!("?dryRun=true&sendAt={}", in_an_hour());
    let answer = queue(&world.client, &query, smallest_body("conv-456")).await;
    assert_eq!(answer.expect(200)["dryRun"], true);
    assert_none_stored(&world, "conv-456").await;
}

#[tokio::test]
async fn a_message_that_may_have_arrived_is_sent_again_only_if_its_duplicate_is_accepted() {
    let world = World::start().await;
    let fault = Fault::new(Provider::Whatsapp, Effect::ResetAfter);
    world.sandbox.fail_next(fault, 1);
    let lost = world.client.send(smallest_body("conv-456")).await;
    lost.refused(500, "outcome_unknown");
    let path = format!("/messages/{}/resend", text(&lost.body["messageId"]));
    let refused = world.client.post(&path, json!({})).await;
    refused.refused(409, "duplicate_possible");
    assert_eq!(world.sandbox.requests().len(), 1);
    let accepts = json!({"acceptDuplicate": true});
    let shown = world
        .client
        .post(&format!("{path}?dryRun=true"), accepts.clone())
        .await;
    assert_eq!(shown.expect(200)["dryRun"], true);
    assert_eq!(world.sandbox.requests().len(), 1);
    let sent = world.client.post(&path, accepts).await.expect(200);
    sent.assert_has(json!({"success": true, "message": {"status": "accepted", "text": "Hi"}}));
    assert_ne!(sent["message"]["id"], lost.body["messageId"]);
    assert_eq!(world.sandbox.requests().len(), 2);
}

#[tokio::test]
async fn a_message_that_surely_did_not_arrive_is_sent_again_without_ado() {
    let world = World::start().await;
    let refusal = json!({"error": {"message": "refused", "code": 131_026}});
    let refusal = Effect::Answer(recado_sandbox::Answer::new(400, refusal));
    world
        .sandbox
        .fail_next(Fault::new(Provider::Whatsapp, refusal), 1);
    let refused = world.client.send(smallest_body("conv-456")).await;
    let path = format!("/messages/{}/resend", text(&refused.body["messageId"]));
    let queued = world
        .client
        .request(Method::POST, &path)
        .header("prefer", "respond-async");
    let queued = answer(queued.json(&json!({}))).await.expect(202);
    until_it_is(&world, id(&queued["message"]), "accepted").await;
}

#[tokio::test]
async fn a_message_that_waits_at_z_api_is_canceled_there_and_never_arrives() {
    let world = World::start().await;
    let connect = |connected| {
        let change = |settings: &mut Settings| settings.zapi.connected = connected;
        world.sandbox.change_settings(change);
    };
    let send = async |text: &str| {
        let sent = world.client.send(message_of("conv-zapi", text)).await;
        format!("/messages/{}", id(&sent.expect(200)["message"]))
    };
    connect(false);
    let (canceled, other) = (send("Canceled").await, send("Other").await);
    for _ in 0..2 {
        let answer = world.client.delete(&canceled).await;
        answer.expect(200).assert_has(json!({
            "status": "failed", "metadata": {"error": {"reason": "message_canceled"}},
        }));
    }
    world.events("message.failed", 1).await;
    connect(true);
    let [arrived] = &world.sandbox.phone_messages()[..] else {
        panic!("one message");
    };
    assert_eq!(arrived.body(), Some("Other"));
    let refused = world.client.delete(&other).await;
    refused.refused(409, "message_not_queued");
    refused.says("Message not found");
    let unchanged = world.client.read(&other).await;
    assert_eq!(unchanged["status"], "accepted");
}
