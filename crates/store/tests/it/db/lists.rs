//! Lists that are slow: only their own organization waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use recado_core::event::EventType;
use recado_store::EventFilter;
use tokio::task::JoinSet;

use crate::world::{World, conv, org};

/// Lists that are asked for at once: more than there are connections.
const LISTS: usize = 48;

#[tokio::test(flavor = "multi_thread")]
async fn slow_lists_of_one_organization_keep_no_other_waiting() {
    let world = World::new().await;
    world
        .database
        .execute(
            "insert into events (organization_id, seq, type, conversation_id, data, created_at) \
             with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 50000) \
             select 'org_1', n, 'message.received', 'conv-456', '{}', n from numbers",
        )
        .await;
    // The conversation has no such event, which is known only after all of its events were looked at.
    let filter = EventFilter {
        event_type: Some(EventType::ListSelected),
        conversation: Some(conv()),
    };
    let read = Arc::new(AtomicUsize::new(0));
    let mut lists = JoinSet::new();
    for _ in 0..LISTS {
        let (store, filter, read) = (world.store.clone(), filter.clone(), Arc::clone(&read));
        lists.spawn(async move {
            // Those that wait too long are told that the database is busy.
            let _ = store.list_events(&org(1), None, &filter, 1000).await;
            read.fetch_add(1, Ordering::Relaxed);
        });
    }
    lists.join_next().await.unwrap().unwrap();

    let all = EventFilter::default();
    let others = world.store.list_events(&org(2), None, &all, 1000).await;
    assert_eq!(others.unwrap().data, []);
    let organization = world.store.get_organization(&org(2)).await;
    assert!(organization.unwrap().is_some());
    let before = read.load(Ordering::Relaxed);
    assert!(
        before < LISTS / 2,
        "{before} of {LISTS} slow lists came first"
    );
    lists.join_all().await;
}
