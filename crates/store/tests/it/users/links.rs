//! One-time links, with which users set their passwords.

use recado_core::Role;
use recado_store::{LINK_LIFETIME, LinkSecret, Store, User};
use tokio::task::JoinSet;

use crate::users::accounts::{create, create_with_password, servers};
use crate::users::sessions::{is_signed_in, sign_in};
use crate::world::{World, at, by, gives, id, ok, org};

async fn link(store: &Store, user: &User, ends_at: i64) -> LinkSecret {
    let secret = LinkSecret::generate().unwrap();
    let organization = &user.organization_id;
    assert!(ok(store.create_link(organization, &user.id, &secret, at(ends_at), &by(1_000))).await);
    secret
}

async fn owner_of(store: &Store, link: &LinkSecret, now: i64) -> Option<User> {
    ok(store.find_link(link.expose(), at(now))).await
}

#[tokio::test]
async fn a_link_sets_a_password_once() {
    let World { store, .. } = &World::new().await;
    assert_eq!(LINK_LIFETIME.as_secs(), 24 * 3_600);
    let ana = create(store, org(1), "ana", Role::Agent).await;
    let link = link(store, &ana, 9_000).await;
    for _ in 0..2 {
        // To look at it does not use it up.
        assert_eq!(owner_of(store, &link, 2_000).await.as_ref(), Some(&ana));
    }
    let used = store.use_link(link.expose(), "hash", &by(2_000)).await;
    let with_password = User {
        has_password: true,
        ..ana
    };
    assert_eq!(used.unwrap().as_ref(), Some(&with_password));
    assert_eq!(owner_of(store, &link, 2_000).await, None);
    gives!(store.use_link(link.expose(), "other", &by(2_000)) => None);
    gives!(store.find_sign_ins("ana@example.com", None) => [(with_password, "hash".to_owned())]);
}

#[tokio::test]
async fn a_link_ends_after_its_time_and_when_a_newer_one_is_made() {
    let World { store, .. } = &World::new().await;
    let ana = create(store, org(1), "ana", Role::Agent).await;
    let bia = create(store, org(1), "bia", Role::Agent).await;
    let of_bia = link(store, &bia, 9_000).await;
    let first = link(store, &ana, 9_000).await;
    assert!(owner_of(store, &first, 8_999).await.is_some());
    assert_eq!(owner_of(store, &first, 9_000).await, None);
    gives!(store.use_link(first.expose(), "hash", &by(9_000)) => None);
    let second = link(store, &ana, 20_000).await;
    assert_eq!(owner_of(store, &first, 2_000).await, None);
    assert!(owner_of(store, &second, 10_000).await.is_some());
    assert_eq!(owner_of(store, &of_bia, 2_000).await, Some(bia));
    for text in ["", "\0", &second.expose()[..42], "usr_ana_org_1"] {
        assert_eq!(ok(store.find_link(text, at(2_000))).await, None);
        let used = store.use_link(text, "hash", &by(2_000)).await;
        assert_eq!(used.unwrap(), None, "{text}");
    }
    let missing = store
        .create_link(&org(1), &id("usr_missing"), &first, at(9_000), &by(1_000))
        .await;
    assert!(!missing.unwrap());
}

#[tokio::test]
async fn a_link_ends_the_sessions_of_its_user() {
    let World { store, .. } = &World::new().await;
    let ana = create_with_password(store, org(1), "ana", Role::Agent).await;
    let bia = create_with_password(store, org(1), "bia", Role::Agent).await;
    let (_, secret) = sign_in(store, &ana, "ses_ana").await;
    let (_, of_bia) = sign_in(store, &bia, "ses_bia").await;
    let link = link(store, &ana, 9_000).await;
    assert!(
        is_signed_in(store, &secret).await,
        "a link alone does nothing"
    );
    let used = store.use_link(link.expose(), "new", &by(4_000)).await;
    assert!(used.unwrap().is_some());
    assert!(!is_signed_in(store, &secret).await);
    assert!(is_signed_in(store, &of_bia).await);
}

#[tokio::test]
async fn a_link_does_not_work_while_its_organization_is_suspended_nor_after_its_end() {
    let World { store, .. } = &World::new().await;
    let ana = create(store, org(1), "ana", Role::Agent).await;
    let link = link(store, &ana, 9_000).await;
    ok(store.suspend_organization(&org(1), &by(2_000))).await;
    assert_eq!(owner_of(store, &link, 3_000).await, None);
    ok(store.resume_organization(&org(1), &by(9_000))).await;
    assert!(owner_of(store, &link, 3_000).await.is_some());
    ok(store.delete_organization(&org(1), &by(4_000))).await;
    assert_eq!(owner_of(store, &link, 5_000).await, None);
    gives!(store.use_link(link.expose(), "hash", &by(5_000)) => None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_uses_of_a_link_at_once_one_sets_the_password() {
    let World { store, database } = &World::new().await;
    let servers = servers(database, store).await;
    let ana = create(store, org(1), "ana", Role::Agent).await;
    for round in 0..5 {
        let link = link(store, &ana, 9_000).await;
        let mut tasks = JoinSet::new();
        for number in 0..10 {
            let (server, link) = (servers[number % 2].clone(), link.clone());
            tasks.spawn(async move {
                let hash = format!("hash {round} {number}");
                let used = server.use_link(link.expose(), &hash, &by(2_000)).await;
                used.unwrap().map(|_| hash)
            });
        }
        let told = tasks.join_all().await;
        let set: Vec<_> = told.into_iter().flatten().collect();
        assert_eq!(set.len(), 1);
        let found = ok(store.find_sign_ins(&ana.email, None)).await;
        assert_eq!(Some(&found[0].1), set.first());
    }
}
