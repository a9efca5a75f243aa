//! Operator keys are listed and revoked with `recado-server operator-key`.

use std::fs;

use recado_store::MasterKey;
use recado_tests::binaries::Place;
use recado_tests::people::second_key;
use recado_tests::prelude::*;
use rstest::rstest;
use secrecy::ExposeSecret as _;

#[tokio::test]
async fn operator_keys_are_listed_and_a_revoked_one_stops_at_once_on_every_server() {
    let world = World::start().await;
    let database = &world.database;
    let second = Server::second(database, &world.sandbox_urls).await;
    let place = Place::of(database);
    let command = async |arguments: &str| run(arguments, &place.variables()).await;
    let secret = command("operator-key create --name backups")
        .await
        .succeeded();
    let key = Client::new(&world.url, secret.trim());
    let mut clients = vec![key.clone()];
    clients.extend(second.as_ref().map(|other| key.at(&other.url)));
    for client in &clients {
        assert_eq!(client.get("/organizations").await.status, 200);
    }
    let listed = command("operator-key list").await.succeeded();
    let line = listed.lines().find(|line| line.ends_with("backups"));
    let line = line.unwrap_or_else(|| panic!("{listed}"));
    let words: Vec<_> = line.split_whitespace().collect();
    let (id, prefix) = (words[0], words[1]);
    assert!(secret.starts_with(prefix), "{listed}");
    assert!(!listed.contains(secret.trim()), "{listed}");
    assert_contains(&listed, "test operator");

    let revoked = command(&format!("operator-key revoke {id}")).await;
    assert_contains(&revoked.succeeded(), "(backups) is revoked");
    for client in &clients {
        assert_eq!(client.get("/organizations").await.status, 401);
    }
    let log = world.operator.read("/audit").await;
    log["data"][0].assert_has(json!({
        "action": "api_key.deleted", "targetId": id, "actor": {"kind": "command_line"},
    }));
    // A key of an organization is not one of an operator.
    let (own, _) = second_key(&world).await;
    for missing in [id, &own] {
        let refused = command(&format!("operator-key revoke {missing}")).await;
        refused.refused("is not an operator key");
    }
}

/// A command that creates a user.
const USER: &str =
    "user create --organization loja --email ana@example.com --name Ana --role owner --link";

#[rstest]
#[case("operator-key create")]
#[case("operator-key list")]
#[case("operator-key revoke key_1")]
#[case(USER)]
#[case("rotate-master-key")]
#[case("rotate-master-key --old-key-lost --yes")]
#[case("backup backup.db")]
#[tokio::test]
async fn a_command_that_works_on_a_database_creates_none_at_a_mistyped_path(
    #[case] arguments: &str,
    #[values(false, true)] has_key: bool,
) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}/recado.db", folder.path().display());
    let fresh = || MasterKey::generate().expect("random bytes").to_base64();
    let (key, new) = (fresh(), fresh());
    let environment = [
        ("RECADO_DATABASE_URL", &*url),
        ("RECADO_NEW_MASTER_KEY", new.expose_secret()),
        ("RECADO_MASTER_KEY", key.expose_secret()),
    ];
    let given = if has_key { 3 } else { 2 };
    let output = run(arguments, &environment[..given]).await;
    let sentence = format!(
        "the database {}/recado.db does not exist: correct RECADO_DATABASE_URL, or create it with `recado-server migrate`",
        folder.path().display()
    );
    output.refused(&sentence);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_key_whose_name_is_refused_is_not_created() {
    let output = run("operator-key create --name \u{200b}", &[]).await;
    output.refused("--name: ");
}

#[tokio::test]
async fn operator_key_create_prints_the_key_alone_and_it_works() {
    let database = TestDatabase::empty().await;
    let place = Place::of(&database);
    run("migrate", &place.variables()).await.succeeded();
    let made = run("operator-key create --name ops", &place.variables()).await;
    let printed = made.succeeded();
    let key = printed.strip_suffix('\n').expect("one line");
    assert!(key.starts_with("recado_") && key.len() == 50, "{printed}");
    let server = Server::start(&place.variables()).await.expect("a server");
    let operator = Client::new(&server.url, key);
    organization(&operator, "first").await;
    let listed = operator.read("/organizations").await;
    assert_eq!(listed["data"][0]["id"], "first");
}
