//! Meta's rate limits, on the sandbox's own clock.

use std::time::Duration;

use recado_sandbox::Settings;
use serde_json::{Value, json};

use crate::Server;
use crate::whatsapp::{message, send};

async fn limited(change: impl FnOnce(&mut Settings)) -> Server {
    let server = Server::with(change).await;
    server.stop_clock();
    server
}

fn to(recipient: &str) -> Value {
    let mut message = message();
    message["to"] = json!(recipient);
    message
}

async fn code(server: &Server, recipient: &str) -> Option<u64> {
    send(server, &to(recipient)).await.json["error"]["code"].as_u64()
}

#[tokio::test]
async fn s51_a_burst_of_45_to_one_recipient_passes_and_the_46th_is_refused() {
    let server = limited(|settings| settings.whatsapp.pair_limit = true).await;
    let (ana, rita) = ("5511900000001", "5511900000002");
    for _ in 0..45 {
        assert_eq!(code(&server, ana).await, None);
    }
    let refused = send(&server, &to(ana)).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json["error"]["code"], 131_056);
    assert!(!refused.headers.contains_key("retry-after"));
    assert_eq!(code(&server, rita).await, None);
    server.advance(Duration::from_secs(45 * 6 - 60));
    assert_eq!(code(&server, ana).await, Some(131_056));
    server.advance(Duration::from_mins(1));
    assert_eq!(code(&server, ana).await, None);
}

#[tokio::test]
async fn a_single_message_is_paid_for_after_six_seconds() {
    let server = limited(|settings| settings.whatsapp.pair_limit = true).await;
    for _ in 0..50 {
        assert_eq!(code(&server, "5511900000001").await, None);
        server.advance(Duration::from_secs(6));
    }
}

#[tokio::test]
async fn s53_the_81st_message_within_a_second_is_refused() {
    let server = limited(|settings| settings.whatsapp.throughput_limit = true).await;
    let mut refused = None;
    for index in 0..81 {
        refused = code(&server, &format!("55119000{index:05}")).await;
    }
    assert_eq!(refused, Some(130_429));
    server.advance(Duration::from_secs(1));
    assert_eq!(code(&server, "5511900000001").await, None);
}

#[tokio::test]
async fn limits_are_off_by_default() {
    let server = Server::start().await;
    for _ in 0..100 {
        assert_eq!(code(&server, "5511900000001").await, None);
    }
}
