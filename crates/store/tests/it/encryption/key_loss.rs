//! The master key is lost: what it encrypted is dropped, in steps that can be interrupted.

use recado_store::{
    Channel, FreshSecrets, KeyLoss, MasterKey, SetAsideReason, Store, StoreError, WebhookEndpoint,
};
use secrecy::ExposeSecret as _;

use crate::encryption::key_rotation::{CALLS, filled};
use crate::world::{ALL, World, at, id, ok, org, refused, some};

const FRESH: FreshSecrets = FreshSecrets {
    channel: || "fresh-of-channel".into(),
    endpoint: || Ok("whsec_ZnJlc2g=".into()),
};

/// A world whose key is lost, with a store of another key.
async fn lost() -> (World, Store) {
    let world = filled().await;
    ok(world.store.adopt_master_key()).await;
    let applied = "update webhook_calls set applied_at = 1 where id < 'whc_0010'";
    world.database.execute(applied).await;
    let new = MasterKey::generate().unwrap();
    let store = ok(Store::connect(world.database.url(), new)).await;
    (world, store)
}

async fn finish(mut loss: KeyLoss) -> u64 {
    let mut total = 0;
    while let Some(rows) = ok(loss.step()).await {
        assert!(rows <= 200, "a step is bounded: {rows}");
        total += rows;
    }
    total
}

/// Nothing that the lost key encrypted is left, and everything opens.
async fn assert_dropped(store: &Store) {
    ok(store.adopt_master_key()).await;
    for (organization, channel) in [(org(1), "chn_1"), (org(2), "chn_2")] {
        let channel = store.get::<Channel>(&organization, &id(channel)).await;
        let secrets = store.secrets(&channel.unwrap().unwrap()).unwrap();
        assert!(secrets.credentials.is_empty());
        assert_eq!(secrets.webhook_secret.expose_secret(), "fresh-of-channel");
    }
    let endpoint = some(store.get::<WebhookEndpoint>(&org(1), &id("whk_1"))).await;
    let secrets = store.endpoint_secrets(&endpoint).unwrap();
    assert_eq!(secrets.current.expose_secret(), "whsec_ZnJlc2g=");
    let unreadable = Some(SetAsideReason::Unreadable);
    let listed = ok(store.list_webhook_calls_set_aside(&org(1), unreadable, &ALL)).await;
    assert_eq!(listed.data.len(), CALLS - 10);
    assert_eq!(ok(store.organizations_with_webhook_calls(at(10))).await, []);
}

#[tokio::test]
async fn everything_that_a_lost_key_encrypted_is_dropped() {
    let (World { store: old, .. }, store) = &lost().await;
    let loss = ok(store.begin_key_loss(FRESH)).await;
    assert_eq!(finish(loss).await, 3 + CALLS as u64);
    assert_dropped(store).await;
    refused!(old.adopt_master_key() => StoreError::WrongMasterKey);
}

#[tokio::test]
async fn an_interrupted_loss_lets_no_server_start_and_goes_on() {
    let (World { store: old, .. }, store) = &lost().await;
    for steps in 1..4 {
        let mut loss = ok(store.begin_key_loss(FRESH)).await;
        for _ in 0..steps {
            ok(loss.step()).await;
        }
        for key in [old, store] {
            refused!(key.adopt_master_key() => StoreError::RotationUnfinished);
        }
    }
    finish(ok(store.begin_key_loss(FRESH)).await).await;
    assert_dropped(store).await;
}

#[tokio::test]
async fn a_loss_that_comes_during_a_rotation_keeps_what_the_new_key_can_read() {
    let World {
        store: old,
        database,
    } = &filled().await;
    let key = MasterKey::generate().unwrap();
    let mut rotation = ok(old.begin_key_rotation(key.clone())).await;
    assert_eq!(ok(rotation.step()).await, Some(2), "the channels");
    let other = ok(Store::connect(database.url(), key)).await;
    let loss = ok(other.begin_key_loss(FRESH)).await;
    assert_eq!(finish(loss).await, 1 + CALLS as u64);
    let channel = some(other.get::<Channel>(&org(1), &id("chn_1"))).await;
    let secrets = other.secrets(&channel).unwrap();
    assert!(!secrets.credentials.is_empty());
}

#[tokio::test]
async fn a_key_that_fits_is_not_lost() {
    let world = filled().await;
    ok(world.store.adopt_master_key()).await;
    let refused = world.store.begin_key_loss(FRESH).await.err();
    assert!(
        matches!(refused, Some(StoreError::SameMasterKey)),
        "{refused:?}"
    );
    ok(world.store.adopt_master_key()).await;
}
