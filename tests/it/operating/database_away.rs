//! A server starts while its PostgreSQL is away: it listens, says that it is not ready, and works when the
//! database is back.

use std::process::Stdio;

use recado_store::{DatabaseKind, MasterKey};
use recado_tests::binaries::{Place, Ran};
use recado_tests::cluster::Cluster;
use recado_tests::prelude::*;
use reqwest::header;
use sqlx::{Connection as _, Executor as _, PgConnection};

/// A database on a PostgreSQL of its own, which is stopped; `None` for SQLite, whose file is always there.
async fn stopped() -> Option<(Cluster, TestDatabase)> {
    if TestDatabase::chosen() != DatabaseKind::Postgres {
        return None;
    }
    let cluster = Cluster::start().expect("a PostgreSQL of its own");
    let database = TestDatabase::on(cluster.url()).await;
    let store = database.store().await;
    store
        .adopt_master_key()
        .await
        .expect("a database without a key");
    store.close().await;
    cluster.stop().expect("it runs");
    Some((cluster, database))
}

#[tokio::test]
async fn a_server_waits_for_its_database_and_works_when_it_is_there() {
    if TestDatabase::chosen() != DatabaseKind::Postgres {
        return;
    }
    let cluster = Cluster::start().expect("a PostgreSQL of its own");
    let database = TestDatabase::on(cluster.url()).await;
    let operator = world::operator_key(&database.store().await).await;
    cluster.stop().expect("it runs");
    let (_sandbox, urls) = world::sandbox().await;
    let server = Server::without_database(&database, database.key(), &urls, &[]).await;
    let server = server.expect("it listens");

    let operator = Client::new(&server.url, &operator);
    operator.read("/healthz").await;
    let ready = operator.get("/readyz").await;
    assert_eq!(ready.expect(503), json!({"status": "unavailable"}));
    for answer in [
        operator.get("/agents").await,
        operator.send(smallest_body("conv-456")).await,
        operator.get("/").await,
        operator.get("/no/such/route").await,
    ] {
        answer.refused(503, "unavailable");
        assert_eq!(answer.headers[header::RETRY_AFTER], "1");
        assert!(answer.headers.contains_key("x-request-id"));
    }

    cluster.start_again().expect("it starts");
    let is_ready = async || (operator.get("/readyz").await.status == 200).then_some(());
    until("the server becomes ready", is_ready).await;
    let client = operator.organization("demo").await;
    open_conversations(&client, &CONVERSATIONS).await;
    client.accepted(smallest_body("conv-456")).await;
    let log = server.stop().await.expect("an orderly end");
    let lines = log.lines();
    let waits: Vec<_> = lines
        .filter(|line| line.contains("waits for the database"))
        .collect();
    assert_eq!(waits[0].matches("Connection refused").count(), 1, "{log}");
    // A later line may have caught PostgreSQL at its start.
    for line in waits {
        assert!(line.matches("Connection refused").count() <= 1, "{line}");
    }
}

#[tokio::test]
async fn a_server_that_waits_for_its_database_can_be_stopped() {
    let Some((_cluster, database)) = stopped().await else {
        return;
    };
    let (_sandbox, urls) = world::sandbox().await;
    let server = Server::without_database(&database, database.key(), &urls, &[]).await;
    let server = server.expect("it listens");
    let log = server.stop().await.expect("success");
    assert_contains(&log, "recado-server has stopped");
}

#[tokio::test]
async fn a_server_can_be_stopped_while_it_waits_for_a_lock_of_its_database() {
    if TestDatabase::chosen() != DatabaseKind::Postgres {
        // No program locks the tables of a SQLite file and lets them be read.
        return;
    }
    let database = TestDatabase::migrated_to(9).await;
    let holder = PgConnection::connect(database.url()).await;
    let mut holder = holder.expect("a connection");
    // All can be read, and no migration can be written down.
    let lock = sqlx::raw_sql("begin; lock table _sqlx_migrations in share mode");
    holder.execute(lock).await.expect("a lock");
    let mut server = recado_server("serve --listen 127.0.0.1:0");
    server
        .envs(Place::of(&database).variables())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let process = server.spawn().expect("a process");
    let waiting = "select exists (select from pg_locks where not granted and database = \
         (select oid from pg_database where datname = current_database()))";
    until("the server waits for the lock", async || {
        let waits = sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut holder);
        waits.await.expect("an answer").then_some(())
    })
    .await;
    signal(&process, "TERM").await.expect("the server runs");
    let ended = soon("it does not wait on", process.wait_with_output()).await;
    let ended = Ran::of(&server, ended.expect("an end"));
    assert_contains(
        &ended.stderr,
        "was stopped before it had opened its database",
    );
    ended.succeeded();
}

#[tokio::test]
async fn a_server_that_finds_another_master_key_when_the_database_is_back_ends() {
    let Some((cluster, database)) = stopped().await else {
        return;
    };
    let (_sandbox, urls) = world::sandbox().await;
    let other = MasterKey::generate().expect("random bytes");
    let server = Server::without_database(&database, &other, &urls, &[]).await;
    let server = server.expect("it listens");
    cluster.start_again().expect("it starts");
    let ended = server.ended().await.expect_err("a failure").to_string();
    assert_contains(&ended, "exit status: 1");
    assert_contains(&ended, "another master key");
}
