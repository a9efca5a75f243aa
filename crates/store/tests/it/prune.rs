//! What is of no use any more is deleted.

use recado_core::Role;
use recado_store::{DatabaseKind, LinkSecret, Retention, Store};
use sqlx::{AssertSqlSafe, Row as _};

use crate::db::locks::wait_for_lock;
use crate::users::sessions::signed_in;
use crate::world::{ALL, World, at, by, ok, org, prune};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Returns how many entries the audit log of `org_1` has.
async fn entries(store: &Store) -> u64 {
    let listed = ok(store.list_audit(Some(&org(1)), &ALL)).await;
    listed.data.len() as u64
}

#[tokio::test]
async fn ended_sessions_and_old_counts_are_pruned_and_the_log_is_kept_for_longer() {
    let World { store, .. } = &World::new().await;
    let (ana, session, _) = signed_in(store, Role::Owner).await;
    let link = LinkSecret::generate().unwrap();
    assert!(ok(store.create_link(&org(1), &ana.id, &link, at(9_000), &by(4_000))).await);
    ok(store.begin_sign_in("ana", None, at(1_000))).await;
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

/// A row that is old, what makes it young again, and its table.
const USED_AGAIN: [[&str; 3]; 6] = [
    [
        "insert into deliveries (organization_id, endpoint_id, seq, lane, status, attempts, next_at, claimed_until, \
         created_at, finished_at) values ('org_1', 'whk_1', 1, '', 'delivered', 1, null, 0, 1, 1)",
        "update deliveries set status = 'pending', finished_at = null, next_at = 1",
        "deliveries",
    ],
    [
        "insert into webhook_calls (id, organization_id, channel_id, key_id, body, received_at, claimed_until, set_aside) \
         values ('whc_1', 'org_1', 'chn_1', 'k', '', 1, 0, 'unreadable')",
        "update webhook_calls set set_aside = null",
        "webhook_calls",
    ],
    [
        "insert into webhook_calls (id, organization_id, channel_id, key_id, body, received_at, claimed_until, applied_at) \
         values ('whc_1', 'org_1', 'chn_1', 'k', '', 1, 0, 1)",
        "update webhook_calls set applied_at = null",
        "webhook_calls",
    ],
    [
        "insert into sign_in_attempts (subject, attempts, ends_at) values ('ana', 1, 1)",
        "update sign_in_attempts set ends_at = 9000000000000",
        "sign_in_attempts",
    ],
    [
        "insert into sessions (id, organization_id, user_id, secret_hash, created_at, last_seen_at, idle_ends_at, ends_at) \
         values ('ses_1', 'org_1', 'usr_1', 'h', 1, 1, 1, 9000000000000)",
        "update sessions set idle_ends_at = 9000000000000",
        "sessions",
    ],
    [
        "insert into links (organization_id, user_id, secret_hash, ends_at) values ('org_1', 'usr_1', 'h', 1)",
        "update links set ends_at = 9000000000000",
        "links",
    ],
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_again_while_old_rows_are_removed_stays() {
    for [old, used_again, table] in USED_AGAIN {
        let world = World::new().await;
        if world.database.kind() != DatabaseKind::Postgres {
            // On SQLite there is one writer.
            return;
        }
        let mut other = world.raw().await;
        for text in [old, "begin", used_again] {
            sqlx::raw_sql(text).execute(&mut other).await.unwrap();
        }
        let store = world.store.clone();
        let pruning =
            tokio::spawn(async move { prune(&store, 1_000 * DAY, Retention::default()).await });
        wait_for_lock(&world).await;
        sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
        pruning.await.unwrap();
        let text = format!("select count(*) from {table}");
        let left = sqlx::query(AssertSqlSafe(text)).fetch_one(&mut other).await;
        assert_eq!(left.unwrap().get::<i64, _>(0), 1, "{used_again}");
    }
}
