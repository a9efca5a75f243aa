//! What is of no use any more is deleted.

use recado_core::Role;
use recado_store::{LinkSecret, Retention, Store};

use crate::sessions::sign_in;
use crate::users::create_with_password;
use crate::world::{ALL, World, at, by, org, prune};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Returns how many entries the audit log of `org_1` has.
async fn entries(store: &Store) -> u64 {
    let listed = store.list_audit(Some(&org(1)), &ALL).await.unwrap();
    listed.data.len() as u64
}

#[tokio::test]
async fn ended_sessions_and_old_counts_are_pruned_and_the_log_is_kept_for_longer() {
    let World { store, .. } = &World::new().await;
    let ana = create_with_password(store, org(1), "ana", Role::Owner).await;
    let (session, _) = sign_in(store, &ana, "ses_1").await;
    let link = LinkSecret::generate().unwrap();
    let made = store
        .create_link(&org(1), &ana.id, &link, at(9_000), &by(4_000))
        .await;
    assert!(made.unwrap());
    let attempt = store.begin_sign_in("ana", None, at(1_000)).await;
    attempt.unwrap();
    let log = entries(store).await;
    let prune = async |now: i64| prune(store, now, Retention::default()).await;
    assert_eq!(prune(1_000 + 2 * HOUR).await, 2, "the address, and both");
    assert_eq!(prune(1_001 + 2 * HOUR).await, 1, "the account");
    assert_eq!(prune(9_000 + 7 * DAY).await, 0);
    assert_eq!(prune(9_001 + 7 * DAY).await, 1, "the link");
    let end = session.idle_ends_at.as_millisecond() + 7 * DAY;
    assert_eq!(prune(end).await, 0);
    assert_eq!(prune(end + 1).await, 1, "the session");
    assert_eq!(prune(1_000 + 400 * DAY).await, 0);
    assert_eq!(entries(store).await, log);
    assert!(prune(1_000_000 + 400 * DAY).await >= log);
    assert_eq!(entries(store).await, 0);
}
