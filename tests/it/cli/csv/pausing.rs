//! A run that waits, is stopped, and is continued later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;

use super::*;

/// Rows of one conversation each.
fn rows(count: u64) -> String {
    let row = |number| format!("c{number},Row {number}\n");
    let rows: String = (0..count).map(row).collect();
    format!("conversation,body\n{rows}")
}

/// A shell of a server that answers every send so, with the number of the request from 0; also the keys that came, each
/// with its time.
async fn answering(
    answer: impl Fn(u64) -> Response + Send + Sync + 'static,
) -> (Shell, mpsc::UnboundedReceiver<(String, Instant)>) {
    let (seen, keys) = mpsc::unbounded_channel();
    let (answer, count) = (Arc::new(answer), Arc::new(AtomicU64::new(0)));
    let send = move |Query(query): Query<BTreeMap<String, String>>, request: Request| {
        let (answer, seen, count) = (Arc::clone(&answer), seen.clone(), Arc::clone(&count));
        async move {
            if query.contains_key("dryRun") {
                return Json(json!({"dryRun": true, "warnings": []})).into_response();
            }
            let key = request.headers()["idempotency-key"].to_str().expect("text");
            seen.send((key.to_owned(), Instant::now())).ok();
            answer(count.fetch_add(1, Ordering::SeqCst))
        }
    };
    let key = json!({"organizationId": "loja"});
    let router = Router::new()
        .route("/api-keys/current", get(async move || Json(key)))
        .route(SEND, post(send));
    let (listener, url) = world::free_port().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    let shell = Shell::default().set("RECADO_SERVER", &url);
    (shell.set("RECADO_KEY", "rcd_key"), keys)
}

fn accepted() -> Response {
    Json(json!({"success": true, "message": {"id": "msg_1"}})).into_response()
}

fn busy(status: StatusCode, reason: &str) -> Response {
    let error = json!({"error": "slow down", "reason": reason});
    (status, [("retry-after", "1")], Json(error)).into_response()
}

fn file(folder: &TempDir, text: &str) -> String {
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").to_owned()
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_sent_nothing_until_then() {
    for (status, reason) in [
        (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    ] {
        let answer = move |number| match number {
            5 => busy(status, reason),
            _ => accepted(),
        };
        let (shell, mut keys) = answering(answer).await;
        let folder = tempfile::tempdir().expect("a folder");
        let file = file(&folder, &rows(30));
        let ran = shell.run(&send(&file, "--concurrency 2")).await;
        assert_contains(&ran.stderr, "waiting: slow down");
        let summary = lines(&ran.succeeded()).pop().expect("a summary");
        summary.assert_has(json!({"accepted": 30, "notSent": 0}));
        let mut seen = Vec::new();
        while let Ok(call) = keys.try_recv() {
            seen.push(call);
        }
        assert_eq!(seen.len(), 31, "one row is sent again");
        let pauses = seen.windows(2).map(|pair| pair[1].1 - pair[0].1);
        let long = pauses.filter(|pause| *pause > Duration::from_millis(500));
        assert_eq!(long.count(), 1, "all rows wait");
        let refused = &seen[5].0;
        let again: Vec<_> = seen.iter().filter(|(key, _)| key == refused).collect();
        assert_eq!(again.len(), 2, "under the same key");
    }
}

/// Begins a run whose first row waits for its provider, and returns it with that request.
async fn held(
    shop: &Shop,
    file: &str,
) -> (
    tokio::process::Child,
    HeldProvider,
    recado_tests::held::HeldRequest,
) {
    let held = HeldProvider::start().await;
    let update = json!({"settings": {"baseUrl": held.url}});
    let client = Client::new(&shop.world.url, shop.key());
    client.change("/channels/main", update).await;
    let run = shop.shell.command(&send(file, "--concurrency 2")).spawn();
    let request = held.receive().await;
    (run.expect("a process"), held, request)
}

impl Shop {
    fn key(&self) -> &str {
        let mut environment = self.shell.environment().iter();
        let key = environment.find(|(name, _)| name == "RECADO_KEY");
        &key.expect("a key").1
    }

    /// Leads the number back to the sandbox.
    async fn release(&self) {
        let url = self.world.sandbox_urls.of(Provider::Whatsapp);
        let client = Client::new(&self.world.url, self.key());
        client
            .change("/channels/main", json!({"settings": {"baseUrl": url}}))
            .await;
    }
}

const THREE: &str = "conversation,body\nconv-456,One\nconv-456,Two\nconv-zapi,Three\n";

#[tokio::test]
async fn ctrl_c_waits_for_what_is_under_way_and_the_same_command_goes_on() {
    let shop = Shop::open().await;
    let file = shop.file(THREE);
    let (mut run, _held, request) = held(&shop, &file).await;
    let mut notes = BufReader::new(run.stderr.take().expect("it is piped")).lines();
    signal(&run, "INT").await.expect("it runs");
    let note = soon("a note", notes.next_line()).await.expect("text");
    assert_contains(&note.expect("a line"), "waiting for the requests under way");
    request
        .answer(&json!({"messages": [{"id": "wamid.1"}]}))
        .await;
    let output = soon("the run ends", run.wait_with_output())
        .await
        .expect("an output");
    assert_eq!(output.status.code(), Some(1));
    let summary = lines(&String::from_utf8(output.stdout).expect("text"))
        .pop()
        .expect("a summary");
    summary.assert_has(
        json!({"accepted": 2, "open": 0, "notSent": 1, "stopped": "interrupted by Ctrl-C"}),
    );
    shop.release().await;
    let told = lines(&shop.shell.run(&send(&file, "")).await.done());
    assert_eq!(told[0]["line"], 3);
    told[1].assert_has(json!({"accepted": 3, "notSent": 0}));
    assert_eq!(
        shop.texts(),
        ["Three", "Two"],
        "the first went to the other provider"
    );
}

#[tokio::test]
async fn a_row_that_was_begun_too_long_ago_stays_unknown_and_is_not_sent() {
    let shop = Shop::open().await;
    let file = shop.file(THREE);
    let (mut run, _held, request) = held(&shop, &file).await;
    run.kill().await.expect("it runs");
    drop(request);
    shop.release().await;
    let result = format!("{file}.result.csv");
    let text = std::fs::read_to_string(&result).expect("a result file");
    let begun = text.find("# begun ").expect("the row was begun") + "# begun ".len();
    let mut aged = text;
    aged.replace_range(begun..begun + "2026-11-29".len(), "2001-01-01");
    std::fs::write(&result, aged).expect("a file");
    let ran = shop.shell.run(&send(&file, "--output table")).await;
    ran.ended(6);
    assert_contains(&ran.stdout, "line 2: unknown: it may have been sent at ");
    let results = results(&file);
    let statuses: Vec<_> = results
        .iter()
        .map(|(line, status, _)| (*line, &**status))
        .collect();
    assert_eq!(
        statuses[..2],
        [(2, "unknown"), (3, "accepted")],
        "{results:?}"
    );
    let texts = shop.texts();
    assert!(!texts.contains(&"One".to_owned()), "{texts:?}");
    assert!(texts.contains(&"Two".to_owned()), "{texts:?}");
}

#[tokio::test]
async fn two_commands_do_not_send_the_rows_of_a_run_at_once() {
    let shop = Shop::open().await;
    let file = shop.file(THREE);
    let (_run, _held, _request) = held(&shop, &file).await;
    let other = shop.shell.run(&send(&file, "")).await;
    other.failed(2, "another command is sending with the result file");
}
