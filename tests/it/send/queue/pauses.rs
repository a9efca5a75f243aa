//! Channels whose queued messages wait: because a request paused them, or because they do not work.

use recado_sandbox::{Answer as Said, Effect, Fault, Provider};
use recado_tests::prelude::*;
use recado_tests::sent::text_of;

use super::{queue, queued, until_it_is};

const FIRST_CHECK: Duration = Duration::from_secs(30);

async fn paused(world: &World, channel: &str) -> Value {
    let shown = world.client.read(&format!("/channels/{channel}")).await;
    shown["paused"].clone()
}

/// Waits until the channel is paused, or is not.
async fn until_paused(world: &World, channel: &str, is_paused: bool) -> Value {
    let what = format!("{channel} is paused: {is_paused}");
    let ask = async || {
        let pause = paused(world, channel).await;
        (pause.is_object() == is_paused).then_some(pause)
    };
    until(&what, ask).await
}

/// Has the provider's next answer be that the channel's credentials are refused.
fn refuse_credentials(world: &World, provider: &str) {
    let (provider, answer) = match provider {
        "whatsapp" => {
            let error = json!({"message": "Session has expired", "code": 190});
            (
                Provider::Whatsapp,
                Said::new(401, json!({ "error": error })),
            )
        }
        "zapi" => {
            let error = json!({"error": "null not allowed"});
            (Provider::Zapi, Said::new(400, error))
        }
        _ => (
            Provider::Zapperhub,
            Said::new(401, json!({"message": "Unauthorized"})),
        ),
    };
    let fault = Fault::new(provider, Effect::Answer(answer));
    world.sandbox.fail_next(fault, 1);
}

#[tokio::test]
async fn nothing_is_sent_over_a_channel_that_a_request_paused_until_one_resumes_it() {
    let world = World::start().await;
    for (channel, conversation) in CONVERSATIONS {
        let path = format!("/channels/{channel}");
        let answer = world.client.act(&format!("{path}/pause"), json!({})).await;
        answer.assert_has(json!({"paused": {"error": null, "nextCheckAt": null}}));
        let refused = world.client.send(smallest_body(conversation)).await;
        refused.refused(409, "channel_paused");
        let answer = queue(&world.client, "", smallest_body(conversation)).await;
        let message = answer.expect(202)["message"].clone();
        assert_eq!(
            message["warnings"][0]["field"], "conversationId",
            "{message}"
        );
        let answer = world.client.act(&format!("{path}/check"), json!({})).await;
        answer.assert_has(json!({"state": "connected"}));
        assert_ne!(
            paused(&world, channel).await,
            Value::Null,
            "a request resumes it"
        );
        assert_eq!(world.sandbox.phone_messages().len(), 0);
        let answer = world.client.act(&format!("{path}/resume"), json!({})).await;
        answer.assert_has(json!({"paused": null}));
        until_it_is(&world, id(&message), "accepted").await;
        assert_eq!(world.sandbox.phone_messages().len(), 1);
        world.sandbox.clear();
    }
    for kind in ["channel.paused", "channel.resumed"] {
        assert_eq!(world.events(kind, 3).await.len(), 3, "{kind}");
    }
}

#[tokio::test]
async fn a_channel_whose_credentials_are_refused_is_paused_until_its_provider_says_that_it_works() {
    let (world, ahead) = World::with_clock().await;
    for (channel, conversation) in CONVERSATIONS {
        refuse_credentials(&world, channel);
        let message = queued(&world, conversation, "Waits").await;
        let pause = until_paused(&world, channel, true).await;
        assert_eq!(
            pause["error"]["reason"], "channel_unauthorized",
            "{channel}"
        );
        ahead.pass(FIRST_CHECK);
        until_it_is(&world, &message, "accepted").await;
        until_paused(&world, channel, false).await;
    }
    let told = world.events("channel.paused", 3).await;
    for event in &told {
        assert_eq!(event["data"]["error"]["reason"], "channel_unauthorized");
    }
    assert_eq!(world.events("channel.resumed", 3).await.len(), 3);
}

#[tokio::test]
async fn a_send_whose_caller_waits_tries_a_channel_that_did_not_work_and_its_success_resumes_it() {
    let world = World::start().await;
    for (channel, conversation) in CONVERSATIONS {
        refuse_credentials(&world, channel);
        let refused = world.client.send(smallest_body(conversation)).await;
        refused.refused(500, "channel_unauthorized");
        until_paused(&world, channel, true).await;
        world.client.accepted(smallest_body(conversation)).await;
        until_paused(&world, channel, false).await;
    }
}

#[tokio::test]
async fn a_check_that_succeeds_resumes_a_channel_that_did_not_work() {
    let world = World::start().await;
    for (channel, conversation) in CONVERSATIONS {
        refuse_credentials(&world, channel);
        world
            .client
            .send(smallest_body(conversation))
            .await
            .expect(500);
        until_paused(&world, channel, true).await;
        let path = format!("/channels/{channel}/check");
        let answer = world.client.act(&path, json!({})).await;
        answer.assert_has(json!({"state": "connected"}));
        assert_eq!(paused(&world, channel).await, Value::Null, "{channel}");
    }
}

#[tokio::test]
async fn a_check_that_succeeds_has_one_queued_message_try_the_channel() {
    let world = World::start().await;
    let phones = ["5511900000101", "5511900000102"];
    for (number, phone) in (1..).zip(phones) {
        let conversation = format!("conv-{number}");
        let client = &world.client;
        client
            .open(&conversation, "agent-123", "whatsapp", phone)
            .await;
    }
    refuse_credentials(&world, "whatsapp");
    world.client.send(smallest_body("conv-1")).await.expect(500);
    until_paused(&world, "whatsapp", true).await;
    // The number is connected, and refuses messages.
    for phone in phones {
        let error = json!({"message": "Session has expired", "code": 190});
        let answer = Said::new(401, json!({ "error": error }));
        let fault = Fault {
            to: Some(phone.to_owned()),
            ..Fault::new(Provider::Whatsapp, Effect::Answer(answer))
        };
        world.sandbox.fail_next(fault, 1);
    }
    let first = queued(&world, "conv-1", "First").await;
    queued(&world, "conv-2", "Second").await;
    let path = "/channels/whatsapp/check";
    let answer = world.client.act(path, json!({})).await;
    answer.assert_has(json!({"state": "connected"}));
    until("the try is over", async || {
        let message = world.client.read(&format!("/messages/{first}")).await;
        message["metadata"]["error"].is_object().then_some(())
    })
    .await;
    assert_ne!(paused(&world, "whatsapp").await, Value::Null);
    let requests = world.sandbox.requests();
    assert_eq!(requests.iter().filter_map(text_of).count(), 2);
    assert_eq!(world.events("channel.paused", 1).await.len(), 1);
}

#[tokio::test]
async fn a_refusal_of_one_message_pauses_no_channel() {
    let world = World::start().await;
    let error = json!({"message": "Message undeliverable", "code": 131_026});
    let answer = Said::new(400, json!({ "error": error }));
    let fault = Fault::new(Provider::Whatsapp, Effect::Answer(answer));
    world.sandbox.fail_next(fault, 1);
    world
        .client
        .send(smallest_body("conv-456"))
        .await
        .expect(500);
    // What is learned of a send is stored after its answer.
    world.app.sends.close();
    soon("the send is over", world.app.sends.wait()).await;
    assert_eq!(paused(&world, "whatsapp").await, Value::Null);
}

#[tokio::test]
async fn a_token_that_may_send_and_not_ask_is_tried_by_a_message() {
    let (world, ahead) = World::with_clock().await;
    let error = json!({"message": "Permissions error", "code": 10});
    let answer = Said::new(403, json!({ "error": error }));
    refuse_credentials(&world, "whatsapp");
    let message = queued(&world, "conv-456", "Waits").await;
    until_paused(&world, "whatsapp", true).await;
    // The question.
    let fault = Fault::new(Provider::Whatsapp, Effect::Answer(answer));
    world.sandbox.fail_next(fault, 1);
    ahead.pass(FIRST_CHECK + Duration::from_secs(10));
    until_it_is(&world, &message, "accepted").await;
    until_paused(&world, "whatsapp", false).await;
}

#[tokio::test]
async fn a_refusal_because_the_number_is_restricted_unpaid_or_not_connected_pauses_the_channel() {
    let world = World::start().await;
    for (code, reason) in [
        (368, "channel_blocked"),
        (131_042, "channel_blocked"),
        (133_010, "channel_disconnected"),
    ] {
        let error = json!({"message": "Refused", "code": code});
        let answer = Said::new(400, json!({ "error": error }));
        let fault = Fault::new(Provider::Whatsapp, Effect::Answer(answer));
        world.sandbox.fail_next(fault, 1);
        let refused = world.client.send(smallest_body("conv-456")).await;
        refused.refused(500, reason);
        let pause = until_paused(&world, "whatsapp", true).await;
        assert_eq!(pause["error"]["reason"], reason, "{code}");
        world.client.accepted(smallest_body("conv-456")).await;
        until_paused(&world, "whatsapp", false).await;
    }
}
