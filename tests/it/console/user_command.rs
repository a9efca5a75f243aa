//! `recado-server user create`: the first user of an organization.

use std::process::Stdio;

use recado_core::{OrganizationId, Role};
use recado_store::{Actor, AuditEntry, Author, Organization, Page, Store};
use recado_tests::binaries::{self, Ran, terminal};
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
        guards_repeats: true,
        messages_per_second: None,
        created_at: author.at,
    };
    let created = store.create_organization(&organization, &author).await;
    created.expect("an organization");
    (database, store)
}

fn words(organization: &str, email: &str) -> String {
    format!("user create --organization {organization} --email {email} --name Ana --role owner")
}

fn variables(database: &TestDatabase) -> [(String, String); 3] {
    let key = database.key().to_base64();
    [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", key.expose_secret()),
        ("RECADO_PUBLIC_URL", "https://recado.example.com/"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// Creates a user who sets a password with a link.
async fn with_link(database: &TestDatabase, organization: &str, email: &str) -> Ran {
    let mut command = recado_server(&words(organization, email));
    ran(command.arg("--link").envs(variables(database))).await
}

#[tokio::test]
async fn a_user_is_created_with_a_link_that_is_printed_alone() {
    let (database, store) = with_organization().await;
    let url = with_link(&database, "org_acme", "Ana@Example.com")
        .await
        .succeeded();
    let secret = url.strip_prefix("https://recado.example.com/set-password/");
    let secret = secret.expect("a link").trim_end();
    let user = store.find_link(secret, Timestamp::now()).await;
    let user = user.expect("an answer").expect("a user");
    assert_eq!(user.email, "ana@example.com");
    assert_eq!((user.role, user.has_password), (Role::Owner, false));
    let all = Page {
        after: None,
        limit: 10,
    };
    let log = store.list_audit(Some(&acme()), &all).await.expect("a log");
    assert_eq!(log.data.len(), 2);
    let by_command = |entry: &AuditEntry| entry.actor == Actor::CommandLine;
    assert!(log.data.iter().all(by_command));
}

#[tokio::test]
async fn a_user_signs_in_with_the_password_that_was_typed_twice() {
    let world = World::start().await;
    let words = words(ORGANIZATION, "ana@example.com");
    let environment = variables(&world.database);
    let typed = [PASSWORD, PASSWORD];
    let output = terminal::run("recado-server", &words, &environment, &typed).await;
    assert_contains(&output.succeeded(), "https://recado.example.com/sign-in");
    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    world.client.anonymous().create("/sessions", body).await;
}

#[tokio::test]
async fn what_cannot_be_created_is_said_in_one_sentence() {
    let (database, _store) = with_organization().await;
    let first = with_link(&database, "org_acme", "ana@example.com").await;
    first.succeeded();
    for (organization, email, why) in [
        ("org_acme", "ana@example.com", "has a user with the e-mail"),
        ("org_none", "bia@example.com", "does not exist"),
        ("org_acme", "bia", "not an e-mail address"),
    ] {
        let output = with_link(&database, organization, email).await;
        output.refused(why);
        assert_eq!(output.stderr.trim().lines().count(), 1, "{output:?}");
    }
    // Without a terminal the password cannot be asked for.
    let mut command = Command::new("setsid");
    let program = binaries::path("recado-server").expect("the program");
    command
        .arg("--wait")
        .arg(program)
        .args(words("org_acme", "bia@example.com").split_whitespace())
        .envs(variables(&database))
        .stdin(Stdio::null());
    ran(&mut command).await.refused("--link");
}
