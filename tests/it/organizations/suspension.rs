//! A suspended organization can do nothing, loses nothing, and disturbs no other.

use recado_server::delivery::{Drained, drain};
use recado_store::EventFilter;
use recado_tests::prelude::*;
use recado_tests::receiver::Receiver;

const SUSPENDED: &str = "organization_suspended";

/// Suspends or resumes the organization `demo`, and returns it.
async fn operate(world: &World, verb: &str) -> Value {
    let path = format!("/organizations/demo/{verb}");
    world.operator.act(&path, json!({})).await
}

async fn assert_refused(client: &Client) {
    for path in [
        "/agents",
        "/events",
        "/events/stream",
        "/organizations/demo/api-keys",
    ] {
        client.get(path).await.refused(403, SUSPENDED);
    }
    let sent = client.send(smallest_body("conv-456")).await;
    sent.refused(403, SUSPENDED);
    assert_contains(text(&sent.body["error"]), "suspended");
}

#[tokio::test]
async fn every_key_of_a_suspended_organization_is_refused_until_it_is_resumed() {
    let world = World::start().await;
    let other = world.operator.organization("other").await;
    let send = || world.client.send(smallest_body("conv-456"));
    send().await.expect(200);
    let since = operate(&world, "suspend").await["suspendedAt"].clone();
    assert!(since.is_string());
    assert_refused(&world.client).await;
    assert_eq!(world.sandbox.phone_messages().len(), 1);
    other.read("/agents").await;
    // The operator still manages it, and a second suspension changes nothing.
    assert_eq!(operate(&world, "suspend").await["suspendedAt"], since);
    let listed = world.operator.read("/organizations").await;
    assert_eq!(listed["data"][0]["suspendedAt"], since);
    world.operator.read("/organizations/demo/api-keys").await;
    assert!(operate(&world, "resume").await["suspendedAt"].is_null());
    send().await.expect(200);
}

#[tokio::test]
async fn what_customers_say_to_a_suspended_organization_is_kept_applied_and_delivered_later() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let callbacks = world.callbacks().await;
    let endpoint = json!({"url": receiver.url, "events": ["message.received"]});
    world.client.create("/webhook-endpoints", endpoint).await;
    operate(&world, "suspend").await;
    let said = zapi(&Text {
        body: "Are you there?".to_owned(),
        ..Text::from(CUSTOMER)
    });
    callbacks.deliver("zapi", &said).await;
    // No key of the organization reads its events now.
    let demo = "demo".parse().expect("an id");
    let filter = EventFilter {
        event_type: Some("message.received".parse().expect("a type")),
        conversation: None,
    };
    until("the text is applied", async || {
        let events = world.store.list_events(&demo, None, &filter, 1).await;
        events.expect("events").data.pop()
    })
    .await;
    let drained = drain(&world.app).await.expect("the database answers");
    assert_eq!(drained, Drained::default());
    assert!(receiver.calls().is_empty());
    operate(&world, "resume").await;
    receiver.wait_for(1).await;
    assert_eq!(receiver.arrived()[0]["data"]["text"], "Are you there?");
}

#[tokio::test]
async fn the_streams_of_a_suspended_organization_end_within_a_second_and_no_others() {
    let world = World::start().await;
    let other = world.operator.neighbour("other", "theirs").await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    let mut kept = EventStream::open(&other, "", None).await;
    for stream in [&mut stream, &mut kept] {
        stream.next().await.expect("where it begins");
    }
    operate(&world, "suspend").await;
    ends_within(&mut stream, Duration::from_secs(1)).await;
    let mut body = smallest_body("theirs");
    body["agentId"] = "theirs".into();
    other.accepted(body).await;
    assert_eq!(kept.next_event().await.kind, "message.accepted");
}

#[tokio::test]
async fn a_suspension_counts_on_every_server() {
    let world = World::start().await;
    let Some(server) = Server::second(&world.database, &world.sandbox_urls).await else {
        return;
    };
    let there = world.client.at(&server.url);
    let mut stream = EventStream::open(&there, "", None).await;
    stream.next().await.expect("where it begins");
    operate(&world, "suspend").await;
    assert_refused(&there).await;
    // Half a second between two looks, and the rest for a machine that is busy.
    ends_within(&mut stream, Duration::from_secs(5)).await;
    operate(&world, "resume").await;
    there.read("/agents").await;
}
