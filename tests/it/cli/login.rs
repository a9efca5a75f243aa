//! `recado login` on a terminal, and what its key may do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use recado_tests::binaries::{Ran, terminal};
use recado_tests::people::PASSWORD;
use recado_tests::prelude::*;
use tempfile::TempDir;

use super::shell::Shell;

/// A person at a terminal, with a configuration folder of their own and no key in the environment.
struct Person {
    shell: Shell,
    home: TempDir,
}

impl Person {
    /// Creates a user of the organization who has that role.
    async fn of(world: &World, email: &str, role: &str) -> Self {
        people::user(&world.store, people::ORGANIZATION, role, email).await;
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().display().to_string();
        let shell = Shell::default()
            .set("XDG_CONFIG_HOME", &folder)
            .set("HOME", &folder);
        Self { shell, home }
    }

    /// Runs the command on a terminal, and types these lines.
    async fn type_in(&self, words: &str, lines: &[&str]) -> Ran {
        let environment = self.shell.environment();
        terminal::run("recado", words, environment, lines).await
    }

    fn profiles(&self) -> Value {
        let file = self.home.path().join("recado/profiles.json");
        let mode = fs::metadata(&file).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        serde_json::from_slice(&fs::read(file).expect("the file")).expect("JSON")
    }

    /// The key of the profile that is there without a name.
    fn key(&self) -> String {
        text(&self.profiles()["profiles"]["default"]["key"]).to_owned()
    }
}

#[tokio::test]
async fn a_person_signs_in_works_without_a_key_in_the_environment_and_signs_out() {
    let world = World::start().await;
    let person = Person::of(&world, "ana@example.com", "agent").await;
    let login = format!("login --server {}", world.url);
    let typed = ["ana@example.com", PASSWORD];
    let shown = person.type_in(&login, &typed).await.succeeded();
    let key = person.key();
    assert!(!shown.contains(&key), "{shown}");

    let listed = person.shell.line("agent list").await.json();
    assert_eq!(listed["data"][0]["id"], "agent-123");
    let own = person.shell.line("key current").await.json();
    assert_eq!(own["scopes"], json!(["read", "send"]));
    assert!(own["expiresAt"].is_string());
    let sessions = format!("/users/{}/sessions", text(&own["userId"]));
    let sessions = world.client.read(&sessions).await;
    assert_eq!(sessions["data"], json!([]), "the session ended at once");
    person.type_in(&login, &typed).await.succeeded();
    let earlier = world.client.with_key(&key).get("/agents").await;
    assert_eq!(earlier.status, 401, "the earlier key is deleted");
    let refused = person.shell.line("agent create Bia").await;
    refused.failed(4, "forbidden");
    let elsewhere = ["agent", "list", "--server", "http://127.0.0.1:9"];
    let elsewhere = person.shell.run(&elsewhere).await;
    assert_eq!(elsewhere.code, 2, "{}", elsewhere.stderr);

    let key = person.key();
    person.shell.line("logout").await.done();
    assert_eq!(person.shell.line("agent list").await.code, 5);
    let deleted = world.client.with_key(&key).get("/agents").await;
    assert_eq!(deleted.status, 401, "the key is deleted");
}

#[tokio::test]
async fn a_login_replaces_no_profile_of_another_server() {
    let [one, other] = [World::start().await, World::start().await];
    let person = Person::of(&one, "ana@example.com", "owner").await;
    let login = |world: &World| format!("login --server {} --email ana@example.com", world.url);
    person.type_in(&login(&one), &[PASSWORD]).await.succeeded();
    let refused = person.type_in(&login(&other), &[PASSWORD]).await;
    assert_ne!(refused.code, 0);
    assert_contains(&refused.stdout, "--profile");
    person.shell.line("agent list").await.done();
}

#[tokio::test]
async fn an_owner_manages_users_and_keys_and_reads_the_audit_log() {
    let world = World::start().await;
    let shell = Shell::of(&world, world.client.key());
    let user = "user create --email bia@example.com --name Bia --role agent";
    let user = shell.line(user).await.json();
    assert!(user["link"]["url"].is_string());
    let id = id(&user);
    for command in ["show", "link", "sessions", "end-sessions"] {
        shell.line(&format!("user {command} {id}")).await.done();
    }
    let changed = shell.line(&format!("user update {id} --role viewer")).await;
    assert_eq!(changed.json()["role"], "viewer");
    let listed = shell.line("user list").await.json();
    assert_eq!(listed["data"][0]["id"], id);
    let key = "key create --org demo backend --scope send --days 1";
    let key = shell.line(key).await.json();
    assert_eq!(key["scopes"], json!(["send"]));
    assert!(key["expiresAt"].is_string());
    shell.line(&format!("user delete {id}")).await.done();
    let log = shell.line("audit --output table").await.done();
    assert_contains(&log, "user.deleted");
    let operator = shell.set("RECADO_KEY", world.operator.key());
    let user = "user create --org demo --email caio@example.com --name Caio --role owner";
    operator.line(user).await.done();
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_nothing_is_kept() {
    let world = World::start().await;
    let person = Person::of(&world, "ana@example.com", "owner").await;
    let login = format!("login --server {} --email ana@example.com", world.url);
    let refused = person.type_in(&login, &["not the password"]).await;
    assert_ne!(refused.code, 0);
    assert_contains(&refused.stdout, "unauthorized");
    assert!(!person.home.path().join("recado").exists());
}

#[tokio::test]
async fn each_profile_has_its_own_server_and_key() {
    let [one, other] = [World::start().await, World::start().await];
    let person = Person::of(&one, "ana@example.com", "owner").await;
    Person::of(&other, "ana@example.com", "viewer").await;
    for (world, profile) in [(&one, "one"), (&other, "other")] {
        let url = &world.url;
        let login = format!("login --server {url} --profile {profile} --email ana@example.com");
        person.type_in(&login, &[PASSWORD]).await.succeeded();
    }
    let scopes = async |words: &[&str]| person.shell.run(words).await.json()["scopes"].clone();
    assert_eq!(scopes(&["key", "current"]).await, json!(["read"]));
    let all = json!(["read", "send", "manage"]);
    assert_eq!(scopes(&["key", "current", "--profile", "one"]).await, all);
    person.shell.line("profile use one").await.done();
    assert_eq!(scopes(&["key", "current"]).await, all);
}

#[tokio::test]
async fn a_program_is_told_to_use_a_key() {
    let world = World::start().await;
    let person = Person::of(&world, "ana@example.com", "owner").await;
    let login = ["login", "--server", &world.url];
    person.shell.run(&login).await.failed(2, "RECADO_KEY");
}
