//! A server is asked to stop: how it says so, what it still does, and how long that may take.

use recado_tests::binaries::deploy_with;
use recado_tests::prelude::*;
use reqwest::StatusCode;
use rstest::rstest;

/// The line of a log that says this.
fn line(log: &str, message: &str) -> Value {
    let lines = log.lines();
    let mut lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let says = |line: &Value| {
        line["message"]
            .as_str()
            .is_some_and(|said| said.contains(message))
    };
    lines.find(says).expect(log)
}

/// Asks for the readiness of a server until it has that status, and returns the body.
async fn readiness(server: &Server, status: StatusCode) -> Value {
    until("the readiness changes", async || {
        let answer = reqwest::get(format!("{}/readyz", server.url)).await;
        let answer = answer.expect("an answer");
        let is_so = answer.status() == status;
        let body = answer.json().await.expect("JSON");
        is_so.then_some(body)
    })
    .await
}

#[rstest]
#[case("TERM")]
#[case("INT")]
#[case("HUP")]
#[tokio::test]
async fn each_signal_that_ends_a_process_ends_the_server_in_order(#[case] name: &str) {
    let database = TestDatabase::fresh().await;
    let (_sandbox, urls) = world::sandbox().await;
    let server = Server::on(&database, &urls).await.expect("a server");
    let asked = signal(&server.process, name).await;
    asked.expect("the server runs");
    let log = server.ended().await.expect("success");
    // Nothing was in flight, and nothing is said of it.
    assert!(!log.contains("finishes what is in flight"), "{log}");
    assert!(!log.contains("WARN"), "{log}");
    assert!(line(&log, "recado-server has stopped")["took_ms"].is_u64());
}

#[tokio::test]
async fn a_server_that_drains_serves_on_without_being_ready_until_the_second_signal() {
    let database = TestDatabase::fresh().await;
    let (_sandbox, urls) = world::sandbox().await;
    let drain = [("RECADO_DRAIN_SECONDS", "3600")];
    let (server, client) = deploy_with(&database, &urls, &drain).await;
    readiness(&server, StatusCode::OK).await;
    let asked = signal(&server.process, "TERM").await;
    asked.expect("the server runs");
    let answer = readiness(&server, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(answer, json!({"status": "stopping"}));
    client.read("/healthz").await;
    client.accepted(smallest_body("conv-456")).await;
    let log = server.stop().await.expect("success");
    assert_eq!(line(&log, "was asked to stop")["drain_s"], 3600);
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_the_end_by_five_seconds_and_gets_its_event_again() {
    let (database, urls, server, client) = Deployment::start().await.parts();
    let receiver = HeldProvider::start().await;
    let endpoint = json!({"url": receiver.url, "events": ["message.accepted"]});
    client.create("/webhook-endpoints", endpoint).await;
    client.accepted(smallest_body("conv-456")).await;
    let hanging = receiver.receive().await;

    let log = server.stop().await.expect("an orderly end");
    let waits_for = line(&log, "finishes what is in flight");
    assert_eq!(waits_for["deliveries"], 1, "{waits_for}");
    let gave_up = line(&log, "receivers did not answer");
    assert_eq!(gave_up["deliveries"], 1, "{gave_up}");
    let took = line(&log, "recado-server has stopped")["took_ms"].as_u64();
    // The receiver itself would have had 15 seconds.
    assert!(took.is_some_and(|took| took < 12_000), "{took:?}");

    let server = Server::on(&database, &urls).await.expect("a server");
    let again = receiver.receive().await;
    assert_eq!(again.body, hanging.body);
    again.answer(&json!({})).await;
    server.stop().await.expect("an orderly end");
}
