//! `recado webhook`: an endpoint is disabled, enabled again, and what it missed is replayed.

use recado_tests::prelude::*;
use recado_tests::receiver::Receiver;

use super::shell::{Shell, connect, shop};

async fn endpoint(shell: &Shell, url: &str) -> String {
    let words = ["webhook", "add", url, "--type", "message.accepted"];
    let added = shell.run(&words).await.json();
    id(&added).to_owned()
}

/// The only delivery of the endpoint with its attempts, once it is as `wanted`.
async fn delivery(shell: &Shell, endpoint: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let list = format!("webhook deliveries {endpoint}");
    let list = shell.line(&list).await.json();
    let show = format!("webhook delivery {endpoint} {}", id(&list["data"][0]));
    until("a delivery", async || {
        let shown = shell.line(&show).await.json();
        wanted(&shown).then_some(shown)
    })
    .await
}

async fn send(shell: &Shell) {
    let send = [
        &["send", "buttons", "--agent", "agent-123"][..],
        &["--conversation", "conv-zapi", "--body", "Hi"],
        &["--button", "yes=Yes"],
    ];
    shell.run(&send.concat()).await.done();
}

#[tokio::test]
async fn what_was_replayed_while_disabled_goes_out_when_the_endpoint_is_enabled() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let shell = shop(&world).await;
    connect(&shell).await;
    let id = endpoint(&shell, &receiver.url).await;
    let disable = ["webhook", "update", &id, "--disable"];
    let disabled = shell.run(&disable).await.json();
    assert!(disabled["disabledAt"].is_string(), "{disabled}");
    send(&shell).await;

    let (from, to) = ("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    let replay = ["webhook", "replay", &id, "--from", from, "--to", to];
    let replayed = shell.run(&replay).await;
    let advice = format!("nothing goes out before `recado webhook update {id} --enable`");
    replayed.failed(0, &advice);
    assert_eq!(replayed.stdout.trim(), r#"{"replayed":1}"#);
    assert!(receiver.calls().is_empty());

    let enable = ["webhook", "update", &id, "--enable"];
    let enabled = shell.run(&enable).await.json();
    assert_eq!(enabled["disabledAt"], Value::Null);
    receiver.wait_for(1).await;
    let delivery = delivery(&shell, &id, |shown| shown["status"] == "delivered").await;
    let attempts = entries(&delivery["attempts"]).iter();
    let statuses: Vec<_> = attempts.map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [200]);
    let words = ["webhook", "delivery", &id, text(&delivery["id"])];
    let table = shell.set("RECADO_OUTPUT", "table").run(&words).await.done();
    for part in ["delivered", "ANSWER", "200"] {
        assert_contains(&table, part);
    }
}

#[tokio::test]
async fn a_delivery_that_keeps_failing_is_skipped() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    receiver.answer(400);
    let shell = shop(&world).await;
    connect(&shell).await;
    let id = endpoint(&shell, &receiver.url).await;
    send(&shell).await;
    let failing = delivery(&shell, &id, |shown| shown["attempts"] != json!([])).await;
    assert_eq!(failing["status"], "pending");
    let skip = async |delivery: &str| shell.run(&["webhook", "skip", &id, delivery]).await;
    let skipped = skip(text(&failing["id"])).await.json();
    skipped.assert_has(json!({"status": "failed", "lastError": "skipped by hand"}));
    let unknown = skip("evt_00000000000000ff").await;
    unknown.failed(4, "delivery_not_found");
}

#[tokio::test]
async fn an_update_changes_what_is_named_and_nothing_else() {
    let world = World::start().await;
    let shell = shop(&world).await;
    let id = endpoint(&shell, "http://127.0.0.1:9/one").await;
    let update = ["webhook", "update", &id, "--header", "X-Key: hush"];
    let with_header = shell.run(&update).await.json();
    assert_eq!(with_header["header"], json!({"name": "x-key"}));
    with_header
        .assert_has(json!({"url": "http://127.0.0.1:9/one", "events": ["message.accepted"]}));
    let update = [
        &["webhook", "update", &id, "--url", "http://127.0.0.1:9/two"][..],
        &["--all-types", "--no-header"],
    ];
    let changed = shell.run(&update.concat()).await.json();
    changed.assert_has(json!({"header": null, "url": "http://127.0.0.1:9/two", "events": []}));
}
