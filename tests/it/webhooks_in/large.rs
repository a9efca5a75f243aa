//! Large calls: one bounds its own memory, delays no other organization, and survives its caller.

use recado_tests::bench::process::peak_memory_mib;
use recado_tests::callbacks::kept_call;
use recado_tests::prelude::*;
use recado_tests::wire::Wire;

const MIB: usize = 1024 * 1024;

/// A call of Z-API that names so many messages.
fn statuses(count: usize) -> Value {
    let ids: Vec<_> = (0..count).map(|_| "same").collect();
    json!({"type": "MessageStatusCallback", "instanceId": "INST-01", "status": "READ", "ids": ids})
}

fn said() -> Value {
    zapi(&Text::from("5511944443333"))
}

/// Waits until the organization has an event of that type; what comes before it may be large.
async fn received(client: &Client, kind: &str) {
    let path = format!("/events?type={kind}");
    let come = async {
        loop {
            // The server may be about to end.
            if let Ok(answer) = client.request(Method::GET, &path).send().await
                && let Ok(list) = answer.json::<Value>().await
                && list["data"].as_array().is_some_and(|data| !data.is_empty())
            {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let come = tokio::time::timeout(Duration::from_mins(2), come).await;
    come.expect(kind);
}

/// No call waits to be applied.
async fn assert_all_applied(database: &TestDatabase) {
    let store = database.store().await;
    let left = store.organizations_with_webhook_calls(Timestamp::MAX).await;
    assert_eq!(left.expect("an answer"), [], "kept and not applied");
    store.close().await;
}

/// The calls that are set aside, with the reasons.
async fn set_aside(database: &TestDatabase) -> Vec<(String, String)> {
    let store = database.store().await;
    let page = recado_store::Page {
        after: None,
        limit: 10,
    };
    let demo = "demo".parse().expect("an id");
    let listed = store.list_webhook_calls_set_aside(&demo, None, &page).await;
    let listed = listed.expect("a list").data.into_iter();
    let calls = listed.map(|call| (call.id, call.reason.as_str().to_owned()));
    let calls = calls.collect();
    store.close().await;
    calls
}

#[tokio::test]
async fn a_call_with_a_hundred_thousand_ids_is_applied_in_bounded_memory() {
    let (database, _urls, server, client) = Deployment::start().await.parts();
    let callbacks = Callbacks::of(&client, &server.url).await;
    callbacks.deliver("zapi", &statuses(100_000)).await;
    // The calls of one organization are applied in their order.
    callbacks.deliver("zapi", &said()).await;
    received(&client, "message.received").await;
    let server_id = server.process.id().expect("a process that runs");
    let peak = peak_memory_mib(server_id).expect("its memory");
    assert!(peak < 200.0, "{peak} MiB");
    server.stop().await.expect("an orderly end");
    assert_all_applied(&database).await;
}

#[tokio::test]
async fn a_call_beyond_the_bound_of_items_is_applied_up_to_it_and_set_aside() {
    let (world, callbacks) = World::with_callbacks().await;
    let text = |id: usize| json!({"type": "unheard", "id": id});
    let events: Vec<_> = (0..=recado_providers::MAX_ITEMS).map(text).collect();
    let called = callbacks.call("zapperhub", json!(events).to_string());
    answer(called).await.expect(200);
    world.stop().await;
    let [(_, reason)] = &set_aside(&world.database).await[..] else {
        panic!("one call");
    };
    assert_eq!(reason, "too_many_items");
}

/// Starts the server as often as needed with calls that end it, and gives it when it stays.
async fn restart_until_it_stays(deployment: &Deployment, poison: &str) -> (Server, u32) {
    let abort = [("RECADO_TEST_ABORT_ON", poison)];
    let mut ends = 0;
    loop {
        assert!(ends < 10, "it ends for ever");
        // The lease of the server that is gone ends.
        deployment.database.end_servers().await;
        let started = Server::with(&deployment.database, &deployment.urls, &abort).await;
        let Ok(mut server) = started else {
            ends += 1;
            continue;
        };
        let client = deployment.client.at(&server.url);
        tokio::select! {
            _ = server.process.wait() => ends += 1,
            () = received(&client, "message.received") => return (server, ends),
        }
    }
}

#[tokio::test]
async fn a_call_that_ends_the_process_is_set_aside_after_three_attempts() {
    let mut deployment = Deployment::start().await;
    deployment.server.process.kill().await.expect("killed");
    // What its application does to a server that is told to end with it.
    let poison = "5511900000666";
    let store = deployment.database.store().await;
    for (number, phone) in (0..).zip([poison, "5511944443333"]) {
        let said = zapi(&Text::from(phone)).to_string();
        let call = kept_call(&format!("whc_{number}"), said, Timestamp::now());
        // No server has tried to apply it.
        let kept = store.keep_webhook_call(&call, call.received_at).await;
        kept.expect("an answer");
    }
    store.close().await;
    let (server, ends) = restart_until_it_stays(&deployment, poison).await;
    assert_eq!(ends, 3);
    server.stop().await.expect("an orderly end");
    let crashed = ("whc_0".to_owned(), "crashed".to_owned());
    assert_eq!(set_aside(&deployment.database).await, [crashed]);
    // The call that was in its company is applied.
    let told = stored(&deployment.database, "message.received").await;
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn a_large_call_of_one_organization_does_not_delay_another() {
    let (world, callbacks) = World::with_callbacks().await;
    let other = world.operator.neighbour("other", "theirs").await;
    let theirs = Callbacks::of(&other, &world.url).await;
    callbacks.deliver("zapi", &statuses(50_000)).await;
    theirs.deliver("theirs", &said()).await;
    received(&other, "message.received").await;
    let left = world.store.claimed_webhook_calls().await;
    let left = left.expect("an answer").len();
    assert_eq!(left, 1, "the large call was applied first");
    world.stop().await;
    assert_all_applied(&world.database).await;
}

#[tokio::test]
async fn what_the_queue_has_no_room_for_is_applied_from_the_database() {
    let (world, callbacks) = World::with_callbacks().await;
    callbacks.deliver("zapi", &statuses(20_000)).await;
    for number in 0..6 {
        let text = Text::from(&format!("551194444{number:04}"));
        let mut body = whatsapp(&[vec![whatsapp_texts(NUMBER, &[text])]]);
        body["padding"] = "x".repeat(3 * MIB).into();
        callbacks.deliver("whatsapp", &body).await;
        assert!(world.app.intake.waiting.used() <= 8 * MIB);
    }
    assert_eq!(world.events("message.received", 6).await.len(), 6);
    world.stop().await;
    assert_eq!(world.app.intake.waiting.used(), 0);
}

#[tokio::test]
async fn a_caller_that_closes_at_once_is_heard_at_once() {
    let (world, callbacks) = World::with_callbacks().await;
    let path = callbacks.path("zapi");
    for number in 0..30 {
        let body = zapi(&Text::from(&format!("551194444{number:04}"))).to_string();
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        let mut caller = Wire::connect(&world.url).await;
        caller.write([head, body].concat()).await;
        caller.finish().await;
    }
    world.stop().await;
    assert_all_applied(&world.database).await;
    assert!(!stored(&world.database, "message.received").await.is_empty());
}
