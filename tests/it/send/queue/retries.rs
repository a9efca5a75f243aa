//! What becomes of a queued message that could not be sent.

use recado_sandbox::{Answer as Said, Effect, Fault, Provider};
use recado_tests::prelude::*;
use recado_tests::sent::text_of;

use super::{queued, until_it_is};

fn fail(world: &World, effect: Effect) {
    world
        .sandbox
        .fail_next(Fault::new(Provider::Whatsapp, effect), 1);
}

/// How many messages were sent; the provider is asked about a paused channel, too.
fn sends(world: &World) -> usize {
    let requests = world.sandbox.requests();
    requests.iter().filter_map(text_of).count()
}

fn refusal(code: i64) -> Effect {
    let error = json!({"error": {"message": "refused", "type": "OAuthException", "code": code}});
    Effect::Answer(Said::new(400, error))
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_unknown_and_not_sent_again() {
    let world = World::start().await;
    fail(&world, Effect::ResetAfter);
    let message = queued(&world, "conv-456", "Lost").await;
    let unknown = until_it_is(&world, &message, "unknown").await;
    assert_eq!(unknown["metadata"]["error"]["reason"], "outcome_unknown");
    let next = queued(&world, "conv-456", "Next").await;
    until_it_is(&world, &next, "accepted").await;
    assert_eq!(world.sandbox.requests().len(), 2);
}

#[tokio::test]
async fn a_message_that_is_refused_is_rejected_and_the_next_one_leaves() {
    let world = World::start().await;
    fail(&world, refusal(131_026));
    let message = queued(&world, "conv-456", "Refused").await;
    let next = queued(&world, "conv-456", "Next").await;
    let rejected = until_it_is(&world, &message, "rejected").await;
    assert_eq!(rejected["metadata"]["error"]["reason"], "invalid_recipient");
    until_it_is(&world, &next, "accepted").await;
    assert_eq!(world.sandbox.requests().len(), 2);
}

#[tokio::test]
async fn messages_wait_for_a_channel_whose_credentials_are_refused() {
    let (world, ahead) = World::with_clock().await;
    fail(&world, refusal(190));
    let message = queued(&world, "conv-456", "Waits").await;
    let waits = until("the refusal is noted", async || {
        let message = world.client.read(&format!("/messages/{message}")).await;
        message["metadata"]["error"].is_object().then_some(message)
    });
    waits.await.assert_has(json!({
        "status": "queued", "metadata": {"error": {"reason": "channel_unauthorized", "code": 190}},
    }));
    let behind = queued(&world, "conv-456", "Behind").await;
    assert_eq!(world.sandbox.requests().len(), 1);
    ahead.pass(Duration::from_mins(1));
    until_it_is(&world, &behind, "accepted").await;
    let sent = until_it_is(&world, &message, "accepted").await;
    assert_eq!(sent["metadata"]["error"], Value::Null);
    let requests = world.sandbox.requests();
    let texts: Vec<_> = requests.iter().filter_map(text_of).collect();
    assert_eq!(texts, ["Waits", "Waits", "Behind"]);
}

#[tokio::test]
async fn one_message_tries_a_channel_that_did_not_work_and_the_others_follow() {
    let (world, ahead) = World::with_clock().await;
    let (client, agent) = (&world.client, "agent-123");
    for number in 1..=3 {
        let phone = format!("551190000010{number}");
        client
            .open(&format!("conv-{number}"), agent, "whatsapp", &phone)
            .await;
    }
    // Not the question whether the channel works.
    for phone in ["5511900000101", "5511900000102"] {
        let to = Some(phone.to_owned());
        let fault = Fault::new(Provider::Whatsapp, refusal(190));
        world.sandbox.fail_next(Fault { to, ..fault }, 1);
    }
    let first = queued(&world, "conv-1", "First").await;
    let is_noted = async |count: usize| {
        until("the refusal is noted", async || {
            // Counted first: the status may be that of before the last request.
            let sent = sends(&world);
            let message = world.client.read(&format!("/messages/{first}")).await;
            (message["status"] == "queued" && sent == count).then_some(())
        })
        .await;
    };
    is_noted(1).await;
    let others = [
        queued(&world, "conv-2", "Second").await,
        queued(&world, "conv-3", "Third").await,
    ];
    ahead.pass(Duration::from_mins(1));
    is_noted(2).await;
    ahead.pass(Duration::from_mins(1));
    for id in [&first, &others[0], &others[1]] {
        until_it_is(&world, id, "accepted").await;
    }
    assert_eq!(sends(&world), 5);
}

#[tokio::test]
async fn a_message_that_tries_a_throttled_channel_may_fail_otherwise_and_the_channel_goes_on() {
    let (world, ahead) = World::with_clock().await;
    let has_failed = async |message: &str, reason: &str| {
        until(reason, async || {
            let message = world.client.read(&format!("/messages/{message}")).await;
            (message["metadata"]["error"]["reason"] == reason).then_some(())
        })
        .await;
    };
    fail(&world, Effect::Throttle);
    let message = queued(&world, "conv-456", "Waits").await;
    has_failed(&message, "provider_throttled").await;
    fail(&world, refusal(190));
    ahead.pass(Duration::from_mins(6));
    has_failed(&message, "channel_unauthorized").await;
    ahead.pass(Duration::from_mins(1));
    until_it_is(&world, &message, "accepted").await;
}

#[tokio::test]
async fn a_message_that_waited_for_a_day_is_given_up() {
    let (world, ahead) = World::with_clock().await;
    fail(&world, refusal(190));
    let message = queued(&world, "conv-456", "Too late").await;
    until("the refusal is noted", async || {
        let message = world.client.read(&format!("/messages/{message}")).await;
        message["metadata"]["error"].is_object().then_some(())
    })
    .await;
    ahead.pass(Duration::from_hours(24));
    let rejected = until_it_is(&world, &message, "rejected").await;
    assert_eq!(rejected["metadata"]["error"]["reason"], "message_expired");
    assert_eq!(sends(&world), 1);
}

#[tokio::test]
async fn a_message_of_a_channel_that_was_deleted_is_rejected() {
    let (world, ahead) = World::with_clock().await;
    let at = Timestamp::now() + Duration::from_hours(1);
    let path = format!("{SEND}?sendAt={at}");
    let answer = world.client.post(&path, smallest_body("conv-zapi")).await;
    let message = id(&answer.expect(202)["message"]).to_owned();
    world.client.delete("/channels/zapi").await.expect(204);
    ahead.pass(Duration::from_hours(1));
    let rejected = until_it_is(&world, &message, "rejected").await;
    assert_eq!(
        rejected["metadata"]["error"]["reason"],
        "unsupported_channel"
    );
    assert_eq!(world.sandbox.requests(), []);
}

#[tokio::test]
async fn a_message_to_an_erased_contact_is_not_sent() {
    let (world, ahead) = World::with_clock().await;
    let at = Timestamp::now() + Duration::from_hours(1);
    let path = format!("{SEND}?sendAt={at}");
    let answer = world.client.post(&path, smallest_body("conv-zapi")).await;
    answer.expect(202);
    let kept = world
        .client
        .open("conv-kept", "agent-123", "zapi", world::OTHER_CUSTOMER);
    kept.await;
    let erase = json!({"address": CUSTOMER});
    world
        .client
        .post("/contacts/erase", erase)
        .await
        .expect(200);
    ahead.pass(Duration::from_hours(1));
    let other = queued(&world, "conv-kept", "Other").await;
    until_it_is(&world, &other, "accepted").await;
    assert_eq!(world.sandbox.requests().len(), 1);
}

#[tokio::test]
async fn a_message_whose_window_has_closed_meanwhile_is_rejected() {
    let (world, ahead) = World::with_clock().await;
    let callbacks = world.callbacks().await;
    let now = world.app.clock.now();
    let said = json!({"from": CUSTOMER, "id": "wamid.1", "timestamp": now.as_second().to_string(),
        "type": "text", "text": {"body": "Oi"}});
    callbacks
        .deliver_change(change(NUMBER, &json!({"messages": [said]})))
        .await;
    world.events("message.received", 1).await;
    let at = now + Duration::from_hours(25);
    let path = format!("{SEND}?sendAt={at}");
    let answer = world.client.post(&path, smallest_body("conv-456")).await;
    let message = answer.expect(202)["message"].clone();
    assert_eq!(message["warnings"][0]["field"], "sendAt");
    ahead.pass(Duration::from_hours(25));
    let rejected = until_it_is(&world, id(&message), "rejected").await;
    rejected
        .assert_has(json!({"metadata": {"error": {"reason": "window_closed", "code": 131_047}}}));
    assert_eq!(world.sandbox.requests(), []);
}

#[tokio::test]
async fn messages_that_are_queued_faster_than_their_channel_sends_wait_for_its_rate() {
    let (world, ahead) = World::with_clock().await;
    let (client, agent) = (&world.client, "agent-123");
    let slow = json!({"settings": {"messagesPerSecond": 0.001}});
    client.patch("/channels/zapi", slow).await.expect(200);
    client
        .open("conv-other", agent, "zapi", world::OTHER_CUSTOMER)
        .await;
    let first = queued(&world, "conv-zapi", "First").await;
    until_it_is(&world, &first, "accepted").await;
    let second = queued(&world, "conv-other", "Second").await;
    // On another channel, and queued later.
    let third = queued(&world, "conv-456", "Third").await;
    until_it_is(&world, &third, "accepted").await;
    let waits = client.read(&format!("/messages/{second}")).await;
    assert_eq!(waits["status"], "queued");
    ahead.pass(Duration::from_secs(1_000));
    until_it_is(&world, &second, "accepted").await;
}
