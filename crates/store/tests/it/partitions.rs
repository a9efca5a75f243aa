//! Webhook calls on PostgreSQL are in partitions, which are dropped when all of their calls may go.

use std::time::Duration;

use recado_store::testing::TestDatabase;
use recado_store::{DatabaseKind, Retention, SetAsideReason, Store, WebhookCall};
use sqlx::Connection as _;
use tokio::task::JoinSet;

use crate::inbound::webhook_calls::claim_all;
use crate::world::{World, at, by, id, ok, org, organization, prune};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// A full hour long after the partition that a migration makes.
const NOW: i64 = 47_000 * DAY;

/// When the first partition begins that is made then, and when it ends: it takes a seventh of a week.
const FIRST: i64 = NOW + HOUR;
const SECOND: i64 = FIRST + DAY;

/// A database whose calls can have partitions; SQLite has none.
async fn partitioned() -> Option<World> {
    let world = World::new().await;
    (world.database.kind() == DatabaseKind::Postgres).then_some(world)
}

/// A call that comes at an instant, as its id says too.
fn call(received_at: i64) -> WebhookCall {
    WebhookCall {
        id: format!("whc_{received_at:012x}7abc8def000000000000"),
        organization_id: org(1),
        channel_id: id("chn_1"),
        content_type: None,
        body: b"{}".to_vec(),
        received_at: at(received_at),
    }
}

async fn keep(store: &Store, received_at: i64) -> String {
    let call = call(received_at);
    ok(store.keep_webhook_call(&call, at(received_at))).await;
    call.id
}

async fn keep_applied(World { store, database }: &World, received_at: i64, applied_at: i64) {
    let id = keep(store, received_at).await;
    let text = format!("update webhook_calls set applied_at = {applied_at} where id = '{id}'");
    database.execute(text).await;
}

/// The partitions that begin after [`NOW`]: their bounds, in hours after [`FIRST`].
async fn partitions(database: &TestDatabase) -> Vec<(i64, i64)> {
    let names = database.rows(
        "select cast(cast(inhrelid as regclass) as text) as name from pg_inherits \
         where inhparent = cast('webhook_calls' as regclass) order by 1",
    );
    let bounds = names.await.into_iter().filter_map(|line| {
        let (start, end) = line.strip_prefix("name=webhook_calls_p")?.split_once('_')?;
        let hours = |text| Some((i64::from_str_radix(text, 16).ok()? - FIRST) / HOUR);
        Some((hours(start)?, hours(end)?))
    });
    bounds.filter(|bounds| bounds.0 >= 0).collect()
}

/// Where the calls are, in the order of their ids.
async fn places(database: &TestDatabase) -> Vec<String> {
    let places = database.rows(
        "select case when cast(cast(tableoid as regclass) as text) = 'webhook_calls_default' \
         then 'default' else 'partition' end as place from webhook_calls order by id",
    );
    let places = places.await.into_iter();
    places.map(|line| line.replace("place=", "")).collect()
}

#[tokio::test]
async fn an_old_partition_is_dropped_and_the_calls_that_must_stay_are_kept() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { store, database } = &world;
    let prune = async |now| prune(store, now, Retention::default()).await;
    prune(NOW).await;
    assert_eq!(partitions(database).await, [(0, 24)]);
    for number in 0..5 {
        keep_applied(&world, FIRST + number, FIRST + 10).await;
    }
    keep(store, FIRST + 100).await;
    let unreadable = keep(store, FIRST + 200).await;
    let (owner, reason) = (org(1), SetAsideReason::Unreadable);
    ok(store.set_webhook_call_aside(&owner, &unreadable, reason)).await;
    keep_applied(&world, FIRST + 300, SECOND + DAY).await;
    database.execute("analyze webhook_calls").await;
    assert_eq!(prune(SECOND + WEEK - 1).await, 0, "part of it is younger");
    assert_eq!(places(database).await, ["partition"; 8]);
    assert_eq!(prune(SECOND + WEEK).await, 5);
    assert_eq!(places(database).await, ["default"; 3]);
    assert!(!partitions(database).await.contains(&(0, 24)));
    // What was moved is as it was: it is applied, and removed in its time.
    let pending = claim_all(store, SECOND + WEEK, SECOND + WEEK + 1_000).await;
    assert_eq!(pending, [call(FIRST + 100)]);
    assert_eq!(prune(SECOND + DAY + WEEK + 1).await, 1);
    assert_eq!(prune(FIRST + 30 * DAY + 201).await, 1);
    assert_eq!(places(database).await, ["default"]);
}

#[tokio::test]
async fn a_partition_in_which_too_many_calls_wait_loses_the_others_one_by_one() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { store, database } = &world;
    prune(store, NOW, Retention::default()).await;
    keep_applied(&world, FIRST, FIRST + 10).await;
    let waiting = format!(
        "insert into webhook_calls (id, organization_id, channel_id, key_id, body, received_at, claimed_until) \
         select 'whc_' || lpad(to_hex(t), 12, '0'), 'org_1', 'chn_1', 'k', '', t, 0 \
         from generate_series({FIRST}, {FIRST} + 600) t"
    );
    database.execute(waiting).await;
    assert_eq!(prune(store, SECOND + WEEK, Retention::default()).await, 1);
    assert_eq!(places(database).await, ["partition"; 601]);
    assert_eq!(partitions(database).await[0], (0, 24));
}

#[tokio::test]
async fn a_partition_that_is_wider_than_the_present_ones_loses_its_calls_one_by_one() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { store, database } = &world;
    let weeks = |weeks: u64| Retention {
        webhook_calls: Some(Duration::from_hours(weeks * 7 * 24)),
        ..Retention::default()
    };
    prune(store, NOW, weeks(70)).await;
    assert_eq!(partitions(database).await, [(0, 10 * 7 * 24)]);
    keep_applied(&world, FIRST, FIRST + 10).await;
    assert_eq!(prune(store, FIRST + WEEK + 11, weeks(1)).await, 1);
    assert_eq!(partitions(database).await[0], (0, 10 * 7 * 24));
}

#[tokio::test]
async fn a_large_default_partition_is_not_read_under_the_lock_to_make_another_one() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { store, database } = &world;
    let many = format!(
        "insert into webhook_calls (id, organization_id, channel_id, key_id, body, received_at, claimed_until) \
         select 'whc_' || lpad(to_hex(t), 12, '0'), 'org_1', 'chn_1', 'k', convert_to(repeat('x', 1900), 'UTF8'), t, 0 \
         from generate_series({NOW}, {NOW} + 40000) t"
    );
    database
        .execute("alter table webhook_calls_default alter body set storage plain")
        .await;
    database.execute(many).await;
    prune(store, NOW, Retention::default()).await;
    assert_eq!(partitions(database).await, []);
}

#[tokio::test]
async fn calls_outside_of_all_partitions_are_kept_and_removed_one_by_one() {
    let Some(world) = partitioned().await else {
        return;
    };
    let pruned = async |now| prune(&world.store, now, Retention::default()).await;
    pruned(NOW).await;
    keep_applied(&world, NOW, NOW + 5).await;
    assert_eq!(places(&world.database).await, ["default"]);
    assert_eq!(pruned(NOW + WEEK + 5).await, 0);
    assert_eq!(pruned(NOW + WEEK + 6).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_prune_at_once_make_and_drop_each_partition_once() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { database, .. } = &world;
    let all_prune = async |now| {
        let mut servers = JoinSet::new();
        for _ in 0..4 {
            let store = database.store().await;
            servers.spawn(async move {
                prune(&store, now, Retention::default()).await;
                store.close().await;
            });
        }
        servers.join_all().await;
    };
    all_prune(NOW).await;
    assert_eq!(partitions(database).await, [(0, 24)]);
    keep(&world.store, FIRST).await;
    all_prune(SECOND + WEEK).await;
    assert_eq!(places(database).await, ["default"]);
    assert!(!partitions(database).await.contains(&(0, 24)));
}

#[tokio::test]
async fn a_statement_that_takes_long_delays_partitions_and_no_other_pruning() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { store, database } = &world;
    ok(store.begin_sign_in("ana", None, at(1_000))).await;
    let mut backup = world.raw().await;
    for text in ["begin", "select count(*) from webhook_calls"] {
        sqlx::raw_sql(text).execute(&mut backup).await.unwrap();
    }
    assert!(prune(store, NOW, Retention::default()).await > 0);
    assert_eq!(partitions(database).await, []);
    ok(backup.close()).await;
    prune(store, NOW, Retention::default()).await;
    assert_eq!(partitions(database).await, [(0, 24)]);
}

#[tokio::test]
async fn calls_and_partitions_of_a_clock_that_was_ahead_disturb_no_present_call() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { store, database } = &world;
    keep(store, SECOND + 5 * HOUR).await;
    for now in [NOW + 300 * DAY, NOW, FIRST] {
        prune(store, now, Retention::default()).await;
    }
    // The second one begins behind the call that came already.
    assert_eq!(partitions(database).await[..2], [(0, 24), (29, 48)]);
    keep(store, FIRST).await;
    keep(store, SECOND + 6 * HOUR).await;
    assert_eq!(
        places(database).await,
        ["partition", "default", "partition"]
    );
    let calls = claim_all(store, SECOND + DAY, SECOND + DAY + 1_000).await;
    assert_eq!(calls.len(), 3);
}

#[tokio::test]
async fn calls_of_a_deleted_organization_are_removed_from_every_partition() {
    let Some(world) = partitioned().await else {
        return;
    };
    let World { store, database } = &world;
    for now in [NOW, FIRST] {
        prune(store, now, Retention::default()).await;
    }
    for received_at in [NOW, FIRST, SECOND] {
        keep(store, received_at).await;
    }
    let everywhere = ["default", "partition", "partition"];
    assert_eq!(places(database).await, everywhere);
    ok(store.delete_organization(&org(1), &by(50))).await;
    let mut removal = ok(store.removals(at(100))).await.remove(0);
    while ok(removal.step()).await {}
    assert!(places(database).await.is_empty());
    ok(store.create_organization(&organization("org_1"), &by(9_000))).await;
}

#[tokio::test]
async fn calls_of_before_the_partitions_are_kept_and_applied() {
    for (upgraded, received_at) in [("partition", 1_000), ("default", NOW)] {
        let database = TestDatabase::migrated_to(22).await;
        let store = database.store().await;
        ok(store.keep_webhook_call(&call(received_at), at(received_at))).await;
        ok(store.migrate()).await;
        if database.kind() == DatabaseKind::Postgres {
            assert_eq!(places(&database).await, [upgraded]);
        }
        let claimed = claim_all(&store, NOW, NOW + 1).await;
        assert_eq!(claimed, [call(received_at)]);
    }
}
