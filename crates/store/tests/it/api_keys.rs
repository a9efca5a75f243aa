//! API keys.

use recado_core::OrganizationId;
use recado_store::{ApiKey, ApiKeySecret, DatabaseKind, Store, StoreError};

use crate::world::{ALL, World, at, id, org};

fn key(text: &str, organization: Option<OrganizationId>) -> ApiKey {
    ApiKey {
        id: id(text),
        organization_id: organization,
        name: "CRM".into(),
        created_at: at(1_500),
    }
}

#[tokio::test]
async fn a_key_is_found_by_its_secret_alone() {
    let World { store, .. } = &World::new().await;
    let (secret, other) = (
        ApiKeySecret::generate().unwrap(),
        ApiKeySecret::generate().unwrap(),
    );
    let crm = key("key_1", Some(org(1)));
    store.create_api_key(&crm, &secret).await.unwrap();
    let found = store.find_api_key_by_secret(secret.expose()).await.unwrap();
    assert_eq!(found, Some(crm));
    let almost = &secret.expose()[..49];
    for text in [other.expose(), almost, "key_1", "", "\0", "recado_ç"] {
        assert_eq!(
            store.find_api_key_by_secret(text).await.unwrap(),
            None,
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_operator_key_belongs_to_no_organization() {
    let World { store, .. } = &World::new().await;
    let secret = ApiKeySecret::generate().unwrap();
    let operator = key("key_1", None);
    store.create_api_key(&operator, &secret).await.unwrap();
    let found = store.find_api_key_by_secret(secret.expose()).await.unwrap();
    assert_eq!(found, Some(operator.clone()));
    assert_eq!(store.list_api_keys(&org(1), &ALL).await.unwrap().data, []);
    assert!(!store.delete_api_key(&org(1), &operator.id).await.unwrap());
}

async fn is_known(store: &Store, secret: &ApiKeySecret) -> bool {
    let found = store.find_api_key_by_secret(secret.expose()).await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn a_revoked_key_is_gone_at_once() {
    let world = World::new().await;
    let store = &world.store;
    let secret = ApiKeySecret::generate().unwrap();
    let crm = key("key_1", Some(org(1)));
    store.create_api_key(&crm, &secret).await.unwrap();
    for _ in 0..3 {
        assert!(is_known(store, &secret).await);
    }
    assert!(store.delete_api_key(&org(1), &crm.id).await.unwrap());
    assert!(!is_known(store, &secret).await);
    assert!(!store.delete_api_key(&org(1), &crm.id).await.unwrap());
}

#[tokio::test]
async fn many_servers_on_one_postgresql_see_at_once_that_a_key_is_revoked() {
    let world = World::new().await;
    let (store, second) = (&world.store, world.database.store().await);
    let secret = ApiKeySecret::generate().unwrap();
    let crm = key("key_1", Some(org(1)));
    store.create_api_key(&crm, &secret).await.unwrap();
    // On SQLite, whose file has one server, the second one only looks afterwards.
    if store.kind() == DatabaseKind::Postgres {
        assert!(is_known(&second, &secret).await);
    }
    assert!(store.delete_api_key(&org(1), &crm.id).await.unwrap());
    assert!(!is_known(&second, &secret).await);
}

#[tokio::test]
async fn neither_an_id_nor_a_secret_is_used_twice() {
    let World { store, .. } = &World::new().await;
    let secret = ApiKeySecret::generate().unwrap();
    store
        .create_api_key(&key("key_1", Some(org(1))), &secret)
        .await
        .unwrap();
    for (text, secret) in [
        ("key_2", &secret),
        ("key_1", &ApiKeySecret::generate().unwrap()),
    ] {
        let again = store.create_api_key(&key(text, Some(org(2))), secret).await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    }
}
