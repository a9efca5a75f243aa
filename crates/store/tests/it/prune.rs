//! What is of no use any more is deleted.

use recado_core::Role;
use recado_store::{LinkSecret, Store};

use crate::sessions::sign_in;
use crate::users::create_with_password;
use crate::world::{ALL, World, at, by, org};

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
    let attempt = store.begin_sign_in("ana", None, None, at(1_000)).await;
    attempt.unwrap();
    let log = entries(store).await;
    assert_eq!(store.prune(at(9_000)).await.unwrap(), 0);
    assert_eq!(store.prune(at(9_001)).await.unwrap(), 1, "the link");
    let counts = store.prune(at(2_000 + 3_600_000)).await.unwrap();
    assert_eq!(counts, 3, "the address, the account, and both");
    let end = session.idle_ends_at.as_millisecond();
    assert_eq!(store.prune(at(end)).await.unwrap(), 0);
    assert_eq!(store.prune(at(end + 1)).await.unwrap(), 1, "the session");
    let year = 393 * 24 * 3_600_000;
    assert_eq!(store.prune(at(1_000 + year)).await.unwrap(), 0);
    let pruned = store.prune(at(1_000_000 + year)).await.unwrap();
    assert!(pruned >= log, "{pruned}");
    assert_eq!(entries(store).await, 0);
}
