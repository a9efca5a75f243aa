//! `recado login` on a terminal, and what its key may do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use recado_tests::people::{self, PASSWORD};
use recado_tests::{World, binaries};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::shell::{Ran, Shell};

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
    async fn type_in(&self, words: &str, lines: &[&str]) -> (bool, String) {
        let program = binaries::path("recado").expect("the binary");
        let command = format!("{} {words}", program.display());
        let mut terminal = Command::new("script");
        terminal
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .envs(self.shell.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut terminal = terminal.spawn().expect("`script` of util-linux");
        let mut keys = terminal.stdin.take().expect("it is piped");
        for line in lines {
            keys.write_all(format!("{line}\n").as_bytes())
                .await
                .expect("it reads");
        }
        let output = terminal.wait_with_output().await.expect("an output");
        drop(keys);
        let shown = String::from_utf8(output.stdout).expect("text");
        (output.status.success(), shown)
    }

    async fn run(&self, words: &[&str]) -> Ran {
        self.shell.run(words).await
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
    let person = Person::of(&world, "ana@example.com", "agent").await;
    let login = format!("login --server {}", world.url);
    let (done, shown) = person.type_in(&login, &["ana@example.com", PASSWORD]).await;
    assert!(done, "{shown}");
    let profiles = person.profiles();
    let key = profiles["profiles"]["default"]["key"]
        .as_str()
        .expect("a key");
    assert!(!shown.contains(key), "{shown}");

    let listed = person.run(&["agent", "list"]).await.json();
    assert_eq!(listed["data"][0]["id"], "agent-123");
    let own = person.run(&["key", "current"]).await.json();
    assert_eq!(own["scopes"], json!(["read", "send"]));
    let refused = person.run(&["agent", "create", "Bia"]).await;
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("forbidden"), "{}", refused.stderr);
    let elsewhere = ["agent", "list", "--server", "http://127.0.0.1:9"];
    let elsewhere = person.run(&elsewhere).await;
    assert_eq!(elsewhere.code, 2, "{}", elsewhere.stderr);

    person.run(&["logout"]).await.done();
    assert_eq!(person.run(&["agent", "list"]).await.code, 5);
    let with_old_key = person.shell.clone().set("RECADO_SERVER", &world.url);
    let with_old_key = with_old_key.set("RECADO_KEY", key);
    assert_eq!(with_old_key.run(&["agent", "list"]).await.code, 5);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_nothing_is_kept() {
    let world = World::start().await;
    let person = Person::of(&world, "ana@example.com", "owner").await;
    let login = format!("login --server {} --email ana@example.com", world.url);
    let (done, shown) = person.type_in(&login, &["not the password"]).await;
    assert!(!done, "{shown}");
    assert!(shown.contains("unauthorized"), "{shown}");
    assert!(!person.home.path().join("recado").exists());
}

#[tokio::test]
async fn each_profile_has_its_own_server_and_key() {
    let [one, other] = [World::start().await, World::start().await];
    let person = Person::of(&one, "ana@example.com", "owner").await;
    Person::of(&other, "ana@example.com", "viewer").await;
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
    person.run(&["profile", "use", "one"]).await.done();
    assert_eq!(scopes(&["key", "current"]).await, all);
}

#[tokio::test]
async fn a_program_is_told_to_use_a_key() {
    let world = World::start().await;
    let person = Person::of(&world, "ana@example.com", "owner").await;
    let refused = person.run(&["login", "--server", &world.url]).await;
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("RECADO_KEY"), "{}", refused.stderr);
}
