//! A server that may open few files, and a caller that opens many connections.

use recado_tests::binaries::{Place, providers};
use recado_tests::prelude::*;
use recado_tests::wire::Wire;
use tokio::task::JoinSet;

/// The hard limit of the server; its soft one is lower still.
const DESCRIPTORS: u32 = 320;

/// Connections of a caller that asks for nothing.
const IDLE: usize = 400;

/// Those that the server takes, and some that wait in the kernel's queue of 128.
const CONNECTED: usize = 120;

#[tokio::test]
async fn idle_connections_leave_descriptors_for_sends_and_the_database() {
    let database = TestDatabase::fresh().await;
    let store = database.store().await;
    let operator = world::operator_key(&store).await;
    store.close().await;
    let (sandbox, urls) = world::sandbox().await;
    let place = Place::of(&database);
    let environment = [&place.variables()[..], &providers(&urls)[..]].concat();
    let server = Server::with_descriptors(64, DESCRIPTORS, &environment)
        .await
        .expect("a server that raises its soft limit");
    let operator = Client::new(&server.url, &operator);
    let client = operator.organization("demo").await;
    open_conversations(&client, &CONVERSATIONS).await;

    let mut connecting = JoinSet::new();
    for _ in 0..IDLE {
        let url = server.url.clone();
        connecting.spawn(async move { Wire::connect(&url).await });
    }
    // The others wait until the server takes them, which it does when it closes some of these.
    let mut idle = Vec::with_capacity(IDLE);
    while idle.len() < CONNECTED {
        let connected = soon("a connection", connecting.join_next()).await;
        idle.push(connected.expect("a connection").expect("no panic"));
    }
    // This client has a connection; each send needs another one to its provider.
    for (_, conversation) in CONVERSATIONS {
        client.accepted(smallest_body(conversation)).await;
    }
    assert_eq!(sandbox.phone_messages().len(), CONVERSATIONS.len());
    client.read("/readyz").await;
    drop((idle, connecting));
    let log = server.stop().await.expect("success");
    assert!(!log.contains("cannot accept connections"), "{log}");
}

#[tokio::test]
async fn a_server_that_may_open_too_few_files_says_so() {
    let Err(error) = Server::with_descriptors(64, 200, &[]).await else {
        panic!("it started")
    };
    let sentence = "may open 200 files, and needs at least 256";
    assert_contains(&error.to_string(), sentence);
}
