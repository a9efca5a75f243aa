//! The master key is changed in steps that can be interrupted.

use recado_store::testing::TestDatabase;
use recado_store::{
    Channel, DatabaseKind, KeyRotation, MasterKey, NewWebhookEndpoint, Store, StoreError,
    WebhookCall, WebhookEndpoint, WebhookFormat,
};
use secrecy::ExposeSecret as _;
use sqlx::Row as _;

use crate::world::{World, at, by, create_channel, id, ok, org, refused};

pub(crate) const CALLS: usize = 250;

/// A channel of each organization, an endpoint and many webhook calls.
pub(crate) async fn filled() -> World {
    let world = World::new().await;
    let store = &world.store;
    create_channel(store, "org_1", "chn_1").await;
    create_channel(store, "org_2", "chn_2").await;
    let endpoint = NewWebhookEndpoint {
        id: id("whk_1"),
        organization_id: org(1),
        url: "https://example.com/".to_owned(),
        events: Vec::new(),
        format: WebhookFormat::Recado,
        secret: "whsec_c2VjcmV0".into(),
        header: None,
        created_at: at(1),
    };
    ok(store.create_webhook_endpoint(endpoint, 20, &by(9_000))).await;
    let calls = (0..CALLS).map(|number| keep_call(store, number));
    futures_util::future::join_all(calls).await;
    world
}

async fn keep_call(store: &Store, number: usize) {
    let call = WebhookCall {
        id: format!("whc_{number:04}"),
        organization_id: org(1),
        channel_id: id("chn_1"),
        content_type: None,
        body: format!("body {number}").into_bytes(),
        received_at: at(1),
    };
    ok(store.keep_webhook_call(&call, at(0))).await;
}

async fn with_key(database: &TestDatabase, key: &MasterKey) -> Store {
    ok(Store::connect(database.url(), key.clone())).await
}

async fn finish(mut rotation: KeyRotation) -> u64 {
    let mut total = 0;
    while let Some(rows) = ok(rotation.step()).await {
        assert!(rows <= 100, "a step is bounded: {rows}");
        total += rows;
    }
    total
}

/// Everything opens with the key, so many calls too, which are claimed; and the database takes the key for
/// its own.
async fn assert_opens(database: &TestDatabase, key: &MasterKey, calls: usize) {
    let store = with_key(database, key).await;
    ok(store.adopt_master_key()).await;
    for (organization, channel) in [(org(1), "chn_1"), (org(2), "chn_2")] {
        let channel = ok(store.get::<Channel>(&organization, &id(channel))).await;
        let secrets = store.secrets(&channel.unwrap()).unwrap();
        assert_eq!(
            secrets.webhook_secret.expose_secret(),
            "webhook-secret-in-clear"
        );
    }
    let endpoint = ok(store.get::<WebhookEndpoint>(&org(1), &id("whk_1"))).await;
    let secrets = store.endpoint_secrets(&endpoint.unwrap()).unwrap();
    assert_eq!(secrets.current.expose_secret(), "whsec_c2VjcmV0");
    let organization = org(1);
    let claimed = store.claim_webhook_calls(&organization, at(10), at(20), 1_000, 1_000_000);
    let mut bodies: Vec<_> = claimed
        .await
        .unwrap()
        .into_iter()
        .map(|call| call.body)
        .collect();
    bodies.sort();
    let expected = (0..calls).map(|number| format!("body {number}").into_bytes());
    let mut expected: Vec<_> = expected.collect();
    expected.sort();
    assert_eq!(bodies, expected);
}

async fn assert_refused(database: &TestDatabase, key: &MasterKey) {
    refused!(with_key(database, key).await.adopt_master_key() => StoreError::WrongMasterKey);
}

async fn assert_unfinished(database: &TestDatabase, key: &MasterKey) {
    refused!(with_key(database, key).await.adopt_master_key() => StoreError::RotationUnfinished);
}

#[tokio::test]
async fn after_a_rotation_everything_opens_with_the_new_key_alone() {
    let World { store, database } = filled().await;
    let new = MasterKey::generate().unwrap();
    let rotation = ok(store.begin_key_rotation(new.clone())).await;
    assert_eq!(finish(rotation).await, 3 + CALLS as u64);
    assert_refused(&database, database.key()).await;
    assert_opens(&database, &new, CALLS).await;
    let again = ok(store.begin_key_rotation(new.clone())).await;
    assert_eq!(
        finish(again).await,
        0,
        "a rotation whose end was not seen may be repeated"
    );
    assert_opens(&database, &new, 0).await;
}

#[tokio::test]
async fn an_interrupted_rotation_lets_no_server_start_and_goes_on_with_the_same_keys() {
    let World { store, database } = filled().await;
    let new = MasterKey::generate().unwrap();
    for mut steps in [1, 2, 1] {
        let mut rotation = ok(store.begin_key_rotation(new.clone())).await;
        while steps > 0 {
            let rows = ok(rotation.step()).await.expect("more to do");
            steps -= usize::from(rows > 0);
        }
        drop(rotation);
        assert_unfinished(&database, database.key()).await;
        assert_unfinished(&database, &new).await;
        assert_refused(&database, &MasterKey::generate().unwrap()).await;
    }
    refused!(store.begin_key_rotation(MasterKey::generate().unwrap())
        => StoreError::RotationUnfinished);
    let rest = finish(ok(store.begin_key_rotation(new.clone())).await).await;
    assert_eq!(rest, 50);
    assert_opens(&database, &new, CALLS).await;
}

#[tokio::test]
async fn a_row_that_is_written_behind_the_rotation_is_found() {
    let World { store, database } = filled().await;
    let new = MasterKey::generate().unwrap();
    let mut rotation = ok(store.begin_key_rotation(new.clone())).await;
    let mut done = 0;
    while done < 3 + CALLS as u64 {
        done += ok(rotation.step()).await.expect("more to do");
    }
    keep_call(&store, CALLS).await;
    create_channel(&store, "org_2", "a_late_one").await;
    assert_eq!(finish(rotation).await, 2);
    assert_opens(&database, &new, CALLS + 1).await;
}

#[tokio::test]
async fn the_old_key_and_the_new_one_must_differ_and_the_old_one_must_fit() {
    let World { store, database } = filled().await;
    refused!(store.begin_key_rotation(database.key().clone()) => StoreError::SameMasterKey);
    let stranger = with_key(&database, &MasterKey::generate().unwrap()).await;
    refused!(stranger.begin_key_rotation(MasterKey::generate().unwrap())
        => StoreError::WrongMasterKey);
    ok(store.adopt_master_key()).await;
    refused!(stranger.begin_key_rotation(MasterKey::generate().unwrap())
        => StoreError::WrongMasterKey);
    ok(store.check()).await;
}

#[tokio::test]
async fn a_rotation_is_refused_while_a_server_runs_and_leaves_nothing_behind() {
    let World { store, database } = filled().await;
    if database.kind() == DatabaseKind::Sqlite {
        // There the server holds the lock of the file, which the command takes.
        return;
    }
    let server = ok(Store::connect_server(
        database.url(),
        database.key().clone(),
    ))
    .await;
    ok(server.adopt_master_key()).await;
    refused!(store.begin_key_rotation(MasterKey::generate().unwrap())
        => StoreError::ServersRunning(1..));
    ok(server.check()).await;
    server.close().await;
    let new = MasterKey::generate().unwrap();
    let rotation = ok(store.begin_key_rotation(new.clone())).await;
    let late = ok(Store::connect_server(
        database.url(),
        database.key().clone(),
    ))
    .await;
    refused!(late.adopt_master_key() => StoreError::RotationUnfinished);
    late.close().await;
    finish(rotation).await;
    assert_opens(&database, &new, CALLS).await;
}

#[tokio::test]
async fn every_table_with_encrypted_rows_is_rotated() {
    let world = World::new().await;
    let text = match world.store.kind() {
        DatabaseKind::Sqlite => {
            "select m.name from sqlite_master m join pragma_table_info(m.name) c \
             where m.type = 'table' and c.name = 'key_id' order by m.name"
        }
        DatabaseKind::Postgres => {
            "select cast(table_name as text) as name from information_schema.columns \
             where table_schema = 'public' and column_name = 'key_id' and not exists (select 1 from pg_inherits \
             where cast(cast(inhrelid as regclass) as text) = table_name) order by 1"
        }
    };
    let mut raw = world.raw().await;
    let rows = sqlx::query(text).fetch_all(&mut raw).await.unwrap();
    let tables: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    // A new one belongs into `SEALED` in master_key.rs too.
    assert_eq!(tables, ["channels", "webhook_calls", "webhook_endpoints"]);
}
