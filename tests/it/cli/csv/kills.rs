//! The command and its server are killed at random: every row is sent once.

use std::collections::BTreeSet;

use fastrand::Rng;
use recado_tests::binaries::{Deployment, command};
use tokio::process::{Child, Command};

use super::*;

const KILLS: usize = 20;

/// Conversations, of each provider the same number.
const CONVERSATIONS: usize = 12;

const ROWS: usize = 240;

/// Rows that are sent at once.
const CONCURRENCY: usize = 8;

/// Least and most requests to the providers between two kills.
const BETWEEN: std::ops::Range<usize> = 1..10;

/// A file of rows, each with a text of its own.
fn rows() -> String {
    let row = |number| format!("c{},Row {number}\n", number % CONVERSATIONS);
    let rows: String = (0..ROWS).map(row).collect();
    format!("conversation,body\n{rows}")
}

/// Opens the conversations, and makes every provider slow enough for a kill in the middle of its answer.
async fn prepare(client: &Client, sandbox: &recado_sandbox::Sandbox) {
    client.unlimit("whatsapp").await;
    for number in 0..CONVERSATIONS {
        let (channel, _) = world::CONVERSATIONS[number % world::CONVERSATIONS.len()];
        let to = format!("55119000100{number:02}");
        client
            .open(&format!("c{number}"), "agent-123", channel, &to)
            .await;
    }
    for provider in [Provider::Whatsapp, Provider::Zapi, Provider::Zapperhub] {
        let slow = Fault {
            delay_ms: 5,
            ..Fault::new(provider, Effect::Delay)
        };
        sandbox.fail_next(slow, u32::MAX);
    }
    sandbox.clear();
}

fn run(file: &str, server: &str, key: &str) -> Command {
    let mut run = command("recado").expect("the binary");
    run.args(send(file, &format!("--concurrency {CONCURRENCY}")));
    run.envs([("RECADO_SERVER", server), ("RECADO_KEY", key)]);
    run.stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped());
    run
}

/// The texts that the providers were sent, in order.
fn texts(sandbox: &recado_sandbox::Sandbox) -> Vec<String> {
    sandbox.requests().iter().filter_map(text_of).collect()
}

#[tokio::test]
async fn every_row_is_sent_once_though_the_command_and_the_server_are_killed_twenty_times() {
    let Deployment {
        database,
        sandbox,
        urls,
        server,
        client,
    } = Deployment::start().await;
    prepare(&client, &sandbox).await;
    let address = server.url.clone();
    let environment = [
        ("RECADO_LISTEN", address.trim_start_matches("http://")),
        // A server of the same name settles at once what the killed one was sending.
        ("RECADO_SERVER_NAME", "killed"),
    ];
    server.stop().await.expect("an orderly end");
    let server = Server::with(&database, &urls, &environment)
        .await
        .expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, rows()).expect("a file");
    let file = file.to_str().expect("a path");

    let seed = fastrand::u64(..);
    let begin = || run(file, &address, client.key());
    let restart = async || Server::with(&database, &urls, &environment).await;
    let (server, server_kills) = kill_twenty_times(seed, &sandbox, server, begin, restart).await;
    let last = ran(&mut begin()).await;
    assert!(
        matches!(last.code, 0 | 6),
        "seed {seed}: {} {}",
        last.code,
        last.stderr
    );
    check(&texts(&sandbox), file, server_kills, seed);
    server.stop().await.expect("an orderly end");
}

/// Begins a run and kills it or its server at random, again and again; returns the server that runs at the end, and how
/// often a server was killed.
async fn kill_twenty_times(
    seed: u64,
    sandbox: &recado_sandbox::Sandbox,
    mut server: Server,
    begin: impl Fn() -> Command,
    restart: impl AsyncFn() -> anyhow::Result<Server>,
) -> (Server, usize) {
    let (mut random, mut server_kills) = (Rng::with_seed(seed), 0);
    let mut sending: Option<Child> = None;
    for _ in 0..KILLS {
        let process = match &mut sending {
            Some(process) => process,
            None => sending.insert(begin().spawn().expect("a process")),
        };
        let enough = sandbox.requests().len() + random.usize(BETWEEN);
        let moved_on = async || {
            let is_over = process.try_wait().expect("a status").is_some();
            (is_over || sandbox.requests().len() >= enough).then_some(())
        };
        until(&format!("rows are sent (seed {seed})"), moved_on).await;
        if random.bool() {
            process.kill().await.expect("it can be killed");
            sending = None;
        } else {
            server.kill().await.expect("a server to kill");
            server_kills += 1;
            server = restart().await.expect("a restart");
        }
    }
    if let Some(mut process) = sending {
        let ended = soon("the run ends", process.wait()).await;
        ended.expect("a status");
    }
    (server, server_kills)
}

/// Checks what the providers got against what the result file says.
fn check(texts: &[String], file: &str, server_kills: usize, seed: u64) {
    let sent: BTreeSet<_> = texts.iter().map(String::as_str).collect();
    assert_eq!(sent.len(), texts.len(), "a row was sent twice; seed {seed}");
    let results = results(file);
    let lines: Vec<_> = results.iter().map(|(line, ..)| *line).collect();
    let expected: Vec<_> = (2..).take(ROWS).collect();
    assert_eq!(lines, expected, "each row has one result; seed {seed}");
    let (mut unknown, mut last) = (0, BTreeMap::new());
    for ((_, status, what), number) in results.iter().zip(0..) {
        let text = format!("Row {number}");
        match &**status {
            "accepted" => assert!(sent.contains(&*text), "{text} is missing; seed {seed}"),
            "unknown" => unknown += 1,
            _ => panic!("{text}: {status} {what}; seed {seed}"),
        }
        let place = texts.iter().position(|sent| *sent == text);
        let before = last.insert(number % CONVERSATIONS, place);
        assert!(
            place.is_none() || before.flatten() < place,
            "{text} is out of order; seed {seed}"
        );
    }
    // A server that is killed leaves open what it has under way, for this command and for one that was killed before; a
    // command that is killed leaves nothing open.
    assert!(
        unknown <= server_kills * 2 * CONCURRENCY,
        "{unknown} unknown after {server_kills} kills of the server; seed {seed}"
    );
}
