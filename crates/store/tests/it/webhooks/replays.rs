//! Deliveries: replayed, listed and removed.

use std::collections::HashMap;

use recado_core::event::EventType;
use recado_store::{
    AfterAttempt, DatabaseKind, DeliveryKey, DeliveryStatus, Page, Retention, WebhookEndpointChange,
};

use crate::taps::{ana, apply, connection, events, said, tapped};
use crate::webhooks::deliveries::{MANY, attempt, claim, delivered};
use crate::webhooks::webhook_endpoints::create;
use crate::world::{ALL, WEEK, World, at, by, id, ok, org, prune, some};

#[tokio::test]
async fn an_endpoint_that_was_disabled_goes_on_where_it_stood() {
    let World { store, .. } = &tapped().await;
    let ours = create(store, "whk_1", &[]).await;
    apply(store, vec![said("w.1", ana(), "Hi")]).await;
    let due = claim(store, 100_000, MANY).await;
    ok(store.disable_webhook_endpoint(&org(1), &ours.id, at(100_001))).await;
    // An attempt that was under way ends.
    ok(store.record_attempt(
        &due[0].delivery.key,
        attempt(100_002, Some(500)),
        AfterAttempt::RetryAt(at(100_003)),
    ))
    .await;
    apply(store, vec![said("w.2", ana(), "Hi")]).await;
    assert_eq!(claim(store, 900_000, MANY).await.len(), 0);
    let change = WebhookEndpointChange {
        enabled: Some(true),
        ..Default::default()
    };
    let enabled =
        some(store.update_webhook_endpoint(&org(1), &ours.id, change, &by(900_000))).await;
    assert_eq!((enabled.disabled_at, enabled.failing_since), (None, None));
    let again = claim(store, 900_000, MANY).await;
    assert_eq!(again.len(), 1, "what it missed meanwhile is not queued");
    assert_eq!(again[0].event.id, due[0].event.id);
}

#[tokio::test]
async fn a_delivery_is_replayed_whether_it_arrived_was_given_up_or_never_was() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![connection(true)]).await;
    let missed = events(store, &org(1)).await[1].id;
    let ours = create(store, "whk_1", &[EventType::ChannelDisconnected]).await;
    apply(store, vec![connection(false)]).await;
    let first = claim(store, 100_000, MANY).await.remove(0);
    delivered(store, &first, 100_001).await;

    let key = |event_id| DeliveryKey {
        organization_id: org(1),
        endpoint_id: ours.id.clone(),
        event_id,
    };
    for event_id in [first.event.id, missed] {
        assert!(ok(store.replay_delivery(&key(event_id), at(200_000))).await);
    }
    let mut seen = Vec::new();
    for now in [200_000, 200_001] {
        let due = claim(store, now, MANY).await;
        assert_eq!(due.len(), 1, "channel events have one lane");
        assert_eq!(due[0].delivery.attempts, 0);
        seen.push(due[0].event.id);
        delivered(store, &due[0], now).await;
    }
    assert_eq!(seen, [missed, first.event.id]);
    let (kept, attempts) = some(store.get_delivery(&key(first.event.id))).await;
    assert_eq!((kept.attempts, attempts.len()), (1, 2));

    for nothing in [
        DeliveryKey {
            organization_id: org(2),
            ..key(missed)
        },
        DeliveryKey {
            organization_id: org(9),
            ..key(missed)
        },
        DeliveryKey {
            endpoint_id: id("whk_9"),
            ..key(missed)
        },
        key("evt_0000000000000099".parse().unwrap()),
    ] {
        assert!(!ok(store.replay_delivery(&nothing, at(1))).await);
        assert!(!ok(store.skip_delivery(&nothing, at(1))).await);
        assert_eq!(ok(store.get_delivery(&nothing)).await, None);
    }
}

#[tokio::test]
async fn what_is_under_way_is_not_begun_again_by_a_replay() {
    let World { store, .. } = &tapped().await;
    create(store, "whk_1", &[]).await;
    apply(store, vec![connection(true)]).await;
    let due = claim(store, 100_000, MANY).await;
    assert!(ok(store.replay_delivery(&due[0].delivery.key, at(100_001))).await);
    assert_eq!(claim(store, 100_002, MANY).await.len(), 0);
}

#[tokio::test]
async fn a_range_is_replayed_with_what_the_endpoint_missed_and_wants() {
    let World { store, .. } = &tapped().await;
    for (now, item) in [
        (100_000, connection(true)),
        (110_000, connection(false)),
        (110_500, said("w.1", ana(), "Hi")),
        (120_000, connection(true)),
    ] {
        let mut call = crate::taps::application(&org(1), vec![item]);
        call.at = at(now);
        crate::taps::apply_one(store, call).await;
    }
    let kinds = [EventType::ChannelConnected, EventType::ChannelDisconnected];
    let ours = create(store, "whk_1", &kinds).await;
    let range = async |owner, from, to| {
        ok(store.replay_deliveries(&owner, &ours.id, at(from), at(to), at(200_000))).await
    };
    assert_eq!(range(org(1), 110_000, 120_000).await, 1);
    assert_eq!(range(org(1), 0, 200_000).await, 3);
    for stranger in [2, 9] {
        assert_eq!(range(org(stranger), 0, 200_000).await, 0);
    }
    let due = claim(store, 200_000, MANY).await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].event.created_at, at(100_000));
}

#[tokio::test]
async fn deliveries_are_listed_in_pages_and_by_status() {
    let World { store, .. } = &tapped().await;
    let ours = create(store, "whk_1", &[]).await;
    for connected in [true, false, true, false] {
        apply(store, vec![connection(connected)]).await;
    }
    let first = claim(store, 100_000, MANY).await.remove(0);
    delivered(store, &first, 100_001).await;
    let mut seen = Vec::new();
    let mut page = Page {
        after: None,
        limit: 2,
    };
    loop {
        let listed = ok(store.list_deliveries(&org(1), &ours.id, None, &page)).await;
        seen.extend(listed.data.into_iter().map(|entry| entry.key.event_id));
        page.after = match listed.next {
            Some(cursor) => Some(cursor.to_string().parse().unwrap()),
            None => break,
        };
    }
    let all: Vec<_> = events(store, &org(1)).await[1..]
        .iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(seen, all);
    let mut counts = HashMap::new();
    for status in [
        DeliveryStatus::Pending,
        DeliveryStatus::Delivered,
        DeliveryStatus::Failed,
    ] {
        let listed = ok(store.list_deliveries(&org(1), &ours.id, Some(status), &ALL)).await;
        counts.insert(status.as_str(), listed.data.len());
    }
    assert_eq!(
        counts,
        HashMap::from([("pending", 4), ("delivered", 1), ("failed", 0)])
    );
    let theirs = store.list_deliveries(&org(2), &ours.id, None, &ALL).await;
    assert_eq!(theirs.unwrap().data, []);
}

#[tokio::test]
async fn a_deleted_endpoint_takes_its_deliveries_along() {
    let World { store, .. } = &tapped().await;
    let ours = create(store, "whk_1", &[]).await;
    apply(store, vec![connection(true)]).await;
    let due = claim(store, 100_000, MANY).await;
    ok(store.delete_webhook_endpoint(&org(1), &ours.id, &by(9_000))).await;
    delivered(store, &due[0], 100_001).await;
    assert_eq!(ok(store.get_delivery(&due[0].delivery.key)).await, None);
    assert_eq!(claim(store, 900_000, MANY).await.len(), 0);
    assert_eq!(
        prune(store, WEEK + 900_000, Retention::default()).await,
        1,
        "the call"
    );
}

#[tokio::test]
async fn finished_deliveries_are_pruned_and_pending_ones_stay() {
    let World { store, .. } = &tapped().await;
    let kinds = [EventType::ChannelConnected, EventType::ChannelDisconnected];
    let ours = create(store, "whk_1", &kinds).await;
    apply(store, vec![connection(true), connection(false)]).await;
    let due = claim(store, 100_000, MANY).await;
    delivered(store, &due[0], 150_000).await;
    prune(store, WEEK + 150_000, Retention::default()).await;
    let list = async || {
        let listed = store.list_deliveries(&org(1), &ours.id, None, &ALL).await;
        listed.unwrap().data.len()
    };
    assert_eq!(list().await, 2);
    assert_eq!(
        prune(store, WEEK + 150_001, Retention::default()).await,
        1,
        "a delivery, with its attempt"
    );
    assert_eq!(list().await, 1);
}

/// So many texts of one conversation, appended past the store.
async fn many_events(world: &World, count: u32) {
    let mut values = Vec::new();
    for seq in 2..count + 2 {
        values.push(format!(
            "('org_1', {seq}, 'message.received', 'conv-456', '{{}}', 100000)"
        ));
    }
    let text = format!(
        "insert into events (organization_id, seq, type, conversation_id, data, created_at) \
         values {}; update organizations set last_event = {} where id = 'org_1'",
        values.join(", "),
        count + 1
    );
    world.database.execute(text).await;
}

#[tokio::test]
async fn a_replay_of_one_conversation_touches_each_delivery_a_fixed_number_of_times() {
    const EVENTS: u32 = 4_000;
    let world = tapped().await;
    let ours = create(&world.store, "whk_1", &[EventType::MessageReceived]).await;
    many_events(&world, EVENTS).await;
    // Counts the updates of rows: each row of each portion once more would be quadratic.
    let counting = match world.database.kind() {
        DatabaseKind::Sqlite => {
            "create trigger touch after update on deliveries \
             begin insert into touched values (new.seq); end"
        }
        DatabaseKind::Postgres => {
            "create function touch() returns trigger language plpgsql as \
             $$ begin insert into touched values (new.seq); return new; end $$; \
             create trigger touch after update on deliveries for each row execute function touch()"
        }
    };
    for text in ["create table touched (seq bigint)", counting] {
        world.database.execute(text).await;
    }
    for _ in 0..2 {
        let replayed = world
            .store
            .replay_deliveries(&org(1), &ours.id, at(0), at(200_000), at(300_000))
            .await;
        assert_eq!(replayed.unwrap(), u64::from(EVENTS));
    }
    let row = sqlx::query("select count(*) from touched")
        .fetch_one(&mut world.raw().await)
        .await
        .unwrap();
    let touched: i64 = sqlx::Row::get(&row, 0);
    assert!(touched < 2 * i64::from(EVENTS), "{touched}");
    let due = claim(&world.store, 300_000, MANY).await;
    assert_eq!(due.len(), 1, "one conversation goes one by one");
    assert_eq!(due[0].event.id.to_string(), "evt_0000000000000002");
}
