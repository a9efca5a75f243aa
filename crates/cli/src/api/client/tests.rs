//! Every class of answer, over real HTTP on this machine.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use rstest::rstest;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::*;
use crate::api::address::parse_server;
use crate::exit_code::ExitCode;

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn client(address: SocketAddr) -> Client {
    let server = parse_server(&format!("http://{address}/api/")).unwrap();
    Client::new(server, &"k-s3cret".into()).unwrap()
}

/// A client of a server that gives every request the same answer.
async fn answering(status: u16, body: &'static str) -> Client {
    let (listener, address) = listen().await;
    let status = StatusCode::from_u16(status).unwrap();
    let answer = any(move || async move { (status, body) });
    let router = Router::new().fallback(answer);
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    client(address)
}

#[rstest]
#[case(400, r#"{"error":"e","reason":"invalid_body"}"#, ExitCode::Usage)]
#[case(
    401,
    r#"{"error":"e","reason":"unauthorized"}"#,
    ExitCode::Unauthorized
)]
#[case(403, r#"{"error":"e","reason":"foreign_agent"}"#, ExitCode::Refused)]
#[case(404, r#"{"error":"e","reason":"agent_not_found"}"#, ExitCode::Refused)]
#[case(409, r#"{"error":"e","reason":"conflict"}"#, ExitCode::Refused)]
#[case(
    500,
    r#"{"error":"e","reason":"too_many_buttons","code":131009}"#,
    ExitCode::Refused
)]
#[case(
    500,
    r#"{"error":"e","reason":"outcome_unknown","messageId":"msg_1"}"#,
    ExitCode::OutcomeUnknown
)]
#[case(302, "", ExitCode::Usage)]
#[case(404, "<html>", ExitCode::OwnFault)]
#[case(502, "<html>", ExitCode::OutcomeUnknown)]
#[case(200, "<html>", ExitCode::OutcomeUnknown)]
#[tokio::test]
async fn every_answer_to_a_change_has_its_exit_code(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] code: ExitCode,
) {
    let client = answering(status, body).await;
    let failure = client.post(&["agents"], &json!({})).await.err().unwrap();
    assert_eq!(failure.exit_code(), code, "{failure}");
    assert!(!failure.to_string().contains("s3cret"));
}

#[rstest]
#[case(502, "<html>", ExitCode::Unreachable)]
#[case(200, "<html>", ExitCode::OwnFault)]
#[tokio::test]
async fn a_read_that_makes_no_sense_changed_nothing(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] code: ExitCode,
) {
    let client = answering(status, body).await;
    let failure = client.get(&["agents"], &[]).await.err().unwrap();
    assert_eq!(failure.exit_code(), code, "{failure}");
}

#[tokio::test]
async fn a_request_carries_key_path_query_and_body() {
    async fn echo(request: Request) -> Response {
        let authorization = request.headers()["authorization"]
            .to_str()
            .unwrap()
            .to_owned();
        let line = format!("{} {}", request.method(), request.uri());
        let body = axum::body::to_bytes(request.into_body(), 1024)
            .await
            .unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        json!({"line": line, "authorization": authorization, "body": body})
            .to_string()
            .into_response()
    }
    let (listener, address) = listen().await;
    let router = Router::new().fallback(any(echo));
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    let client = client(address);

    let query = [("limit", "2".to_owned()), ("after", "a&b".to_owned())];
    let read = client.get(&["agents", "a:1"], &query).await.unwrap().value;
    assert_eq!(read["line"], "GET /api/agents/a:1?limit=2&after=a%26b");
    assert_eq!(read["authorization"], "Bearer k-s3cret");

    let changed = client
        .patch(&["channels", "c/1"], &json!({"name": "n"}))
        .await
        .unwrap()
        .value;
    assert_eq!(changed["line"], "PATCH /api/channels/c%2F1");
    assert_eq!(changed["body"], r#"{"name":"n"}"#);
}

#[tokio::test]
async fn an_answer_without_a_body_is_null() {
    let client = answering(204, "").await;
    let answer = client.delete(&["agents", "a"], &[]).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.value), ("", Value::Null));
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_says_what_to_do() {
    let (listener, address) = listen().await;
    drop(listener);
    let failure = client(address)
        .post(&["agents"], &json!({}))
        .await
        .err()
        .unwrap();
    assert_eq!(failure.exit_code(), ExitCode::Unreachable);
    let text = failure.to_string();
    assert!(
        text.contains(&format!("no server answers at http://{address}/api/")),
        "{text}"
    );
    assert!(
        text.contains("recado-server") && text.contains("--server"),
        "{text}"
    );
}

#[rstest]
#[case(Effect::Changes, ExitCode::OutcomeUnknown)]
#[case(Effect::Reads, ExitCode::Unreachable)]
#[tokio::test]
async fn a_connection_that_breaks_after_the_request_is_an_unknown_outcome_for_a_change(
    #[case] effect: Effect,
    #[case] code: ExitCode,
) {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        // Twice: a client may try a broken connection again when that is safe.
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 64];
            stream.read_exact(&mut head).await.unwrap();
        }
    });
    let failure = client(address)
        .call(Method::POST, &["agents"], &[], Some(&json!({})), effect)
        .await
        .err()
        .unwrap();
    assert_eq!(failure.exit_code(), code, "{failure}");
}

#[tokio::test]
async fn a_dot_segment_never_reaches_another_resource() {
    let client = answering(200, "{}").await;
    for id in [".", "..", ""] {
        let failure = client.delete(&["agents", id], &[]).await.err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let (listener, address) = listen().await;
    let answer = any(|| async { vec![b' '; 8 * 1024 * 1024 + 1] });
    let router = Router::new().fallback(answer);
    tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
    let failure = client(address).get(&["agents"], &[]).await.err().unwrap();
    assert!(
        failure.to_string().contains("larger than 8 MiB"),
        "{failure}"
    );
}

#[test]
fn an_empty_key_is_no_key() {
    let server = parse_server("http://127.0.0.1:9").unwrap();
    let failure = Client::new(server, &"".into()).err().unwrap();
    assert!(matches!(failure, Failure::NoKey), "{failure}");
}
