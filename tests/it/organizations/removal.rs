//! A deleted organization is refused at once, and its data are removed in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use recado_server::app::Clock;
use recado_server::retention::removal::{REMOVAL_DELAY, remove_deleted};
use recado_store::{EventFilter, EventId, Store};
use recado_tests::binaries::{Deployment, Server};
use recado_tests::callbacks::{Callbacks, Text, zapi};
use recado_tests::events::EventStream;
use recado_tests::held::HeldProvider;
use recado_tests::world::{
    CONVERSATIONS, CUSTOMER, Options, open_conversations, organization, smallest_body,
};
use recado_tests::{Client, World};
use serde_json::json;

use crate::events::stream::ends_within;

const DELETE: &str = "/organizations/demo?confirm=demo";

/// Every way into the organization is closed.
async fn assert_gone(client: &Client, operator: &Client, callbacks: &Callbacks) {
    let unknown = (401, "unauthorized".to_owned());
    for path in ["/agents", "/events/stream", "/organizations/demo/api-keys"] {
        assert_eq!(client.get(path).await.error(), unknown, "{path}");
    }
    let sent = client.send(smallest_body("conv-456")).await;
    assert_eq!(sent.error(), unknown);
    for path in ["/organizations/demo", "/organizations/demo/api-keys"] {
        let missing = (404, "organization_not_found".to_owned());
        assert_eq!(operator.get(path).await.error(), missing, "{path}");
    }
    for (channel, _) in CONVERSATIONS {
        let body = zapi(&Text::from(CUSTOMER)).to_string();
        let answer = callbacks.call(channel, body).send().await;
        assert_eq!(answer.expect("an answer").status(), 404, "{channel}");
    }
}

/// A world whose clock the test moves on.
async fn world_with_clock() -> (World, Arc<AtomicI64>) {
    let passed = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&passed);
    let clock = Clock::from_fn(move || {
        let seconds = seconds.load(Ordering::SeqCst);
        Timestamp::now() + Duration::from_secs(seconds.unsigned_abs())
    });
    let world = World::with(Options {
        clock,
        ..Options::default()
    });
    (world.await, passed)
}

#[tokio::test]
async fn a_deleted_organization_is_refused_at_once_and_its_data_are_removed_later() {
    let (world, passed) = world_with_clock().await;
    let other = world
        .client
        .with_key(&organization(&world.operator, "other").await);
    let callbacks = Callbacks::of(&world.client, &world.url).await;
    callbacks
        .deliver("zapi", &zapi(&Text::from(CUSTOMER)))
        .await;
    world.events("message.received", 1).await;
    let mut stream = EventStream::open(&world.client, "", None).await;
    for query in ["", "?confirm=", "?confirm=other", "?confirm=Demo"] {
        let path = format!("/organizations/demo{query}");
        let refused = world.operator.delete(&path).await;
        refused.refused(400, "invalid_query");
        assert!(refused.body["details"]["confirm"].is_object(), "{query}");
    }
    world.operator.remove(DELETE).await;
    ends_within(&mut stream, Duration::from_secs(1)).await;
    assert_gone(&world.client, &world.operator, &callbacks).await;
    world.operator.delete(DELETE).await.expect(404);
    other.read("/agents").await;

    remove_deleted(&world.app).await.expect("a removal");
    let anew = json!({"id": "demo", "name": "Demo"});
    let taken = world.operator.post("/organizations", anew).await;
    taken.refused(409, "already_exists");
    let sentence = taken.body["error"].as_str().unwrap_or_default();
    assert!(sentence.contains("is being deleted"), "{sentence}");
    let delay = i64::try_from(REMOVAL_DELAY.as_secs()).expect("a short time");
    passed.store(delay + 1, Ordering::SeqCst);
    remove_deleted(&world.app).await.expect("a removal");
    assert_gone(&world.client, &world.operator, &callbacks).await;
    // Its ids and numbers are free: another organization connects them.
    open_conversations(&other, &CONVERSATIONS).await;
    organization(&world.operator, "demo").await;
}

#[tokio::test]
async fn the_name_confirms_a_deletion_as_well_as_the_id() {
    let world = World::start().await;
    let named = json!({"id": "loja", "name": "Loja Exemplo"});
    let created = world.operator.post("/organizations", named).await;
    created.expect(201);
    let path = "/organizations/loja?confirm=Loja%20Exemplo";
    world.operator.remove(path).await;
}

#[tokio::test]
async fn a_send_that_is_under_way_when_its_organization_is_deleted_comes_to_its_end() {
    let (world, passed) = world_with_clock().await;
    let provider = HeldProvider::start().await;
    let settings = json!({"settings": {"baseUrl": provider.url}});
    let changed = world.client.patch("/channels/zapperhub", settings).await;
    changed.expect(200);
    for removed in [false, true] {
        let client = world.client.clone();
        let sending =
            tokio::spawn(async move { client.send(smallest_body("conv-zapperhub")).await });
        let request = provider.receive().await;
        world.operator.remove(DELETE).await;
        if removed {
            passed.fetch_add(3_600, Ordering::SeqCst);
            remove_deleted(&world.app).await.expect("a removal");
        }
        request
            .answer(&json!({"success": true, "data": {"messageId": "3EB0"}}))
            .await;
        let sent = sending.await.expect("no panic");
        if removed {
            sent.refused(500, "outcome_unknown");
        } else {
            sent.expect(200);
            // The organization begins anew, for the second round.
            world
                .database
                .execute("update organizations set deleted_at = null")
                .await;
        }
    }
}

#[tokio::test]
async fn a_deletion_counts_on_every_server() {
    let world = World::start().await;
    let Some(server) = Server::second(&world.database, &world.sandbox_urls).await else {
        return;
    };
    let url = &server.url;
    let (there, operator) = (world.client.at(url), world.operator.at(url));
    let callbacks = Callbacks::of(&there, url).await;
    let mut stream = EventStream::open(&there, "", None).await;
    stream.next().await.expect("where it begins");
    world.operator.remove(DELETE).await;
    assert_gone(&there, &operator, &callbacks).await;
    // Half a second between two looks, and the rest for a machine that is busy.
    ends_within(&mut stream, Duration::from_secs(5)).await;
}

/// The oldest event of the organization `demo`.
async fn oldest(store: &Store) -> Option<EventId> {
    let demo = "demo".parse().expect("an id");
    let all = EventFilter::default();
    let events = store.list_events(&demo, None, &all, 1).await;
    events.expect("events").data.first().map(|event| event.id)
}

#[tokio::test]
async fn a_server_that_is_killed_during_a_removal_goes_on_with_it_at_its_next_start() {
    let deployment = Deployment::start().await;
    let (database, urls) = (&deployment.database, &deployment.urls);
    deployment.server.stop().await.expect("an orderly end");
    database
        .execute(
            "insert into events (organization_id, seq, type, data, created_at) \
             with recursive n (i) as (select 1000 union all select i + 1 from n where i < 30000) \
             select 'demo', i, 'message.sent', '{}', i from n; \
             update organizations set deleted_at = 1 where id = 'demo'",
        )
        .await;
    let store = database.store().await;
    let begin = oldest(&store).await;
    let server = Server::on(database, urls).await.expect("a server");
    while oldest(&store).await == begin {}
    server.kill().await.expect("a server to kill");
    assert!(oldest(&store).await.is_some(), "the kill came too late");
    let removals = store.removals(Timestamp::MAX).await;
    assert_eq!(removals.expect("removals").len(), 1);
    let _server = Server::on(database, urls).await.expect("a server");
    while !store
        .removals(Timestamp::MAX)
        .await
        .expect("removals")
        .is_empty()
    {}
    assert_eq!(oldest(&store).await, None);
    store.close().await;
}
