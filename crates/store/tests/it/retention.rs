//! Old messages and events are removed, those that something waits for stay, and a reader can tell.

use std::time::Duration;

use recado_store::testing::TestDatabase;
use recado_store::{DatabaseKind, DeliveryStatus, EventFilter, EventId, Retention, Store};
use rstest::rstest;
use sqlx::{AssertSqlSafe, Row as _};

use crate::webhooks::webhook_endpoints::create;
use crate::world::{ALL, World, at, by, ok, org, organization, prune};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Rows of each organization: more than two steps remove.
const ROWS: i64 = 1_100;

/// The number of the newest old row.
const OLD: i64 = 1_010;

/// An instant at which rows up to [`OLD`] are older than a day.
const NOW: i64 = DAY + OLD + 1;

const ONE_DAY: Option<Duration> = Some(Duration::from_hours(24));
const A_MONTH: Option<Duration> = Some(Duration::from_hours(30 * 24));

/// Keeps messages and events for a day, and everything else for ever.
fn a_day() -> Retention {
    Retention {
        messages: ONE_DAY,
        events: ONE_DAY,
        deliveries: None,
        webhook_calls: None,
        set_aside_calls: None,
        audit_log: None,
    }
}

/// The organizations `org_1` and `org_2`, each with a message and an event for each of its milliseconds.
async fn aged() -> World {
    let world = World::new().await;
    for owner in ["org_1", "org_2"] {
        for text in [
            format!(
                "insert into messages (organization_id, id, conversation_id, agent_id, channel_id, \
                 status, content, warnings, created_at, updated_at) \
                 with recursive n (i) as (select 1 union all select i + 1 from n where i < {ROWS}) \
                 select '{owner}', 'msg_' || (10000 + i), 'v1', 'a1', 'c', \
                 case when i = 7 then 'sending' when i = 8 then 'unknown' else 'sent' end, \
                 '{{}}', '[]', i, i from n"
            ),
            format!(
                "insert into events (organization_id, seq, type, data, created_at) \
                 with recursive n (i) as (select 1 union all select i + 1 from n where i < {ROWS}) \
                 select '{owner}', i, 'message.sent', '{{}}', i from n"
            ),
            format!("update organizations set last_event = {ROWS} where id = '{owner}'"),
        ] {
            world.database.execute(text).await;
        }
    }
    world
}

/// The numbers of the rows that an organization has left.
async fn left(database: &TestDatabase, organization: &str, table: &str, number: &str) -> Vec<i64> {
    let mut connection = World::raw_of(database).await;
    let text = format!(
        "select {number} as number from {table} where organization_id = $1 order by created_at"
    );
    let query = sqlx::query(AssertSqlSafe(text)).bind(organization.to_owned());
    let rows = ok(query.fetch_all(&mut connection)).await;
    rows.iter().map(|row| row.get("number")).collect()
}

async fn messages(database: &TestDatabase, organization: &str) -> Vec<i64> {
    left(database, organization, "messages", "created_at").await
}

async fn events(database: &TestDatabase, organization: &str) -> Vec<i64> {
    left(database, organization, "events", "seq").await
}

fn event(number: i64) -> EventId {
    format!("evt_{number:016x}").parse().unwrap()
}

async fn removed_to(store: &Store) -> EventId {
    ok(store.event_bounds(&org(1))).await.removed_to
}

#[tokio::test]
async fn old_messages_and_events_of_all_organizations_are_removed_in_bounded_steps() {
    let World { store, database } = &aged().await;
    let mut pruning = store.pruning(at(NOW), a_day(), true);
    let mut removed = 0;
    while let Some(pruned) = ok(pruning.step()).await {
        assert!(pruned.rows <= 500, "a step is bounded");
        removed += pruned.rows;
    }
    // Of each organization the message that is being sent stays.
    assert_eq!(removed, u64::try_from(4 * OLD - 2).unwrap());
    for organization in ["org_1", "org_2"] {
        let young = (OLD + 1)..=ROWS;
        let expected: Vec<_> = [7].into_iter().chain(young.clone()).collect();
        assert_eq!(messages(database, organization).await, expected);
        let expected: Vec<_> = young.collect();
        assert_eq!(events(database, organization).await, expected);
    }
    let bounds = ok(store.event_bounds(&org(1))).await;
    assert_eq!(
        (bounds.removed_to, bounds.newest),
        (event(OLD), event(ROWS))
    );
    assert_eq!(prune(store, NOW, a_day()).await, 0);
}

/// Makes the database refuse to remove the events of `org_11`.
const REFUSAL_SQLITE: &str = "create trigger refuse before delete on events \
     when old.organization_id = 'org_11' begin select raise(abort, 'refused'); end";
const REFUSAL_POSTGRES: &str = "create function refuse() returns trigger language plpgsql \
     as $$ begin raise exception 'refused'; end $$; create trigger refuse before delete on events \
     for each row when (old.organization_id = 'org_11') execute function refuse()";

#[rstest]
#[case::both_cannot_be_read(i64::MAX)]
#[case::one_cannot_be_read_and_one_is_refused(1)]
#[tokio::test]
async fn what_fails_in_one_organization_does_not_keep_the_rows_of_others(#[case] of_second: i64) {
    let World { store, database } = &aged().await;
    // One behind the other: both are before `org_2`.
    let next = organization("org_11");
    ok(store.create_organization(&next, &by(1_000))).await;
    database
        .execute(match database.kind() {
            DatabaseKind::Sqlite => REFUSAL_SQLITE,
            DatabaseKind::Postgres => REFUSAL_POSTGRES,
        })
        .await;
    for text in [
        format!(
            "update events set created_at = {} where organization_id = 'org_1' and seq = 1",
            i64::MAX
        ),
        format!(
            "insert into events (organization_id, seq, type, data, created_at) \
             values ('org_11', 1, 'message.sent', '{{}}', {of_second})"
        ),
    ] {
        database.execute(text).await;
    }
    prune(store, NOW, a_day()).await;
    let kept = events(database, "org_1").await.len();
    assert_eq!(kept, usize::try_from(ROWS).unwrap());
    let young: Vec<_> = ((OLD + 1)..=ROWS).collect();
    assert_eq!(events(database, "org_2").await, young);
}

#[tokio::test]
async fn nothing_is_removed_before_its_time_or_for_ever() {
    let World { store, database } = &aged().await;
    assert_eq!(prune(store, DAY, a_day()).await, 0);
    assert_eq!(
        prune(
            store,
            10_000 * DAY,
            Retention {
                events: None,
                messages: None,
                ..a_day()
            }
        )
        .await,
        0
    );
    let mut without_walk = store.pruning(at(NOW), a_day(), false);
    assert_eq!(ok(without_walk.step()).await, None);
    for organization in ["org_1", "org_2"] {
        assert_eq!(messages(database, organization).await.len(), 1_100);
        assert_eq!(events(database, organization).await.len(), 1_100);
    }
    assert_eq!(removed_to(store).await, EventId::BEFORE_ALL);
}

#[tokio::test]
async fn an_event_stays_as_long_as_a_delivery_of_it() {
    let World { store, database } = &aged().await;
    let endpoint = create(store, "whk_1", &[]).await;
    for (seq, status, finished) in [
        (3, "pending", "null"),
        (600, "delivered", "5"),
        (OLD, "pending", "null"),
    ] {
        let text = format!(
            "insert into deliveries (organization_id, endpoint_id, seq, lane, status, attempts, \
             next_at, claimed_until, created_at, finished_at) \
             values ('org_1', 'whk_1', {seq}, '', '{status}', 0, null, 0, {seq}, {finished})"
        );
        database.execute(text).await;
    }
    prune(
        store,
        NOW,
        Retention {
            deliveries: A_MONTH,
            ..a_day()
        },
    )
    .await;
    let all = events(database, "org_1").await;
    assert_eq!(
        all[..3],
        [3, OLD, OLD + 1],
        "the finished delivery goes with its event"
    );
    assert_eq!(removed_to(store).await, event(OLD - 1));
    // What waits can be delivered.
    let pending = Some(DeliveryStatus::Pending);
    let listed = ok(store.list_deliveries(&org(1), &endpoint.id, pending, &ALL)).await;
    assert_eq!(listed.data.len(), 2);
    let filter = EventFilter::default();
    let found = ok(store.list_events(&org(1), None, &filter, 1)).await;
    assert_eq!(found.data[0].id, event(3));
    assert_eq!(events(database, "org_2").await[0], OLD + 1);
}
