//! A suspended organization: its keys are refused and its deliveries wait, until it is resumed.

use std::collections::BTreeSet;

use recado_core::Status;
use recado_store::{ApiKey, ApiKeySecret, Store, StoreError, WebhookEndpoint};

use crate::taps::{apply, status_update, tapped};
use crate::webhooks::deliveries::{MANY, claim};
use crate::webhooks::webhook_endpoints::create;
use crate::world::{World, at, by, id, ok, org, refused, some};

#[tokio::test]
async fn deliveries_of_a_suspended_organization_wait_until_it_is_resumed() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_all", &[]).await;
    for now in [7, 8] {
        let suspended = ok(store.suspend_organization(&org(1), &by(now))).await;
        assert_eq!(suspended.unwrap().suspended_at, Some(at(7)));
    }
    apply(store, vec![status_update("wamid.1", Status::Sent)]).await;
    assert!(claim(store, 100_000, MANY).await.is_empty());
    let other = ok(store.get_organization(&org(2))).await;
    assert_eq!(other.unwrap().suspended_at, None);
    let resumed = ok(store.resume_organization(&org(1), &by(9_000))).await;
    assert_eq!(resumed.unwrap().suspended_at, None);
    assert_eq!(claim(store, 100_000, MANY).await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_does_not_fail_while_its_organization_is_suspended() {
    let world = tapped().await;
    let store = &world.store;
    create(store, "whk_all", &[]).await;
    world
        .database
        .execute("update webhook_endpoints set failing_since = 5")
        .await;
    ok(store.suspend_organization(&org(1), &by(7))).await;
    ok(store.resume_organization(&org(1), &by(9_000))).await;
    let endpoint = some(store.get::<WebhookEndpoint>(&org(1), &id("whk_all"))).await;
    assert_eq!(endpoint.failing_since, None);
}

/// A key of the organization `org_1`.
pub(crate) async fn key(store: &Store) -> (ApiKey, ApiKeySecret) {
    let secret = ApiKeySecret::generate().unwrap();
    let key = ApiKey::new(id("key_1"), Some(org(1)), "shop", &secret, at(1));
    ok(store.create_api_key(&key, &secret, &by(1))).await;
    (key, secret)
}

#[tokio::test]
async fn a_key_is_refused_as_long_as_its_organization_is_suspended() {
    let World { store, .. } = &World::new().await;
    let (key, secret) = key(store).await;
    let keys = BTreeSet::from([key.id.clone()]);
    for _ in 0..2 {
        let found = ok(store.find_api_key_by_secret(secret.expose(), at(2))).await;
        assert_eq!(found.as_ref(), Some(&key));
        assert_eq!(ok(store.working_api_keys(&keys, at(2))).await, keys);
        ok(store.suspend_organization(&org(1), &by(2))).await;
        refused!(store.find_api_key_by_secret(secret.expose(), at(2))
            => StoreError::OrganizationSuspended);
        assert!(ok(store.working_api_keys(&keys, at(2))).await.is_empty());
        ok(store.resume_organization(&org(1), &by(9_000))).await;
    }
}
