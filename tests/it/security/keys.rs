//! Keys: those of organizations and operators, and the one that encrypts credentials.

use std::fs;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use recado_server::Clock;
use recado_store::testing::TestDatabase;
use recado_tests::binaries::{Server, command};
use recado_tests::events::EventStream;
use recado_tests::world::{Options, organization, smallest_body};
use recado_tests::{Client, World, people};
use rstest::rstest;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::events::stream::ends_within;

/// 32 bytes in base64.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const POSTGRES: &str = "postgres://recado:qqPassword@127.0.0.1:1/recado";

/// A new key of the organization `demo`: its id, and a client that uses it.
pub(crate) async fn second_key(world: &World) -> (String, Client) {
    let made = world
        .client
        .create("/organizations/demo/api-keys", json!({"name": "second"}))
        .await;
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    // An HTTP client of its own, so that its connection is its own too.
    (text("id"), Client::new(&world.url, &text("key")))
}

#[tokio::test]
async fn a_deleted_key_stops_working_at_once_on_open_connections_too() {
    let world = World::start().await;
    let (id, client) = second_key(&world).await;
    client.accepted(smallest_body("conv-456")).await;
    world
        .client
        .remove(&format!("/organizations/demo/api-keys/{id}"))
        .await;
    client
        .send(smallest_body("conv-456"))
        .await
        .refused(401, "unauthorized");
    assert_eq!(world.sandbox.phone_messages().len(), 1);
    assert_eq!(
        world.client.get("/agents").await.status,
        200,
        "the other key works on"
    );
}

#[tokio::test]
async fn a_deleted_key_stops_working_at_once_on_every_server() {
    let world = World::start().await;
    let Some(other) = Server::second(&world.database, &world.sandbox_urls).await else {
        return;
    };
    let (id, client) = second_key(&world).await;
    let there = client.at(&other.url);
    assert_eq!(there.get("/agents").await.status, 200);
    world
        .client
        .remove(&format!("/organizations/demo/api-keys/{id}"))
        .await;
    assert_eq!(there.get("/agents").await.status, 401);
}

#[tokio::test]
async fn the_secret_of_a_key_is_shown_once() {
    let world = World::start().await;
    let made = world
        .client
        .create("/organizations/demo/api-keys", json!({"name": "shop"}))
        .await;
    let secret = made["key"].as_str().expect("the secret");
    assert!(secret.starts_with("recado_"), "{secret}");
    for client in [&world.client, &world.operator] {
        let listed = client.get("/organizations/demo/api-keys").await;
        assert!(!listed.text.contains(secret), "{}", listed.text);
        // People recognize it by its beginning.
        let shop = json!({
            "id": made["id"], "name": "shop", "scopes": ["read", "send", "manage"], "prefix": secret[..13],
            "userId": null, "createdAt": made["createdAt"], "expiresAt": null, "lastUsedAt": null,
        });
        assert_eq!(listed.body["data"][1], shop);
    }
}

#[tokio::test]
async fn a_key_has_the_scopes_and_the_end_that_it_was_made_with() {
    let (start, hours) = (Timestamp::now(), Arc::new(AtomicI64::new(0)));
    let clock = Arc::clone(&hours);
    let clock =
        Clock::from_fn(move || start + SignedDuration::from_hours(clock.load(Ordering::Relaxed)));
    let world = World::with(Options {
        clock,
        ..Options::default()
    })
    .await;
    let path = "/organizations/demo/api-keys";
    for (field, value) in [
        ("scopes", json!([])),
        ("scopes", json!(["write"])),
        ("scopes", json!("read")),
        ("expiresAt", json!("tomorrow")),
        ("expiresAt", json!(start.to_string())),
        ("expiresAt", json!(7)),
    ] {
        let wrong = json!({"name": "x", field: value});
        let wrong = world.client.post(path, wrong).await;
        wrong.refused(400, "invalid_body");
        assert!(!wrong.body["details"][field].is_null(), "{}", wrong.text);
    }
    let end = start + SignedDuration::from_hours(1);
    let new = json!({"name": "sender", "scopes": ["send"], "expiresAt": end.to_string()});
    let made = world.client.create(path, new).await;
    assert_eq!(made["expiresAt"], format!("{end:.3}"));
    let key = world.client.with_key(made["key"].as_str().expect("a key"));
    key.accepted(smallest_body("conv-456")).await;
    key.get("/agents").await.refused(403, "forbidden");
    let reader = json!({"name": "reader", "scopes": ["read"], "expiresAt": end.to_string()});
    let reader = world.client.create(path, reader).await;
    let reader = world
        .client
        .with_key(reader["key"].as_str().expect("a key"));
    let mut stream = EventStream::open(&reader, "", None).await;
    hours.store(1, Ordering::Relaxed);
    ends_within(&mut stream, Duration::from_secs(1)).await;
    for ended in [
        key.send(smallest_body("conv-456")).await,
        reader.get("/agents").await,
    ] {
        ended.refused(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_key_tells_when_it_was_last_used_and_deletes_itself() {
    let world = World::start().await;
    let key = people::key(&world, &["send"]).await;
    let unused = world.client.get("/organizations/demo/api-keys").await;
    assert!(unused.expect(200)["data"][1]["lastUsedAt"].is_null());
    key.read("/api-keys/current").await;
    // The use is noted beside the request.
    let mut shown = Value::Null;
    while shown["lastUsedAt"].is_null() {
        shown = key.read("/api-keys/current").await;
    }
    assert_eq!(
        (&shown["scopes"], &shown["organizationId"]),
        (&json!(["send"]), &json!("demo"))
    );
    let operator = world.operator.read("/api-keys/current").await;
    assert!(operator["organizationId"].is_null());
    let kept = world.operator.delete("/api-keys/current").await;
    kept.refused(403, "forbidden");
    key.remove("/api-keys/current").await;
    assert_eq!(key.get("/api-keys/current").await.status, 401);
}

#[tokio::test]
async fn an_organization_manages_its_own_keys_and_an_operator_those_of_all() {
    let world = World::start().await;
    let other = world
        .client
        .with_key(&organization(&world.operator, "other").await);
    let listed = other.read("/organizations/other/api-keys").await;
    let id = listed["data"][0]["id"].as_str().expect("an id");
    let foreign = world
        .client
        .delete(&format!("/organizations/other/api-keys/{id}"))
        .await;
    foreign.refused(404, "organization_not_found");
    let elsewhere = world
        .operator
        .delete(&format!("/organizations/demo/api-keys/{id}"))
        .await;
    elsewhere.refused(404, "api_key_not_found");
    assert_eq!(other.get("/agents").await.status, 200);
    other
        .remove(&format!("/organizations/other/api-keys/{id}"))
        .await;
    assert_eq!(
        other.get("/agents").await.status,
        401,
        "it has deleted itself"
    );
    let missing = world
        .operator
        .post("/organizations/nobody/api-keys", json!({"name": "x"}))
        .await;
    missing.refused(404, "organization_not_found");
}

#[tokio::test]
async fn operator_key_create_prints_the_key_alone_and_it_works() {
    let database = TestDatabase::empty().await;
    let master_key = database.key().to_base64();
    let place = [
        ("RECADO_DATABASE_URL", database.url()),
        ("RECADO_MASTER_KEY", master_key.expose_secret()),
    ];
    assert!(run("migrate", &place).await.status.success());
    let made = run("operator-key create --name ops", &place).await;
    let printed = String::from_utf8(made.stdout).expect("text");
    let key = printed.strip_suffix('\n').expect("one line");
    assert!(key.starts_with("recado_") && key.len() == 50, "{printed}");
    let server = Server::start(&place).await.expect("a server");
    let operator = Client::new(&server.url, key);
    organization(&operator, "first").await;
    let listed = operator.read("/organizations").await;
    assert_eq!(listed["data"][0]["id"], "first");
}

/// Runs `recado-server` in a folder of its own until it ends.
pub(crate) async fn run(arguments: &str, environment: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = command("recado-server").expect("the binary");
    server
        .args(arguments.split(' '))
        .envs(environment.iter().copied())
        .current_dir(folder.path());
    server.output().await.expect("a process")
}

#[tokio::test]
async fn check_config_says_what_is_in_force_and_hides_secrets() {
    let defaults = run("check-config", &[]).await;
    insta::assert_snapshot!(String::from_utf8(defaults.stdout).expect("text"), @"
    RECADO_LISTEN=127.0.0.1:8080                             # default
    RECADO_DATABASE_URL=sqlite:recado.db                     # default
    # RECADO_MASTER_KEY=(in the file recado.db.key)          # default
    RECADO_PUBLIC_URL=http://127.0.0.1:8080/                 # default
    RECADO_WHATSAPP_URL=https://graph.facebook.com/          # default
    RECADO_WHATSAPP_VERSION=v25.0                            # default
    RECADO_ZAPI_URL=https://api.z-api.io/                    # default
    RECADO_ZAPPERHUB_URL=https://api.zapperapi.com/          # default
    RECADO_ALLOW_PRIVATE_NETWORKS=false                      # default
    RECADO_CONNECTIONS_PER_PEER=256                          # default
    RECADO_MAX_WEBHOOK_ENDPOINTS=20                          # default
    RECADO_DRAIN_SECONDS=0                                   # default
    RECADO_LOG=info                                          # default
    RECADO_SERVER_NAME=                                      # default
    RECADO_METRICS_LISTEN=                                   # default
    RECADO_RETAIN_MESSAGES_DAYS=forever                      # default
    RECADO_RETAIN_EVENTS_DAYS=forever                        # default
    RECADO_RETAIN_DELIVERIES_DAYS=7                          # default
    RECADO_RETAIN_WEBHOOK_CALLS_DAYS=7                       # default
    RECADO_RETAIN_SET_ASIDE_DAYS=30                          # default
    RECADO_RETAIN_AUDIT_DAYS=400                             # default
    # recado.db does not exist; the server creates it
    ");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    fs::write(&file, format!("{MASTER_KEY}\n")).expect("a file");
    let file = file.to_str().expect("a text");
    for (variable, value) in [
        ("RECADO_MASTER_KEY", MASTER_KEY),
        ("RECADO_MASTER_KEY_FILE", file),
    ] {
        let output = run(
            "check-config",
            &[("RECADO_DATABASE_URL", POSTGRES), (variable, value)],
        )
        .await;
        let printed = String::from_utf8(output.stdout).expect("text");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(
            said.contains("cannot open the database"),
            "{variable}: {said}"
        );
        assert!(
            !output.status.success() && !said.contains("qqPassword"),
            "{said}"
        );
        assert!(printed.contains("RECADO_MASTER_KEY=(hidden)"), "{printed}");
        assert!(printed.contains(&format!(" # {variable}\n")), "{printed}");
        assert!(
            printed.contains("RECADO_DATABASE_URL=postgres://recado:(hidden)@127.0.0.1:1/recado"),
            "{printed}"
        );
        assert!(
            !printed.contains(MASTER_KEY) && !printed.contains("qqPassword"),
            "{printed}"
        );
    }
}

#[tokio::test]
async fn check_config_says_where_each_value_comes_from() {
    let given = run("check-config --listen :8081", &[("RECADO_LOG", "warn")]).await;
    let given = String::from_utf8(given.stdout).expect("text");
    for (value, origin) in [
        ("RECADO_LISTEN=:8081 ", "# --listen"),
        ("RECADO_LOG=warn ", "# RECADO_LOG"),
    ] {
        let line = given.lines().find(|line| line.starts_with(value));
        assert!(line.is_some_and(|line| line.ends_with(origin)), "{given}");
    }
}

#[rstest]
#[case::both_ways(
    &[("RECADO_MASTER_KEY", MASTER_KEY), ("RECADO_MASTER_KEY_FILE", "/nowhere")],
    "RECADO_MASTER_KEY and RECADO_MASTER_KEY_FILE are both set; set one of them"
)]
#[case::both_databases(
    &[("RECADO_DATABASE_URL", POSTGRES), ("RECADO_DATABASE_URL_FILE", "/nowhere")],
    "RECADO_DATABASE_URL and RECADO_DATABASE_URL_FILE are both set; set one of them"
)]
#[case::no_such_file(&[("RECADO_MASTER_KEY_FILE", "/nowhere")], "RECADO_MASTER_KEY_FILE: cannot read /nowhere")]
#[case::empty_file(&[("RECADO_MASTER_KEY_FILE", "/dev/null")], "RECADO_MASTER_KEY_FILE: /dev/null is empty")]
#[case::no_level(&[("RECADO_LOG", "quiet")], "RECADO_LOG: `quiet` is not a level; expected off, error, warn, info, debug or trace")]
#[case::too_short(&[("RECADO_MASTER_KEY", "c2hvcnQ=")], "RECADO_MASTER_KEY has to be 32 bytes in base64")]
#[case::postgres_without_key(
    &[("RECADO_DATABASE_URL", POSTGRES)],
    "RECADO_MASTER_KEY is required with PostgreSQL, the same on every server; make one with: openssl rand -base64 32"
)]
#[tokio::test]
async fn a_wrong_configuration_is_one_clear_sentence(
    #[case] environment: &[(&str, &str)],
    #[case] sentence: &str,
) {
    for subcommand in ["check-config", "serve", "operator-key create"] {
        let output = run(subcommand, environment).await;
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{subcommand}: {said}");
        assert!(said.contains(sentence), "{subcommand}: {said}");
        assert!(
            !said.contains("qqPassword") && !said.contains(MASTER_KEY),
            "{subcommand}: {said}"
        );
        assert!(output.stdout.is_empty(), "{subcommand}");
    }
}

#[tokio::test]
async fn a_database_is_not_opened_with_another_master_key_by_accident() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite:{}", folder.path().join("recado.db").display());
    let place = [("RECADO_DATABASE_URL", database.as_str())];
    assert!(run("migrate", &place).await.status.success());
    let key_file = folder.path().join("recado.db.key");
    assert_eq!(mode(&key_file), 0o600);
    fs::remove_file(&key_file).expect("the key file");
    let output = run("migrate", &place).await;
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(!output.status.success());
    assert!(
        said.contains("put the key back, or set RECADO_MASTER_KEY"),
        "{said}"
    );
}

fn mode(file: &std::path::Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).expect("a file").permissions().mode() & 0o777
}

#[tokio::test]
async fn a_key_with_a_misspelled_field_is_not_created() {
    let world = World::start().await;
    let keys = async || {
        let listed = world.client.get("/organizations/demo/api-keys").await;
        listed.expect(200)["data"].as_array().map(Vec::len)
    };
    let before = keys().await;
    for (name, value) in [
        ("scope", json!(["read"])),
        ("expires_at", json!("2030-01-01T00:00:00Z")),
        ("days", json!(1)),
    ] {
        let body = json!({"name": "site", name: value});
        let refused = world
            .client
            .post("/organizations/demo/api-keys", body)
            .await;
        refused.refused(400, "invalid_body");
        assert!(
            refused.body["details"][name].is_object(),
            "{}",
            refused.text
        );
    }
    assert_eq!(keys().await, before);
}
