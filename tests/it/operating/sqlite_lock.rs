//! A SQLite file has one server; a second one says so, or waits.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use recado_store::{DatabaseKind, MasterKey, ServerLock, Store};
use recado_tests::binaries::Place;
use recado_tests::folder::file;
use recado_tests::prelude::*;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// `recado-server` with these arguments on that database.
fn server(database: &TestDatabase, arguments: &str) -> Command {
    let mut server = recado_server(arguments);
    server
        .env("RECADO_LISTEN", "127.0.0.1:0")
        .envs(Place::of(database).variables());
    server
}

async fn first(database: &TestDatabase) -> Server {
    let place = Place::of(database);
    Server::start(&place.variables()).await.expect("a server")
}

/// A server that was spawned, and what it logs.
struct Spawned {
    process: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Spawned {
    fn of(server: &mut Command) -> Self {
        let process = server.stderr(Stdio::piped()).spawn();
        let mut process = process.expect("a process");
        let errors = process.stderr.take().expect("a pipe");
        let lines = BufReader::new(errors).lines();
        Self { process, lines }
    }

    /// Reads what it logs until a line has that text.
    async fn hear(&mut self, wanted: &str) {
        until(wanted, async || {
            let line = self.lines.next_line().await.expect("a line");
            let line = line.unwrap_or_else(|| panic!("the server did not say: {wanted}"));
            line.contains(wanted).then_some(())
        })
        .await;
    }

    /// Asks it to end, which it does with success.
    async fn stop(mut self) {
        signal(&self.process, "TERM").await.expect("a signal");
        let ended = soon("the server ends", self.process.wait()).await;
        assert!(ended.expect("an end").success());
    }
}

#[tokio::test]
async fn a_second_server_names_the_first_and_ends() {
    let database = TestDatabase::fresh().await;
    if database.kind() == DatabaseKind::Postgres {
        let (_one, _other) = (first(&database).await, first(&database).await);
        return;
    }
    let holder = first(&database).await;
    let second = ran(&mut server(&database, "serve")).await;
    let pid = holder.process.id().expect("a process");
    second.refused("a SQLite database has one server");
    second.refused(&format!("in use by process {pid} since 2"));
    assert!(!second.stderr.contains("is listening"), "{}", second.stderr);
    for arguments in ["operator-key create", "check-config", "migrate"] {
        ran(&mut server(&database, arguments)).await.succeeded();
    }
    holder.stop().await.expect("an end");
}

#[tokio::test]
async fn the_lock_is_the_same_for_every_path_to_the_file() {
    let database = TestDatabase::fresh().await;
    let Some(directory) = database.directory() else {
        return;
    };
    let _holder = first(&database).await;
    let link = directory.join("link.db");
    std::os::unix::fs::symlink(directory.join("recado.db"), &link).expect("a link");
    for url in [
        format!("sqlite:{}", link.display()),
        format!("sqlite:{}/./recado%2Edb?mode=rw", directory.display()),
    ] {
        let mut second = server(&database, "serve");
        let second = ran(second.env("RECADO_DATABASE_URL", &url)).await;
        second.refused("in use by process");
    }
}

#[tokio::test]
async fn a_server_that_waits_starts_when_the_first_is_killed() {
    let database = TestDatabase::fresh().await;
    if database.kind() == DatabaseKind::Postgres {
        return;
    }
    let holder = first(&database).await;
    let mut waiting = Spawned::of(&mut server(&database, "serve --wait"));
    waiting.hear("waiting for the database").await;
    holder.kill().await.expect("a kill");
    waiting.hear("is listening").await;
    waiting.stop().await;
}

/// Gives the database the fingerprint of a key.
async fn adopt(database: &TestDatabase, key: &MasterKey) {
    let store = Store::connect(database.url(), key.clone()).await;
    let store = store.expect("a store");
    store.adopt_master_key().await.expect("a fingerprint");
    store.close().await;
}

#[tokio::test]
async fn a_server_that_waits_takes_the_key_that_a_rotation_made_meanwhile() {
    let database = TestDatabase::in_file().await;
    let key_file = file(&database, "recado.db.key");
    adopt(&database, database.key()).await;
    fs::write(&key_file, database.key().to_base64().expose_secret()).expect("a key");
    let held = ServerLock::take(database.url(), Timestamp::now()).expect("a lock");
    let mut command = server(&database, "serve --wait");
    let mut waiting = Spawned::of(command.env_remove("RECADO_MASTER_KEY"));
    waiting.hear("waiting for the database").await;
    // What a rotation leaves, which holds the lock itself.
    let other = MasterKey::generate().expect("random bytes");
    database.execute("delete from master_key").await;
    adopt(&database, &other).await;
    fs::write(&key_file, other.to_base64().expose_secret()).expect("a key");
    fs::set_permissions(&key_file, Permissions::from_mode(0o644)).expect("a mode");
    drop(held);
    waiting.hear("is listening").await;
    let mode = fs::metadata(&key_file).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    waiting.stop().await;
}

#[tokio::test]
async fn a_key_from_a_pipe_is_read_once() {
    let database = TestDatabase::in_file().await;
    let mut command = server(&database, "serve");
    command
        .env_remove("RECADO_MASTER_KEY")
        .env("RECADO_MASTER_KEY_FILE", "/dev/stdin")
        .stdin(Stdio::piped());
    let mut starting = Spawned::of(&mut command);
    let mut pipe = starting.process.stdin.take().expect("a pipe");
    let key = database.key().to_base64();
    let written = pipe.write_all(key.expose_secret().as_bytes()).await;
    written.expect("a key");
    drop(pipe);
    starting.hear("is listening").await;
    starting.stop().await;
}
