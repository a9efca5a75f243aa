//! A deleted organization does not exist any more at once, and its data go in steps that can be interrupted.

use std::collections::BTreeSet;

use recado_store::testing::TestDatabase;
use recado_store::{DatabaseKind, Removal, Store, StoreError};
use sqlx::{AssertSqlSafe, Row as _};

use crate::resources::suspension::key;
use crate::taps::tapped;
use crate::webhooks::deliveries::{MANY, claim};
use crate::webhooks::webhook_endpoints::create;
use crate::world::{ALL, World, at, by, create_channel, gives, id, ok, org, organization, refused};

/// Rows of each organization in each table: more than two steps remove.
const ROWS: i64 = 1_100;

/// The tables with the columns that a row needs, and its values for the organization `{o}` and the number `i`.
const TABLES: [&str; 21] = [
    "agents (id, name, created_at): 'a' || i, 'Ana', i",
    "api_keys (id, name, secret_hash, created_at): \
     'k{o}-' || i, 'shop', cast(cast(10 * i + {o} as text) as {bytes}), i",
    "audit_log (id, at, actor, action): 'u{o}-' || i, i, 'server', 'agent.deleted'",
    "channel_alerts (channel_id, digest, created_at): 'c', 'd' || i, i",
    "channel_budgets (channel_id, month, messages, amount, alerted, alerted_limit): 'c' || i, i, 1, 1, 0, ''",
    "channels (id, provider, name, settings, key_id, secrets, version, created_at, updated_at): \
     'c{o}-' || i, 'zapi', 'main', '{}', 'k', cast('1' as {bytes}), 1, i, i",
    "conversations (id, agent_id, channel_id, recipient, created_at): \
     'v' || i, 'a1', 'c', '' || i, i",
    "deliveries (endpoint_id, seq, lane, status, attempts, next_at, claimed_until, created_at): \
     'w1', i, '', 'pending', 0, 1, 0, i",
    "delivery_attempts (endpoint_id, seq, number, at, duration_ms): 'w1', i, 1, i, 1",
    "events (seq, type, data, created_at): i, 'message.sent', '{}', i",
    "idempotency_keys (id, fingerprint, target, created_at): 'i' || i, 'f', 'msg_1', i",
    "links (user_id, secret_hash, ends_at): \
     'u' || i, cast(cast(10 * i + {o} as text) as {bytes}), i",
    "message_costs (channel_id, month, category, charge, market, messages): 'c' || i, i, 'service', 'regular', '55', 1",
    "messages (id, conversation_id, agent_id, channel_id, status, content, warnings, created_at, updated_at): \
     'm' || i, 'v1', 'a1', 'c', 'sent', '{}', '[]', i, i",
    "orphan_statuses (channel_id, sought, status, created_at): 'c', 's' || i, 'sent', i",
    "outbox (message_id, conversation_id, queue, send_at, ready_at, expires_at): \
     'm' || i, 'v1', 'org_{o} c', i, i, i",
    "send_limits (subject, full_at): 'c:' || i, i",
    "sessions (id, user_id, secret_hash, created_at, last_seen_at, idle_ends_at, ends_at): \
     's{o}-' || i, 'u1', cast(cast(10 * i + {o} as text) as {bytes}), i, i, i, i",
    "users (id, email, name, role, created_at): 'u{o}-' || i, 'ana' || i, 'Ana', 'owner', i",
    "webhook_calls (id, channel_id, key_id, body, received_at, claimed_until, applied_at): \
     'w' || i || '-{o}', 'c', 'k', cast('1' as {bytes}), i, 0, case when i % 2 = 0 then i end",
    "webhook_endpoints (id, url, events, format, key_id, secrets, created_at, updated_at): \
     'w' || i, 'https://example.com/', '[]', 'recado', 'k', cast('1' as {bytes}), i, i",
];

/// The organizations `org_1` and `org_2` with many rows in every table.
async fn filled() -> World {
    let world = World::new().await;
    let bytes = match world.database.kind() {
        DatabaseKind::Sqlite => "blob",
        DatabaseKind::Postgres => "bytea",
    };
    for text in TABLES {
        let (table, values) = text.split_once(": ").unwrap();
        let table = table.replace('(', "(organization_id, ");
        for owner in ["1", "2"] {
            let values = values.replace("{o}", owner).replace("{bytes}", bytes);
            let text = format!(
                "insert into {table} with recursive n (i) as (\
                 select 1 union all select i + 1 from n where i < {ROWS}) \
                 select 'org_{owner}', {values} from n"
            );
            world.database.execute(text).await;
        }
    }
    world
}

/// How many rows of the organization each table has.
async fn counts(database: &TestDatabase, organization: &str) -> Vec<(String, i64)> {
    let mut connection = World::raw_of(database).await;
    let mut counts = Vec::new();
    for table in database.organization_tables().await {
        let text = format!("select count(*) as found from {table} where organization_id = $1");
        let query = sqlx::query(AssertSqlSafe(text)).bind(organization.to_owned());
        let row = ok(query.fetch_one(&mut connection)).await;
        counts.push((table, row.get("found")));
    }
    counts
}

/// Returns how many rows of the deleted organization `org_1` are left.
async fn rows_left(database: &TestDatabase) -> i64 {
    let counts = counts(database, "org_1").await;
    counts.iter().map(|(_, rows)| rows).sum()
}

async fn removal(store: &Store) -> Removal {
    let mut removals = ok(store.removals(at(100))).await;
    assert_eq!(removals.len(), 1);
    removals.remove(0)
}

/// Removes everything that is left, in bounded steps; returns how many.
async fn finish(database: &TestDatabase, mut removal: Removal) -> usize {
    let mut steps = 0;
    let mut before = rows_left(database).await;
    while ok(removal.step()).await {
        let after = rows_left(database).await;
        assert!(before - after <= 1_000, "a step is bounded");
        (before, steps) = (after, steps + 1);
    }
    steps
}

#[tokio::test]
async fn everything_of_a_deleted_organization_is_removed_and_nothing_of_another() {
    let World { store, database } = &filled().await;
    let tables: Vec<_> = counts(database, "org_1").await;
    let filled: Vec<_> = TABLES
        .iter()
        .map(|text| (text.split(' ').next().unwrap().to_owned(), ROWS))
        .collect();
    assert_eq!(tables, filled, "every table is filled");
    assert!(ok(store.delete_organization(&org(1), &by(50))).await);
    assert!(ok(store.removals(at(50))).await.is_empty());
    assert!(finish(database, removal(store).await).await > 20);
    for (table, rows) in counts(database, "org_1").await {
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(counts(database, "org_2").await, filled);
    assert!(ok(store.removals(at(100))).await.is_empty());
    // Its id is free again.
    ok(store.create_organization(&organization("org_1"), &by(9_000))).await;
}

#[tokio::test]
async fn an_interrupted_removal_is_begun_again_and_finds_what_is_left() {
    let World { store, database } = &filled().await;
    ok(store.delete_organization(&org(1), &by(50))).await;
    for steps in 1..8 {
        let mut removal = removal(store).await;
        for _ in 0..steps {
            assert!(ok(removal.step()).await);
        }
    }
    finish(database, removal(store).await).await;
    assert_eq!(rows_left(database).await, 0);
}

#[tokio::test]
async fn two_servers_that_remove_the_same_organization_leave_nothing() {
    let World { store, database } = &filled().await;
    ok(store.delete_organization(&org(1), &by(50))).await;
    let other = database.store().await;
    let (mut one, mut two) = (removal(store).await, removal(&other).await);
    let run = async |removal: &mut Removal| while ok(removal.step()).await {};
    tokio::join!(run(&mut one), run(&mut two));
    assert_eq!(rows_left(database).await, 0);
    assert!(ok(store.removals(at(100))).await.is_empty());
}

#[tokio::test]
async fn what_is_written_while_the_removal_comes_to_its_end_is_removed_too() {
    let World { store, database } = &filled().await;
    ok(store.delete_organization(&org(1), &by(50))).await;
    let mut removal = removal(store).await;
    while rows_left(database).await > 0 {
        assert!(ok(removal.step()).await);
    }
    database
        .execute("insert into agents (organization_id, id, name, created_at) values ('org_1', 'late', 'Late', 1)")
        .await;
    finish(database, removal).await;
    assert_eq!(rows_left(database).await, 0);
    assert!(ok(store.removals(at(100))).await.is_empty());
}

#[tokio::test]
async fn a_deleted_organization_does_not_exist_any_more() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_all", &[]).await;
    create_channel(store, "org_1", "chn_own").await;
    let (key, secret) = key(store).await;
    let keys = BTreeSet::from([key.id.clone()]);
    assert!(
        ok(store.find_api_key_by_secret(secret.expose(), at(2)))
            .await
            .is_some()
    );
    ok(store.suspend_organization(&org(1), &by(40))).await;
    assert!(ok(store.delete_organization(&org(1), &by(50))).await);
    assert!(!ok(store.delete_organization(&org(1), &by(51))).await);
    gives!(store.find_api_key_by_secret(secret.expose(), at(2)) => None);
    assert!(ok(store.working_api_keys(&keys, at(2))).await.is_empty());
    assert_eq!(ok(store.get_organization(&org(1))).await, None);
    assert_eq!(ok(store.list_organizations(&ALL)).await.data.len(), 1);
    assert_eq!(ok(store.suspend_organization(&org(1), &by(52))).await, None);
    gives!(store.resume_organization(&org(1), &by(9_000)) => None);
    assert_eq!(ok(store.get_channel_by_id(&id("chn_own"))).await, None);
    // Until its data are removed.
    refused!(store.create_organization(&organization("org_1"), &by(9_000)) => StoreError::Conflict);
}

#[tokio::test]
async fn what_waits_for_a_deleted_organization_is_left_alone() {
    let World { store, .. } = &filled().await;
    let pending = async || {
        let found = ok(store.organizations_with_webhook_calls(at(100))).await;
        let ids = found.into_iter().map(|backlog| backlog.organization_id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(pending().await, [org(1), org(2)]);
    ok(store.delete_organization(&org(1), &by(50))).await;
    assert_eq!(pending().await, [org(2)]);
    let claimed = claim(store, 100_000, MANY).await;
    assert!(!claimed.is_empty());
    assert!(
        claimed
            .iter()
            .all(|due| due.event.organization_id == org(2))
    );
}
