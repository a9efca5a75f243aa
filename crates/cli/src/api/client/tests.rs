//! Every class of answer, over real HTTP on this machine.

use axum::{Router, extract::Request, http::StatusCode, routing::any};
use rstest::rstest;
use serde_json::json;
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use super::*;
use crate::{ExitCode, api::address::parse_server, tests as fake};

/// Returns the client of a server that gives each request the same answer.
async fn answering(status: u16, body: &'static str) -> Client {
    let status = StatusCode::from_u16(status).unwrap();
    let answer = any(move || async move { (status, body) });
    fake::client(&fake::serve(Router::new().fallback(answer)).await)
}

#[rstest]
#[case(400, "invalid_body", ExitCode::Usage)]
#[case(401, "unauthorized", ExitCode::Unauthorized)]
#[case(403, "foreign_agent", ExitCode::Refused)]
#[case(404, "agent_not_found", ExitCode::Refused)]
#[case(500, "outcome_unknown", ExitCode::OutcomeUnknown)]
#[case(302, "", ExitCode::Usage)]
#[case(404, "", ExitCode::OwnFault)]
#[case(502, "", ExitCode::OutcomeUnknown)]
#[case(200, "", ExitCode::OutcomeUnknown)]
#[tokio::test]
async fn every_answer_to_a_change_has_its_exit_code(
    #[case] status: u16,
    #[case] reason: &'static str,
    #[case] code: ExitCode,
) {
    let body = match reason {
        "" => "<html>".to_owned(),
        reason => json!({"error": "e", "reason": reason, "code": 131_009}).to_string(),
    };
    let client = answering(status, body.leak()).await;
    let failure = client.post(&["agents"], &json!({})).await.err().unwrap();
    assert_eq!(failure.exit_code(), code, "{failure}");
    assert!(!failure.to_string().contains("s3cret"));
}

#[rstest]
#[case(502, ExitCode::Unreachable)]
#[case(200, ExitCode::OwnFault)]
#[tokio::test]
async fn a_read_that_makes_no_sense_changed_nothing(#[case] status: u16, #[case] code: ExitCode) {
    let client = answering(status, "<html>").await;
    let failure = client.get(&["agents"], &[]).await.err().unwrap();
    assert_eq!(failure.exit_code(), code, "{failure}");
}

#[tokio::test]
async fn a_request_carries_key_path_query_and_body() {
    let echo = any(async |request: Request| {
        let key = request.headers()["authorization"].to_str().unwrap();
        let line = format!("{} {} {key}", request.method(), request.uri());
        let body = axum::body::to_bytes(request.into_body(), 1024).await;
        let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
        json!([line, body]).to_string()
    });
    let url = fake::serve(Router::new().fallback(echo)).await;
    let client = fake::client(&format!("{url}/api/"));

    let query = [("limit", "2".to_owned()), ("after", "a&b".to_owned())];
    let read = client.get(&["agents", "a:1"], &query).await.unwrap();
    let line = "GET /api/agents/a:1?limit=2&after=a%26b Bearer k-s3cret";
    assert_eq!(read.value, json!([line, ""]));
    let body = json!({"name": "n"});
    let changed = client.patch(&["channels", "c/1"], &body);
    let line = "PATCH /api/channels/c%2F1 Bearer k-s3cret";
    assert_eq!(
        changed.await.unwrap().value,
        json!([line, r#"{"name":"n"}"#])
    );
}

#[tokio::test]
async fn an_answer_without_a_body_is_null() {
    let client = answering(204, "").await;
    let answer = client.delete(&["agents", "a"], &[]).await.unwrap();
    assert_eq!((answer.text.as_str(), answer.value), ("", Value::Null));
}

#[tokio::test]
async fn a_closed_port_is_unreachable_and_says_what_to_do() {
    let url = fake::closed().await;
    let failure = fake::client(&url).post(&["agents"], &json!({})).await;
    let failure = failure.err().unwrap();
    assert_eq!(failure.exit_code(), ExitCode::Unreachable);
    let text = failure.to_string();
    assert!(
        text.starts_with(&format!("no server answers at {url}/ (")),
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
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = fake::client(&format!("http://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        // Twice: a client may try a broken connection again when that is safe.
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 64];
            stream.read_exact(&mut head).await.unwrap();
        }
    });
    let body = json!({});
    let call = client.call(Method::POST, &["agents"], &[], Some(&body), effect);
    let failure = call.await.err().unwrap();
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
    let answer = any(|| async { vec![b' '; 8 * 1024 * 1024 + 1] });
    let client = fake::client(&fake::serve(Router::new().fallback(answer)).await);
    let text = client
        .get(&["agents"], &[])
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(text.contains("larger than 8 MiB"), "{text}");
}

#[test]
fn an_empty_key_is_no_key() {
    let server = parse_server("http://127.0.0.1:9").unwrap();
    let failure = Client::new(server, &"".into()).err().unwrap();
    assert!(matches!(failure, Failure::NoKey), "{failure}");
}
