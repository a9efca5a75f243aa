//! `recado-server rotate-master-key --old-key-lost`: the way on in the same database.

use std::fs;
use std::process::Output;

use recado_store::MasterKey;
use recado_tests::binaries::{command, said};
use recado_tests::prelude::*;
use secrecy::ExposeSecret as _;

/// Gives a database the new key, with what else is said on the command line.
async fn lose(
    database: &TestDatabase,
    old: Option<&MasterKey>,
    new: &MasterKey,
    arguments: &[&str],
) -> Output {
    let mut server = command("recado-server").expect("the binary");
    server
        .args(["rotate-master-key", "--old-key-lost"])
        .args(arguments)
        .env("RECADO_DATABASE_URL", database.url())
        .env("RECADO_NEW_MASTER_KEY", new.to_base64().expose_secret());
    if let Some(old) = old {
        server.env("RECADO_MASTER_KEY", old.to_base64().expose_secret());
    }
    let output = server.output().await;
    output.expect("a process")
}

#[tokio::test]
async fn after_a_lost_key_every_channel_asks_for_new_credentials_and_then_sends() {
    let deployment = Deployment::start().await;
    let (database, urls) = (&deployment.database, &deployment.urls);
    let endpoint = json!({"url": "http://127.0.0.1:1/hook", "events": ["button.pressed"]});
    let added = deployment
        .client
        .create("/webhook-endpoints", endpoint)
        .await;
    let new = MasterKey::generate().expect("random bytes");
    let wrong = MasterKey::generate().expect("random bytes");
    let refused = lose(database, Some(&wrong), &new, &["--yes"]).await;
    assert!(!refused.status.success(), "a server runs");
    deployment.server.stop().await.expect("an end");
    let refused = lose(database, Some(database.key()), &new, &["--yes"]).await;
    let sentence = said(&refused);
    assert!(
        sentence.contains("the master key is not lost"),
        "{sentence}"
    );
    let refused = lose(database, Some(&wrong), &new, &[]).await;
    assert!(said(&refused).contains("--yes"), "{}", said(&refused));
    Server::on(database, urls)
        .await
        .expect("nothing was changed")
        .stop()
        .await
        .expect("an end");

    let output = lose(database, Some(&wrong), &new, &["--yes"]).await;
    assert!(output.status.success(), "{}", said(&output));
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
    let id = added["id"].as_str().expect("an id");
    let path = format!("/webhook-endpoints/{id}/rotate-secret");
    client.act(&path, json!({})).await;
    server.stop().await.expect("an end");
}

#[tokio::test]
async fn a_lost_key_file_gets_a_successor() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let database = format!("sqlite:{}", file("recado.db").display());
    let run = async |arguments: &str| {
        let mut server = command("recado-server").expect("the binary");
        server
            .args(arguments.split(' '))
            .env("RECADO_DATABASE_URL", &database);
        server.output().await.expect("a process")
    };
    let lost = "rotate-master-key --old-key-lost --yes";
    let unreadable = "does not hold a master key";
    let refused = run(lost).await;
    assert!(
        said(&refused).contains("does not exist"),
        "{}",
        said(&refused)
    );
    assert!(run("migrate").await.status.success());
    fs::rename(file("recado.db.key"), file("right")).expect("a key");
    fs::write(file("recado.db.key"), "half a k").expect("a damaged key");
    assert!(said(&run(lost).await).contains(unreadable));
    fs::remove_file(file("recado.db.key")).expect("a key");
    assert!(!run("check-config").await.status.success());
    let output = run(lost).await;
    assert!(output.status.success(), "{}", said(&output));
    assert!(!file("recado.db.key.new").exists());
    let checked = run("check-config").await;
    assert!(checked.status.success(), "{}", said(&checked));
    assert!(said(&run(lost).await).contains("the master key is not lost"));
}

#[tokio::test]
async fn an_unfinished_rotation_is_not_taken_for_a_lost_key() {
    let deployment = Deployment::start().await;
    let (database, urls) = (&deployment.database, &deployment.urls);
    deployment.server.stop().await.expect("an end");
    let store = database.store().await;
    let other = MasterKey::generate().expect("random bytes");
    let begun = store.begin_key_rotation(other).await;
    drop(begun.expect("a rotation"));
    store.close().await;
    let old = database.key();
    let new = MasterKey::generate().expect("random bytes");
    let refused = lose(database, Some(old), &new, &["--yes"]).await;
    let sentence = said(&refused);
    assert!(sentence.contains("did not come to its end"), "{sentence}");
    // The other key is the lost one: what the old one can read stays.
    let output = lose(database, Some(old), old, &["--yes"]).await;
    assert!(output.status.success(), "{}", said(&output));
    let server = Server::on(database, urls).await.expect("a server");
    let client = deployment.client.at(&server.url);
    client.accepted(smallest_body("conv-zapi")).await;
    server.stop().await.expect("an end");
}
