//! A server with a wrong setting does not start, and `check-config` says so beforehand.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use futures_util::future::join_all;
use recado_store::MasterKey;
use recado_tests::binaries::{Place, Ran};
use recado_tests::prelude::*;
use tempfile::TempDir;

/// A variable, its value, and the sentence that refuses it.
const WRONG: &str = "
RECADO_WHATSAPP_VERSION | 25 | RECADO_WHATSAPP_VERSION: Must be a Graph version such as v25.0
RECADO_ZAPI_URL | https://recado:qqSecret@proxy.example | RECADO_ZAPI_URL: Must not contain a user name or password
RECADO_WHATSAPP_VERSION | latest | such as v25.0
RECADO_PUBLIC_URL | localhost:8080 | RECADO_PUBLIC_URL: Must begin with http
RECADO_WHATSAPP_URL | ftp://example.com | RECADO_WHATSAPP_URL: Must begin with http
RECADO_ZAPI_URL | https://example.com/?a=b | RECADO_ZAPI_URL: Must not have a query
RECADO_ZAPPERHUB_URL | https://10.0.0.1 | RECADO_ZAPPERHUB_URL: Leads to a private
RECADO_WHATSAPP_URL | http://example.com | RECADO_WHATSAPP_URL: Must begin with https://
RECADO_ZAPI_URL | http://example.com | RECADO_ZAPI_URL: Must begin with https://
RECADO_ZAPPERHUB_URL | http://example.com | RECADO_ZAPPERHUB_URL: Must begin with https://
RECADO_LISTEN | nowhere.invalid:8080 | RECADO_LISTEN: the listen address nowhere.invalid:8080 is not known
RECADO_METRICS_LISTEN | localhost:8080 | RECADO_METRICS_LISTEN and RECADO_LISTEN are the same address
RECADO_LOG | verbose | RECADO_LOG: `verbose` is not a level
RECADO_DATABASE_URL | sqlite:/nowhere/recado.db | the database cannot be created in /nowhere
RECADO_LISTEN | localhost | expected an address such as 127.0.0.1:8080, localhost:8080, :8080 or 8080
RECADO_LISTEN | 203.0.113.7:8080 | cannot listen on 203.0.113.7:8080; choose another address with --listen or RECADO_LISTEN
RECADO_METRICS_LISTEN | 203.0.113.7:9090 | cannot listen on 203.0.113.7:9090; choose another address with --metrics-listen or RECADO_METRICS_LISTEN
RECADO_METRICS_LISTEN | nowhere.invalid:9090 | RECADO_METRICS_LISTEN: the listen address
RECADO_DATABASE_URL | mysql://127.0.0.1/recado | a database URL is sqlite:<file> or postgres://
RECADO_DATABASE_URL | sqlite::memory: | a database URL is sqlite:<file> or postgres://
RECADO_MASTER_KEY | c2hvcnQ= | RECADO_MASTER_KEY has to be 32 bytes in base64
RECADO_MASTER_KEY_FILE | /nowhere | RECADO_MASTER_KEY_FILE: cannot read /nowhere
RECADO_DATABASE_URL_FILE | /nowhere | RECADO_DATABASE_URL_FILE: cannot read /nowhere
RECADO_DATABASE_URL_FILE | /dev/null | RECADO_DATABASE_URL_FILE: /dev/null is empty
RECADO_CONNECTIONS_PER_PEER | many | invalid digit found in string
RECADO_CONNECTIONS_PER_PEER | 0 | RECADO_CONNECTIONS_PER_PEER: 
RECADO_MAX_WEBHOOK_ENDPOINTS | -1 | RECADO_MAX_WEBHOOK_ENDPOINTS: 
RECADO_MAX_QUEUED_MIB | much | RECADO_MAX_QUEUED_MIB: invalid digit
RECADO_RETAIN_AUDIT_DAYS | 7d | RECADO_RETAIN_AUDIT_DAYS: expected a number of days
RECADO_LOG | (a space) | RECADO_LOG names no level
RECADO_DATABASE_URL | postgres://recado:qqPass#w@db/recado | RECADO_DATABASE_URL (in its password write `/` as %2F, `?` as %3F, `#` as %23 and `@` as %40): a database URL is
RECADO_DATABASE_URL | postgres://recado:qqPass/w@db/recado | RECADO_DATABASE_URL (in its password write `/` as %2F
RECADO_DRAIN_SECONDS | soon | invalid digit found in string
RECADO_ALLOW_PRIVATE_NETWORKS | maybe | RECADO_ALLOW_PRIVATE_NETWORKS: expected true or false
RECADO_DATABASE_URL | postgres://127.0.0.1:1/recado | RECADO_MASTER_KEY is required with PostgreSQL, the same on every server; make one with: openssl rand -base64 32
";

/// The passwords and the master key in the values of [`WRONG`].
const SECRETS: [&str; 4] = ["qqSecret", "qqPass#w", "qqPass/w", "c2hvcnQ="];

#[tokio::test]
async fn a_setting_that_a_send_would_stumble_over_is_found_at_start() {
    let refused = async |row: &str| {
        let cells: Vec<_> = row.splitn(3, " | ").collect();
        let [variable, value, sentence] = cells[..] else {
            panic!("{row}");
        };
        let mut complaints = Vec::new();
        for subcommand in ["check-config", "serve"] {
            let environment = [(variable, &*value.replace("(a space)", " "))];
            let Ran {
                code,
                stdout,
                stderr,
                ..
            } = run(subcommand, &environment).await;
            assert_eq!(code, 1, "{row}: {stderr}");
            assert!(stderr.contains(sentence), "{row}: {stderr}");
            for secret in SECRETS {
                let is_said = stdout.contains(secret) || stderr.contains(secret);
                assert!(!is_said, "{row}: {stdout}{stderr}");
            }
            complaints.push(complaint(&stderr));
        }
        assert_eq!(complaints[0], complaints[1], "{row}");
    };
    join_all(WRONG.trim().lines().map(refused)).await;
}

/// The sentence that is said last, by a server in a line of its log.
fn complaint(said: &str) -> String {
    let last = said.lines().last().expect("a sentence");
    if let Some(sentence) = last.strip_prefix("recado-server: ") {
        return sentence.to_owned();
    }
    let line: Value = serde_json::from_str(last).expect("a line of the log");
    assert_eq!(line["level"], "ERROR");
    text(&line["message"]).to_owned()
}

#[tokio::test]
async fn the_last_sentence_of_a_server_is_in_its_log_also_if_errors_are_hidden() {
    for address in ["203.0.113.7:1", "nonsense"] {
        let environment = [("RECADO_LOG", "off"), ("RECADO_LISTEN", address)];
        let ended = run("serve", &environment).await;
        ended.refused("RECADO_LISTEN");
        let said = ended.stderr;
        assert!(said.starts_with('{') && said.lines().count() == 1, "{said}");
    }
}

#[tokio::test]
async fn a_server_listens_at_a_name_and_at_a_port_alone() {
    for address in ["localhost:0", ":0"] {
        let database = TestDatabase::fresh().await;
        let place = Place::of(&database);
        let variables = [&place.variables()[..], &[("RECADO_LISTEN", address)]].concat();
        let server = Server::start(&variables).await.expect("a server");
        let port = server.url.rsplit(':').next().expect("a port");
        let answered = reqwest::get(format!("http://127.0.0.1:{port}/healthz")).await;
        assert_eq!(answered.expect("an answer").status(), 200, "{address}");
    }
}

#[tokio::test]
async fn another_master_key_is_refused_before_the_server_listens() {
    let database = TestDatabase::fresh().await;
    let right = Place::of(&database);
    let server = Server::start(&right.variables()).await.expect("a server");
    server.stop().await.expect("an end");
    run("check-config", &right.variables()).await.succeeded();
    let other = MasterKey::generate().expect("random bytes");
    let wrong = Place::new(database.url(), &other);
    for subcommand in ["check-config", "serve", "migrate", "operator-key create"] {
        let refused = run(subcommand, &wrong.variables()).await;
        refused.refused("was written with another master key");
        assert!(!refused.stderr.contains("is listening"), "{subcommand}");
    }
}

/// An empty folder, and the URL of a database in it.
fn empty() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("recado.db").display());
    (folder, url)
}

fn names(folder: &TempDir) -> BTreeSet<OsString> {
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names.collect()
}

fn mode(folder: &TempDir, name: &str) -> u32 {
    let file = fs::metadata(folder.path().join(name)).expect("a file");
    file.permissions().mode() & 0o777
}

#[tokio::test]
async fn check_config_leaves_no_file_behind() {
    let (folder, url) = empty();
    let place = [("RECADO_DATABASE_URL", &*url)];
    run("check-config", &place).await.succeeded();
    assert_eq!(names(&folder), BTreeSet::new());
}

#[tokio::test]
async fn migrate_says_that_it_creates_a_database() {
    let (folder, url) = empty();
    let place = [("RECADO_DATABASE_URL", &*url)];
    let file = folder.path().join("recado.db");
    let created = format!("created the database {}\n", file.display());
    for expected in [&*created, "the database is up to date\n"] {
        assert_eq!(run("migrate", &place).await.stdout, expected);
    }
}

/// Only root is kept from the files of another user, and only root can give a file away: everyone else finds the files as they were.
#[tokio::test]
async fn root_leaves_no_file_beside_the_database_of_another_user() {
    let (folder, url) = empty();
    let place = [("RECADO_DATABASE_URL", &*url)];
    run("migrate", &place).await.succeeded();
    let is_root = fs::metadata(folder.path()).expect("a folder").uid() == 0;
    for name in ["recado.db", "recado.db.key"] {
        let given = chown(folder.path().join(name), Some(54_321), None);
        assert_eq!(given.is_ok(), is_root, "{name}");
    }
    let before = names(&folder);
    let backup = format!("backup {}/backup.db", folder.path().display());
    for subcommand in [
        "check-config",
        "operator-key create",
        "migrate",
        "rotate-master-key",
        &backup,
    ] {
        let ran = run(subcommand, &place).await;
        if is_root {
            ran.refused("run this as that user, with `sudo -u '#54321' recado-server");
            assert_eq!(names(&folder), before, "{subcommand}");
        } else {
            ran.succeeded();
        }
    }
}

#[tokio::test]
async fn files_that_others_can_open_are_taken_away_from_them() {
    let (folder, url) = empty();
    let place = [("RECADO_DATABASE_URL", &*url)];
    run("migrate", &place).await.succeeded();
    let names = ["recado.db", "recado.db.key"];
    for name in names {
        let open = fs::Permissions::from_mode(0o664);
        fs::set_permissions(folder.path().join(name), open).expect("a file");
    }
    let ran = run("migrate", &place).await;
    for name in names {
        assert_eq!(mode(&folder, name), 0o600, "{name}");
        ran.failed(0, &format!("{name}\""));
    }
}

#[tokio::test]
async fn a_database_is_not_opened_with_another_master_key_by_accident() {
    let (folder, url) = empty();
    let place = [("RECADO_DATABASE_URL", &*url)];
    run("migrate", &place).await.succeeded();
    assert_eq!(mode(&folder, "recado.db.key"), 0o600);
    fs::remove_file(folder.path().join("recado.db.key")).expect("the key file");
    let refused = run("migrate", &place).await;
    refused.refused("put the key back, or set RECADO_MASTER_KEY");
}
