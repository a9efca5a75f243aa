//! A channel with a backlog: others do not wait for it.

use recado_tests::prelude::*;

use super::{queued, until_it_is};

#[tokio::test]
async fn a_message_to_an_idle_channel_leaves_while_another_channel_has_a_backlog() {
    let options = Options {
        // The organization has half of them.
        max_attempts_in_flight: 4,
        ..Options::default()
    };
    let world = World::with(options).await;
    let busy = HeldProvider::start().await;
    world.client.lead("whatsapp", &busy.url).await;
    let backlog = 8;
    for number in 0..backlog {
        let (client, conversation) = (&world.client, format!("conv-{number}"));
        let phone = format!("551190000010{number}");
        client
            .open(&conversation, "agent-123", "whatsapp", &phone)
            .await;
        queued(&world, &conversation, "Hi").await;
    }
    let mut held = vec![busy.receive().await, busy.receive().await];
    let idle = queued(&world, "conv-zapi", "Hi").await;

    let mut answered = 0;
    while let Some(request) = held.pop() {
        let taken = json!({"messages": [{"id": format!("wamid.{answered}")}]});
        request.answer(&taken).await;
        answered += 1;
        // The place that is free now goes to one of both channels.
        tokio::select! {
            _ = until_it_is(&world, &idle, "accepted") => break,
            next = busy.receive() => held.push(next),
        }
    }
    assert!(answered <= 2, "it waited for {answered} of {backlog}");
}
