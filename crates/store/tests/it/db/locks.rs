//! Another server stops while it holds the organization lock.

use std::time::{Duration, Instant};

use recado_store::{DatabaseKind, Message, StoreError};
use rstest::rstest;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use tokio::task::JoinSet;

use crate::world::{World, accepted, agent, at, message, msg, ok, org, refused};

/// More than the store has connections.
const MANY: usize = 20;

/// Takes the organization lock of `org_1`, as a server does that then stops.
pub(crate) async fn hold(connection: &mut AnyConnection) {
    for text in [
        "begin",
        "select id from organizations where id = 'org_1' for no key update",
    ] {
        sqlx::raw_sql(text).execute(&mut *connection).await.unwrap();
    }
}

/// Waits until a statement of the store waits for a lock on PostgreSQL.
pub(crate) async fn wait_for_lock(world: &World) {
    let mut connection = world.raw().await;
    let waiting = "select count(*) from pg_stat_activity \
                   where datname = current_database() and wait_event_type = 'Lock'";
    let wait = async {
        loop {
            let row = sqlx::query(waiting).fetch_one(&mut connection).await;
            if row.unwrap().get::<i64, _>(0) > 0 {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_mins(1), wait).await;
    waited.expect("a statement that waits for a lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_organization_lock_refuses_its_sends_and_concerns_no_other_organization() {
    let world = World::with_conversations().await;
    let store = &world.store;
    if world.database.kind() != DatabaseKind::Postgres {
        // On SQLite there is one writer, and no such lock.
        return;
    }
    ok(store.begin_send(&message("org_1", "msg_0"))).await;
    let mut other = world.raw().await;
    hold(&mut other).await;
    let mut refused = JoinSet::new();
    for number in 1..=MANY {
        let store = store.clone();
        refused.spawn(async move {
            let new = message("org_1", &format!("msg_{number}"));
            let begun = store.begin_send(&new).await;
            let owner = org(1);
            let settled = store
                .finish_send(&owner, &msg("msg_0"), &accepted(), at(6_000))
                .await;
            let replayed = store
                .replay_deliveries(&owner, &"whk_1".parse().unwrap(), at(0), at(1), at(2))
                .await;
            (begun, settled.map(drop), replayed.map(drop))
        });
    }
    for number in 1..=MANY {
        let began = Instant::now();
        let text = format!("msg_{number}");
        ok(store.begin_send(&message("org_2", &text))).await;
        ok(store.create_agent(&agent("org_2", &format!("agent_{number}")), None)).await;
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    for result in refused.join_all().await {
        for held in [result.0, result.1, result.2] {
            assert!(
                matches!(held, Err(StoreError::Busy | StoreError::Timeout)),
                "{held:?}"
            );
        }
    }
    // A server that starts meanwhile does not wait.
    let starting = world.database.store().await;
    let migrating = tokio::time::timeout(Duration::from_secs(1), starting.migrate());
    migrating.await.unwrap().unwrap();
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    for number in 1..=MANY {
        let text = format!("msg_{number}");
        assert_eq!(ok(store.get::<Message>(&org(1), &msg(&text))).await, None);
    }
    ok(store.begin_send(&message("org_1", "msg_1"))).await;
}

#[tokio::test]
async fn nothing_is_stored_for_an_organization_that_does_not_exist() {
    let world = World::with_conversations().await;
    if world.database.kind() != DatabaseKind::Postgres {
        return;
    }
    refused!(world.store.begin_send(&message("org_9", "msg_1")) => StoreError::UnknownConversation);
}

#[tokio::test]
async fn connections_that_the_database_ended_fail_no_request() {
    let world = World::with_conversations().await;
    let store = &world.store;
    if world.database.kind() != DatabaseKind::Postgres {
        return;
    }
    let mut tasks = JoinSet::new();
    for number in 0..MANY {
        let store = store.clone();
        tasks.spawn(async move {
            ok(store.begin_send(&message("org_1", &format!("msg_{number}")))).await;
            ok(store.get::<Message>(&org(1), &msg("msg_0"))).await;
        });
    }
    tasks.join_all().await;
    let mut other = world.raw().await;
    // A database that restarts is away for longer.
    sqlx::raw_sql(
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid(); select pg_sleep(0.2)",
    )
    .execute(&mut other)
    .await
    .unwrap();
    ok(other.close()).await;
    for number in 0..MANY {
        let text = format!("msg_after_{number}");
        ok(store.begin_send(&message("org_1", &text))).await;
        let found = ok(store.get::<Message>(&org(1), &msg(&text))).await;
        assert!(found.is_some());
    }
}

#[rstest]
#[case::no_connections("55000", true)]
#[case::in_use("55006", true)]
#[case::locked("55P03", true)]
#[case::an_operator_intervenes("57000", true)]
#[case::canceled("57014", true)]
#[case::shutting_down("57P01", true)]
#[case::a_disk_error("58030", true)]
#[case::a_missing_file("58P01", true)]
#[case::a_full_disk("53100", true)]
#[case::a_lost_connection("08006", true)]
#[case::a_deadlock("40P01", true)]
#[case::an_idle_transaction("25P03", true)]
#[case::a_long_transaction("25P04", true)]
#[case::a_standby("25006", true)]
#[case::a_failed_transaction("25P02", false)]
#[case::a_missing_table("42P01", false)]
#[case::damaged_data("XX001", false)]
#[case::division_by_zero("22012", false)]
#[tokio::test]
async fn an_error_that_passes_is_told_from_one_that_stays(
    #[case] code: &str,
    #[case] passes: bool,
) {
    let world = World::with_conversations().await;
    if world.database.kind() != DatabaseKind::Postgres {
        return;
    }
    let text = format!("do $$ begin raise exception using errcode = '{code}'; end $$");
    let mut connection = world.raw().await;
    let answer = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection);
    let error = StoreError::from(answer.await.unwrap_err());
    assert_eq!(error.is_passing(), passes, "{error:?}");
}
