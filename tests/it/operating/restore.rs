//! A restore that is killed, or that replaces the database of a killed server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use recado_store::MasterKey;
use recado_tests::binaries::{command, deploy};
use recado_tests::folder::{file, names, run, succeed, text};
use recado_tests::prelude::*;
use recado_tests::world::sandbox;
use rstest::rstest;
use secrecy::ExposeSecret as _;

/// The names of the operator keys in a database file.
async fn operator_keys(file: &Path, key: &MasterKey) -> String {
    let url = format!("sqlite:{}", file.display());
    let output = run(&url, key, &["operator-key", "list"]).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The databases that restores kept.
fn kept(database: &TestDatabase) -> Vec<PathBuf> {
    let mut kept: Vec<_> = names(database)
        .into_iter()
        .filter(|name| name.contains(".before-") && name.ends_with('Z'))
        .map(|name| file(database, &name))
        .collect();
    kept.sort();
    kept
}

#[tokio::test]
async fn what_was_only_in_the_log_of_a_killed_server_is_in_the_database_that_a_restore_keeps() {
    let (database, (_sandbox, urls)) = (&TestDatabase::in_file().await, sandbox().await);
    let (server, _) = deploy(database, &urls).await;
    let backup = file(database, "backup.db");
    succeed(database, &["backup", text(&backup)]).await;
    succeed(database, &["operator-key", "create", "--name", "late"]).await;
    server.kill().await.expect("a kill");
    let log = fs::metadata(file(database, "recado.db-wal")).expect("a log");
    assert!(log.len() > 0);
    succeed(database, &["restore", text(&backup)]).await;
    let restored = operator_keys(&file(database, "recado.db"), database.key()).await;
    assert!(!restored.contains("late"), "{restored}");
    let [old] = &kept(database)[..] else {
        panic!("one database is kept")
    };
    // It needs no log.
    assert!(!names(database).contains(&format!(
        "{}-wal",
        old.file_name().expect("a name").display()
    )));
    let old = operator_keys(old, database.key()).await;
    assert!(old.contains("late"), "{old}");
}

/// Kills a restore as soon as one more file has that in its name, unless it ends before.
async fn kill_restore(database: &TestDatabase, backup: &Path, sign: &str) {
    let count = || {
        let names = names(database);
        names.iter().filter(|name| name.contains(sign)).count()
    };
    let before = count();
    let mut restore = command("recado-server").expect("the binary");
    restore
        .args(["restore", text(backup)])
        .env("RECADO_DATABASE_URL", database.url())
        .env(
            "RECADO_MASTER_KEY",
            database.key().to_base64().expose_secret(),
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut restore = restore.spawn().expect("a process");
    while count() == before && restore.try_wait().expect("a process").is_none() {
        tokio::task::yield_now().await;
    }
    restore.kill().await.expect("a kill");
}

#[rstest]
#[case::while_it_copies(".part")]
#[case::while_it_replaces(".before-")]
#[tokio::test]
async fn a_killed_restore_leaves_a_whole_database_and_loses_none(#[case] sign: &str) {
    let database = &TestDatabase::in_file().await;
    let (own, key) = (file(database, "recado.db"), database.key());
    succeed(database, &["operator-key", "create", "--name", "first"]).await;
    let backup = file(database, "backup.db");
    succeed(database, &["backup", text(&backup)]).await;
    for round in 0..3 {
        let late = format!("late-{round}");
        succeed(database, &["operator-key", "create", "--name", &late]).await;
        kill_restore(database, &backup, sign).await;
        let keys = operator_keys(&own, key).await;
        assert!(keys.contains("first"), "{keys}");
        if !keys.contains(&late) {
            let newest = kept(database).pop().expect("the database of before");
            let keys = operator_keys(&newest, key).await;
            assert!(keys.contains(&late), "{keys}");
        }
    }
    succeed(database, &["restore", text(&backup)]).await;
    let keys = operator_keys(&own, key).await;
    assert!(keys.contains("first") && !keys.contains("late"), "{keys}");
}
