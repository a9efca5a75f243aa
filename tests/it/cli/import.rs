//! `recado import chatvolt`: checks first, creates once, goes on after an interruption.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use recado_tests::World;
use recado_tests::binaries::signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use super::shell::{Shell, connect, shop};

const HEAD: &str = "agentId,agentName,conversationId,channel,phone,name\n";

/// The rows that were reported, and the summary.
fn reported(stdout: &str) -> (Vec<Value>, Value) {
    let lines = stdout.lines();
    let mut lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let summary = lines.pop().expect("a summary");
    (lines, summary)
}

fn counts(summary: &Value) -> [u64; 7] {
    let statuses = [
        "created", "ready", "present", "leftOut", "wrong", "failed", "notTried",
    ];
    statuses.map(|status| summary[status].as_u64().expect("a count"))
}

async fn conversations(shell: &Shell) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut words = vec!["conversation", "list", "--limit", "100"];
        words.extend(after.iter().flat_map(|cursor| ["--after", cursor.as_str()]));
        let list = shell.run(&words).await.json();
        let data = list["data"].as_array().expect("a list").iter();
        ids.extend(data.map(|entry| entry["id"].as_str().expect("an id").to_owned()));
        after = list["nextCursor"].as_str().map(str::to_owned);
        if after.is_none() {
            return ids;
        }
    }
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
    let shell = shop(&world).await;
    connect(&shell).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| {
        folder
            .path()
            .join(name)
            .to_str()
            .expect("a path")
            .to_owned()
    };
    let (agents, talks, report) = (path("agents.json"), path("talks.json"), path("report"));
    let (agent, talk) = answers();
    std::fs::write(&agents, agent.to_string()).expect("a file");
    std::fs::write(&talks, talk.to_string()).expect("a file");
    let import = ["import", "chatvolt", &talks, &agents, "--report", &report];
    let (_, summary) = reported(
        &shell
            .run(&[&import[..], &["--dry-run"]].concat())
            .await
            .done(),
    );
    assert_eq!(counts(&summary), [0, 4, 0, 1, 0, 0, 0]);
    assert_eq!(conversations(&shell).await.len(), 3, "of the shop");
    let (rows, summary) = reported(&shell.run(&import).await.done());
    assert_eq!(counts(&summary), [4, 0, 0, 1, 0, 0, 0]);
    let kept = std::fs::read_to_string(&report).expect("a report");
    let kept: Vec<Value> = kept
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(kept, rows);
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
    let shell = shop(&world).await;
    connect(&shell).await;
    let text = format!(
        "{HEAD}a2,Bia,c1,whatsapp,+55 11 90000-0002,Rita\na2,,c2,whatsapp,12,\na9,,c3,sms,+5511900000003,\n"
    );
    let ran = shell.feed(&["import", "chatvolt", "-"], &text).await;
    let (rows, summary) = reported(&ran.stdout);
    assert_eq!(
        (ran.code, counts(&summary)),
        (2, [0, 2, 0, 0, 2, 0, 0]),
        "{rows:?}"
    );
    let wrong: Vec<_> = rows.iter().filter(|row| row["status"] == "wrong").collect();
    assert_eq!(
        (&wrong[0]["line"], &wrong[1]["line"]),
        (&json!(3), &json!(4))
    );
    let shown = shell
        .feed(&["import", "chatvolt", "-", "--output", "table"], &text)
        .await;
    for part in [
        "standard input, line 3: conversation c2: phone: ",
        "standard input, line 4: conversation c3: agent a9 does not exist, and has no name here",
        "give --channel sms=ID",
        "2 to create, 2 to correct\nnothing was created: correct the rows above, and run it again",
    ] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(conversations(&shell).await.len(), 3, "of the shop");
    let agents = shell.line("agent list").await.json();
    assert_eq!(agents["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn another_spelling_of_a_number_is_told_in_a_dry_run_and_by_the_import() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let text = format!(
        "{HEAD}agent-123,,n1,whatsapp,+5511900000007,\nagent-123,,n2,whatsapp,+551100000007,\n"
    );
    for (dry_run, status) in [(Some("--dry-run"), "ready"), (None, "created")] {
        let mut import = vec!["import", "chatvolt", "-"];
        import.extend(dry_run);
        let (rows, _) = reported(&shell.feed(&import, &text).await.done());
        let told: Vec<_> = rows
            .iter()
            .filter_map(|row| row["warning"].as_str())
            .collect();
        assert!(
            told.iter().any(|told| told.starts_with("Is another spelling of the number of conversation n")),
            "{rows:?}"
        );
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
        assert!(told.contains("to be looked at"), "{told}");
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
        assert!(
            ran.stdout.contains("the file has no rows"),
            "{}",
            ran.stdout
        );
    }
}

#[tokio::test]
async fn an_import_that_is_killed_goes_on_where_it_was() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let mut text = format!("{HEAD}a2,Bia,,,,\n");
    for n in 0..300 {
        writeln!(text, "a2,,c{n},whatsapp,+55119100{n:05},").expect("a text");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, &text).expect("a file");
    let file = file.to_str().expect("a path");
    let mut import = shell
        .command(&["import", "chatvolt", file])
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(import.stdout.take().expect("it is piped")).lines();
    for _ in 0..20 {
        let line = lines.next_line().await.expect("a line").expect("a row");
        assert!(line.contains(r#""status":"created""#), "{line}");
    }
    import.kill().await.expect("it ends");
    let before = conversations(&shell).await.len() - 3;
    assert!((19..300).contains(&before), "{before}");
    let (_, summary) = reported(&shell.run(&["import", "chatvolt", file]).await.done());
    let [created, _, present, ..] = counts(&summary);
    assert_eq!(created + present, 301);
    assert!(created > 0 && present >= 20, "{summary}");
    let mut ids = conversations(&shell).await;
    assert_eq!(ids.len(), 303);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 303, "each once");
}

#[tokio::test]
async fn a_key_without_the_scope_fails_before_anything_is_created_and_in_a_dry_run() {
    let world = World::start().await;
    let shell = shop(&world).await;
    connect(&shell).await;
    let key = json!({"name": "reader", "scopes": ["read"]});
    let created = world
        .operator
        .post("/organizations/loja/api-keys", key)
        .await;
    let created = created.expect(201);
    let reader = shell.set("RECADO_KEY", created["key"].as_str().expect("a key"));
    let mut text = HEAD.to_owned();
    for n in 0..50 {
        writeln!(text, "agent-123,,c{n},whatsapp,+55119100{n:05},").expect("a text");
    }
    for import in [
        &["import", "chatvolt", "-"][..],
        &["import", "chatvolt", "-", "--dry-run"],
    ] {
        let ran = reader.feed(import, &text).await;
        assert_eq!(ran.code, 4, "{}", ran.stderr);
        let sentence = "the key needs the scope send to create conversations";
        assert!(ran.stderr.contains(sentence), "{}", ran.stderr);
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
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, HEAD).expect("a file");
    let same = folder.path().join(".").join("rows.csv");
    let [file, same] = [&file, &same].map(|path| path.to_str().expect("a path"));
    let shell = Shell::default()
        .set("RECADO_SERVER", "http://127.0.0.1:9")
        .set("RECADO_KEY", "rcd_key");
    let ran = shell
        .run(&["import", "chatvolt", file, "--report", same])
        .await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("would overwrite"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(file).expect("a file"), HEAD);
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
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let shell = Shell::default()
        .set("RECADO_SERVER", &format!("http://{address}"))
        .set("RECADO_KEY", "rcd_key");
    (shell, asks, may_answer)
}

#[tokio::test]
async fn the_first_interrupt_waits_for_the_requests_under_way() {
    let (shell, mut asks, may_answer) = slow().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut import = import_of_50(&shell, folder.path());
    for _ in 0..8 {
        asks.recv().await.expect("a request");
    }
    let stderr = import.stderr.take().expect("it is piped");
    signal(&import, "INT").await.expect("it runs");
    let line = BufReader::new(stderr).lines().next_line().await;
    let line = line.expect("text").expect("a line");
    assert!(
        line.contains("waiting for the requests under way"),
        "{line}"
    );
    may_answer.add_permits(50);
    let output = timeout(Duration::from_secs(20), import.wait_with_output()).await;
    let output = output.expect("it ends").expect("an output");
    assert_eq!(output.status.code(), Some(1));
    let (rows, summary) = reported(&String::from_utf8(output.stdout).expect("text"));
    let [created, .., failed, not_tried] = counts(&summary);
    assert_eq!((created, failed, not_tried), (8, 0, 42), "{summary}");
    assert_eq!(rows.len(), 50);
    assert!(asks.try_recv().is_err(), "nothing else was asked for");
}

/// Begins to import 50 conversations.
fn import_of_50(shell: &Shell, folder: &Path) -> Child {
    let file = folder.join("rows.csv");
    let mut text = HEAD.to_owned();
    for n in 0..50 {
        writeln!(text, "agent-123,,c{n},whatsapp,+55119100{n:05},").expect("a text");
    }
    std::fs::write(&file, &text).expect("a file");
    let file = file.to_str().expect("a path");
    let mut import = shell.command(&["import", "chatvolt", file]);
    import.spawn().expect("a process")
}

#[tokio::test]
async fn a_second_interrupt_ends_an_import_at_once_and_every_row_is_told() {
    let (shell, mut asks, _may_answer) = slow().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut import = import_of_50(&shell, folder.path());
    for _ in 0..8 {
        asks.recv().await.expect("a request");
    }
    // Two signals that come at the same time are one.
    let ends = async {
        loop {
            signal(&import, "INT").await.expect("it runs");
            if let Ok(code) = timeout(Duration::from_millis(300), import.wait()).await {
                return code.expect("a code");
            }
        }
    };
    let ended = timeout(Duration::from_secs(20), ends).await;
    assert_eq!(ended.expect("it ends").code(), Some(1));
    let output = import.wait_with_output().await.expect("an output");
    let (rows, summary) = reported(&String::from_utf8(output.stdout).expect("text"));
    let [.., failed, not_tried] = counts(&summary);
    assert_eq!((failed, not_tried, rows.len()), (8, 42, 50), "{summary}");
}
