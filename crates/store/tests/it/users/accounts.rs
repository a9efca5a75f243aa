//! Users, their roles and their passwords.

use recado_core::{OrganizationId, Role};
use recado_store::testing::TestDatabase;
use recado_store::{ApiKey, DatabaseKind, LinkSecret, Store, StoreError, User};
use tokio::task::JoinSet;

use crate::users::sessions::{is_signed_in, sign_in, signed_in};
use crate::world::{ALL, World, at, by, gives, id, ok, org, refused, some};

/// A user of that name, whose e-mail is made of it.
pub(crate) fn user(organization: OrganizationId, name: &str, role: Role) -> User {
    User {
        id: id(&format!("usr_{name}_{organization}")),
        organization_id: organization,
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        role,
        has_password: false,
        created_at: at(1_000),
        last_sign_in_at: None,
    }
}

/// Creates a user without a password.
pub(crate) async fn create(
    store: &Store,
    organization: OrganizationId,
    name: &str,
    role: Role,
) -> User {
    let user = user(organization, name, role);
    ok(store.create_user(&user, &by(1_000))).await;
    user
}

/// Creates a user with a password of the hash `hash`.
pub(crate) async fn create_with_password(
    store: &Store,
    organization: OrganizationId,
    name: &str,
    role: Role,
) -> User {
    let user = create(store, organization, name, role).await;
    set_password(store, &user, "hash").await;
    User {
        has_password: true,
        ..user
    }
}

pub(crate) async fn set_password(store: &Store, user: &User, hash: &str) {
    let (organization, id) = (&user.organization_id, &user.id);
    assert!(ok(store.set_password(organization, id, hash, &by(2_000))).await);
}

/// As many stores as may work on the database at once: one on SQLite.
pub(crate) async fn servers(database: &TestDatabase, store: &Store) -> [Store; 2] {
    match database.kind() {
        DatabaseKind::Sqlite => [store.clone(), store.clone()],
        DatabaseKind::Postgres => [store.clone(), database.store().await],
    }
}

#[tokio::test]
async fn a_user_is_created_found_listed_changed_and_deleted() {
    let World { store, .. } = &World::new().await;
    create(store, org(1), "owner", Role::Owner).await;
    let ana = create(store, org(1), "ana", Role::Agent).await;
    let found = ok(store.get::<User>(&org(1), &ana.id)).await;
    assert_eq!(found.as_ref(), Some(&ana));
    let listed = ok(store.list::<User>(&org(1), &ALL)).await.data;
    assert_eq!(listed.len(), 2);
    assert!(listed.contains(&ana));

    let changed = store
        .update_user(&org(1), &ana.id, Some("Ana Souza"), None, &by(3_000))
        .await;
    let renamed = User {
        name: "Ana Souza".to_owned(),
        ..ana.clone()
    };
    assert_eq!(changed.unwrap().as_ref(), Some(&renamed));
    let changed = store
        .update_user(&org(1), &ana.id, None, Some(Role::Viewer), &by(3_000))
        .await;
    let viewer = User {
        role: Role::Viewer,
        ..renamed
    };
    assert_eq!(changed.unwrap().as_ref(), Some(&viewer));
    assert_eq!(ok(store.get::<User>(&org(1), &ana.id)).await, Some(viewer));

    for deleted in [true, false] {
        gives!(store.delete_user(&org(1), &ana.id, &by(4_000)) => deleted);
    }
    assert_eq!(ok(store.get::<User>(&org(1), &ana.id)).await, None);
    gives!(store.update_user(&org(1), &ana.id, Some("Ana"), None, &by(5_000)) => None);
}

#[tokio::test]
async fn an_email_belongs_to_one_user_of_an_organization_in_any_case() {
    let World { store, .. } = &World::new().await;
    create(store, org(1), "ana", Role::Owner).await;
    let again = User {
        id: id("usr_other"),
        email: " ANA@Example.com ".to_owned(),
        ..user(org(1), "ana", Role::Agent)
    };
    refused!(store.create_user(&again, &by(1_000)) => StoreError::Conflict);
    let elsewhere = User {
        organization_id: org(2),
        ..again
    };
    ok(store.create_user(&elsewhere, &by(1_000))).await;
    let found = ok(store.get::<User>(&org(2), &elsewhere.id)).await;
    assert_eq!(found.unwrap().email, "ana@example.com");
    let homeless = user(id("org_9"), "ana", Role::Agent);
    refused!(store.create_user(&homeless, &by(1_000)) => StoreError::UnknownOrganization);
}

#[tokio::test]
async fn the_last_owner_is_neither_demoted_nor_deleted() {
    let World { store, .. } = &World::new().await;
    let owner = create(store, org(1), "owner", Role::Owner).await;
    create(store, org(1), "ana", Role::Agent).await;
    create(store, org(2), "other", Role::Owner).await;
    let demote = async || {
        let demoted = store
            .update_user(&org(1), &owner.id, None, Some(Role::Viewer), &by(3_000))
            .await;
        demoted.map(|user| user.unwrap().role)
    };
    refused!(demote() => StoreError::LastOwner);
    refused!(store.delete_user(&org(1), &owner.id, &by(3_000)) => StoreError::LastOwner);
    let renamed = store
        .update_user(
            &org(1),
            &owner.id,
            Some("Owner"),
            Some(Role::Owner),
            &by(3_000),
        )
        .await;
    assert_eq!(renamed.unwrap().unwrap().name, "Owner");
    let second = create(store, org(1), "second", Role::Owner).await;
    assert_eq!(demote().await.unwrap(), Role::Viewer);
    refused!(store.delete_user(&org(1), &second.id, &by(3_000)) => StoreError::LastOwner);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_owners_that_demote_or_delete_each_other_at_once_one_stays() {
    let World { store, database } = &World::new().await;
    let servers = servers(database, store).await;
    for round in 0..20 {
        let mut tasks = JoinSet::new();
        let names = [0, 1].map(|number| format!("owner{round}x{number}"));
        let mut owners = Vec::new();
        for name in &names {
            owners.push(create(store, org(1), name, Role::Owner).await);
        }
        for (server, owner) in servers.iter().zip(owners) {
            let server = server.clone();
            tasks.spawn(async move {
                if round % 2 == 0 {
                    let role = Some(Role::Agent);
                    let told = server
                        .update_user(&org(1), &owner.id, None, role, &by(3_000))
                        .await;
                    told.map(drop)
                } else {
                    let told = server.delete_user(&org(1), &owner.id, &by(3_000)).await;
                    told.map(drop)
                }
            });
        }
        let told = tasks.join_all().await;
        let refused = told.iter().filter(|told| told.is_err()).collect::<Vec<_>>();
        // The one that stayed in an earlier round lets both go.
        assert_eq!(refused.len(), usize::from(round == 0), "{told:?}");
        let users = ok(store.list::<User>(&org(1), &ALL)).await.data;
        let owners = users.iter().filter(|user| user.role == Role::Owner);
        assert_eq!(owners.count(), 1);
    }
}

#[tokio::test]
async fn another_role_ends_the_sessions_and_another_name_does_not() {
    let World { store, .. } = &World::new().await;
    create(store, org(1), "owner", Role::Owner).await;
    let ana = create_with_password(store, org(1), "ana", Role::Agent).await;
    let bia = create_with_password(store, org(1), "bia", Role::Agent).await;
    let (_, hers) = sign_in(store, &ana, "ses_ana").await;
    let (_, others) = sign_in(store, &bia, "ses_bia").await;
    for (name, role, kept) in [
        (Some("Ana S."), None, true),
        (None, Some(Role::Agent), true),
        (None, Some(Role::Owner), false),
    ] {
        some(store.update_user(&org(1), &ana.id, name, role, &by(4_000))).await;
        assert_eq!(is_signed_in(store, &hers).await, kept);
    }
    assert!(is_signed_in(store, &others).await);
}

#[tokio::test]
async fn the_last_owner_who_can_sign_in_stays_one() {
    let World { store, .. } = &World::new().await;
    let ana = create_with_password(store, org(1), "ana", Role::Owner).await;
    let bia = create(store, org(1), "bia", Role::Owner).await;
    refused!(store.delete_user(&org(1), &ana.id, &by(3_000)) => StoreError::LastOwner);
    set_password(store, &bia, "hash").await;
    assert!(ok(store.delete_user(&org(1), &ana.id, &by(4_000))).await);
}

#[tokio::test]
async fn a_user_is_deleted_with_everything_that_the_user_could_call_with() {
    let World { store, .. } = &World::new().await;
    create(store, org(1), "owner", Role::Owner).await;
    let (ana, session, secret) = signed_in(store, Role::Agent).await;
    let key = crate::resources::api_keys::create_personal(store, &ana, &session.id).await;
    let link = LinkSecret::generate().unwrap();
    assert!(ok(store.create_link(&org(1), &ana.id, &link, at(90_000), &by(3_000))).await);
    assert!(ok(store.delete_user(&org(1), &ana.id, &by(4_000))).await);
    assert!(!is_signed_in(store, &secret).await);
    gives!(store.find_api_key_by_secret(key.expose(), at(5_000)) => None);
    assert_eq!(ok(store.find_link(link.expose(), at(5_000))).await, None);
    assert_eq!(ok(store.list::<ApiKey>(&org(1), &ALL)).await.data, []);
}

#[tokio::test]
async fn another_organization_neither_sees_nor_changes_a_user() {
    let World { store, .. } = &World::new().await;
    create(store, org(1), "owner", Role::Owner).await;
    let (ana, session, secret) = signed_in(store, Role::Agent).await;
    let link = LinkSecret::generate().unwrap();
    let other = org(2);
    assert_eq!(ok(store.get::<User>(&other, &ana.id)).await, None);
    assert_eq!(ok(store.list::<User>(&other, &ALL)).await.data, []);
    let sessions = store.list_sessions(&other, &ana.id, &ALL, at(3_000)).await;
    assert_eq!(sessions.unwrap().data, []);
    gives!(store.update_user(&other, &ana.id, Some("X"), Some(Role::Owner), &by(4_000)) => None);
    assert!(!ok(store.set_password(&other, &ana.id, "stolen", &by(4_000))).await);
    assert!(!ok(store.create_link(&other, &ana.id, &link, at(90_000), &by(4_000))).await);
    assert!(!ok(store.delete_user(&other, &ana.id, &by(4_000))).await);
    assert!(!ok(store.end_session(&other, &session.id, &by(4_000))).await);
    assert_eq!(ok(store.end_sessions(&other, &ana.id, &by(4_000))).await, 0);
    let found = some(store.get::<User>(&org(1), &ana.id)).await;
    assert_eq!((found.name, found.role), (ana.name, ana.role));
    assert_eq!(found.last_sign_in_at, Some(at(3_000)));
    assert!(is_signed_in(store, &secret).await);
    assert_eq!(ok(store.list_audit(Some(&other), &ALL)).await.data, []);
}
