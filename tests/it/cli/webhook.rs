//! `recado webhook`: an endpoint is disabled, enabled again, and what it missed is replayed.

use std::time::Duration;

use recado_tests::World;
use serde_json::{Value, json};

use super::shell::{Shell, connect, shop};
use recado_tests::receiver::Receiver;

async fn endpoint(shell: &Shell, url: &str) -> String {
    let words = ["webhook", "add", url, "--type", "message.accepted"];
    let added = shell.run(&words).await.json();
    added["id"].as_str().expect("an id").to_owned()
}

/// The only delivery of the endpoint with its attempts, once it is as `wanted`.
async fn delivery(shell: &Shell, endpoint: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let list = shell
        .line(&format!("webhook deliveries {endpoint}"))
        .await
        .json();
    let id = list["data"][0]["id"].as_str().expect("a delivery");
    let done = async {
        loop {
            let shown = shell
                .line(&format!("webhook delivery {endpoint} {id}"))
                .await;
            let shown = shown.json();
            if wanted(&shown) {
                return shown;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), done)
        .await
        .expect("it becomes so")
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
    assert_eq!(replayed.code, 0, "{replayed:?}");
    assert_eq!(replayed.stdout.trim(), r#"{"replayed":1}"#);
    let advice = format!("nothing goes out before `recado webhook update {id} --enable`");
    assert!(replayed.stderr.contains(&advice), "{}", replayed.stderr);
    assert!(receiver.calls().is_empty());

    let enable = ["webhook", "update", &id, "--enable"];
    let enabled = shell.run(&enable).await.json();
    assert_eq!(enabled["disabledAt"], Value::Null);
    receiver.wait_for(1).await;
    let delivery = delivery(&shell, &id, |shown| shown["status"] == "delivered").await;
    let attempts = delivery["attempts"].as_array().expect("a list");
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0]["status"], 200);
    let words = [
        "webhook",
        "delivery",
        &id,
        delivery["id"].as_str().expect("an id"),
    ];
    let table = shell.set("RECADO_OUTPUT", "table").run(&words).await.done();
    for part in ["delivered", "ANSWER", "200"] {
        assert!(table.contains(part), "{table}");
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
    let delivery = failing["id"].as_str().expect("an id");
    let skip = ["webhook", "skip", &id, delivery];
    let skipped = shell.run(&skip).await.json();
    assert_eq!(skipped["status"], "failed");
    assert_eq!(skipped["lastError"], "skipped by hand");
    let unknown = shell
        .line(&format!("webhook skip {id} evt_00000000000000ff"))
        .await;
    assert_ne!(unknown.code, 0, "{unknown:?}");
    assert!(unknown.stderr.contains("delivery_not_found"), "{unknown:?}");
}

#[tokio::test]
async fn an_update_changes_what_is_named_and_nothing_else() {
    let world = World::start().await;
    let shell = shop(&world).await;
    let id = endpoint(&shell, "http://127.0.0.1:9/one").await;
    let update = ["webhook", "update", &id, "--header", "X-Key: hush"];
    let with_header = shell.run(&update).await.json();
    assert_eq!(with_header["header"], json!({"name": "x-key"}));
    assert_eq!(with_header["url"], "http://127.0.0.1:9/one");
    assert_eq!(with_header["events"], json!(["message.accepted"]));
    let update = [
        &["webhook", "update", &id, "--url", "http://127.0.0.1:9/two"][..],
        &["--all-types", "--no-header"],
    ];
    let changed = shell.run(&update.concat()).await.json();
    assert_eq!(changed["header"], Value::Null);
    assert_eq!(changed["url"], "http://127.0.0.1:9/two");
    assert_eq!(changed["events"], json!([]));
}
