//! Calls whose claim is lost, or whose application the database refuses: they do not wait for a minute.

use recado_server::inbound;
use recado_store::DatabaseKind;
use recado_tests::callbacks::kept_call;
use recado_tests::prelude::*;
use sqlx::{AnyConnection, Connection as _};

const RECEIVED: &str = "message.received";

#[tokio::test]
async fn a_call_whose_claim_was_lost_is_applied_after_ten_seconds() {
    let (world, _) = World::with_callbacks().await;
    world.stop().await;
    let store = world.database.store().await;
    let urls = &world.sandbox_urls;
    let app = world::app(&store, urls, "http://127.0.0.1:1", &Options::default());
    let (said, now) = (zapi(&Text::from("5511977770001")), Timestamp::now());
    let call = kept_call("whc_1", said.to_string(), now);
    store.keep_webhook_call(&call, now).await.expect("a call");
    let until = inbound::claimed_until(now);
    let claimed = store.claim_webhook_calls(&call.organization_id, now, until, 10, 100_000);
    assert_eq!(claimed.await.expect("calls").len(), 1);

    for (seconds, told) in [(0, 0), (9, 0), (10, 1)] {
        inbound::apply_left_behind(&app, now + Duration::from_secs(seconds)).await;
        let events = stored(&world.database, RECEIVED).await;
        assert_eq!(events.len(), told, "after {seconds} s");
    }
    store.close().await;
}

/// Takes the organization lock, as a server does that then stops.
async fn hold(database: &TestDatabase) -> AnyConnection {
    let connection = AnyConnection::connect(database.url()).await;
    let mut connection = connection.expect("a connection");
    for text in [
        "begin",
        "select id from organizations where id = 'demo' for no key update",
    ] {
        let held = sqlx::raw_sql(text).execute(&mut connection).await;
        held.expect("the lock");
    }
    connection
}

#[tokio::test]
async fn what_a_busy_database_refuses_is_applied_as_soon_as_it_is_free() {
    let (world, callbacks) = World::with_callbacks().await;
    if world.database.kind() != DatabaseKind::Postgres {
        // On SQLite there is one writer, and no such lock.
        return;
    }
    let held = hold(&world.database).await;
    let text = Text::from("5511977770002");
    callbacks.deliver("zapi", &zapi(&text)).await;
    // A send waits for the lock behind the call; it is refused after the call was.
    let refused = world.client.send(smallest_body("conv-zapi")).await;
    refused.refused(503, "unavailable");
    held.close().await.expect("the lock is free");
    let events = world.events(RECEIVED, 1).await;
    assert_eq!(events[0]["data"]["externalId"], text.id);
}
