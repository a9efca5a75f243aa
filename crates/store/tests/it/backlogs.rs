//! Backlogs: what waits in the database, and the states of the channels.

use recado_core::Provider;
use recado_core::event::EventType;
use recado_store::{
    Backlogs, ChannelCount, DatabaseKind, PausedCount, Queue, SendTime, Store, WebhookCall,
};

use crate::taps::{apply, connection, tapped};
use crate::webhooks::webhook_endpoints::create;
use crate::world::{WEEK, World, at, by, create_channel, gives, id, message, ok, org, some};

/// A message that is being sent, one of an unknown outcome, two that are queued, two calls and two deliveries.
async fn leave_work(world: &World) {
    let World { store, database } = world;
    for (message_id, due) in [("msg_4", 7_000), ("msg_5", 90_000)] {
        let time = SendTime {
            send_at: at(due),
            expires_at: at(WEEK),
        };
        ok(store.enqueue(&message("org_1", message_id), time, None)).await;
    }
    let kinds = [EventType::ChannelConnected, EventType::ChannelDisconnected];
    create(store, "whk_1", &kinds).await;
    for connected in [true, false] {
        apply(store, vec![connection(connected)]).await;
    }
    for message_id in ["msg_2", "msg_3"] {
        let message = message("org_1", message_id);
        ok(store.begin_send(&message)).await;
    }
    for (number, claimed_until) in [(1, 90_000), (2, 20_000)] {
        let call = WebhookCall {
            id: format!("whc_waiting_{number}"),
            organization_id: org(1),
            channel_id: id("chn_1"),
            content_type: None,
            body: b"{}".to_vec(),
            received_at: at(number * 20_000),
        };
        ok(store.keep_webhook_call(&call, at(claimed_until))).await;
    }
    database
        .execute(
            "update messages set status = 'unknown' where id = 'msg_3'; \
             update deliveries set created_at = seq * 1000",
        )
        .await;
}

async fn deliveries(store: &Store) -> Queue {
    ok(store.backlogs(at(100_000))).await.deliveries
}

#[tokio::test]
async fn backlogs_tell_how_much_waits_and_since_when() {
    let world = tapped().await;
    let store = &world.store;
    let nothing = ok(store.backlogs(at(100_000))).await;
    assert_eq!(nothing.webhook_calls, Queue::default());
    assert_eq!(nothing.deliveries, Queue::default());
    leave_work(&world).await;
    let waiting = Queue {
        waiting: 2,
        oldest: Some(at(4_000)),
    };
    let expected = Backlogs {
        queued: Queue {
            waiting: 2,
            oldest: Some(at(7_000)),
        },
        sending: nothing.sending + 1,
        unknown: nothing.unknown + 1,
        webhook_calls: Queue {
            waiting: 2,
            oldest: Some(at(20_000)),
        },
        deliveries: waiting,
    };
    assert_eq!(ok(store.backlogs(at(100_000))).await, expected);
    let later = ok(store.backlogs(at(2 * WEEK))).await;
    assert_eq!(later.unknown, 0);
    assert_eq!(later.sending, expected.sending);
}

#[tokio::test]
async fn deliveries_that_have_to_wait_are_not_a_backlog() {
    let world = tapped().await;
    let store = &world.store;
    leave_work(&world).await;
    assert_eq!(deliveries(store).await.waiting, 2);
    ok(store.suspend_organization(&org(1), &by(7))).await;
    assert_eq!(deliveries(store).await, Queue::default());
    ok(store.resume_organization(&org(1), &by(8))).await;
    assert_eq!(deliveries(store).await.waiting, 2);
    world
        .database
        .execute("update webhook_endpoints set disabled_at = 9")
        .await;
    assert_eq!(deliveries(store).await, Queue::default());
}

#[tokio::test]
async fn channels_are_counted_by_what_their_providers_say() {
    let World { store, .. } = &tapped().await;
    create_channel(store, "org_2", "chn_2").await;
    let count = |provider, connected| ChannelCount {
        provider,
        connected,
        channels: 1,
    };
    for connected in [true, false] {
        apply(store, vec![connection(connected)]).await;
        let counts = ok(store.channel_counts()).await;
        assert_eq!(counts.len(), 2, "{counts:?}");
        for expected in [
            count(Provider::WhatsApp, Some(connected)),
            count(Provider::Zapi, None),
        ] {
            assert!(counts.contains(&expected), "{counts:?}");
        }
    }
}

#[tokio::test]
async fn paused_channels_are_counted_by_why_they_are() {
    let World { store, .. } = &tapped().await;
    create_channel(store, "org_2", "chn_2").await;
    gives!(store.paused_counts() => []);
    apply(store, vec![connection(false)]).await;
    some(store.pause_channel(&org(2), &id("chn_2"), &by(9_500))).await;
    let mut counts = ok(store.paused_counts()).await;
    counts.sort_by_key(|count| count.provider.as_str());
    let count = |provider, by_request, failing| PausedCount {
        provider,
        by_request,
        failing,
    };
    let expected = [count(Provider::WhatsApp, 0, 1), count(Provider::Zapi, 1, 0)];
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn the_pools_of_the_database_are_told_with_their_bounds() {
    let World { store, .. } = &World::new().await;
    let pools: Vec<_> = store.pools().iter().map(|it| (it.pool, it.max)).collect();
    match store.kind() {
        DatabaseKind::Sqlite => {
            assert_eq!(pools, [("readers", 4), ("sends", 2), ("lists", 4)]);
        }
        DatabaseKind::Postgres => assert_eq!(pools, [("readers", 8), ("writers", 8)]),
    }
    ok(store.ping()).await;
    let readers = store.pools()[0];
    assert_eq!(readers.in_use + readers.idle, 1);
}
