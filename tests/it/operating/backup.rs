//! A backup of a SQLite database, made while the server works, brings everything of before it back.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use recado_store::MasterKey;
use recado_tests::binaries::deploy;
use recado_tests::folder::{file, names, refused, run, succeed, text};
use recado_tests::prelude::*;
use recado_tests::world::sandbox;
use rstest::rstest;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Messages that are acknowledged before the backup begins.
const ENOUGH: usize = 40;

async fn messages(client: &Client) -> HashSet<String> {
    let mut found = HashSet::new();
    for (_, conversation) in CONVERSATIONS {
        let path = format!("/conversations/{conversation}/messages?limit=100");
        let listed = client.list(&path).await;
        found.extend(listed.iter().map(|message| id(message).to_owned()));
    }
    found
}

async fn newest_event(client: &Client) -> String {
    let listed = client.list("/events?limit=1000").await;
    id(listed.last().expect("events")).to_owned()
}

#[tokio::test]
async fn every_message_that_was_acknowledged_before_a_backup_is_there_after_its_restore() {
    let (database, (_sandbox, urls)) = (TestDatabase::in_file().await, sandbox().await);
    let (server, client) = deploy(&database, &urls).await;
    let (acknowledged, mut heard) = watch::channel(Vec::new());
    let mut senders = JoinSet::new();
    for (_, conversation) in CONVERSATIONS {
        let (client, acknowledged) = (client.clone(), acknowledged.clone());
        senders.spawn(async move {
            let body = |_| smallest_body(conversation);
            let note = |id| acknowledged.send_modify(|ids| ids.push(id));
            client.send_until_gone(body, note).await;
        });
    }
    let before = heard.wait_for(|ids| ids.len() >= ENOUGH);
    let before = soon("acknowledged messages", before).await;
    let before: HashSet<_> = before.expect("senders").iter().cloned().collect();
    let backup = file(&database, "copy of today.db");
    let said = succeed(&database, &["backup", text(&backup)]).await;
    assert_contains(&said, "copied and checked in");
    assert_contains(&said, "The master key is not in it");
    let during = acknowledged.borrow().len();
    // Sends went on, and go on.
    let another = heard.wait_for(|ids| ids.len() > during);
    drop(soon("one more message", another).await.expect("senders"));
    let newest = newest_event(&client).await;
    server.kill().await.expect("a kill");
    soon("the senders end", senders.join_all()).await;
    let mode = fs::metadata(&backup).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    fs::write(file(&database, "recado.db"), "destroyed").expect("a file");
    let said = succeed(&database, &["restore", text(&backup)]).await;
    let (_, kept) = said.split_once("kept as ").expect("the old database");
    let kept = kept.split(';').next().expect("a name");
    let kept = fs::read(kept).expect("a file");
    assert!(kept == b"destroyed", "the old database is as it was");
    let restored = Server::on(&database, &urls).await.expect("a server");
    let client = client.at(&restored.url);
    let found = messages(&client).await;
    let lost: Vec<_> = before.difference(&found).collect();
    assert!(lost.is_empty(), "{lost:?}");
    // An event id that a receiver knows already is not given out again.
    // Another text: what the kill interrupted is not sent again.
    client.accepted(message_of("conv-456", "Hi again")).await;
    let next = newest_event(&client).await;
    assert!(next > newest, "{next} and {newest}");
    let there = client.read(&format!("/events?cursor={newest}")).await;
    // Messages that the backup caught while they were sent have come to their end meanwhile.
    let end = entries(&there).last().expect("events");
    assert_eq!(id(end), next);
    restored.stop().await.expect("an end");
    let names = names(&database).into_iter();
    let parts: Vec<_> = names.filter(|name| name.contains(".part")).collect();
    assert!(parts.is_empty(), "{parts:?}");
}

#[tokio::test]
async fn a_backup_does_not_replace_a_file_or_the_database() {
    let database = &TestDatabase::in_file().await;
    let (backup, own) = (file(database, "backup.db"), file(database, "recado.db"));
    fs::write(&backup, "old").expect("a file");
    let names_before = names(database);
    let beside = |ending: &str| file(database, &format!("recado.db{ending}"));
    let exists = "exists already; choose another file, or replace it with --force";
    refused(database, &["backup", text(&backup)], exists).await;
    let nowhere = "cannot write in the folder /nowhere";
    refused(database, &["backup", "/nowhere/backup.db"], nowhere).await;
    let belongs = "is a file of the database";
    for (file, sentence) in [
        (&own, "is the database itself"),
        (&beside("-wal"), belongs),
        (&beside("-shm"), belongs),
        (&beside(".lock"), belongs),
        (&beside(".key"), belongs),
        (&beside(".key.new"), belongs),
        (&"/".into(), "is a folder; name a file in it"),
    ] {
        refused(database, &["backup", "--force", text(file)], sentence).await;
    }
    assert_eq!(fs::read(&backup).expect("a file"), b"old");
    assert_eq!(names(database), names_before);
    succeed(database, &["backup", "--force", text(&backup)]).await;
    let bytes = fs::read(&backup).expect("a file");
    assert!(bytes.starts_with(b"SQLite format 3\0"));
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
    refused(database, &["restore", text(&backup)], sentence).await;
    let after = fs::read(file(database, "recado.db")).expect("a file");
    assert!(after == before, "the database changed");
    let lock = HashSet::from(["recado.db.lock".to_owned()]);
    assert_eq!(&names(database) - &lock, &names_before - &lock);
}

#[tokio::test]
async fn a_backup_of_another_master_key_is_refused() {
    let database = &TestDatabase::in_file().await;
    let other = &TestDatabase::in_file().await;
    let backup = file(database, "backup.db");
    for database in [database, other] {
        // A server or a command gives a database its key.
        succeed(database, &["migrate"]).await;
    }
    succeed(other, &["backup", text(&backup)]).await;
    let wrong_key = "was written with another master key";
    let said = refused(database, &["restore", text(&backup)], wrong_key).await;
    assert_contains(
        &said,
        "give RECADO_MASTER_KEY or its file the key of the backup",
    );
    assert_contains(&said, "in docs/operations.md");
    let copy = file(database, "copy.db");
    let wrong = run(database.url(), other.key(), &["backup", text(&copy)]).await;
    wrong.refused(wrong_key);
    assert!(!wrong.stderr.contains("damaged"), "{}", wrong.stderr);
}

#[tokio::test]
async fn a_database_in_use_is_neither_replaced_nor_taken_for_a_backup() {
    let (database, (_sandbox, urls)) = (&TestDatabase::in_file().await, sandbox().await);
    let (server, _) = deploy(database, &urls).await;
    let backup = file(database, "backup.db");
    succeed(database, &["backup", text(&backup)]).await;
    let restore = ["restore", text(&backup)];
    let said = refused(database, &restore, "stop the server first: ").await;
    assert!(!said.contains("--wait"), "{said}");
    let (other, used) = (TestDatabase::in_file().await, file(database, "recado.db"));
    let sentence = "not a backup but a database in use";
    refused(&other, &["restore", text(&used)], sentence).await;
    server.stop().await.expect("an end");
}

#[tokio::test]
async fn a_backup_needs_its_key_where_it_is_restored() {
    let database = &TestDatabase::in_file().await;
    let backup = file(database, "backup.db");
    succeed(database, &["backup", text(&backup)]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}/new.db", folder.path().display());
    let mut restore = recado_server("restore");
    let restore = restore.arg(text(&backup)).env("RECADO_DATABASE_URL", &url);
    let missing = "the master key of the backup is missing: put it back as";
    ran(restore).await.refused(missing);
    // With its key it becomes the database of a machine that had none.
    for arguments in [&["restore", text(&backup)][..], &["check-config"]] {
        run(&url, database.key(), arguments).await.succeeded();
    }
}

/// The statement of the document does for PostgreSQL what `restore` does for SQLite.
#[tokio::test]
async fn the_documented_statement_moves_event_ids_on_after_a_restore() {
    let database = TestDatabase::fresh().await;
    let document = include_str!("../../../docs/operations.md");
    let mut lines = document.lines();
    let statement = lines.find(|line| line.starts_with("update organizations set last_event"));
    let last = "select cast(last_event as varchar(40)) as last from organizations";
    let one =
        "insert into organizations (id, name, created_at, last_event) values ('one', 'One', 0, 7)";
    database.execute(one).await;
    database.execute(statement.expect("a statement")).await;
    assert_eq!(database.rows(last).await, ["last=4294967303"]);
    let reset = "update organizations set last_event = 7";
    database.execute(reset).await;
    let store = database.store().await;
    store.skip_event_ids().await.expect("a database");
    store.close().await;
    assert_eq!(database.rows(last).await, ["last=4294967303"]);
}

#[tokio::test]
async fn a_postgresql_database_is_left_to_its_own_tools() {
    let url = "postgres://127.0.0.1:1/recado";
    let key = MasterKey::generate().expect("random bytes");
    for (subcommand, tool) in [("backup", "pg_dump"), ("restore", "pg_restore")] {
        let arguments = [subcommand, "/tmp/recado-backup.db"];
        run(url, &key, &arguments).await.refused(tool);
    }
}
