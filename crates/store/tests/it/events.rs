//! Events: in order and without gaps, under many writers.

use std::time::Duration;

use recado_core::Status;
use recado_core::event::EventType;
use recado_store::{EventBounds, EventFilter, Store};
use tokio::task::JoinSet;

use crate::taps::{ana, apply, connection, events, phone, said, status_update, tapped};
use crate::world::{World, accepted, at, conv, gives, id, message, ok, org, soon};

#[tokio::test(flavor = "multi_thread")]
async fn ids_follow_the_order_of_writing_without_gaps_under_many_writers() {
    const TASKS: usize = 8;
    const EACH: usize = 50;
    let world = tapped().await;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = world.database.store().await;
        tasks.spawn(async move {
            for number in 0..EACH {
                write(&store, task, number).await;
            }
        });
    }
    // A reader that continues from the last event misses none: no event appears before it later.
    let (store, mut seen) = (&world.store, Vec::new());
    let expected = 1 + TASKS * EACH + TASKS;
    let reading = async {
        while seen.len() < expected {
            let more =
                ok(store.list_events(&org(1), seen.last().copied(), &EventFilter::default(), 1000))
                    .await;
            seen.extend(more.data.into_iter().map(|event| event.id));
        }
    };
    // A writer that fails would leave the reader waiting.
    tokio::time::timeout(Duration::from_mins(2), reading)
        .await
        .unwrap();
    tasks.join_all().await;
    let all: Vec<_> = events(store, &org(1))
        .await
        .into_iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(seen, all);
    let numbers: Vec<_> = (1..=expected)
        .map(|number| format!("evt_{number:016x}"))
        .collect();
    let texts: Vec<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!(texts, numbers);
    let found = Some(ok(store.event_bounds(&org(1))).await.newest);
    assert_eq!(found, all.last().copied());
}

/// A send or a message of a customer; each task has a customer of its own.
async fn write(store: &Store, task: usize, number: usize) {
    if number.is_multiple_of(2) {
        let from = phone(&format!("551190000{task:04}"));
        apply(store, vec![said(&format!("w.{task}.{number}"), from, "Hi")]).await;
    } else {
        let new = message("org_1", &format!("msg_{task}_{number}"));
        ok(store.begin_send(&new)).await;
        let result = recado_store::SendResult {
            external_id: None,
            provider_id: None,
            ..accepted()
        };
        ok(store.finish_send(&org(1), &new.id, &result, at(6_000))).await;
    }
}

#[tokio::test]
async fn a_list_is_filtered_by_kind_and_conversation_and_goes_on_behind_an_event() {
    let World { store, .. } = &tapped().await;
    apply(
        store,
        vec![
            connection(true),
            said("w.1", phone("5511900000001"), "Hi"),
            status_update("wamid.1", Status::Read),
        ],
    )
    .await;
    let list = async |kind, conversation, after: Option<usize>, limit| {
        let all = events(store, &org(1)).await;
        let after = after.map(|index| all[index].id);
        let filter = EventFilter {
            event_type: kind,
            conversation,
        };
        let listed = ok(store.list_events(&org(1), after, &filter, limit)).await;
        (listed.data.into_iter())
            .map(|event| all.iter().position(|known| *known == event).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, None, 10).await, [0, 1, 2, 3, 4]);
    assert_eq!(list(None, None, Some(1), 2).await, [2, 3]);
    assert_eq!(list(None, Some(conv()), None, 10).await, [0, 4]);
    assert_eq!(list(None, Some(conv()), Some(0), 10).await, [4]);
    let kind = Some(EventType::ChannelConnected);
    assert_eq!(list(kind, None, None, 10).await, [1]);
    assert_eq!(list(kind, Some(conv()), None, 10).await, [0; 0]);
    let unknown = ok(store.list_events(&org(2), None, &EventFilter::default(), 10)).await;
    assert_eq!(unknown.data, []);
    for organization in ["org_2", "org_9"] {
        gives!(store.event_bounds(&id(organization)) => EventBounds::default());
    }
}

#[tokio::test]
async fn a_part_has_one_event_at_least_and_its_bytes_are_bounded() {
    const LENGTH: usize = 10_000;
    let World { store, .. } = &tapped().await;
    let texts = (0..20).map(|number| said(&format!("wamid.t{number}"), ana(), &"x".repeat(LENGTH)));
    apply(store, texts.collect()).await;
    let all = events(store, &org(1)).await;
    for (max_bytes, fits) in [(1, 1), (LENGTH, 1), (5 * LENGTH, 4), (1_000 * LENGTH, 20)] {
        let (mut listed, mut after) = (Vec::new(), Some(all[all.len() - 21].id));
        while let Some(behind) = after {
            let page = ok(store.list_events_within(
                &org(1),
                Some(behind),
                &EventFilter::default(),
                50,
                max_bytes,
            ))
            .await;
            assert_eq!(page.data.len(), fits, "in {max_bytes} bytes");
            listed.extend(page.data);
            after = page.next;
        }
        assert!(listed == all[all.len() - 20..], "{max_bytes} bytes");
    }
}

#[tokio::test]
async fn a_notification_comes_from_this_server_and_on_postgresql_from_others() {
    let world = tapped().await;
    let other = match world.database.kind() {
        recado_store::DatabaseKind::Sqlite => world.store.clone(),
        recado_store::DatabaseKind::Postgres => world.database.store().await,
    };
    let mut subscriptions = [
        world.store.subscribe_events(Some(&org(1))),
        world.store.subscribe_events(None),
    ];
    let mut quiet = world.store.subscribe_events(Some(&org(2)));
    // The first notification may only say that the server listens from now on.
    for number in 0..3 {
        apply(&other, vec![said(&format!("w.{number}"), ana(), "Hi")]).await;
        for subscription in &mut subscriptions {
            soon(subscription.changed()).await;
        }
    }
    if world.database.kind() == recado_store::DatabaseKind::Sqlite {
        tokio::select! {
            biased;
            () = quiet.changed() => panic!("nothing was appended there"),
            () = std::future::ready(()) => {}
        }
    }
}

#[tokio::test]
async fn an_event_of_another_server_is_noticed_though_its_notification_is_lost() {
    let world = tapped().await;
    if world.database.kind() == recado_store::DatabaseKind::Sqlite {
        // A file has one server.
        return;
    }
    let mut subscription = world.store.subscribe_events(Some(&org(1)));
    // The first look at an organization may see an event that is new.
    soon(subscription.changed()).await;
    world
        .database
        .execute("update organizations set last_event = last_event + 1 where id = 'org_1'")
        .await;
    soon(subscription.changed()).await;
}
