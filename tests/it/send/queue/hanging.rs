//! Channels whose provider takes requests and does not answer: others do not wait for them.

use recado_providers::{RetryPolicy, Timeouts};
use recado_tests::prelude::*;
use recado_tests::world::Ahead;

use super::{queued, until_it_is};

/// Longer than any test.
const NEVER: Duration = Duration::from_hours(1);

/// Nothing ends unless the test answers it.
fn patient() -> Options {
    let defaults = Options::default();
    Options {
        timeouts: Timeouts {
            total: NEVER,
            ..defaults.timeouts
        },
        retry: RetryPolicy {
            budget: NEVER,
            ..defaults.retry
        },
        ..defaults
    }
}

/// Opens so many conversations of a channel, each with another customer; returns their ids.
async fn open_many(client: &Client, channel: &str, count: usize) -> Vec<String> {
    let mut conversations = Vec::new();
    for number in 0..count {
        let id = format!("{channel}-{number}");
        let phone = format!("551190000010{number}");
        client.open(&id, "agent-123", channel, &phone).await;
        conversations.push(id);
    }
    conversations
}

#[tokio::test]
async fn a_message_leaves_at_once_while_many_channels_of_its_organization_hang() {
    let ahead = Ahead::default();
    let options = Options {
        clock: ahead.clock(),
        // The organization has half of them.
        max_attempts_in_flight: 24,
        ..patient()
    };
    let world = World::with(options).await;
    let (client, held) = (&world.client, HeldProvider::start().await);
    let channels = 4;
    let mut credentials = credentials("whatsapp");
    let send_at = Timestamp::now() + Duration::from_hours(1);
    let mut messages = Vec::new();
    for number in 0..channels {
        let id = format!("hangs-{number}");
        credentials["phoneNumberId"] = format!("9{number:014}").into();
        let channel = json!({"id": id, "provider": "whatsapp", "name": id, "credentials": credentials,
            "settings": {"baseUrl": held.url}});
        client.create("/channels", channel).await;
        for conversation in open_many(client, &id, 6).await {
            let message = message_of(&conversation, "Hi");
            messages.push(
                json!({"kind": "buttons", "message": message, "sendAt": send_at.to_string()}),
            );
        }
    }
    // All at once: what one channel leaves, another one takes in the same look.
    let batch = json!({"messages": messages});
    let taken = client.post("/messages/batch", batch).await.expect(200);
    assert_eq!(taken["refused"], 0, "{taken}");
    ahead.pass(Duration::from_hours(1));
    let mut waiting = Vec::new();
    for _ in 0..channels {
        waiting.push(held.receive().await);
    }
    let message = queued(&world, "conv-zapi", "Hi").await;
    until_it_is(&world, &message, "accepted").await;
}

#[tokio::test]
async fn a_channel_sends_twice_as_many_at_a_time_with_each_round_of_answers() {
    let world = World::with(patient()).await;
    let held = HeldProvider::start().await;
    world.client.lead("whatsapp", &held.url).await;
    let mut ids = Vec::new();
    for conversation in open_many(&world.client, "whatsapp", 8).await {
        ids.push(queued(&world, &conversation, "Hi").await);
    }
    for at_a_time in [2, 4] {
        let mut round = Vec::new();
        for _ in 0..at_a_time {
            round.push(held.receive().await);
        }
        assert_eq!(sending(&world, &ids).await, at_a_time);
        for (number, request) in round.into_iter().enumerate() {
            let id = format!("wamid.{at_a_time}.{number}");
            request.answer(&json!({"messages": [{"id": id}]})).await;
        }
    }
}

/// Returns how many of the messages are being sent.
async fn sending(world: &World, ids: &[String]) -> usize {
    let mut sending = 0;
    for id in ids {
        let message = world.client.read(&format!("/messages/{id}")).await;
        sending += usize::from(message["status"] == "sending");
    }
    sending
}

#[tokio::test]
async fn a_channel_that_is_not_answered_sends_one_message_at_a_time() {
    let defaults = Options::default();
    let options = Options {
        retry: RetryPolicy {
            budget: Duration::from_secs(1),
            ..defaults.retry
        },
        ..defaults
    };
    let world = World::with(options).await;
    let held = HeldProvider::start().await;
    world.client.lead("whatsapp", &held.url).await;
    let mut ids = Vec::new();
    for conversation in open_many(&world.client, "whatsapp", 4).await {
        ids.push(queued(&world, &conversation, "Hi").await);
    }
    let mut waiting = vec![held.receive().await, held.receive().await];
    for _ in 0..2 {
        waiting.push(held.receive().await);
        assert_eq!(sending(&world, &ids).await, 1);
    }
}
