//! Large calls: one bounds its own memory, delays no other organization, and survives its caller.

use recado_tests::prelude::*;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;

/// A call of Z-API that names so many messages.
fn statuses(count: usize) -> Value {
    let ids: Vec<_> = (0..count).map(|_| "same").collect();
    json!({"type": "MessageStatusCallback", "instanceId": "INST-01", "status": "READ", "ids": ids})
}

/// The most memory that the process has had, in bytes.
fn peak(process: &tokio::process::Child) -> usize {
    let id = process.id().expect("a process that runs");
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<usize>().ok()).expect("KiB") * 1024
}

/// Waits until the organization has an event of that type.
async fn received(client: &Client, kind: &str) {
    let come = async {
        let path = format!("/events?type={kind}");
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
    come.expect("the event comes");
}

#[tokio::test]
async fn a_call_with_a_hundred_thousand_ids_is_applied_in_bounded_memory() {
    let (database, _urls, server, client) = Deployment::start().await.parts();
    let callbacks = Callbacks::of(&client, &server.url).await;
    callbacks.deliver("zapi", &statuses(100_000)).await;
    // The calls of one organization are applied in their order.
    callbacks
        .deliver("zapi", &zapi(&Text::from("5511944443333")))
        .await;
    received(&client, "message.received").await;
    let peak = peak(&server.process);
    assert!(peak < 200 * MIB, "{} MiB", peak / MIB);
    server.stop().await.expect("an orderly end");
    let store = database.store().await;
    let left = store.organizations_with_webhook_calls(Timestamp::MAX).await;
    assert_eq!(left.expect("an answer"), []);
    store.close().await;
}

#[tokio::test]
async fn a_call_beyond_the_bound_of_items_is_applied_up_to_it_and_set_aside() {
    let (world, callbacks) = World::with_callbacks().await;
    let text = |id: usize| json!({"type": "unheard", "id": id});
    let events: Vec<_> = (0..=recado_providers::MAX_ITEMS).map(text).collect();
    let called = callbacks.call("zapperhub", json!(events).to_string());
    answer(called).await.expect(200);
    world.stop().await;
    let store = world.database.store().await;
    let page = recado_store::Page {
        after: None,
        limit: 10,
    };
    let demo = "demo".parse().expect("an id");
    let listed = store.list_webhook_calls_set_aside(&demo, None, &page).await;
    let reasons = listed.expect("a list").data.into_iter();
    let reasons: Vec<_> = reasons.map(|call| call.reason.as_str()).collect();
    assert_eq!(reasons, ["too_many_items"]);
    store.close().await;
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
        let call = recado_store::WebhookCall {
            id: format!("whc_{number}"),
            organization_id: "demo".parse().expect("an id"),
            channel_id: "zapi".parse().expect("an id"),
            content_type: None,
            body: zapi(&Text::from(phone)).to_string().into_bytes(),
            received_at: Timestamp::now(),
        };
        // No server has tried to apply it.
        let kept = store.keep_webhook_call(&call, call.received_at).await;
        kept.expect("an answer");
    }
    store.close().await;
    let (server, ends) = restart_until_it_stays(&deployment, poison).await;
    assert_eq!(ends, 3);
    server.stop().await.expect("an orderly end");
    let store = deployment.database.store().await;
    let page = recado_store::Page {
        after: None,
        limit: 10,
    };
    let demo = "demo".parse().expect("an id");
    let listed = store.list_webhook_calls_set_aside(&demo, None, &page).await;
    let listed: Vec<_> = listed.expect("a list").data.into_iter().collect();
    let listed: Vec<_> = listed
        .iter()
        .map(|call| (&*call.id, call.reason.as_str()))
        .collect();
    assert_eq!(listed, [("whc_0", "crashed")]);
    store.close().await;
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
    theirs
        .deliver("theirs", &zapi(&Text::from("5511944443333")))
        .await;
    received(&other, "message.received").await;
    let left = world.store.claimed_webhook_calls().await;
    let left = left.expect("an answer").len();
    assert_eq!(left, 1, "the large call was applied first");
    world.stop().await;
    let left = world.database.store().await;
    let pending = left.organizations_with_webhook_calls(Timestamp::MAX).await;
    assert_eq!(pending.expect("an answer"), []);
    left.close().await;
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
    let address = world.url.strip_prefix("http://").expect("a scheme");
    for number in 0..30 {
        let body = zapi(&Text::from(&format!("551194444{number:04}"))).to_string();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n",
            callbacks.path("zapi"),
            body.len()
        );
        let mut caller = TcpStream::connect(address).await.expect("a connection");
        let call = head + body.as_str();
        caller.write_all(call.as_bytes()).await.expect("written");
        caller.shutdown().await.expect("closed");
    }
    world.stop().await;
    let store = world.database.store().await;
    let left = store.organizations_with_webhook_calls(Timestamp::MAX).await;
    assert_eq!(left.expect("an answer"), [], "kept and not applied");
    store.close().await;
    assert!(!stored(&world.database, "message.received").await.is_empty());
}
