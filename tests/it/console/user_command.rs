//! `recado-server user create`: the first user of an organization.

use std::process::{Output, Stdio};

use recado_core::{OrganizationId, Role};
use recado_store::{Actor, Author, Organization, Store};
use recado_tests::binaries;
use recado_tests::people::{ORGANIZATION, PASSWORD};
use recado_tests::prelude::*;
use secrecy::ExposeSecret as _;
use tokio::process::Command;

fn acme() -> OrganizationId {
    "org_acme".parse().expect("an id")
}

async fn with_organization() -> (TestDatabase, Store) {
    let database = TestDatabase::fresh().await;
    let store = database.store().await;
    let author = Author::command_line(Timestamp::now());
    let organization = Organization {
        id: acme(),
        name: "Acme".to_owned(),
        suspended_at: None,
        created_at: author.at,
    };
    let created = store.create_organization(&organization, &author).await;
    created.expect("an organization");
    (database, store)
}

fn arguments<'a>(organization: &'a str, email: &'a str) -> Vec<&'a str> {
    vec![
        "user",
        "create",
        "--organization",
        organization,
        "--email",
        email,
        "--name",
        "Ana",
        "--role",
        "owner",
    ]
}

fn variables(database: &TestDatabase, master_key: &str) -> [(String, String); 3] {
    [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", master_key),
        ("RECADO_PUBLIC_URL", "https://recado.example.com/"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

fn of_database<'a>(command: &'a mut Command, database: &TestDatabase) -> &'a mut Command {
    let key = database.key().to_base64();
    command.envs(variables(database, key.expose_secret()))
}

async fn with_link(database: &TestDatabase, organization: &str, email: &str) -> Output {
    let mut command = binaries::command("recado-server").expect("the program");
    command.args(arguments(organization, email)).arg("--link");
    let output = of_database(&mut command, database).output().await;
    output.expect("a process")
}

/// Runs the command on a terminal of its own, on which a person types these lines.
async fn on_terminal(
    database: &TestDatabase,
    organization: &str,
    email: &str,
    typed: &[&str],
) -> Output {
    let arguments = arguments(organization, email).join(" ");
    let key = database.key().to_base64();
    let environment = variables(database, key.expose_secret());
    binaries::terminal::run("recado-server", &arguments, &environment, typed).await
}

fn said(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr];
    texts.map(|text| String::from_utf8_lossy(text)).concat()
}

#[tokio::test]
async fn a_user_is_created_with_a_link_that_is_printed_alone() {
    let (database, store) = with_organization().await;
    let output = with_link(&database, "org_acme", " Ana@Example.com ").await;
    assert!(output.status.success(), "{output:?}");
    let url = String::from_utf8(output.stdout).expect("text");
    let secret = url.strip_prefix("https://recado.example.com/set-password/");
    let secret = secret.expect("a link").trim_end();
    let user = store.find_link(secret, Timestamp::now()).await;
    let user = user.expect("an answer").expect("a user");
    assert_eq!(user.email, "ana@example.com");
    assert_eq!((user.role, user.has_password), (Role::Owner, false));
    let all = recado_store::Page {
        after: None,
        limit: 10,
    };
    let log = store.list_audit(Some(&acme()), &all).await.expect("a log");
    assert_eq!(log.data.len(), 2);
    assert!(
        log.data
            .iter()
            .all(|entry| entry.actor == Actor::CommandLine)
    );
}

#[tokio::test]
async fn a_user_signs_in_with_the_password_that_was_typed_twice() {
    let world = World::start().await;
    let typed = [PASSWORD, PASSWORD];
    let output = on_terminal(&world.database, ORGANIZATION, "ana@example.com", &typed).await;
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("https://recado.example.com/sign-in"),
        "{said}"
    );
    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    world.client.anonymous().create("/sessions", body).await;
}

#[tokio::test]
async fn what_cannot_be_created_is_said_in_one_sentence() {
    let (database, _store) = with_organization().await;
    let first = with_link(&database, "org_acme", "ana@example.com").await;
    assert!(first.status.success(), "{first:?}");
    for (organization, email, why) in [
        ("org_acme", "ana@example.com", "has a user with the e-mail"),
        ("org_none", "bia@example.com", "does not exist"),
        ("org_acme", "bia", "not an e-mail address"),
    ] {
        let output = with_link(&database, organization, email).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
    // Without a terminal the password cannot be asked for.
    let mut command = Command::new("setsid");
    let program = binaries::path("recado-server").expect("the program");
    command
        .args(["--wait"])
        .arg(program)
        .args(arguments("org_acme", "bia@example.com"))
        .stdin(Stdio::null());
    let output = of_database(&mut command, &database).output().await;
    let said = said(&output.expect("a process"));
    assert!(said.contains("--link"), "{said}");
}
