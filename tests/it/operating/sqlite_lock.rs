//! A SQLite file has one server; a second one says so, or waits.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use recado_store::{DatabaseKind, MasterKey, ServerLock, Store};
use recado_tests::binaries::{Place, command};
use recado_tests::prelude::*;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStderr, Command};

/// `recado-server` with these arguments on that database.
fn server(database: &TestDatabase, arguments: &str) -> Command {
    let mut server = command("recado-server").expect("the binary");
    server
        .args(arguments.split(' '))
        .env("RECADO_LISTEN", "127.0.0.1:0")
        .envs(Place::of(database).variables());
    server
}

async fn first(database: &TestDatabase) -> Server {
    let place = Place::of(database);
    Server::start(&place.variables()).await.expect("a server")
}

/// Reads what a server logs until a line has that text.
async fn hear(lines: &mut Lines<BufReader<ChildStderr>>, wanted: &str) {
    let heard = async {
        while let Some(line) = lines.next_line().await.expect("a line") {
            if line.contains(wanted) {
                return true;
            }
        }
        false
    };
    let heard = tokio::time::timeout(Duration::from_mins(1), heard).await;
    assert_eq!(heard, Ok(true), "the server did not say: {wanted}");
}

#[tokio::test]
async fn a_second_server_names_the_first_and_ends() {
    let database = TestDatabase::fresh().await;
    if database.kind() == DatabaseKind::Postgres {
        let (_one, _other) = (first(&database).await, first(&database).await);
        return;
    }
    let holder = first(&database).await;
    let output = server(&database, "serve")
        .output()
        .await
        .expect("a process");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{said}");
    let pid = holder.process.id().expect("a process");
    assert!(said.contains("a SQLite database has one server"), "{said}");
    assert!(
        said.contains(&format!("in use by process {pid} since 2")),
        "{said}"
    );
    assert!(!said.contains("is listening"), "{said}");
    for (arguments, succeeds) in [
        ("operator-key create", true),
        ("check-config", true),
        ("migrate", true),
    ] {
        let output = server(&database, arguments)
            .output()
            .await
            .expect("a process");
        assert_eq!(output.status.success(), succeeds, "{arguments}: {output:?}");
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
        let output = second.env("RECADO_DATABASE_URL", &url).output().await;
        let said = String::from_utf8(output.expect("a process").stderr).expect("text");
        assert!(said.contains("in use by process"), "{url}: {said}");
    }
}

#[tokio::test]
async fn a_server_that_waits_starts_when_the_first_is_killed() {
    let database = TestDatabase::fresh().await;
    if database.kind() == DatabaseKind::Postgres {
        return;
    }
    let holder = first(&database).await;
    let mut waiting = server(&database, "serve --wait")
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(waiting.stderr.take().expect("a pipe")).lines();
    hear(&mut lines, "waiting for the database").await;
    holder.kill().await.expect("a kill");
    hear(&mut lines, "is listening").await;
    signal(&waiting, "TERM").await.expect("a signal");
    assert!(waiting.wait().await.expect("an end").success());
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
    let key_file = database
        .directory()
        .expect("a folder")
        .join("recado.db.key");
    adopt(&database, database.key()).await;
    fs::write(&key_file, database.key().to_base64().expose_secret()).expect("a key");
    let held = ServerLock::take(database.url(), Timestamp::now()).expect("a lock");
    let mut waiting = server(&database, "serve --wait")
        .env_remove("RECADO_MASTER_KEY")
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(waiting.stderr.take().expect("a pipe")).lines();
    hear(&mut lines, "waiting for the database").await;
    // What a rotation leaves, which holds the lock itself.
    let other = MasterKey::generate().expect("random bytes");
    database.execute("delete from master_key").await;
    adopt(&database, &other).await;
    fs::write(&key_file, other.to_base64().expose_secret()).expect("a key");
    fs::set_permissions(&key_file, Permissions::from_mode(0o644)).expect("a mode");
    drop(held);
    hear(&mut lines, "is listening").await;
    let mode = fs::metadata(&key_file).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    signal(&waiting, "TERM").await.expect("a signal");
    assert!(waiting.wait().await.expect("an end").success());
}

#[tokio::test]
async fn a_key_from_a_pipe_is_read_once() {
    let database = TestDatabase::in_file().await;
    let mut starting = server(&database, "serve")
        .env_remove("RECADO_MASTER_KEY")
        .env("RECADO_MASTER_KEY_FILE", "/dev/stdin")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut pipe = starting.stdin.take().expect("a pipe");
    let key = database.key().to_base64();
    let written = pipe.write_all(key.expose_secret().as_bytes()).await;
    written.expect("a key");
    drop(pipe);
    let mut lines = BufReader::new(starting.stderr.take().expect("a pipe")).lines();
    hear(&mut lines, "is listening").await;
    signal(&starting, "TERM").await.expect("a signal");
    assert!(starting.wait().await.expect("an end").success());
}
