//! `recado import chatvolt`: checks first, creates once, goes on after an interruption.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use recado_tests::prelude::*;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use super::shell::{Shell, connect, shop};

const HEAD: &str = "agentId,agentName,conversationId,channel,phone,name\n";

/// The rows that were reported, and the summary.
fn reported(stdout: &str) -> (Vec<Value>, Value) {
    let mut lines = objects(stdout);
    let summary = lines.pop().expect("a summary");
    (lines, summary)
}

/// The JSON of each line.
fn objects(lines: &str) -> Vec<Value> {
    let lines = lines.lines();
    let objects = lines.map(|line| serde_json::from_str(line).expect("JSON"));
    objects.collect()
}

/// The path of a new file with that text.
fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path").to_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A file of so many new conversations of `agent`.
fn rows(agent: &str, count: usize) -> String {
    let row = |n| format!("{agent},,c{n},whatsapp,+55119100{n:05},\n");
    (0..count).map(row).collect()
}

fn counts(summary: &Value) -> [u64; 7] {
    let statuses = [
        "created", "ready", "present", "leftOut", "wrong", "failed", "notTried",
    ];
    statuses.map(|status| summary[status].as_u64().expect("a count"))
}

async fn conversations(shell: &Shell) -> Vec<String> {
    super::conversations(shell, "100").await
}

/// A shop whose three numbers are connected, each with a conversation.
async fn connected(world: &World) -> Shell {
    let shell = shop(world).await;
    connect(&shell).await;
    shell
}

/// What ChatVolt answers to `GET /agents` and `GET /conversation`.
fn answers() -> (Value, Value) {
    let agent =
        json!([{"id": "cmmmkciwb02j8lcxudbnwv31y", "name": "Front desk", "visibility": "private"}]);
    let talk = |id: &str, channel: &str, to: &str| {
        json!({"id": id, "agentId": "cmmmkciwb02j8lcxudbnwv31y", "channel": channel,
            "channelExternalId": to, "status": "UNRESOLVED", "participantsContacts": []})
    };
    let talks = json!([
        talk("cmtatdbeh0eokvyqtbfxv6bz2", "whatsapp", "5511900000001"),
        talk("cmtatdbeh0eokvyqtbfxv6bz3", "zapi", "5511900000002"),
        talk("cmtatdbeh0eokvyqtbfxv6bz4", "zapperapi", "5511900000003"),
        talk("cmtatdbeh0eokvyqtbfxv6bz5", "website", ""),
    ]);
    (agent, talks)
}

#[tokio::test]
async fn chatvolts_answers_are_imported_once_with_their_ids_and_can_be_sent_to() {
    let world = World::start().await;
    let shell = connected(&world).await;
    let (folder, (agent, talk)) = (folder(), answers());
    let agents = file(&folder, "agents.json", &agent.to_string());
    let talks = file(&folder, "talks.json", &talk.to_string());
    let report = file(&folder, "report", "");
    let import = ["import", "chatvolt", &talks, &agents, "--report", &report];
    let dry_run = [&import[..], &["--dry-run"]].concat();
    let (_, summary) = reported(&shell.run(&dry_run).await.done());
    assert_eq!(counts(&summary), [0, 4, 0, 1, 0, 0, 0]);
    assert_eq!(conversations(&shell).await.len(), 3, "of the shop");
    let (rows, summary) = reported(&shell.run(&import).await.done());
    assert_eq!(counts(&summary), [4, 0, 0, 1, 0, 0, 0]);
    let kept = std::fs::read_to_string(&report).expect("a report");
    assert_eq!(objects(&kept), rows);
    let left_out = json!({"file": talks, "line": 1, "entry": 3, "kind": "conversation", "id": "cmtatdbeh0eokvyqtbfxv6bz5",
        "status": "leftOut", "problem": "channel website is not WhatsApp"});
    assert!(rows.contains(&left_out), "{rows:?}");
    let (_, summary) = reported(&shell.run(&import).await.done());
    assert_eq!(counts(&summary), [0, 0, 4, 1, 0, 0, 0], "again");
    let send = "send buttons --agent cmmmkciwb02j8lcxudbnwv31y \
        --conversation cmtatdbeh0eokvyqtbfxv6bz3 --body Hi --button a=A";
    assert_eq!(shell.line(send).await.json()["success"], true);
}

#[tokio::test]
async fn nothing_is_created_while_a_row_is_wrong() {
    let world = World::start().await;
    let shell = connected(&world).await;
    let text = format!(
        "{HEAD}a2,Bia,c1,whatsapp,+55 11 90000-0002,Rita\na2,,c2,whatsapp,12,\na9,,c3,sms,+5511900000003,\n"
    );
    let ran = shell.feed(&["import", "chatvolt", "-"], &text).await;
    let (rows, summary) = reported(&ran.stdout);
    let expected = (2, [0, 2, 0, 0, 2, 0, 0]);
    assert_eq!((ran.code, counts(&summary)), expected, "{rows:?}");
    let wrong = rows.iter().filter(|row| row["status"] == "wrong");
    let lines: Vec<_> = wrong.map(|row| &row["line"]).collect();
    assert_eq!(lines, [3, 4]);
    let as_table = ["import", "chatvolt", "-", "--output", "table"];
    let shown = shell.feed(&as_table, &text).await;
    for part in [
        "standard input, line 3: conversation c2: phone: ",
        "standard input, line 4: conversation c3: agent a9 does not exist, and has no name here",
        "give --channel sms=ID",
        "2 to create, 2 to correct\nnothing was created: correct the rows above, and run it again",
    ] {
        assert_contains(&shown.stdout, part);
    }
    assert_eq!(conversations(&shell).await.len(), 3, "of the shop");
    let agents = shell.line("agent list").await.json();
    assert_eq!(entries(&agents).len(), 1);
}

#[tokio::test]
async fn another_spelling_of_a_number_is_told_in_a_dry_run_and_by_the_import() {
    let world = World::start().await;
    let shell = connected(&world).await;
    let text = format!(
        "{HEAD}agent-123,,n1,whatsapp,+5511900000007,\nagent-123,,n2,whatsapp,+551100000007,\n"
    );
    for (dry_run, status) in [(Some("--dry-run"), "ready"), (None, "created")] {
        let mut import = vec!["import", "chatvolt", "-"];
        import.extend(dry_run);
        let (rows, _) = reported(&shell.feed(&import, &text).await.done());
        let sentence = "Is another spelling of the number of conversation n";
        let mut warnings = rows.iter().filter_map(|row| row["warning"].as_str());
        let is_told = warnings.any(|warning| warning.starts_with(sentence));
        assert!(is_told, "{rows:?}");
        assert!(rows.iter().all(|row| row["status"] == status), "{rows:?}");
    }
}

#[tokio::test]
async fn a_warning_of_the_server_is_shown_and_reported() {
    let (shell, _asks, may_answer) = slow().await;
    let text = format!("{HEAD}agent-123,,n1,whatsapp,+5511900000007,\n");
    for output in ["json", "table"] {
        may_answer.add_permits(1);
        let import = ["import", "chatvolt", "-", "--output", output];
        let told = shell.feed(&import, &text).await.done();
        assert_contains(&told, "to be looked at");
    }
}

#[tokio::test]
async fn a_file_without_rows_is_an_error() {
    let world = World::start().await;
    let shell = shop(&world).await;
    for (text, output) in [("", "json"), ("[]", "table"), (HEAD, "json")] {
        let import = ["import", "chatvolt", "-", "--output", output];
        let ran = shell.feed(&import, text).await;
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert_contains(&ran.stdout, "the file has no rows");
    }
}

#[tokio::test]
async fn an_import_that_is_killed_goes_on_where_it_was() {
    let world = World::start().await;
    let shell = connected(&world).await;
    let text = format!("{HEAD}a2,Bia,,,,\n{}", rows("a2", 300));
    let folder = folder();
    let file = &file(&folder, "rows.csv", &text);
    let import = shell.command(&["import", "chatvolt", file]).spawn();
    let mut import = import.expect("a process");
    let mut lines = BufReader::new(import.stdout.take().expect("it is piped")).lines();
    for _ in 0..20 {
        let line = soon("a row", lines.next_line()).await.expect("a line");
        assert_contains(&line.expect("a row"), r#""status":"created""#);
    }
    import.kill().await.expect("it ends");
    let before = conversations(&shell).await.len() - 3;
    assert!((19..300).contains(&before), "{before}");
    let (_, summary) = reported(&shell.run(&["import", "chatvolt", file]).await.done());
    let [created, _, present, ..] = counts(&summary);
    assert_eq!(created + present, 301);
    assert!(created > 0 && present >= 20, "{summary}");
    let ids = conversations(&shell).await;
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), different.len()), (303, 303), "each once");
}

#[tokio::test]
async fn a_key_without_the_scope_fails_before_anything_is_created_and_in_a_dry_run() {
    let world = World::start().await;
    let shell = connected(&world).await;
    let key = json!({"name": "reader", "scopes": ["read"]});
    let keys = "/organizations/loja/api-keys";
    let created = world.operator.create(keys, key).await;
    let reader = shell.set("RECADO_KEY", text(&created["key"]));
    let text = format!("{HEAD}{}", rows("agent-123", 50));
    let import = ["import", "chatvolt", "-", "--dry-run"];
    for import in [&import[..3], &import] {
        let sentence = "the key needs the scope send to create conversations";
        reader.feed(import, &text).await.failed(4, sentence);
    }
    let wrong = format!("{text}agent-123,,c50,whatsapp,12,\n");
    let ran = reader.feed(&["import", "chatvolt", "-"], &wrong).await;
    let (_, summary) = reported(&ran.stdout);
    assert_eq!((ran.code, counts(&summary)), (2, [0, 50, 0, 0, 1, 0, 0]));
    let text = format!("{HEAD}agent-123,,conv-456,whatsapp,+5511900000001,\n");
    let nothing_new = reader.feed(&["import", "chatvolt", "-"], &text).await;
    let (_, summary) = reported(&nothing_new.done());
    assert_eq!(counts(&summary), [0, 0, 1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_report_does_not_overwrite_what_is_imported() {
    let folder = folder();
    let file = &file(&folder, "rows.csv", HEAD);
    let same = &format!("{}/./rows.csv", folder.path().display());
    let shell = of_server("http://127.0.0.1:9");
    let import = ["import", "chatvolt", file, "--report", same];
    shell.run(&import).await.failed(2, "would overwrite");
    assert_eq!(std::fs::read_to_string(file).expect("a file"), HEAD);
}

/// A shell of that server, with any key.
fn of_server(url: &str) -> Shell {
    let shell = Shell::default().set("RECADO_SERVER", url);
    shell.set("RECADO_KEY", "rcd_key")
}

/// A shell of a server with an agent and a channel, which says when it is asked to create something and answers that
/// when it may.
async fn slow() -> (Shell, mpsc::UnboundedReceiver<()>, Arc<Semaphore>) {
    let (asked, asks) = mpsc::unbounded_channel();
    let may_answer = Arc::new(Semaphore::new(0));
    let answers = Arc::clone(&may_answer);
    let list = |data: Value| async move { Json(json!({"data": data, "nextCursor": null})) };
    let create = move || {
        let (asked, answers) = (asked.clone(), Arc::clone(&answers));
        async move {
            asked.send(()).ok();
            answers.acquire().await.expect("it stays open").forget();
            Json(json!({"warnings": [{"field": "to", "message": "to be looked at"}]}))
        }
    };
    let agents = json!([{"id": "agent-123", "name": "Front desk"}]);
    let channels = json!([{"id": "main", "provider": "whatsapp", "settings": {}}]);
    let key = json!({"scopes": ["read", "send", "manage"]});
    let router = Router::new()
        .route("/api-keys/current", get(move || async move { Json(key) }))
        .route("/agents", get(move || list(agents)))
        .route("/channels", get(move || list(channels)))
        .route("/conversations", get(move || list(json!([]))).post(create));
    let (listener, url) = world::free_port().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    (of_server(&url), asks, may_answer)
}

/// Begins to import 50 conversations, and waits until as many are asked for as are at once.
async fn import_of_50(shell: &Shell, asks: &mut mpsc::UnboundedReceiver<()>) -> (Child, TempDir) {
    let folder = folder();
    let text = format!("{HEAD}{}", rows("agent-123", 50));
    let file = &file(&folder, "rows.csv", &text);
    let import = shell.command(&["import", "chatvolt", file]).spawn();
    for _ in 0..8 {
        soon("a request", asks.recv()).await.expect("a server");
    }
    (import.expect("a process"), folder)
}

/// The rows and the summary of an import that was interrupted.
async fn interrupted(import: Child) -> (Vec<Value>, Value) {
    let output = soon("the import ends", import.wait_with_output()).await;
    let output = output.expect("an output");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    reported(&String::from_utf8(output.stdout).expect("text"))
}

#[tokio::test]
async fn the_first_interrupt_waits_for_the_requests_under_way() {
    let (shell, mut asks, may_answer) = slow().await;
    let (mut import, _folder) = import_of_50(&shell, &mut asks).await;
    let stderr = import.stderr.take().expect("it is piped");
    signal(&import, "INT").await.expect("it runs");
    let mut lines = BufReader::new(stderr).lines();
    let line = soon("a line", lines.next_line()).await.expect("text");
    assert_contains(&line.expect("a line"), "waiting for the requests under way");
    may_answer.add_permits(50);
    let (rows, summary) = interrupted(import).await;
    let [created, .., failed, not_tried] = counts(&summary);
    assert_eq!((created, failed, not_tried), (8, 0, 42), "{summary}");
    assert_eq!(rows.len(), 50);
    assert!(asks.try_recv().is_err(), "nothing else was asked for");
}

#[tokio::test]
async fn a_second_interrupt_ends_an_import_at_once_and_every_row_is_told() {
    let (shell, mut asks, _may_answer) = slow().await;
    let (mut import, _folder) = import_of_50(&shell, &mut asks).await;
    // Two signals that come at the same time are one.
    until("the import ends", async || {
        signal(&import, "INT").await.expect("it runs");
        let ended = timeout(Duration::from_millis(300), import.wait()).await;
        ended.ok()
    })
    .await
    .expect("an end");
    let (rows, summary) = interrupted(import).await;
    let [.., failed, not_tried] = counts(&summary);
    assert_eq!((failed, not_tried, rows.len()), (8, 42, 50), "{summary}");
}
