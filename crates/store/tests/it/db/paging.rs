//! Lists in pages.

use recado_store::{Agent, Cursor, Page};
use rstest::rstest;

use crate::world::{World, agent, at, by, id, ok, org};

/// 23 agents, several in the same millisecond, and one of another organization.
async fn crowd() -> (World, Vec<String>) {
    let world = World::new().await;
    let mut expected = Vec::new();
    for number in 0..23_i64 {
        let mut next = agent("org_1", &format!("agent-{number:02}"));
        next.created_at = at(number / 4);
        ok(world.store.create_agent(&next, None)).await;
        expected.push(next.id.into());
    }
    ok(world.store.create_agent(&agent("org_2", "agent-05"), None)).await;
    (world, expected)
}

async fn page(world: &World, after: Option<Cursor>, limit: u32) -> (Vec<String>, Option<Cursor>) {
    let page = Page { after, limit };
    let listed = ok(world.store.list::<Agent>(&org(1), &page)).await;
    (
        listed
            .data
            .into_iter()
            .map(|agent| agent.id.into())
            .collect(),
        listed.next,
    )
}

#[rstest]
#[case(0)]
#[case(1)]
#[case(5)]
#[case(22)]
#[case(23)]
#[case(24)]
#[tokio::test]
async fn pages_of_any_size_make_up_the_whole_list(#[case] limit: u32) {
    let (world, expected) = crowd().await;
    let (mut seen, mut next) = page(&world, None, limit).await;
    while let Some(cursor) = next {
        // As a client does it: the cursor travels as text.
        let cursor = cursor.to_string().parse().unwrap();
        let (more, after) = page(&world, Some(cursor), limit).await;
        assert!(!more.is_empty(), "a cursor leads to another page");
        seen.extend(more);
        next = after;
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_place_stays_where_it_is_when_entries_come_and_go() {
    let (world, expected) = crowd().await;
    let (_, cursor) = page(&world, None, 10).await;
    ok(world
        .store
        .delete_agent(&org(1), &id("agent-09"), &by(9_000)))
    .await;
    let mut early = agent("org_1", "agent-000");
    early.created_at = at(0);
    ok(world.store.create_agent(&early, None)).await;
    let (rest, next) = page(&world, cursor, 1000).await;
    assert_eq!((rest.as_slice(), next), (&expected[10..], None));
}
