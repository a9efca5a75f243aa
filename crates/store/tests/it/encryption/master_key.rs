//! The database knows which master key it was written with.

use recado_store::testing::TestDatabase;
use recado_store::{MasterKey, Store, StoreError, WebhookCall};
use secrecy::ExposeSecret as _;
use sqlx::Row as _;

use crate::world::{World, at, create_channel, id, ok, org, refused};

/// A store on the same database, with a key of its own.
async fn with_another_key(database: &TestDatabase) -> Store {
    let key = MasterKey::generate().unwrap();
    ok(Store::connect(database.url(), key)).await
}

async fn run(world: &World, sql: &'static str) {
    let mut raw = world.raw().await;
    sqlx::query(sql).execute(&mut raw).await.unwrap();
}

async fn assert_refused(store: &Store) {
    for refused in [store.check().await, store.adopt_master_key().await] {
        assert!(
            matches!(refused, Err(StoreError::WrongMasterKey)),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn another_master_key_is_refused_once_the_first_was_adopted() {
    let World { store, database } = World::new().await;
    ok(store.adopt_master_key()).await;
    ok(store.adopt_master_key()).await;
    ok(store.check()).await;
    assert_refused(&with_another_key(&database).await).await;
    ok(store.check()).await;
}

#[tokio::test]
async fn an_old_database_is_proved_against_a_channel() {
    let world = World::new().await;
    create_channel(&world.store, "org_1", "chn_1").await;
    assert_refused(&with_another_key(&world.database).await).await;
    ok(world.store.check()).await;
    ok(world.store.adopt_master_key()).await;
    run(&world, "delete from channels").await;
    assert_refused(&with_another_key(&world.database).await).await;
}

#[tokio::test]
async fn an_old_database_is_proved_against_a_kept_webhook_call() {
    let world = World::new().await;
    let call = WebhookCall {
        id: "whc_1".to_owned(),
        organization_id: org(1),
        channel_id: id("chn_1"),
        content_type: None,
        body: b"{}".to_vec(),
        received_at: at(1),
    };
    ok(world.store.keep_webhook_call(&call, at(0))).await;
    assert_refused(&with_another_key(&world.database).await).await;
    ok(world.store.check()).await;
}

#[tokio::test]
async fn a_row_that_only_claims_to_be_written_with_the_key_does_not_prove_it() {
    let world = World::new().await;
    create_channel(&world.store, "org_1", "chn_1").await;
    let key = MasterKey::generate().unwrap();
    let mut raw = world.raw().await;
    let claim = sqlx::query("update channels set key_id = $1").bind(key.id());
    ok(claim.execute(&mut raw)).await;
    let other = ok(Store::connect(world.database.url(), key)).await;
    assert_refused(&other).await;
}

#[tokio::test]
async fn of_servers_that_start_at_once_with_different_keys_one_is_not_refused() {
    let database = TestDatabase::fresh().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = with_another_key(&database).await;
        tasks.spawn(async move { store.adopt_master_key().await.is_ok() });
    }
    let adopted = tasks
        .join_all()
        .await
        .into_iter()
        .filter(|adopted| *adopted);
    assert_eq!(adopted.count(), 1);
}

#[tokio::test]
async fn a_database_without_tables_passes_the_check_and_keeps_no_key() {
    let database = TestDatabase::empty().await;
    let store = database.store().await;
    ok(store.check()).await;
    refused!(store.adopt_master_key() => StoreError::NotMigrated);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_with_its_version() {
    let world = World::new().await;
    run(
        &world,
        "insert into _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         select 9999, 'later', installed_on, success, checksum, execution_time from _sqlx_migrations \
         where version = 1",
    )
    .await;
    for refused in [world.store.check().await, world.store.migrate().await] {
        assert!(
            matches!(refused, Err(StoreError::NewerDatabase(9999))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn the_fingerprint_gives_the_key_not_away() {
    let world = World::new().await;
    ok(world.store.adopt_master_key()).await;
    let mut raw = world.raw().await;
    let row = sqlx::query("select fingerprint from master_key").fetch_one(&mut raw);
    let kept: String = row.await.unwrap().get(0);
    assert_eq!(kept.len(), 44, "a SHA-256 in base64");
    let key = world.database.key().to_base64();
    assert_ne!(kept, key.expose_secret());
}
