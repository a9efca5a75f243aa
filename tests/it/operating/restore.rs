//! A restore that is killed, or that replaces the database of a killed server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use recado_store::MasterKey;
use recado_tests::binaries::{Place, deploy};
use recado_tests::folder::{file, names, run, succeed, text};
use recado_tests::prelude::*;
use recado_tests::world::sandbox;
use rstest::rstest;

/// The names of the operator keys in a database file.
async fn operator_keys(file: &Path, key: &MasterKey) -> String {
    let url = format!("sqlite:{}", file.display());
    let listed = run(&url, key, &["operator-key", "list"]).await;
    listed.succeeded()
}

/// The databases that restores kept.
fn kept(database: &TestDatabase) -> Vec<PathBuf> {
    let names = names(database).into_iter();
    let kept = names.filter(|name| name.contains(".before-") && name.ends_with('Z'));
    let mut kept: Vec<_> = kept.map(|name| file(database, &name)).collect();
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
    assert!(!fs::exists(format!("{}-wal", old.display())).expect("a folder"));
    let old = operator_keys(old, database.key()).await;
    assert_contains(&old, "late");
}

/// Kills a restore as soon as one more file has that in its name, unless it ends before.
async fn kill_restore(database: &TestDatabase, backup: &Path, sign: &str) {
    let count = || {
        let names = names(database);
        names.iter().filter(|name| name.contains(sign)).count()
    };
    let before = count();
    let mut restore = recado_server("restore");
    restore
        .arg(text(backup))
        .envs(Place::of(database).variables())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut restore = restore.spawn().expect("a process");
    until("it restores", async || {
        let has_ended = restore.try_wait().expect("a process").is_some();
        (has_ended || count() != before).then_some(())
    })
    .await;
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
        assert_contains(&keys, "first");
        if !keys.contains(&late) {
            let newest = kept(database).pop().expect("the database of before");
            assert_contains(&operator_keys(&newest, key).await, &late);
        }
    }
    succeed(database, &["restore", text(&backup)]).await;
    let keys = operator_keys(&own, key).await;
    assert!(keys.contains("first") && !keys.contains("late"), "{keys}");
}
