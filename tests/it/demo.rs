//! `recado-server demo`, as a newcomer meets it.

use std::process::Stdio;

use recado_tests::Client;
use recado_tests::binaries::{command, signal};
use reqwest::Method;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

/// Flags of the server stand before the subcommand.
fn demo(listen: &str) -> Command {
    let mut command = command("recado-server").expect("the binary");
    command.args(["--listen", listen, "demo"]);
    command
}

/// What stands between two pieces of a text.
#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} in {text}"));
    let (found, _) = rest
        .split_once(after)
        .unwrap_or_else(|| panic!("{after} in {rest}"));
    found
}

#[tokio::test]
async fn once_shows_every_provider_and_both_buttons_and_ends_with_success() {
    let output = demo("127.0.0.1:0")
        .arg("--once")
        .output()
        .await
        .expect("a process");
    let shown = String::from_utf8(output.stdout).expect("text");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}\n{complaints}");
    assert_eq!(complaints, "");
    for provider in ["WhatsApp Cloud API", "Z-API", "ZapperHUB"] {
        assert_eq!(
            shown.matches(&format!("── {provider} ──")).count(),
            1,
            "{provider}: {shown}"
        );
    }
    // In the request to the provider and on the phone, three times each.
    for button in ["Sales", "Support"] {
        assert!(shown.matches(button).count() >= 6, "{button}: {shown}");
    }
    assert_eq!(
        shown.matches("\"type\": \"button.pressed\"").count(),
        3,
        "{shown}"
    );
    assert!(
        shown.ends_with("All 3 messages arrived, each once, and every tap came back.\n"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_line_that_the_demo_prints_works() {
    let mut process = demo("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let mut shown = String::new();
    while !shown.contains("Ctrl-C ends the demo") {
        let line = lines
            .next_line()
            .await
            .expect("text")
            .unwrap_or_else(|| panic!("the demo ended: {shown}"));
        shown = format!("{shown}{line}\n");
    }
    let key = between(&shown, "The API key is ", "\n");
    let endpoint = between(&shown, "curl ", " \\");
    let slash = endpoint
        .rfind("/messages/interactive/")
        .expect("the documented path");
    let (url, path) = endpoint.split_at(slash);
    let client = Client::new(url, key);
    let body = between(&shown, "-d '", "'").to_owned();
    assert!(
        shown.contains(&format!("-H 'Authorization: Bearer {key}'")),
        "{shown}"
    );

    let request = client
        .request(Method::POST, path)
        .header("content-type", "application/json")
        .body(body);
    let sent = recado_tests::client::answer(request).await.expect(200);
    assert_eq!(sent["message"]["conversationId"], "conv-456");
    assert_eq!(sent["message"]["status"], "accepted");
    let docs = client.get("/docs/").await;
    assert_eq!(docs.status, 200);
    assert!(
        docs.headers["content-type"]
            .to_str()
            .expect("text")
            .starts_with("text/html")
    );
    let phone = between(&shown, "What the phone shows:", "\n").trim();
    let phone = recado_tests::client::answer(client.http.get(phone)).await;
    assert_eq!(
        phone.body["data"].as_array().map(Vec::len),
        Some(4),
        "{}",
        phone.text
    );

    signal(&process, "INT").await.expect("it runs");
    let status = process.wait().await.expect("an end");
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_port_that_is_taken_is_one_clear_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = demo(&address)
        .arg("--once")
        .output()
        .await
        .expect("a process");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let complaint = String::from_utf8(output.stderr).expect("text");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    assert!(
        complaint.starts_with(&format!(
            "recado-server: cannot listen on {address}; choose another address with --listen"
        )),
        "{complaint}"
    );
}
