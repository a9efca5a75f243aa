//! Passwords: who may sign in with them, and what a new one ends.

use recado_core::{OrganizationId, Role};
use recado_store::{LinkSecret, SessionSecret, User};
use rstest::rstest;

use crate::users::accounts::{create, create_with_password, set_password};
use crate::users::sessions::{is_signed_in, sign_in, signed_in};
use crate::world::{World, at, by, gives, ok, org};

#[tokio::test]
async fn a_sign_in_finds_the_users_that_have_the_email_and_a_password() {
    let World { store, .. } = &World::new().await;
    let find = async |email: &str, organization: Option<OrganizationId>| {
        ok(store.find_sign_ins(email, organization.as_ref())).await
    };
    let ana = create(store, org(1), "ana", Role::Agent).await;
    assert_eq!(find("ana@example.com", None).await, [], "no password");
    set_password(store, &ana, "hash 1").await;
    let ana = User {
        has_password: true,
        ..ana
    };
    let expected = [(ana, "hash 1".to_owned())];
    for email in ["ana@example.com", " Ana@EXAMPLE.com\n"] {
        assert_eq!(find(email, None).await, expected);
        assert_eq!(find(email, Some(org(1))).await, expected);
        assert_eq!(find(email, Some(org(2))).await, []);
    }
    for email in ["", "ana", "bia@example.com", "ana@example.com\0", "%"] {
        assert_eq!(find(email, None).await, [], "{email:?}");
    }
    let other = create(store, org(2), "ana", Role::Owner).await;
    assert_eq!(find("ana@example.com", None).await, expected, "invited");
    set_password(store, &other, "hash 2").await;
    let hashes = async |organization| {
        let found = find("ana@example.com", organization).await;
        found.into_iter().map(|(_, hash)| hash).collect::<Vec<_>>()
    };
    assert_eq!(hashes(None).await, ["hash 1", "hash 2"], "the oldest first");
    assert_eq!(find("ana@example.com", Some(org(1))).await, expected);
    assert_eq!(hashes(Some(org(2))).await, ["hash 2"]);
    ok(store.suspend_organization(&org(1), &by(5_000))).await;
    assert_eq!(find("ana@example.com", Some(org(1))).await, []);
    ok(store.delete_organization(&org(2), &by(5_000))).await;
    assert_eq!(find("ana@example.com", Some(org(2))).await, []);
}

#[rstest]
#[case::and_keeps_the_session_that_sets_it(true)]
#[case::and_keeps_none(false)]
#[tokio::test]
async fn a_new_password_ends_what_the_user_could_call_with(#[case] keeps: bool) {
    let World { store, .. } = &World::new().await;
    let ana = create_with_password(store, org(1), "ana", Role::Owner).await;
    let bia = create_with_password(store, org(1), "bia", Role::Owner).await;
    let (mine, secret) = sign_in(store, &ana, "ses_mine").await;
    let (_, other_secret) = sign_in(store, &ana, "ses_other").await;
    let (_, of_bia) = sign_in(store, &bia, "ses_bia").await;
    let [link, link_of_bia] = [(); 2].map(|()| LinkSecret::generate().unwrap());
    for (user, link) in [(&ana, &link), (&bia, &link_of_bia)] {
        assert!(ok(store.create_link(&org(1), &user.id, link, at(90_000), &by(3_000))).await);
    }
    let key = crate::resources::api_keys::create_personal(store, &ana, &mine.id).await;
    let new_secret = SessionSecret::generate().unwrap();
    let set = if keeps {
        let hashes = ["hash", "new"];
        store
            .change_password(&mine, &new_secret, hashes, &by(4_000))
            .await
    } else {
        store
            .set_password(&org(1), &ana.id, "new", &by(4_000))
            .await
    };
    assert!(set.unwrap());
    assert!(!is_signed_in(store, &secret).await);
    assert_eq!(is_signed_in(store, &new_secret).await, keeps);
    assert!(!is_signed_in(store, &other_secret).await);
    assert!(is_signed_in(store, &of_bia).await);
    gives!(store.find_api_key_by_secret(key.expose(), at(5_000)) => None);
    assert_eq!(ok(store.find_link(link.expose(), at(5_000))).await, None);
    let found = store.find_link(link_of_bia.expose(), at(5_000)).await;
    assert_eq!(found.unwrap().map(|user| user.id), Some(bia.id));
    assert_eq!(ok(store.find_sign_ins(&ana.email, None)).await[0].1, "new");
}

#[tokio::test]
async fn a_password_that_was_replaced_meanwhile_is_not_replaced_again() {
    let World { store, .. } = &World::new().await;
    let (ana, session, secret) = signed_in(store, Role::Agent).await;
    let new_secret = SessionSecret::generate().unwrap();
    let change = async |old, new| {
        let author = by(4_000);
        let changed = store.change_password(&session, &new_secret, [old, new], &author);
        changed.await.unwrap()
    };
    assert!(!change("an older hash", "of a thief").await);
    assert_eq!(ok(store.find_sign_ins(&ana.email, None)).await[0].1, "hash");
    assert!(is_signed_in(store, &secret).await);
    assert!(!is_signed_in(store, &new_secret).await);
    ok(store.end_session(&org(1), &session.id, &by(4_000))).await;
    assert!(!change("hash", "of a thief").await, "the session has ended");
    assert_eq!(ok(store.find_sign_ins(&ana.email, None)).await[0].1, "hash");
}
