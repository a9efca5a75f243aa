//! Events that are removed because of their age: a reader that comes too late is told so.

use recado_server::retention::pruning;
use recado_store::Retention;
use recado_tests::prelude::*;
use recado_tests::world::Ahead;

const DAY: Duration = Duration::from_hours(24);

/// A world that keeps messages and events for ten days, and its clock.
async fn forgetful() -> (World, Ahead) {
    let (ahead, ten_days) = (Ahead::default(), Some(10 * DAY));
    let world = World::with(Options {
        clock: ahead.clock(),
        retention: Retention {
            messages: ten_days,
            events: ten_days,
            ..Retention::default()
        },
        ..Options::default()
    });
    (world.await, ahead)
}

async fn events(world: &World) -> Vec<Value> {
    world.client.list("/events?limit=100").await
}

#[tokio::test]
async fn a_reader_that_missed_removed_events_is_told_where_to_go_on() {
    let (world, ahead) = forgetful().await;
    let old = world.sent("conv-456").await.id;
    let before = events(&world).await;
    let [first, last] = [&before[0], &before[before.len() - 1]].map(id);
    ahead.pass(11 * DAY);
    let young = world.sent("conv-456").await.id;
    pruning::prune(&world.app, true).await.expect("a database");

    let path = |cursor: &str| format!("/events?cursor={cursor}");
    let refused = world.client.get(&path("evt_0000000000000000")).await;
    refused.refused(400, "invalid_query");
    let sentence = format!("events up to {last} are removed; give that one to read on behind them");
    refused.says(&sentence);
    let stream = world.client.request(Method::GET, "/events/stream");
    let stream = answer(stream.header("Last-Event-ID", "evt_0000000000000000")).await;
    assert_eq!(stream.status, 400);
    assert!(before.len() == 1 || world.client.get(&path(first)).await.status == 400);

    let rest = world.client.read(&path(last)).await;
    let left = events(&world).await;
    assert_eq!(entries(&rest), left);
    let ids: Vec<_> = left
        .iter()
        .map(|event| text(&event["data"]["messageId"]))
        .collect();
    assert_eq!(ids, [&*young]);
    for (message, status) in [(old, 404), (young, 200)] {
        let shown = world.client.get(&format!("/messages/{message}")).await;
        assert_eq!(shown.status, status);
    }
}
