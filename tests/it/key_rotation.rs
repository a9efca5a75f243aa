//! `recado-server rotate-master-key`, killed in the middle and beside a running server.

use std::fs;
use std::process::{Output, Stdio};

use recado_store::testing::TestDatabase;
use recado_store::{MasterKey, Store, StoreError, WebhookCall};
use recado_tests::binaries::{Deployment, Server, command};
use recado_tests::world::smallest_body;
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

pub(crate) fn rotate(database: &TestDatabase, old: &MasterKey, new: &MasterKey) -> Command {
    let mut server = command("recado-server").expect("the binary");
    server
        .arg("rotate-master-key")
        .env("RECADO_DATABASE_URL", database.url())
        .env("RECADO_MASTER_KEY", old.to_base64().expose_secret())
        .env("RECADO_NEW_MASTER_KEY", new.to_base64().expose_secret());
    server
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn fresh_key() -> MasterKey {
    MasterKey::generate().expect("random bytes")
}

/// Kills a rotation as soon as it says that it encrypted rows.
async fn kill_early(database: &TestDatabase, old: &MasterKey, new: &MasterKey) {
    let mut running = rotate(database, old, new)
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(running.stderr.take().expect("a pipe")).lines();
    while let Some(line) = lines.next_line().await.expect("a line") {
        if line.contains("encrypted rows again") {
            break;
        }
    }
    running.kill().await.expect("a kill");
}

/// Kills a rotation in the middle, and gives its keys.
async fn killed_in_the_middle(database: &TestDatabase) -> (MasterKey, MasterKey) {
    let (mut old, mut new) = (database.key().clone(), fresh_key());
    loop {
        kill_early(database, &old, &new).await;
        let store = Store::connect(database.url(), old.clone())
            .await
            .expect("a store");
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
        let call = WebhookCall {
            id: format!("whc_{number:04}"),
            organization_id: "demo".parse().expect("an id"),
            channel_id: "zapi".parse().expect("an id"),
            content_type: None,
            body: vec![b'x'; 16 * 1024],
            received_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let kept = store.keep_webhook_call(&call, jiff::Timestamp::MAX);
        kept.await.expect("a kept call");
    }
    store.close().await;
}

#[tokio::test]
async fn a_rotation_that_is_killed_in_the_middle_goes_on_where_it_was() {
    let deployment = Deployment::start().await;
    let (database, client) = (&deployment.database, deployment.client.clone());
    deployment.server.stop().await.expect("an end");
    keep_many_calls(database).await;
    let (old, new) = killed_in_the_middle(database).await;
    for key in [&old, &new] {
        let key = key.to_base64();
        let place = [
            ("RECADO_DATABASE_URL", database.url()),
            ("RECADO_MASTER_KEY", key.expose_secret()),
        ];
        let refused = Server::start(&place)
            .await
            .err()
            .expect("a refusal")
            .to_string();
        assert!(
            refused.contains("run `recado-server rotate-master-key` again"),
            "{refused}"
        );
    }
    let output = rotate(database, &old, &new)
        .output()
        .await
        .expect("a process");
    assert!(output.status.success(), "{}", said(&output));
    let server = Server::with_key(database, &new, &deployment.urls)
        .await
        .expect("a server");
    for conversation in ["conv-456", "conv-zapi", "conv-zapperhub"] {
        let sent = client
            .at(&server.url)
            .send(smallest_body(conversation))
            .await;
        sent.expect(200);
    }
    let refused = rotate(database, &new, &fresh_key())
        .output()
        .await
        .expect("a process");
    assert_eq!(refused.status.code(), Some(1));
    let sentence = said(&refused);
    assert!(
        sentence.contains("servers are running on this database")
            || sentence.contains("in use by process"),
        "{sentence}"
    );
    let sent = client.at(&server.url).send(smallest_body("conv-456")).await;
    sent.expect(200);
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
    let ended = deployment
        .server
        .ended()
        .await
        .expect_err("it ends with a failure");
    assert!(ended.to_string().contains("exit status: 1"), "{ended}");
}

#[tokio::test]
async fn the_key_file_gets_the_new_key_and_the_old_one_is_kept_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let database = format!("sqlite:{}", file("recado.db").display());
    let run = async |arguments: &str| {
        let mut server = command("recado-server").expect("the binary");
        server
            .args(arguments.split(' '))
            .env("RECADO_DATABASE_URL", &database);
        let output = server.output().await.expect("a process");
        assert!(output.status.success(), "{arguments}: {}", said(&output));
    };
    run("migrate").await;
    let old = fs::read(file("recado.db.key")).expect("a key");
    run("rotate-master-key").await;
    let new = fs::read(file("recado.db.key")).expect("a key");
    assert_ne!(old, new);
    assert_eq!(fs::read(file("recado.db.key.old")).expect("a key"), old);
    assert!(!file("recado.db.key.new").exists());
    run("check-config").await;
    run("rotate-master-key").await;
    run("check-config").await;
}
