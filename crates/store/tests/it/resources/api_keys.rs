//! API keys.

use std::collections::BTreeSet;

use recado_core::{OrganizationId, Role, Scope, Scopes, SessionId};
use recado_store::{
    ApiKey, ApiKeySecret, DatabaseKind, MAX_PERSONAL_KEYS, Store, StoreError, User,
};
use rstest::rstest;

use crate::users::accounts;
use crate::users::sessions::{sign_in, signed_in};
use crate::world::{ALL, World, at, by, gives, id, ok, org, refused, some};

fn key(text: &str, organization: Option<OrganizationId>, secret: &ApiKeySecret) -> ApiKey {
    ApiKey::new(id(text), organization, "CRM", secret, at(1_500))
}

async fn create(store: &Store, key: &ApiKey, secret: &ApiKeySecret) {
    ok(store.create_api_key(key, secret, &by(1_500))).await;
}

/// Creates `key_1` of `org_1`.
async fn created(store: &Store) -> (ApiKey, ApiKeySecret) {
    let secret = ApiKeySecret::generate().unwrap();
    let crm = key("key_1", Some(org(1)), &secret);
    create(store, &crm, &secret).await;
    (crm, secret)
}

async fn find(store: &Store, secret: &str, now: i64) -> Option<ApiKey> {
    ok(store.find_api_key_by_secret(secret, at(now))).await
}

#[tokio::test]
async fn a_key_is_found_by_its_secret_alone() {
    let World { store, .. } = &World::new().await;
    let (crm, secret) = created(store).await;
    let other = ApiKeySecret::generate().unwrap();
    assert_eq!(find(store, secret.expose(), 1_500).await, Some(crm));
    let almost = &secret.expose()[..49];
    for text in [other.expose(), almost, "key_1", "", "\0", "recado_ç"] {
        assert_eq!(find(store, text, 1_500).await, None, "{text}");
    }
}

#[tokio::test]
async fn an_operator_key_belongs_to_no_organization() {
    let World { store, .. } = &World::new().await;
    let secret = ApiKeySecret::generate().unwrap();
    let operator = key("key_1", None, &secret);
    create(store, &operator, &secret).await;
    let found = find(store, secret.expose(), 1_500).await;
    assert_eq!(found, Some(operator.clone()));
    assert_eq!(ok(store.list::<ApiKey>(&org(1), &ALL)).await.data, []);
    assert!(!ok(store.delete_api_key(&org(1), &operator.id, &by(2_000))).await);
    let listed = ok(store.list_operator_keys(&ALL)).await.data;
    assert_eq!(listed, [operator]);
}

#[tokio::test]
async fn a_revoked_operator_key_is_gone_at_once_for_every_store() {
    let world = World::new().await;
    // As a command beside a running server has one.
    let other = world.database.store().await;
    let (secret, own) = (
        ApiKeySecret::generate().unwrap(),
        ApiKeySecret::generate().unwrap(),
    );
    let operator = key("key_1", None, &secret);
    create(&world.store, &operator, &secret).await;
    create(&world.store, &key("key_2", Some(org(1)), &own), &own).await;
    assert!(is_known(&world.store, &secret).await);
    let revoke =
        async |id: &str| ok(other.delete_operator_key(&id.parse().unwrap(), &by(2_000))).await;
    assert_eq!(revoke("key_2").await, None, "it is not an operator's");
    assert_eq!(revoke("key_1").await, Some(operator.name));
    assert_eq!(revoke("key_1").await, None);
    assert!(!is_known(&world.store, &secret).await);
    assert!(is_known(&world.store, &own).await);
    let entries = ok(other.list_audit(None, &ALL)).await.data;
    assert_eq!(entries[0].action, "api_key.deleted");
    assert_eq!(entries[0].target.as_deref(), Some("key_1"));
}

async fn is_known(store: &Store, secret: &ApiKeySecret) -> bool {
    find(store, secret.expose(), 1_500).await.is_some()
}

#[tokio::test]
async fn a_revoked_key_is_gone_at_once() {
    let world = World::new().await;
    let store = &world.store;
    let (crm, secret) = created(store).await;
    for _ in 0..3 {
        assert!(is_known(store, &secret).await);
    }
    assert!(ok(store.delete_api_key(&org(1), &crm.id, &by(2_000))).await);
    assert!(!is_known(store, &secret).await);
    assert!(!ok(store.delete_api_key(&org(1), &crm.id, &by(2_000))).await);
}

#[tokio::test]
async fn many_servers_on_one_postgresql_see_at_once_that_a_key_is_revoked() {
    let world = World::new().await;
    let (store, second) = (&world.store, world.database.store().await);
    let (crm, secret) = created(store).await;
    // On SQLite, whose file has one server, the second one only looks afterwards.
    if store.kind() == DatabaseKind::Postgres {
        assert!(is_known(&second, &secret).await);
    }
    assert!(ok(store.delete_api_key(&org(1), &crm.id, &by(2_000))).await);
    assert!(!is_known(&second, &secret).await);
}

#[tokio::test]
async fn neither_an_id_nor_a_secret_is_used_twice() {
    let World { store, .. } = &World::new().await;
    let (_, secret) = created(store).await;
    let other = ApiKeySecret::generate().unwrap();
    for (text, secret) in [("key_2", &secret), ("key_1", &other)] {
        let key = key(text, Some(org(2)), secret);
        refused!(store.create_api_key(&key, secret, &by(1_500)) => StoreError::Conflict);
    }
}

/// Creates a personal key of a user who has this session.
pub(crate) async fn create_personal(
    store: &Store,
    user: &User,
    session: &SessionId,
) -> ApiKeySecret {
    let secret = ApiKeySecret::generate().unwrap();
    let key = personal(user, &format!("key_of_{session}"), &secret);
    assert!(ok(store.create_personal_key(&key, &secret, session, &by(3_500))).await);
    secret
}

fn personal(user: &User, text: &str, secret: &ApiKeySecret) -> ApiKey {
    let organization = Some(user.organization_id.clone());
    ApiKey {
        user_id: Some(user.id.clone()),
        expires_at: Some(at(100_000)),
        ..ApiKey::new(id(text), organization, "laptop", secret, at(3_500))
    }
}

#[tokio::test]
async fn a_key_has_the_scopes_the_end_and_the_prefix_that_it_was_given() {
    let World { store, .. } = &World::new().await;
    let secret = ApiKeySecret::generate().unwrap();
    let crm = ApiKey {
        scopes: Scopes::new([Scope::Send, Scope::Read]).unwrap(),
        expires_at: Some(at(9_000)),
        ..key("key_1", Some(org(1)), &secret)
    };
    create(store, &crm, &secret).await;
    let found = find(store, secret.expose(), 8_999).await;
    assert_eq!(found.as_ref(), Some(&crm));
    let prefix = crm.prefix.as_deref().unwrap();
    assert!(secret.expose().starts_with(prefix));
    assert_eq!(prefix.len(), "recado_".len() + 6);
    assert_eq!(ok(store.list::<ApiKey>(&org(1), &ALL)).await.data, [crm]);
}

#[tokio::test]
async fn an_expired_key_is_not_found_from_the_instant_of_its_end() {
    let World { store, .. } = &World::new().await;
    let secret = ApiKeySecret::generate().unwrap();
    let crm = ApiKey {
        expires_at: Some(at(9_000)),
        ..key("key_1", Some(org(1)), &secret)
    };
    create(store, &crm, &secret).await;
    let keys = BTreeSet::from([crm.id.clone()]);
    // Also one that SQLite's store remembers.
    for (now, works) in [
        (8_999, true),
        (9_000, false),
        (8_999, true),
        (50_000, false),
    ] {
        let found = find(store, secret.expose(), now).await;
        assert_eq!(found.is_some(), works, "{now}");
        let working = ok(store.working_api_keys(&keys, at(now))).await;
        assert_eq!(!working.is_empty(), works, "{now}");
    }
    assert!(ok(store.delete_api_key(&org(1), &crm.id, &by(60_000))).await);
}

#[tokio::test]
async fn a_personal_key_may_never_do_more_than_its_user() {
    let World { store, .. } = &World::new().await;
    accounts::create_with_password(store, org(1), "owner", Role::Owner).await;
    let (ana, session, _) = signed_in(store, Role::Owner).await;
    let all = create_personal(store, &ana, &session.id).await;
    let manages = ApiKeySecret::generate().unwrap();
    let key = ApiKey {
        scopes: Scopes::new([Scope::Manage]).unwrap(),
        ..personal(&ana, "key_manages", &manages)
    };
    assert!(ok(store.create_personal_key(&key, &manages, &session.id, &by(3_500))).await);
    for (role, of_all, of_other) in [
        (Role::Owner, Some("read send manage"), Some("manage")),
        (Role::Agent, Some("read send"), None),
        (Role::Viewer, Some("read"), None),
        (Role::Owner, Some("read send manage"), Some("manage")),
    ] {
        some(store.update_user(&org(1), &ana.id, None, Some(role), &by(4_000))).await;
        for (secret, scopes) in [(&all, of_all), (&manages, of_other)] {
            let found = find(store, secret.expose(), 5_000).await;
            let found = found.map(|key| key.scopes.to_string());
            assert_eq!(found.as_deref(), scopes, "{role}");
        }
    }
    let listed = ok(store.list::<ApiKey>(&org(1), &ALL)).await.data;
    assert!(
        listed
            .iter()
            .all(|key| key.user_id.as_ref() == Some(&ana.id))
    );
    assert!(ok(store.delete_api_key(&org(1), &key.id, &by(6_000))).await);
    assert_eq!(find(store, manages.expose(), 6_000).await, None);
}

#[tokio::test]
async fn a_personal_key_needs_a_session_of_its_user_that_lasts() {
    let World { store, .. } = &World::new().await;
    let ana = accounts::create_with_password(store, org(1), "ana", Role::Owner).await;
    let bia = accounts::create_with_password(store, org(1), "bia", Role::Agent).await;
    let (session, _) = sign_in(store, &ana, "ses_1").await;
    let secret = ApiKeySecret::generate().unwrap();
    let create = async |user: &User, created_at| {
        let key = ApiKey {
            created_at: at(created_at),
            ..personal(user, "key_1", &secret)
        };
        ok(store.create_personal_key(&key, &secret, &session.id, &by(4_000))).await
    };
    assert!(!create(&bia, 4_000).await);
    assert!(!create(&ana, session.idle_ends_at.as_millisecond()).await);
    let elsewhere = User {
        organization_id: org(2),
        ..ana.clone()
    };
    assert!(!create(&elsewhere, 4_000).await);
    assert!(ok(store.end_session(&org(1), &session.id, &by(4_000))).await);
    assert!(!create(&ana, 4_000).await);
    assert_eq!(find(store, secret.expose(), 5_000).await, None);
}

#[rstest]
#[case::a_new_password(true)]
#[case::the_end_of_all_sessions(false)]
#[tokio::test(flavor = "multi_thread")]
async fn no_personal_key_outlives_what_ends_it_at_the_same_time(#[case] is_password: bool) {
    let World { store, database } = &World::new().await;
    let servers = accounts::servers(database, store).await;
    let ana = accounts::create_with_password(store, org(1), "ana", Role::Owner).await;
    for round in 0..10 {
        accounts::set_password(store, &ana, "hash").await;
        let (session, _) = sign_in(store, &ana, &format!("ses_{round}")).await;
        let secret = ApiKeySecret::generate().unwrap();
        let key = personal(&ana, &format!("key_{round}"), &secret);
        let author = by(4_000);
        let creating = servers[0].create_personal_key(&key, &secret, &session.id, &author);
        let ending = async {
            if is_password {
                accounts::set_password(&servers[1], &ana, "new").await;
            } else {
                gives!(servers[1].end_sessions(&org(1), &ana.id, &author) => 1);
            }
        };
        let (created, ()) = tokio::join!(creating, ending);
        created.unwrap();
        assert_eq!(find(store, secret.expose(), 5_000).await, None);
    }
}

#[tokio::test]
async fn a_user_has_so_many_personal_keys_and_the_oldest_are_deleted() {
    let World { store, .. } = &World::new().await;
    let (ana, session, _) = signed_in(store, Role::Owner).await;
    let mut secrets = Vec::new();
    for number in 0..=MAX_PERSONAL_KEYS {
        let secret = ApiKeySecret::generate().unwrap();
        let key = personal(&ana, &format!("key_{number:03}"), &secret);
        assert!(ok(store.create_personal_key(&key, &secret, &session.id, &by(4_000))).await);
        assert!(find(store, secret.expose(), 5_000).await.is_some());
        secrets.push(secret);
    }
    assert_eq!(find(store, secrets[0].expose(), 5_000).await, None);
    let entries = ok(store.list_audit(Some(&org(1)), &ALL)).await.data;
    let deleted: Vec<_> = (entries.iter())
        .filter(|entry| entry.action == "api_key.deleted")
        .map(|entry| entry.target.as_deref())
        .collect();
    assert_eq!(deleted, [Some("key_000")]);
    for secret in &secrets[1..] {
        assert!(find(store, secret.expose(), 5_000).await.is_some());
    }
}

#[tokio::test]
async fn the_last_use_of_a_key_is_written_once_a_minute() {
    let world = World::new().await;
    let (crm, _) = created(&world.store).await;
    let last_use = async || {
        let store = world.database.store().await;
        let listed = ok(store.list::<ApiKey>(&org(1), &ALL)).await;
        listed.data[0].last_used_at
    };
    assert_eq!(last_use().await, None);
    for (now, written) in [
        (60_000, 60_000),
        (119_999, 60_000),
        (120_000, 120_000),
        (120_001, 120_000),
        (179_999, 120_000),
        (500_000, 500_000),
    ] {
        // Each time another server, which has written nothing yet, and then the same one again.
        let store = world.database.store().await;
        for _ in 0..2 {
            store.note_key_used(&crm.id, at(now));
        }
        store.close().await;
        assert_eq!(last_use().await, Some(at(written)), "{now}");
    }
}
