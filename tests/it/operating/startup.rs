//! A server with a wrong setting does not start, and `check-config` says so beforehand.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::process::Output;

use recado_store::MasterKey;
use recado_store::testing::TestDatabase;
use recado_tests::binaries::{Server, command};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::Value;

/// Runs `recado-server` until it ends.
pub(crate) async fn run(arguments: &str, environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = command("recado-server").expect("the binary");
    server
        .args(arguments.split(' '))
        .envs(environment.iter().copied())
        .current_dir(folder.path());
    server.output().await.expect("a process")
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[rstest]
#[case::version(
    "RECADO_WHATSAPP_VERSION",
    "25",
    "RECADO_WHATSAPP_VERSION: Must be a Graph version such as v25.0"
)]
#[case::password(
    "RECADO_ZAPI_URL",
    "https://recado:secret@proxy.example",
    "RECADO_ZAPI_URL: Must not contain a user name or password"
)]
#[case::version_word("RECADO_WHATSAPP_VERSION", "latest", "such as v25.0")]
#[case::public_url(
    "RECADO_PUBLIC_URL",
    "localhost:8080",
    "RECADO_PUBLIC_URL: Must begin with http"
)]
#[case::whatsapp_url(
    "RECADO_WHATSAPP_URL",
    "ftp://example.com",
    "RECADO_WHATSAPP_URL: Must begin with http"
)]
#[case::zapi_url(
    "RECADO_ZAPI_URL",
    "https://example.com/?a=b",
    "RECADO_ZAPI_URL: Must not have a query"
)]
#[case::private_url(
    "RECADO_ZAPPERHUB_URL",
    "https://10.0.0.1",
    "RECADO_ZAPPERHUB_URL: Leads to a private"
)]
#[case::whatsapp_over_http(
    "RECADO_WHATSAPP_URL",
    "http://example.com",
    "RECADO_WHATSAPP_URL: Must begin with https://"
)]
#[case::zapi_over_http(
    "RECADO_ZAPI_URL",
    "http://example.com",
    "RECADO_ZAPI_URL: Must begin with https://"
)]
#[case::zapperhub_over_http(
    "RECADO_ZAPPERHUB_URL",
    "http://example.com",
    "RECADO_ZAPPERHUB_URL: Must begin with https://"
)]
#[case::unknown_host(
    "RECADO_LISTEN",
    "nowhere.invalid:8080",
    "RECADO_LISTEN: the listen address nowhere.invalid:8080 is not known"
)]
#[case::metrics(
    "RECADO_METRICS_LISTEN",
    "localhost:8080",
    "RECADO_METRICS_LISTEN and RECADO_LISTEN are the same address"
)]
#[case::log("RECADO_LOG", "verbose", "RECADO_LOG: `verbose` is not a level")]
#[case::folder(
    "RECADO_DATABASE_URL",
    "sqlite:/nowhere/recado.db",
    "the database cannot be created in /nowhere"
)]
#[case::listen(
    "RECADO_LISTEN",
    "localhost",
    "expected an address such as 127.0.0.1:8080, localhost:8080, :8080 or 8080"
)]
#[case::foreign_address(
    "RECADO_LISTEN",
    "203.0.113.7:8080",
    "cannot listen on 203.0.113.7:8080; choose another address with --listen or RECADO_LISTEN"
)]
#[case::foreign_metrics_address(
    "RECADO_METRICS_LISTEN",
    "203.0.113.7:9090",
    "cannot listen on 203.0.113.7:9090; choose another address with --metrics-listen or RECADO_METRICS_LISTEN"
)]
#[case::metrics_host(
    "RECADO_METRICS_LISTEN",
    "nowhere.invalid:9090",
    "RECADO_METRICS_LISTEN: the listen address"
)]
#[case::unknown_database(
    "RECADO_DATABASE_URL",
    "mysql://127.0.0.1/recado",
    "a database URL is sqlite:<file> or postgres://"
)]
#[case::database_in_memory(
    "RECADO_DATABASE_URL",
    "sqlite::memory:",
    "a database URL is sqlite:<file> or postgres://"
)]
#[case::short_key(
    "RECADO_MASTER_KEY",
    "c2hvcnQ=",
    "RECADO_MASTER_KEY has to be 32 bytes in base64"
)]
#[case::no_key_file(
    "RECADO_MASTER_KEY_FILE",
    "/nowhere",
    "RECADO_MASTER_KEY_FILE: cannot read /nowhere"
)]
#[case::no_url_file(
    "RECADO_DATABASE_URL_FILE",
    "/nowhere",
    "RECADO_DATABASE_URL_FILE: cannot read /nowhere"
)]
#[case::empty_url_file(
    "RECADO_DATABASE_URL_FILE",
    "/dev/null",
    "RECADO_DATABASE_URL_FILE: /dev/null is empty"
)]
#[case::connections("RECADO_CONNECTIONS_PER_PEER", "many", "invalid digit found in string")]
#[case::no_connections("RECADO_CONNECTIONS_PER_PEER", "0", "RECADO_CONNECTIONS_PER_PEER: ")]
#[case::endpoints("RECADO_MAX_WEBHOOK_ENDPOINTS", "-1", "RECADO_MAX_WEBHOOK_ENDPOINTS: ")]
#[case::retention(
    "RECADO_RETAIN_AUDIT_DAYS",
    "7d",
    "RECADO_RETAIN_AUDIT_DAYS: expected a number of days"
)]
#[case::blank_log("RECADO_LOG", " ", "RECADO_LOG names no level")]
#[case::hash_in_password(
    "RECADO_DATABASE_URL",
    "postgres://recado:pass#w@db/recado",
    "RECADO_DATABASE_URL (in its password write `/` as %2F, `?` as %3F, `#` as %23 and `@` as %40): a database URL is"
)]
#[case::slash_in_password(
    "RECADO_DATABASE_URL",
    "postgres://recado:pass/w@db/recado",
    "RECADO_DATABASE_URL (in its password write `/` as %2F"
)]
#[case::drain("RECADO_DRAIN_SECONDS", "soon", "invalid digit found in string")]
#[case::switch(
    "RECADO_ALLOW_PRIVATE_NETWORKS",
    "maybe",
    "RECADO_ALLOW_PRIVATE_NETWORKS: expected true or false"
)]
#[tokio::test]
async fn a_setting_that_a_send_would_stumble_over_is_found_at_start(
    #[case] variable: &str,
    #[case] value: &str,
    #[case] sentence: &str,
) {
    let mut complaints = Vec::new();
    for subcommand in ["check-config", "serve"] {
        let output = run(subcommand, &[(variable, value)]).await;
        assert!(!output.status.success(), "{subcommand}");
        let said = said(&output);
        assert!(said.contains(sentence), "{subcommand}: {said}");
        complaints.push(complaint(&said));
    }
    assert_eq!(complaints[0], complaints[1]);
}

/// The sentence that is said last, by a server in a line of its log.
fn complaint(said: &str) -> String {
    let last = said.lines().last().expect("a sentence");
    if let Some(sentence) = last.strip_prefix("recado-server: ") {
        return sentence.to_owned();
    }
    let line: Value = serde_json::from_str(last).expect("a line of the log");
    assert_eq!(line["level"], "ERROR");
    line["message"].as_str().expect("a sentence").to_owned()
}

#[tokio::test]
async fn the_last_sentence_of_a_server_is_in_its_log_also_if_errors_are_hidden() {
    for environment in [
        [("RECADO_LOG", "off"), ("RECADO_LISTEN", "203.0.113.7:1")],
        [("RECADO_LOG", "off"), ("RECADO_LISTEN", "nonsense")],
    ] {
        let output = run("serve", &environment).await;
        assert_eq!(output.status.code(), Some(1));
        let said = said(&output);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.starts_with('{') && said.contains("RECADO_LISTEN"),
            "{said}"
        );
    }
}

#[rstest]
#[case::a_name("localhost:0")]
#[case::a_port_alone(":0")]
#[tokio::test]
async fn a_server_listens_at_a_name_and_at_a_port_alone(#[case] address: &str) {
    let database = TestDatabase::fresh().await;
    let key = database.key().to_base64();
    let place = [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", key.expose_secret()),
        ("RECADO_LISTEN", address),
    ];
    let server = Server::start_as_given(&place).await.expect("a server");
    let port = server.url.rsplit(':').next().expect("a port");
    let answered = reqwest::get(format!("http://127.0.0.1:{port}/healthz")).await;
    assert_eq!(answered.expect("an answer").status(), 200);
}

#[tokio::test]
async fn another_master_key_is_refused_before_the_server_listens() {
    let database = TestDatabase::fresh().await;
    let key = database.key().to_base64();
    let url = ("RECADO_DATABASE_URL", database.url());
    let right = [url, ("RECADO_MASTER_KEY", key.expose_secret())];
    Server::start(&right)
        .await
        .expect("a server")
        .stop()
        .await
        .expect("an end");
    assert!(run("check-config", &right).await.status.success());
    let other = MasterKey::generate().expect("random bytes").to_base64();
    let wrong = [url, ("RECADO_MASTER_KEY", other.expose_secret())];
    for subcommand in ["check-config", "serve", "migrate", "operator-key create"] {
        let output = run(subcommand, &wrong).await;
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{subcommand}: {said}");
        assert!(
            said.contains("was written with another master key"),
            "{subcommand}: {said}"
        );
        assert!(!said.contains("is listening"), "{subcommand}: {said}");
    }
}

#[tokio::test]
async fn check_config_leaves_no_file_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}", folder.path().join("recado.db").display());
    let output = run("check-config", &[("RECADO_DATABASE_URL", &database)]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn migrate_says_that_it_creates_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("recado.db");
    let database = format!("sqlite:{}", file.display());
    let place = [("RECADO_DATABASE_URL", database.as_str())];
    for expected in [
        format!("created the database {}\n", file.display()),
        "the database is up to date\n".to_owned(),
    ] {
        let output = run("migrate", &place).await;
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}

/// Only root is kept from the files of another user, and only root can give a file away: everyone else finds the files as they were.
#[tokio::test]
async fn root_leaves_no_file_beside_the_database_of_another_user() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}", folder.path().join("recado.db").display());
    let place = [("RECADO_DATABASE_URL", database.as_str())];
    assert!(run("migrate", &place).await.status.success());
    let is_root = fs::metadata(folder.path()).expect("a folder").uid() == 0;
    for name in ["recado.db", "recado.db.key"] {
        let given = chown(folder.path().join(name), Some(54_321), None);
        assert_eq!(given.is_ok(), is_root, "{name}");
    }
    let names = || {
        let entries = fs::read_dir(folder.path()).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names.collect::<BTreeSet<_>>()
    };
    let before = names();
    let backup = format!("backup {}/backup.db", folder.path().display());
    for subcommand in [
        "check-config",
        "operator-key create",
        "migrate",
        "rotate-master-key",
        &backup,
    ] {
        let output = run(subcommand, &place).await;
        let said = said(&output);
        assert_eq!(output.status.success(), !is_root, "{subcommand}: {said}");
        let refused = said.contains("run this as that user, with `sudo -u '#54321' recado-server");
        assert_eq!(refused, is_root, "{subcommand}: {said}");
        assert!(!is_root || names() == before, "{subcommand}");
    }
}

#[tokio::test]
async fn files_that_others_can_open_are_taken_away_from_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let database = format!("sqlite:{}", file("recado.db").display());
    let place = [("RECADO_DATABASE_URL", database.as_str())];
    assert!(run("migrate", &place).await.status.success());
    let names = ["recado.db", "recado.db.key"];
    for name in names {
        fs::set_permissions(file(name), fs::Permissions::from_mode(0o664)).expect("a file");
    }
    let output = run("migrate", &place).await;
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    for name in names {
        let mode = fs::metadata(file(name))
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        assert!(said.contains(&format!("{name}\"")), "{name}: {said}");
    }
}
