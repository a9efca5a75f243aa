//! A backup of a SQLite database, made while the server works, brings everything of before it back.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use recado_store::MasterKey;
use recado_tests::binaries::{command, deploy};
use recado_tests::folder::{file, names, refused, run, succeed, text};
use recado_tests::prelude::*;
use recado_tests::world::sandbox;
use rstest::rstest;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Messages that are acknowledged before the backup begins.
const ENOUGH: usize = 40;

/// Sends into a conversation until the server is gone; the channel counts what is acknowledged.
async fn send(
    client: Client,
    conversation: &'static str,
    acknowledged: watch::Sender<Vec<String>>,
) {
    loop {
        let body = smallest_body(conversation);
        let request = client
            .request(Method::POST, "/messages/interactive/send-buttons")
            .json(&body);
        let Ok(response) = request.send().await else {
            return;
        };
        let Ok(answer) = response.json::<Value>().await else {
            return;
        };
        let id = answer["message"]["id"].as_str().expect("an id").to_owned();
        acknowledged.send_modify(|ids| ids.push(id));
    }
}

async fn messages(client: &Client) -> HashSet<String> {
    let mut found = HashSet::new();
    for (_, conversation) in CONVERSATIONS {
        let path = format!("/conversations/{conversation}/messages?limit=100");
        let listed = client.list(&path).await;
        found.extend(
            listed
                .iter()
                .map(|message| message["id"].as_str().expect("an id").to_owned()),
        );
    }
    found
}

async fn event_ids(client: &Client) -> Vec<String> {
    let listed = client.list("/events?limit=1000").await;
    let ids = listed
        .iter()
        .map(|event| event["id"].as_str().expect("an id").to_owned());
    ids.collect()
}

#[tokio::test]
async fn every_message_that_was_acknowledged_before_a_backup_is_there_after_its_restore() {
    let (database, (_sandbox, urls)) = (TestDatabase::in_file().await, sandbox().await);
    let (server, client) = deploy(&database, &urls).await;
    let (acknowledged, mut heard) = watch::channel(Vec::new());
    let mut senders = JoinSet::new();
    for (_, conversation) in CONVERSATIONS {
        senders.spawn(send(client.clone(), conversation, acknowledged.clone()));
    }
    let before = heard.wait_for(|ids| ids.len() >= ENOUGH).await;
    let before: HashSet<_> = before.expect("senders").iter().cloned().collect();
    let backup = file(&database, "copy of today.db");
    let said = succeed(&database, &["backup", text(&backup)]).await;
    assert!(said.contains("copied and checked in"), "{said}");
    assert!(said.contains("The master key is not in it"), "{said}");
    let during = acknowledged.borrow().len();
    // Sends went on, and go on.
    heard
        .wait_for(|ids| ids.len() > during)
        .await
        .expect("senders");
    let newest = event_ids(&client).await.pop().expect("events");
    server.kill().await.expect("a kill");
    senders.join_all().await;
    let mode = fs::metadata(&backup).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    fs::write(file(&database, "recado.db"), "destroyed").expect("a file");
    let said = succeed(&database, &["restore", text(&backup)]).await;
    let kept = said
        .split("kept as ")
        .nth(1)
        .and_then(|rest| rest.split(';').next());
    let kept = fs::read(kept.expect("the name of the old database")).expect("a file");
    assert!(kept == b"destroyed", "the old database is as it was");
    let server = Server::on(&database, &urls).await.expect("a server");
    let client = client.at(&server.url);
    let found = messages(&client).await;
    assert!(
        found.is_superset(&before),
        "{} of {}",
        found.len(),
        before.len()
    );
    // An event id that a receiver knows already is not given out again.
    client.accepted(smallest_body("conv-456")).await;
    let next = event_ids(&client).await.pop().expect("events");
    assert!(next > newest, "{next} and {newest}");
    let there = client.read(&format!("/events?cursor={newest}")).await;
    // Messages that the backup caught while they were sent have come to their end meanwhile.
    let behind = there["data"].as_array().expect("events");
    assert_eq!(behind.last().expect("events")["id"], next.as_str());
    server.stop().await.expect("an end");
    let left: Vec<_> = names(&database)
        .into_iter()
        .filter(|name| name.contains(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_backup_does_not_replace_a_file_or_the_database() {
    let database = &TestDatabase::in_file().await;
    let (backup, own) = (file(database, "backup.db"), file(database, "recado.db"));
    fs::write(&backup, "old").expect("a file");
    let names_before = names(database);
    let beside = |ending: &str| file(database, &format!("recado.db{ending}"));
    let belongs = "is a file of the database";
    for (arguments, sentence) in [
        (
            &["backup", text(&backup)][..],
            "exists already; choose another file, or replace it with --force",
        ),
        (&["backup", "--force", text(&own)], "is the database itself"),
        (&["backup", "--force", text(&beside("-wal"))], belongs),
        (&["backup", "--force", text(&beside("-shm"))], belongs),
        (&["backup", "--force", text(&beside(".lock"))], belongs),
        (&["backup", "--force", text(&beside(".key"))], belongs),
        (&["backup", "--force", text(&beside(".key.new"))], belongs),
        (
            &["backup", "--force", "/"],
            "is a folder; name a file in it",
        ),
        (
            &["backup", "/nowhere/backup.db"],
            "cannot write in the folder /nowhere",
        ),
    ] {
        let said = refused(database, arguments).await;
        assert!(said.contains(sentence), "{said}");
    }
    assert_eq!(fs::read(&backup).expect("a file"), b"old");
    assert_eq!(names(database), names_before);
    succeed(database, &["backup", "--force", text(&backup)]).await;
    assert!(
        fs::read(&backup)
            .expect("a file")
            .starts_with(b"SQLite format 3\0")
    );
}

#[rstest]
#[case::a_text(|bytes: &mut Vec<u8>| *bytes = b"not a database".to_vec(), "is not a SQLite database")]
#[case::nothing(|bytes: &mut Vec<u8>| bytes.clear(), "is not a SQLite database")]
#[case::a_damaged_page(|bytes: &mut Vec<u8>| bytes[8_192..16_384].fill(0xff), "cannot be restored: ")]
#[case::a_part(|bytes: &mut Vec<u8>| bytes.truncate(20_000), "cannot be restored: ")]
#[tokio::test]
async fn a_file_that_is_not_a_complete_backup_is_refused(
    #[case] spoil: fn(&mut Vec<u8>),
    #[case] sentence: &str,
) {
    let database = &TestDatabase::in_file().await;
    let backup = file(database, "backup.db");
    succeed(database, &["backup", text(&backup)]).await;
    let mut bytes = fs::read(&backup).expect("a file");
    spoil(&mut bytes);
    fs::write(&backup, &bytes).expect("a file");
    let before = fs::read(file(database, "recado.db")).expect("a file");
    let names_before = names(database);
    let said = refused(database, &["restore", text(&backup)]).await;
    assert!(said.contains(sentence), "{said}");
    assert_eq!(
        fs::read(file(database, "recado.db")).expect("a file"),
        before
    );
    let lock = HashSet::from(["recado.db.lock".to_owned()]);
    assert_eq!(&names(database) - &lock, &names_before - &lock);
}

#[tokio::test]
async fn a_backup_of_another_master_key_is_refused() {
    let (database, other) = (
        &TestDatabase::in_file().await,
        &TestDatabase::in_file().await,
    );
    let backup = file(database, "backup.db");
    for database in [database, other] {
        // A server or a command gives a database its key.
        succeed(database, &["migrate"]).await;
    }
    succeed(other, &["backup", text(&backup)]).await;
    let said = refused(database, &["restore", text(&backup)]).await;
    for sentence in [
        "was written with another master key",
        "give RECADO_MASTER_KEY or its file the key of the backup",
        "in docs/operations.md",
    ] {
        assert!(said.contains(sentence), "{said}");
    }
    let copy = file(database, "copy.db");
    let wrong = run(database.url(), other.key(), &["backup", text(&copy)]).await;
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        said.contains("was written with another master key") && !said.contains("damaged"),
        "{said}"
    );
}

#[tokio::test]
async fn a_database_in_use_is_neither_replaced_nor_taken_for_a_backup() {
    let (database, (_sandbox, urls)) = (&TestDatabase::in_file().await, sandbox().await);
    let (server, _) = deploy(database, &urls).await;
    let backup = file(database, "backup.db");
    succeed(database, &["backup", text(&backup)]).await;
    let said = refused(database, &["restore", text(&backup)]).await;
    assert!(said.contains("stop the server first: "), "{said}");
    assert!(!said.contains("--wait"), "{said}");
    let other = TestDatabase::in_file().await;
    let said = refused(&other, &["restore", text(&file(database, "recado.db"))]).await;
    assert!(
        said.contains("not a backup but a database in use"),
        "{said}"
    );
    server.stop().await.expect("an end");
}

#[tokio::test]
async fn a_backup_needs_its_key_where_it_is_restored() {
    let database = &TestDatabase::in_file().await;
    let backup = file(database, "backup.db");
    succeed(database, &["backup", text(&backup)]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = command("recado-server").expect("the binary");
    server.args(["restore", text(&backup)]).env(
        "RECADO_DATABASE_URL",
        format!("sqlite:{}/new.db", folder.path().display()),
    );
    let output = server.output().await.expect("a process");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("the master key of the backup is missing: put it back as"),
        "{said}"
    );
    // With its key it becomes the database of a machine that had none.
    let url = format!("sqlite:{}/new.db", folder.path().display());
    let output = run(&url, database.key(), &["restore", text(&backup)]).await;
    assert!(output.status.success(), "{output:?}");
    assert!(
        run(&url, database.key(), &["check-config"])
            .await
            .status
            .success()
    );
}

/// The statement of the document does for PostgreSQL what `restore` does for SQLite.
#[tokio::test]
async fn the_documented_statement_moves_event_ids_on_after_a_restore() {
    let database = TestDatabase::fresh().await;
    let document = include_str!("../../../docs/operations.md");
    let statement = document
        .lines()
        .find(|line| line.starts_with("update organizations set last_event"));
    let last = "select cast(last_event as varchar(40)) as last from organizations";
    database
        .execute("insert into organizations (id, name, created_at, last_event) values ('one', 'One', 0, 7)")
        .await;
    database.execute(statement.expect("a statement")).await;
    assert_eq!(database.rows(last).await, ["last=4294967303"]);
    database
        .execute("update organizations set last_event = 7")
        .await;
    let store = database.store().await;
    store.skip_event_ids().await.expect("a database");
    store.close().await;
    assert_eq!(database.rows(last).await, ["last=4294967303"]);
}

#[tokio::test]
async fn a_postgresql_database_is_left_to_its_own_tools() {
    let (url, key) = (
        "postgres://127.0.0.1:1/recado",
        MasterKey::generate().expect("random bytes"),
    );
    for (subcommand, tool) in [("backup", "pg_dump"), ("restore", "pg_restore")] {
        let output = run(url, &key, &[subcommand, "/tmp/recado-backup.db"]).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(tool), "{said}");
    }
}
