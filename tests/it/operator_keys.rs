//! Operator keys are listed and revoked with `recado-server operator-key`.

use std::fs;

use recado_tests::binaries::Server;
use recado_tests::{Client, World};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::keys::{run, second_key};

#[tokio::test]
async fn operator_keys_are_listed_and_a_revoked_one_stops_at_once_on_every_server() {
    let world = World::start().await;
    let database = &world.database;
    let second = Server::second(database, &world.sandbox_urls).await;
    let master_key = database.key().to_base64();
    let place = [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", master_key.expose_secret()),
    ];
    let command = async |arguments: &str| {
        let output = run(arguments, &place).await;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).expect("text");
        (output.status.success(), said)
    };
    let (made, secret) = command("operator-key create --name backups").await;
    assert!(made, "{secret}");
    let key = Client::new(&world.url, secret.trim());
    let clients: Vec<_> = [
        Some(key.clone()),
        second.as_ref().map(|other| key.at(&other.url)),
    ]
    .into_iter()
    .flatten()
    .collect();
    for client in &clients {
        assert_eq!(client.get("/organizations").await.status, 200);
    }
    let (_, listed) = command("operator-key list").await;
    let line = listed.lines().find(|line| line.ends_with("backups"));
    let line = line.unwrap_or_else(|| panic!("{listed}"));
    let mut words = line.split_whitespace();
    let (id, prefix) = (
        words.next().expect("an id"),
        words.next().expect("a prefix"),
    );
    assert!(
        secret.starts_with(prefix) && !listed.contains(secret.trim()),
        "{listed}"
    );
    assert!(listed.contains("test operator"), "{listed}");

    let (revoked, said) = command(&format!("operator-key revoke {id}")).await;
    assert!(revoked && said.contains("(backups) is revoked"), "{said}");
    for client in &clients {
        assert_eq!(client.get("/organizations").await.status, 401);
    }
    let log = world.operator.get("/audit").await.expect(200);
    let entry = &log["data"][0];
    assert_eq!(
        (&entry["action"], &entry["targetId"]),
        (&json!("api_key.deleted"), &json!(id))
    );
    assert_eq!(entry["actor"]["kind"], "command_line");
    // A key of an organization is not one of an operator.
    let (own, _) = second_key(&world).await;
    for missing in [id, &own] {
        let (revoked, said) = command(&format!("operator-key revoke {missing}")).await;
        assert!(
            !revoked && said.contains("is not an operator key"),
            "{said}"
        );
    }
}

#[rstest]
#[case("operator-key list", "there is no database")]
#[case("operator-key revoke key_1", "there is no database")]
#[case("operator-key create --name \u{200b}", "--name: ")]
#[tokio::test]
async fn an_operator_key_command_that_cannot_work_creates_no_database(
    #[case] arguments: &str,
    #[case] sentence: &str,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}/recado.db", folder.path().display());
    let output = run(arguments, &[("RECADO_DATABASE_URL", &url)]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains(sentence),
        "{said}"
    );
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
