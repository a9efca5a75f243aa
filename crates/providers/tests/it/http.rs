//! What happens below the providers: time-outs, broken answers, closed connections, forbidden addresses.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderMap;
use recado_providers::ErrorKind::{Indeterminate, Misconfigured, Unavailable};
use recado_providers::{Channel, HttpClient, Timeouts, connect, send_with_retries};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Subject::{self, WhatsApp, Wuzapi, Zapi, ZapperHub};
use crate::support::{Canned, FAST, canned, content, full, listen, message, parse};

const SUBJECT: Subject = Zapi;
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{\"messageId\":\"3EB\"}";

fn channel(url: &str, timeouts: Timeouts, allow_private_networks: bool) -> Arc<dyn Channel> {
    let config = parse(
        SUBJECT.provider(),
        &SUBJECT.credentials(),
        &json!({"baseUrl": url}),
    );
    let http = HttpClient::new(timeouts, allow_private_networks).expect("an HTTP client");
    connect(&http, config.expect("valid")).expect("a channel")
}

/// Answers each request with the raw `answer` and closes the connection; counts the requests by recipient.
async fn raw(answer: &'static str) -> (String, Arc<Mutex<BTreeMap<String, usize>>>) {
    let (listener, address) = listen().await;
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let count = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = count.clone();
            tokio::spawn(async move {
                let phone = read_phone(&mut stream).await?;
                *count.lock().expect("a lock").entry(phone).or_default() += 1;
                stream.write_all(answer.as_bytes()).await
            });
        }
    });
    (format!("http://{address}"), seen)
}

/// Reads one request and returns its `phone`.
async fn read_phone(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok("closed".into());
        }
        let text = String::from_utf8_lossy(&request);
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if let Ok(json) = serde_json::from_str::<Value>(body) {
            return Ok(json["phone"].as_str().unwrap_or_default().to_owned());
        }
    }
}

#[rstest::rstest]
#[case::elsewhere("https://new.example.com/path?token=qqq", "https://new.example.com")]
#[case::to_a_port("https://new.example.com:8443/", "https://new.example.com:8443")]
#[case::nowhere("http://[", "another address")]
#[tokio::test]
async fn a_redirect_is_told_with_its_host_and_not_followed(
    #[case] location: &str,
    #[case] target: &str,
    #[values(301, 302, 307, 308)] status: u16,
    #[values(WhatsApp, Zapi, ZapperHub, Wuzapi)] subject: Subject,
) {
    let location = location.parse().expect("a header's value");
    let headers = HeaderMap::from_iter([(axum::http::header::LOCATION, location)]);
    let server = Canned::start(status, headers, "").await;
    let channel = subject.channel(&server.url);
    let sent = channel.send(&full()).await;
    let asked = channel.health().await;
    for error in [sent.expect_err("refused"), asked.expect_err("refused")] {
        assert_eq!(error.kind, Misconfigured);
        let said = format!("answers with a redirect to {target} (HTTP status {status})");
        assert!(error.message.contains(&said), "{error}");
        assert!(!error.message.contains("qqq"), "{error}");
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn connections_that_the_server_closes_between_requests_double_nothing() {
    let (url, seen) = raw(OK).await;
    let channel = channel(&url, Timeouts::default(), true);
    for n in 0..100 {
        let sent = message(&format!("5521988{n:05}"), content(None, None, 1));
        // Either a new connection was made, or the answer is lost; a repeat happens in neither case.
        if let Err(error) = send_with_retries(&*channel, &sent, &FAST).await {
            assert_eq!(error.kind, Indeterminate);
        }
    }
    let seen = seen.lock().expect("a lock");
    assert!(seen.values().all(|count| *count == 1), "{seen:?}");
    assert!(seen.len() > 50, "{}", seen.len());
}

#[tokio::test]
async fn a_broken_off_answer_is_indeterminate_and_asked_for_once() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"messageId\":\"3EB\"}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200",
        "not http at all\r\n\r\n",
    ] {
        let (url, seen) = raw(answer).await;
        let channel = channel(&url, Timeouts::default(), true);
        let error = send_with_retries(&*channel, &full(), &FAST)
            .await
            .expect_err("broken");
        assert_eq!(error.kind, Indeterminate, "{answer}");
        assert_eq!(seen.lock().expect("a lock").values().sum::<usize>(), 1);
        assert!(!format!("{error:?}").contains("TOKEN-01"));
    }
}

#[tokio::test]
async fn silence_is_indeterminate_after_the_total_timeout() {
    let (listener, address) = listen().await;
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = accepted.clone();
    let server = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            kept.push(stream);
        }
    });
    let timeouts = Timeouts {
        connect: Duration::from_secs(3),
        total: Duration::from_millis(50),
    };
    let channel = channel(&format!("http://{address}"), timeouts, true);
    let error = send_with_retries(&*channel, &full(), &FAST)
        .await
        .expect_err("silence");
    assert_eq!(error.kind, Indeterminate);
    assert_eq!(error.message, "answer lost: no answer in time");
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    server.abort();
}

#[tokio::test]
async fn an_answer_over_one_mebibyte_is_indeterminate() {
    let at_most = format!("{{\"messageId\":\"{}\"}}", "A".repeat(1024 * 1024 - 16));
    assert_eq!(at_most.len(), 1024 * 1024);
    let server = canned(200, at_most.clone()).await;
    server.accepts(SUBJECT, &full()).await;

    let server = canned(200, at_most + " ").await;
    let error = server.refuses(SUBJECT).await;
    assert_eq!(error.kind, Indeterminate);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = canned(200, r#"{"messageId":"3EB"}"#).await;
    let headers = HeaderMap::from_iter([(
        axum::http::header::LOCATION,
        target.url.parse().expect("a header value"),
    )]);
    for status in [301, 302, 307, 308] {
        let server = Canned::start(status, headers.clone(), "").await;
        let error = server.refuses(SUBJECT).await;
        assert_eq!(error.kind, Misconfigured);
    }
    assert_eq!(target.requests(), 0);
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_refused_when_it_is_resolved() {
    let server = canned(200, r#"{"messageId":"3EB"}"#).await;
    let url = server.url.replace("127.0.0.1", "localhost");
    let encrypted = url.replace("http://", "https://");
    let guarded = channel(&encrypted, Timeouts::default(), false);
    let error = guarded.send(&full()).await.expect_err("refused");
    assert_eq!(error.kind, Misconfigured, "{error}");
    assert_eq!(server.requests(), 0);

    channel(&url, Timeouts::default(), true)
        .send(&full())
        .await
        .expect("accepted");
}

#[tokio::test]
async fn a_tls_failure_is_surely_not_sent() {
    let server = canned(200, r#"{"messageId":"3EB"}"#).await;
    let url = server.url.replace("http://", "https://");
    let error = SUBJECT
        .channel(&url)
        .send(&full())
        .await
        .expect_err("no TLS there");
    assert_eq!(error.kind, Unavailable, "{error}");
    assert_eq!(server.requests(), 0);
}
