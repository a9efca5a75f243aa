//! A gateway with simulated providers and a story behind it, for the clients that are made of the `OpenAPI` document.

#![expect(clippy::print_stdout, reason = "the result of the program")]

use std::io;
use std::process;
use std::time::Duration;

use recado_tests::world::{CONVERSATIONS, PUBLISHED_EXAMPLE};
use recado_tests::{World, people};
use serde_json::{Value, json};

const START_TIMEOUT: Duration = Duration::from_mins(1);

const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Prints where the gateway is and the keys to it, and serves until standard input ends.
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let world = tokio::time::timeout(START_TIMEOUT, async {
        let world = World::start().await;
        let session = tell_story(&world).await;
        (world, session)
    });
    let (world, session) = world.await?;
    let (key, operator_key) = (world.client.key(), world.operator.key());
    println!(
        "{}",
        json!({"url": world.url, "key": key, "operatorKey": operator_key, "session": session})
    );
    tokio::task::spawn_blocking(|| io::stdin().lines().count()).await?;
    if tokio::time::timeout(STOP_TIMEOUT, world.stop())
        .await
        .is_err()
    {
        // A task that hangs must not keep the one who waits for this program.
        process::exit(1);
    }
    Ok(())
}

/// Makes something of every kind, so that every list has entries; returns the secret of a session.
async fn tell_story(world: &World) -> String {
    world.connect_webhooks().await;
    let endpoint = json!({"url": "http://127.0.0.1:9/", "header": {"value": "Bearer x"}});
    world.client.create("/webhook-endpoints", endpoint).await;
    let (organization, email) = (people::ORGANIZATION, "ana@example.com");
    let user = people::user(&world.store, organization, "owner", email).await;
    let (_, session) = people::session_of(&world.store, &user, world.app.clock.now()).await;
    let mut body: Value = serde_json::from_str(PUBLISHED_EXAMPLE).expect("JSON");
    for (_, conversation) in CONVERSATIONS {
        body["conversationId"] = conversation.into();
        let sent = world.client.accepted(body.clone()).await;
        let external_id = sent["message"]["externalId"].as_str().expect("an id");
        world
            .sandbox
            .tap(external_id, "btn_sales", None)
            .expect("a tap");
    }
    world.events("button.pressed", CONVERSATIONS.len()).await;
    session
}
