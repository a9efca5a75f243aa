//! Operator keys are listed and revoked with `recado-server operator-key`.

use std::fs;

use recado_store::MasterKey;
use recado_tests::binaries::{Place, run};
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
    let command = async |arguments: &str| {
        let output = run(arguments, &place.variables()).await;
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
    let log = world.operator.read("/audit").await;
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
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let sentence = format!(
        "the database {}/recado.db does not exist: correct RECADO_DATABASE_URL, or create it with `recado-server migrate`",
        folder.path().display()
    );
    assert!(said.contains(&sentence), "{said}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_key_whose_name_is_refused_is_not_created() {
    let output = run("operator-key create --name \u{200b}", &[]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("--name: "),
        "{said}"
    );
}

#[tokio::test]
async fn operator_key_create_prints_the_key_alone_and_it_works() {
    let database = TestDatabase::empty().await;
    let place = Place::of(&database);
    assert!(run("migrate", &place.variables()).await.status.success());
    let made = run("operator-key create --name ops", &place.variables()).await;
    let printed = String::from_utf8(made.stdout).expect("text");
    let key = printed.strip_suffix('\n').expect("one line");
    assert!(key.starts_with("recado_") && key.len() == 50, "{printed}");
    let server = Server::start(&place.variables()).await.expect("a server");
    let operator = Client::new(&server.url, key);
    organization(&operator, "first").await;
    let listed = operator.read("/organizations").await;
    assert_eq!(listed["data"][0]["id"], "first");
}
