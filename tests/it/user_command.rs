//! `recado-server user create`: the first user of an organization.

use std::process::{Output, Stdio};

use recado_core::{OrganizationId, Role};
use recado_store::testing::TestDatabase;
use recado_store::{Actor, Author, Organization, Store};
use recado_tests::binaries;
use secrecy::ExposeSecret as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

const PASSWORD: &str = "correct horse battery";

fn acme() -> OrganizationId {
    "org_acme".parse().expect("an id")
}

async fn with_organization() -> (TestDatabase, Store) {
    let database = TestDatabase::fresh().await;
    let store = database.store().await;
    let author = Author::command_line(jiff::Timestamp::now());
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

fn of_database<'a>(command: &'a mut Command, database: &TestDatabase) -> &'a mut Command {
    let key = database.key().to_base64();
    command
        .env("RECADO_DATABASE_URL", database.url())
        .env("RECADO_MASTER_KEY", key.expose_secret())
        .env("RECADO_PUBLIC_URL", "https://recado.example.com/")
}

async fn with_link(database: &TestDatabase, organization: &str, email: &str) -> Output {
    let mut command = binaries::command("recado-server").expect("the program");
    command.args(arguments(organization, email)).arg("--link");
    let output = of_database(&mut command, database).output().await;
    output.expect("a process")
}

/// Runs the command on a terminal of its own, on which a person types these lines.
async fn on_terminal(database: &TestDatabase, email: &str, typed: &[&str]) -> Output {
    let program = binaries::path("recado-server").expect("the program");
    let arguments = arguments("org_acme", email).join(" ");
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command"])
        .arg(format!("{} {arguments}", program.display()))
        .arg("/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut process = of_database(&mut command, database).spawn().expect("script");
    let mut keyboard = process.stdin.take().expect("a pipe");
    for line in typed {
        let line = format!("{line}\n");
        keyboard.write_all(line.as_bytes()).await.expect("typed");
    }
    // It stays open: the end of the input would end the terminal.
    let output = process.wait_with_output().await.expect("an end");
    drop(keyboard);
    output
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
    let user = store.find_link(secret, jiff::Timestamp::now()).await;
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
async fn a_password_that_is_typed_twice_is_the_users() {
    let (database, store) = with_organization().await;
    let output = on_terminal(&database, "ana@example.com", &[PASSWORD, PASSWORD]).await;
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("https://recado.example.com/sign-in"),
        "{said}"
    );
    let found = store.find_sign_ins("ana@example.com", None).await;
    let (user, hash) = found.expect("an answer").remove(0);
    assert!(user.has_password);
    assert!(hash.starts_with("$argon2id$"));
}

#[tokio::test]
async fn nothing_is_created_for_passwords_that_do_not_fit() {
    let (database, store) = with_organization().await;
    for (typed, why) in [
        (&["short"][..], "12 to 256 characters"),
        (&[PASSWORD, "correct horse batterx"], "differ"),
    ] {
        let output = on_terminal(&database, "ana@example.com", typed).await;
        let said = said(&output);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains(why), "{said}");
    }
    let all = recado_store::Page {
        after: None,
        limit: 10,
    };
    let users = store.list_users(&acme(), &all).await.expect("users");
    assert_eq!(users.data, []);
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
