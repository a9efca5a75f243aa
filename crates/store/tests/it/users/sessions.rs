//! Sessions: sign-ins of users in browsers.

use std::collections::BTreeSet;

use jiff::Timestamp;
use recado_core::Role;
use recado_store::testing::TestDatabase;
use recado_store::{
    MAX_SESSIONS, SESSION_IDLE_TIMEOUT, SESSION_LIFETIME, Session, SessionSecret, Store,
    StoreError, User,
};
use tokio::task::JoinSet;

use crate::users::accounts::{create_with_password, servers, set_password};
use crate::world::{ALL, World, at, by, gives, id, ok, org, refused, some, soon};

/// Signs a user in whose password has the hash `hash`, three seconds after the beginning.
pub(crate) async fn sign_in(store: &Store, user: &User, text: &str) -> (Session, SessionSecret) {
    let secret = SessionSecret::generate().unwrap();
    let session = Session::new(id(text), user, at(3_000));
    assert!(ok(store.create_session(&session, &secret, "hash", &by(3_000))).await);
    (session, secret)
}

/// Creates `ana` of `org_1`, and signs her in with the session `ses_1`.
pub(crate) async fn signed_in(store: &Store, role: Role) -> (User, Session, SessionSecret) {
    let ana = create_with_password(store, org(1), "ana", role).await;
    let (session, secret) = sign_in(store, &ana, "ses_1").await;
    (ana, session, secret)
}

pub(crate) async fn is_signed_in(store: &Store, secret: &SessionSecret) -> bool {
    find(store, secret, 5_000).await.is_some()
}

async fn find(store: &Store, secret: &SessionSecret, now: i64) -> Option<(Session, User)> {
    ok(store.find_session(secret.expose(), at(now))).await
}

fn milliseconds(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

#[tokio::test]
async fn a_session_is_found_by_its_secret_alone_with_its_user() {
    let World { store, .. } = &World::new().await;
    let (ana, session, secret) = signed_in(store, Role::Agent).await;
    let (found, user) = find(store, &secret, 3_000).await.unwrap();
    assert_eq!(found, session);
    let expected = User {
        last_sign_in_at: Some(at(3_000)),
        ..ana
    };
    assert_eq!(user, expected);
    let other = SessionSecret::generate().unwrap();
    let almost = &secret.expose()[..42];
    for text in [other.expose(), almost, "ses_1", "", "\0", "ç"] {
        let found = ok(store.find_session(text, at(3_000))).await;
        assert_eq!(found, None, "{text}");
        gives!(store.find_api_key_by_secret(secret.expose(), at(3_000)) => None);
    }
    refused!(store.create_session(&session, &other, "hash", &by(3_000)) => StoreError::Conflict);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_at_the_latest_after_thirty_days() {
    let World { store, database } = &World::new().await;
    let (ana, mut session, secret) = signed_in(store, Role::Agent).await;
    let (idle, lifetime) = (
        milliseconds(SESSION_IDLE_TIMEOUT),
        milliseconds(SESSION_LIFETIME),
    );
    assert_eq!((idle, lifetime), (12 * 3_600_000, 30 * 24 * 3_600_000));
    let (mut idle_end, end) = (3_000 + idle, 3_000 + lifetime);
    let lasts = async |now| {
        let sessions = BTreeSet::from([session_id()]);
        let working = ok(store.working_sessions(&sessions, at(now))).await;
        let listed = store.list_sessions(&org(1), &ana.id, &ALL, at(now)).await;
        let lasts = find(store, &secret, now).await.is_some();
        assert_eq!(!working.is_empty(), lasts);
        assert_eq!(!listed.unwrap().data.is_empty(), lasts);
        lasts
    };
    while idle_end < end {
        assert!(lasts(idle_end - 1).await);
        assert!(!lasts(idle_end).await);
        // Used at the last moment, it lasts as long again.
        note_used(database, &session, at(idle_end - 1)).await;
        session = find(store, &secret, idle_end - 1).await.unwrap().0;
        assert_eq!(session.last_seen_at, at(idle_end - 1));
        idle_end = (idle_end - 1 + idle).min(end);
        assert_eq!(session.idle_ends_at, at(idle_end));
    }
    assert!(lasts(end - 1).await);
    note_used(database, &session, at(end - 1)).await;
    assert!(!lasts(end).await);
}

/// Notes the use of a session, and returns when it is written.
async fn note_used(database: &TestDatabase, session: &Session, now: Timestamp) {
    let store = database.store().await;
    store.note_session_used(session, now);
    store.close().await;
}

fn session_id() -> recado_core::SessionId {
    id("ses_1")
}

#[tokio::test]
async fn a_use_is_noted_once_a_minute_and_revives_no_session() {
    let World { store, database } = &World::new().await;
    let (_, session, secret) = signed_in(store, Role::Agent).await;
    let seen = async || find(store, &secret, 63_000).await.unwrap().0.last_seen_at;
    note_used(database, &session, at(62_999)).await;
    assert_eq!(seen().await, at(3_000));
    note_used(database, &session, at(63_000)).await;
    assert_eq!(seen().await, at(63_000));
    // Another request of that minute, which found the session as it was before.
    note_used(database, &session, at(64_000)).await;
    assert_eq!(seen().await, at(63_000));
    let end = 63_000 + milliseconds(SESSION_IDLE_TIMEOUT);
    note_used(database, &session, at(end)).await;
    assert!(find(store, &secret, end).await.is_none());
}

#[tokio::test]
async fn a_user_has_so_many_sessions_and_the_oldest_end() {
    let World { store, .. } = &World::new().await;
    let ana = create_with_password(store, org(1), "ana", Role::Agent).await;
    let bia = create_with_password(store, org(1), "bia", Role::Agent).await;
    let (_, of_bia) = sign_in(store, &bia, "ses_bia").await;
    let mut secrets = Vec::new();
    for number in 0..=MAX_SESSIONS {
        let (_, secret) = sign_in(store, &ana, &format!("ses_{number:03}")).await;
        secrets.push(secret);
    }
    assert!(!is_signed_in(store, &secrets[0]).await);
    for secret in secrets[1..].iter().chain([&of_bia]) {
        assert!(is_signed_in(store, secret).await);
    }
}

#[tokio::test]
async fn ended_sessions_are_gone_at_once_on_every_server() {
    let World { store, database } = &World::new().await;
    let [_, second] = servers(database, store).await;
    let ana = create_with_password(store, org(1), "ana", Role::Agent).await;
    let bia = create_with_password(store, org(1), "bia", Role::Agent).await;
    let mut secrets = Vec::new();
    for text in ["ses_1", "ses_2", "ses_3"] {
        secrets.push(sign_in(store, &ana, text).await.1);
    }
    let (of_bia, secret_of_bia) = sign_in(store, &bia, "ses_bia").await;
    assert!(is_signed_in(&second, &secrets[0]).await);
    let mut subscription = store.subscribe_keys();
    for ended in [true, false] {
        gives!(store.end_session(&org(1), &session_id(), &by(6_000)) => ended);
    }
    soon(subscription.changed()).await;
    assert!(!is_signed_in(&second, &secrets[0]).await);
    assert!(is_signed_in(&second, &secrets[1]).await);
    gives!(store.end_sessions(&org(1), &ana.id, &by(6_000)) => 2);
    let sessions = ["ses_1", "ses_2", "ses_3", "ses_bia"].map(id).into();
    gives!(second.working_sessions(&sessions, at(6_000)) => BTreeSet::from([of_bia.id]));
    assert!(is_signed_in(&second, &secret_of_bia).await);
}

#[tokio::test]
async fn the_sessions_of_a_suspended_organization_are_refused_and_those_of_a_deleted_one_gone() {
    let World { store, .. } = &World::new().await;
    let (_, session, secret) = signed_in(store, Role::Agent).await;
    let sessions = BTreeSet::from([session.id]);
    let working = async || ok(store.working_sessions(&sessions, at(5_000))).await;
    assert_eq!(working().await, sessions);
    ok(store.suspend_organization(&org(1), &by(4_000))).await;
    refused!(store.find_session(secret.expose(), at(5_000)) => StoreError::OrganizationSuspended);
    assert!(working().await.is_empty());
    ok(store.resume_organization(&org(1), &by(9_000))).await;
    assert!(is_signed_in(store, &secret).await);
    ok(store.delete_organization(&org(1), &by(4_000))).await;
    assert!(!is_signed_in(store, &secret).await);
    assert!(working().await.is_empty());
}

#[tokio::test]
async fn no_session_begins_with_a_password_that_is_not_the_present_one() {
    let World { store, .. } = &World::new().await;
    let ana = create_with_password(store, org(1), "ana", Role::Owner).await;
    let secret = SessionSecret::generate().unwrap();
    let session = Session::new(session_id(), &ana, at(3_000));
    let begin = async |hash| ok(store.create_session(&session, &secret, hash, &by(3_000))).await;
    assert!(!begin("old hash").await);
    assert!(!is_signed_in(store, &secret).await);
    let found = some(store.get::<User>(&org(1), &ana.id)).await;
    assert_eq!(found.last_sign_in_at, None);
    create_with_password(store, org(1), "second", Role::Owner).await;
    ok(store.delete_user(&org(1), &ana.id, &by(4_000))).await;
    assert!(!begin("hash").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_with_the_old_password_does_not_outlive_a_change_at_the_same_time() {
    let World { store, database } = &World::new().await;
    let servers = servers(database, store).await;
    let ana = create_with_password(store, org(1), "ana", Role::Owner).await;
    for round in 0..20 {
        set_password(store, &ana, "hash").await;
        let (mut tasks, mut secrets) = (JoinSet::new(), Vec::new());
        for number in 0..4 {
            let session = Session::new(id(&format!("ses_{round}_{number}")), &ana, at(3_000));
            let (server, secret) = (
                servers[number % 2].clone(),
                SessionSecret::generate().unwrap(),
            );
            secrets.push(secret.clone());
            tasks.spawn(async move {
                ok(server.create_session(&session, &secret, "hash", &by(3_000))).await;
            });
        }
        let (server, user) = (servers[round % 2].clone(), ana.clone());
        tasks.spawn(async move { set_password(&server, &user, "new").await });
        tasks.join_all().await;
        for secret in &secrets {
            assert!(!is_signed_in(store, secret).await, "round {round}");
        }
    }
}
