//! `recado-server rotate-master-key`, killed in the middle and beside a running server.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use recado_store::{DatabaseKind, MasterKey, Store, StoreError};
use recado_tests::binaries::{Place, Ran, rotate};
use recado_tests::callbacks::kept_call;
use recado_tests::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::{AsyncBufReadExt as _, BufReader};

fn fresh_key() -> MasterKey {
    MasterKey::generate().expect("random bytes")
}

/// Kills a rotation as soon as it says that it encrypted rows.
async fn kill_early(database: &TestDatabase, old: &MasterKey, new: &MasterKey) {
    let mut running = rotate(database, old, new);
    let running = running.stderr(Stdio::piped()).spawn();
    let mut running = running.expect("a process");
    let mut lines = BufReader::new(running.stderr.take().expect("a pipe")).lines();
    let mut line = async || soon("it rotates", lines.next_line()).await.expect("a line");
    while line()
        .await
        .is_some_and(|line| !line.contains("encrypted rows again"))
    {}
    running.kill().await.expect("a kill");
}

/// Kills a rotation in the middle, and gives its keys.
async fn killed_in_the_middle(database: &TestDatabase) -> (MasterKey, MasterKey) {
    let (mut old, mut new) = (database.key().clone(), fresh_key());
    loop {
        kill_early(database, &old, &new).await;
        let store = Store::connect(database.url(), old.clone()).await;
        let store = store.expect("a store");
        let state = store.check().await;
        store.close().await;
        match state {
            Err(StoreError::RotationUnfinished) => return (old, new),
            // It was faster than the kill: then the next one is killed.
            Err(StoreError::WrongMasterKey) => (old, new) = (new, fresh_key()),
            other => panic!("it did not begin: {other:?}"),
        }
    }
}

/// Keeps more than a rotation re-encrypts in one step.
async fn keep_many_calls(database: &TestDatabase) {
    let store = database.store().await;
    for number in 0..320 {
        let (id, body) = (format!("whc_{number:04}"), vec![b'x'; 16 * 1024]);
        let call = kept_call(&id, body, Timestamp::UNIX_EPOCH);
        let kept = store.keep_webhook_call(&call, Timestamp::MAX);
        kept.await.expect("a kept call");
    }
    store.close().await;
}

#[tokio::test]
async fn a_rotation_that_is_killed_in_the_middle_goes_on_where_it_was() {
    let deployment = Deployment::start().await;
    let (database, client) = (&deployment.database, deployment.client.clone());
    let user = json!({"email": "bia@example.com", "name": "Bia", "role": "agent"});
    let keys = ("/organizations/demo/api-keys", json!({"name": "site"}));
    let creations = [keys, ("/users", user)];
    for (path, body) in &creations {
        client.post_once(path, "k", body.clone()).await.expect(201);
    }
    deployment.server.stop().await.expect("an end");
    keep_many_calls(database).await;
    let (old, new) = killed_in_the_middle(database).await;
    for key in [&old, &new] {
        let place = Place::new(database.url(), key);
        let refused = Server::start(&place.variables()).await.err();
        let refused = refused.expect("a refusal").to_string();
        assert_contains(&refused, "run `recado-server rotate-master-key` again");
    }
    ran(&mut rotate(database, &old, &new)).await.succeeded();
    let server = Server::with_key(database, &new, &deployment.urls).await;
    let server = server.expect("a server");
    let client = client.at(&server.url);
    for (_, conversation) in CONVERSATIONS {
        client.accepted(smallest_body(conversation)).await;
    }
    // Their secrets came of the old key.
    for (path, body) in creations {
        let repeated = client.post_once(path, "k", body).await;
        repeated.refused(409, "already_exists");
    }
    let refused = ran(&mut rotate(database, &new, &fresh_key())).await;
    refused.refused(match database.kind() {
        DatabaseKind::Postgres => "servers are running on this database",
        DatabaseKind::Sqlite => "in use by process",
    });
    client.accepted(smallest_body("conv-456")).await;
    server.stop().await.expect("an end");
}

#[tokio::test]
async fn a_server_whose_database_got_another_key_ends() {
    let deployment = Deployment::start().await;
    let new = fresh_key();
    // What a rotation does that did not see this server.
    let store = deployment.database.store().await;
    let unseen = store.begin_key_rotation(new).await;
    if unseen.is_err() {
        // PostgreSQL shows the server, and the rotation is refused.
        return;
    }
    let ended = deployment.server.ended().await;
    let ended = ended.expect_err("it ends with a failure");
    assert_contains(&ended.to_string(), "exit status: 1");
}

/// A folder with a migrated SQLite database and its key file.
struct Folder(tempfile::TempDir);

impl Folder {
    async fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.succeed("migrate", &[]).await;
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn key(&self) -> String {
        fs::read_to_string(self.file("recado.db.key")).expect("a key")
    }

    async fn run(&self, arguments: &str, environment: &[(&str, &str)]) -> Ran {
        let mut server = recado_server(arguments);
        let server = server.envs(environment.iter().copied());
        let server = server.env("RECADO_DATABASE_URL", "sqlite:recado.db");
        ran(server.current_dir(self.0.path())).await
    }

    async fn succeed(&self, arguments: &str, environment: &[(&str, &str)]) {
        self.run(arguments, environment).await.succeeded();
    }

    /// The kept old keys, oldest first.
    fn old_keys(&self) -> Vec<PathBuf> {
        self.kept("recado.db.key.before-")
    }

    /// The kept files of that name, oldest first.
    fn kept(&self, name: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let files = entries.map(|entry| entry.expect("an entry").path());
        let kept = files.filter(|file| file.to_string_lossy().contains(name));
        let mut kept: Vec<_> = kept.collect();
        kept.sort();
        kept
    }
}

#[tokio::test]
async fn the_key_file_gets_the_new_key_and_every_old_one_is_kept_beside_it() {
    let folder = Folder::new().await;
    let mut keys = vec![folder.key()];
    for _ in 0..2 {
        folder.succeed("rotate-master-key", &[]).await;
        keys.push(folder.key());
        assert!(!folder.file("recado.db.key.new").exists());
        folder.succeed("check-config", &[]).await;
    }
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 3, "all differ");
    let old = folder.old_keys().into_iter();
    let kept = old.map(|file| fs::read_to_string(file).expect("a key"));
    assert_eq!(kept.collect::<Vec<_>>(), keys[..2]);
}

#[tokio::test]
async fn a_backup_of_before_a_rotation_is_restored_with_the_key_of_its_time() {
    let folder = Folder::new().await;
    folder.succeed("backup backup.db", &[]).await;
    for _ in 0..2 {
        folder.succeed("rotate-master-key", &[]).await;
    }
    let refused = folder.run("restore backup.db", &[]).await;
    refused.refused("written with another master key");
    refused.refused("kept as recado.db.key.before-…");
    // As docs/operations.md has it.
    let (key, oldest) = (folder.file("recado.db.key"), &folder.old_keys()[0]);
    fs::rename(&key, folder.file("recado.db.key.of-today")).expect("a key");
    fs::copy(oldest, &key).expect("a key");
    folder.succeed("restore backup.db", &[]).await;
    folder.succeed("check-config", &[]).await;
}

#[tokio::test]
async fn a_refused_rotation_does_not_stand_in_the_way_of_the_next() {
    let folder = Folder::new().await;
    let old = folder.key();
    let same = [("RECADO_NEW_MASTER_KEY", &*old)];
    let refused = folder.run("rotate-master-key", &same).await;
    refused.refused("the new master key is the old one");
    // The key of a rotation that was refused or killed before it began.
    let left = fresh_key().to_base64();
    for given in [Some(fresh_key()), None] {
        let (old, path) = (folder.key(), folder.file("recado.db.key.new"));
        if given.is_some() {
            fs::write(&path, left.expose_secret()).expect("a file");
        }
        let new = given.map(|key| key.to_base64());
        let new_key = |new| ("RECADO_NEW_MASTER_KEY", SecretString::expose_secret(new));
        let environment: Vec<_> = new.iter().map(new_key).collect();
        folder.succeed("rotate-master-key", &environment).await;
        assert!(!path.exists());
        assert_ne!(folder.key(), old);
        if let Some(new) = &new {
            assert_eq!(folder.key(), new.expose_secret());
        }
    }
    // A database that a restore put aside may need it.
    let kept = folder.kept("recado.db.key.new.before-");
    assert_eq!(kept.len(), 1, "{kept:?}");
    let kept = fs::read_to_string(&kept[0]).expect("a key");
    assert_eq!(kept, left.expose_secret());
}

#[tokio::test]
async fn the_new_key_of_a_rotation_that_began_is_never_replaced() {
    let folder = Folder::new().await;
    let old = MasterKey::from_base64(&folder.key()).expect("a key");
    let url = format!("sqlite:{}", folder.file("recado.db").display());
    let new = fresh_key();
    let path = folder.file("recado.db.key.new");
    fs::write(&path, new.to_base64().expose_secret()).expect("a file");
    let store = Store::connect(&url, old).await.expect("a store");
    let mut begun = store.begin_key_rotation(new.clone()).await.expect("begun");
    let other = fresh_key().to_base64();
    let environment = [("RECADO_NEW_MASTER_KEY", other.expose_secret())];
    // Its end is in the database before it is in the folder.
    for ended in [false, true] {
        while ended && begun.step().await.expect("a step").is_some() {}
        let refused = folder.run("rotate-master-key", &environment).await;
        refused.refused("holds another new key");
        let kept = fs::read_to_string(&path).expect("a key");
        assert_eq!(kept, new.to_base64().expose_secret());
    }
    drop(begun);
    store.close().await;
    folder.succeed("rotate-master-key", &[]).await;
    assert_eq!(folder.key(), new.to_base64().expose_secret());
}
