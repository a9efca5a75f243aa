//! `recado login` on a terminal, and what its key may do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use recado_tests::people::{self, PASSWORD};
use recado_tests::{World, binaries};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::shell::{Ran, Shell};

/// A person at a terminal, with a configuration folder of their own and no key in the environment.
struct Contact {
    shell: Shell,
    home: TempDir,
}

impl Contact {
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
    async fn type_in(&self, words: &str, lines: &[&str]) -> (bool, String) {
        let environment = self.shell.environment();
        let output = binaries::terminal::run("recado", words, environment, lines).await;
        let shown = String::from_utf8(output.stdout).expect("text");
        (output.status.success(), shown)
    }

    async fn run(&self, words: &[&str]) -> Ran {
        self.shell.run(words).await
    }

    async fn line(&self, line: &str) -> Ran {
        self.shell.line(line).await
    }

    fn profiles(&self) -> Value {
        let file = self.home.path().join("recado/profiles.json");
        let mode = fs::metadata(&file).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        serde_json::from_slice(&fs::read(file).expect("the file")).expect("JSON")
    }
}

#[tokio::test]
async fn a_person_signs_in_works_without_a_key_in_the_environment_and_signs_out() {
    let world = World::start().await;
    let person = Contact::of(&world, "ana@example.com", "agent").await;
    let login = format!("login --server {}", world.url);
    let (done, shown) = person.type_in(&login, &["ana@example.com", PASSWORD]).await;
    assert!(done, "{shown}");
    let profiles = person.profiles();
    let key = profiles["profiles"]["default"]["key"]
        .as_str()
        .expect("a key");
    assert!(!shown.contains(key), "{shown}");

    let listed = person.line("agent list").await.json();
    assert_eq!(listed["data"][0]["id"], "agent-123");
    let own = person.line("key current").await.json();
    assert_eq!(own["scopes"], json!(["read", "send"]));
    assert!(own["expiresAt"].is_string());
    let user = own["userId"].as_str().expect("a user");
    let sessions = format!("/users/{user}/sessions");
    let sessions = world.client.get(&sessions).await.expect(200);
    assert_eq!(sessions["data"], json!([]), "the session ended at once");
    let (done, shown) = person.type_in(&login, &["ana@example.com", PASSWORD]).await;
    assert!(done, "{shown}");
    let earlier = world.client.with_key(key).get("/agents").await;
    assert_eq!(earlier.status, 401, "the earlier key is deleted");
    let refused = person.line("agent create Bia").await;
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("forbidden"), "{}", refused.stderr);
    let elsewhere = ["agent", "list", "--server", "http://127.0.0.1:9"];
    let elsewhere = person.run(&elsewhere).await;
    assert_eq!(elsewhere.code, 2, "{}", elsewhere.stderr);

    let profiles = person.profiles();
    let key = profiles["profiles"]["default"]["key"]
        .as_str()
        .expect("a key");
    person.line("logout").await.done();
    assert_eq!(person.line("agent list").await.code, 5);
    let deleted = world.client.with_key(key).get("/agents").await;
    assert_eq!(deleted.status, 401, "the key is deleted");
}

#[tokio::test]
async fn a_login_replaces_no_profile_of_another_server() {
    let [one, other] = [World::start().await, World::start().await];
    let person = Contact::of(&one, "ana@example.com", "owner").await;
    let login = |world: &World| format!("login --server {} --email ana@example.com", world.url);
    let (done, shown) = person.type_in(&login(&one), &[PASSWORD]).await;
    assert!(done, "{shown}");
    let (done, shown) = person.type_in(&login(&other), &[PASSWORD]).await;
    assert!(!done, "{shown}");
    assert!(shown.contains("--profile"), "{shown}");
    person.line("agent list").await.done();
}

#[tokio::test]
async fn an_owner_manages_users_and_keys_and_reads_the_audit_log() {
    let world = World::start().await;
    let shell = Shell::default()
        .set("RECADO_SERVER", &world.url)
        .set("RECADO_KEY", world.client.key());
    let user = "user create --email bia@example.com --name Bia --role agent";
    let user = shell.line(user).await.json();
    assert!(user["link"]["url"].is_string());
    let id = user["id"].as_str().expect("an id");
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
    assert!(log.contains("user.deleted"), "{log}");
    let operator = shell.set("RECADO_KEY", world.operator.key());
    let user = "user create --org demo --email caio@example.com --name Caio --role owner";
    operator.line(user).await.done();
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_nothing_is_kept() {
    let world = World::start().await;
    let person = Contact::of(&world, "ana@example.com", "owner").await;
    let login = format!("login --server {} --email ana@example.com", world.url);
    let (done, shown) = person.type_in(&login, &["not the password"]).await;
    assert!(!done, "{shown}");
    assert!(shown.contains("unauthorized"), "{shown}");
    assert!(!person.home.path().join("recado").exists());
}

#[tokio::test]
async fn each_profile_has_its_own_server_and_key() {
    let [one, other] = [World::start().await, World::start().await];
    let person = Contact::of(&one, "ana@example.com", "owner").await;
    Contact::of(&other, "ana@example.com", "viewer").await;
    for (world, profile) in [(&one, "one"), (&other, "other")] {
        let login = format!(
            "login --server {} --profile {profile} --email ana@example.com",
            world.url
        );
        let (done, shown) = person.type_in(&login, &[PASSWORD]).await;
        assert!(done, "{shown}");
    }
    let scopes = async |words: &[&str]| person.run(words).await.json()["scopes"].clone();
    assert_eq!(scopes(&["key", "current"]).await, json!(["read"]));
    let all = json!(["read", "send", "manage"]);
    assert_eq!(scopes(&["key", "current", "--profile", "one"]).await, all);
    person.line("profile use one").await.done();
    assert_eq!(scopes(&["key", "current"]).await, all);
}

#[tokio::test]
async fn a_program_is_told_to_use_a_key() {
    let world = World::start().await;
    let person = Contact::of(&world, "ana@example.com", "owner").await;
    let refused = person.run(&["login", "--server", &world.url]).await;
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("RECADO_KEY"), "{}", refused.stderr);
}
