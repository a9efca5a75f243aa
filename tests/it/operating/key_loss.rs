//! `recado-server rotate-master-key --old-key-lost`: the way on in the same database.

use std::fs;

use recado_store::MasterKey;
use recado_tests::binaries::Ran;
use recado_tests::prelude::*;
use secrecy::ExposeSecret as _;

fn fresh_key() -> MasterKey {
    MasterKey::generate().expect("random bytes")
}

/// Gives a database the new key, with what else is said on the command line.
async fn lose(
    database: &TestDatabase,
    old: &MasterKey,
    new: &MasterKey,
    arguments: &[&str],
) -> Ran {
    let mut server = recado_server("rotate-master-key --old-key-lost");
    server
        .args(arguments)
        .env("RECADO_DATABASE_URL", database.url())
        .env("RECADO_MASTER_KEY", old.to_base64().expose_secret())
        .env("RECADO_NEW_MASTER_KEY", new.to_base64().expose_secret());
    ran(&mut server).await
}

#[tokio::test]
async fn after_a_lost_key_every_channel_asks_for_new_credentials_and_then_sends() {
    let deployment = Deployment::start().await;
    let (database, urls) = (&deployment.database, &deployment.urls);
    let endpoint = json!({"url": "http://127.0.0.1:1/hook", "events": ["button.pressed"]});
    let added = deployment.client.create("/webhook-endpoints", endpoint);
    let added = added.await;
    let (new, wrong) = (fresh_key(), fresh_key());
    let refused = lose(database, &wrong, &new, &["--yes"]).await;
    assert_ne!(refused.code, 0, "a server runs");
    deployment.server.stop().await.expect("an end");
    let refused = lose(database, database.key(), &new, &["--yes"]).await;
    refused.refused("the master key is not lost");
    let refused = lose(database, &wrong, &new, &[]).await;
    refused.failed(2, "--yes");
    let server = Server::on(database, urls).await;
    let server = server.expect("nothing was changed");
    server.stop().await.expect("an end");

    lose(database, &wrong, &new, &["--yes"]).await.succeeded();
    let server = Server::with_key(database, &new, urls).await;
    let server = server.expect("a server");
    let client = deployment.client.at(&server.url);
    for (channel, conversation) in CONVERSATIONS {
        let path = format!("/channels/{channel}");
        let refused = client.send(smallest_body(conversation)).await;
        refused.refused(500, "channel_unauthorized");
        let checked = client.act(&format!("{path}/check"), json!({})).await;
        assert_eq!(checked["state"], "unauthorized");
        let change = json!({"credentials": credentials(channel)});
        client.change(&path, change).await;
        client.accepted(smallest_body(conversation)).await;
    }
    let path = format!("/webhook-endpoints/{}/rotate-secret", id(&added));
    client.act(&path, json!({})).await;
    server.stop().await.expect("an end");
}

#[tokio::test]
async fn a_lost_key_file_gets_a_successor() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let database = format!("sqlite:{}", file("recado.db").display());
    let run = async |arguments: &str| {
        let mut server = recado_server(arguments);
        ran(server.env("RECADO_DATABASE_URL", &database)).await
    };
    let lost = "rotate-master-key --old-key-lost --yes";
    run(lost).await.refused("does not exist");
    run("migrate").await.succeeded();
    fs::rename(file("recado.db.key"), file("right")).expect("a key");
    fs::write(file("recado.db.key"), "half a k").expect("a damaged key");
    run(lost).await.refused("does not hold a master key");
    fs::remove_file(file("recado.db.key")).expect("a key");
    assert_ne!(run("check-config").await.code, 0);
    run(lost).await.succeeded();
    assert!(!file("recado.db.key.new").exists());
    run("check-config").await.succeeded();
    run(lost).await.refused("the master key is not lost");
}

#[tokio::test]
async fn an_unfinished_rotation_is_not_taken_for_a_lost_key() {
    let deployment = Deployment::start().await;
    let (database, urls) = (&deployment.database, &deployment.urls);
    deployment.server.stop().await.expect("an end");
    let store = database.store().await;
    let begun = store.begin_key_rotation(fresh_key()).await;
    drop(begun.expect("a rotation"));
    store.close().await;
    let old = database.key();
    let refused = lose(database, old, &fresh_key(), &["--yes"]).await;
    refused.refused("did not come to its end");
    // The other key is the lost one: what the old one can read stays.
    lose(database, old, old, &["--yes"]).await.succeeded();
    let server = Server::on(database, urls).await.expect("a server");
    let client = deployment.client.at(&server.url);
    client.accepted(smallest_body("conv-zapi")).await;
    server.stop().await.expect("an end");
}
