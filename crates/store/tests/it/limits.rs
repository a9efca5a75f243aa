//! Limits of sends: taken with the message, for all servers together.

use std::num::NonZeroU32;
use std::time::Duration;

use recado_core::capabilities::{PairRate, Rate, SendLimit, WHATSAPP};
use recado_store::testing::TestDatabase;
use recado_store::{
    IdempotencyKey, LimitLeft, Limited, Message, NewMessage, Retention, SendLimits, Store,
    StoreError,
};
use tokio::task::JoinSet;

use crate::world::{World, at, gives, id, message, msg, ok, org, prune, refused, some};

const BEGIN: i64 = 10_000_000;

fn rate(messages: u32) -> Rate {
    Rate::per_second(NonZeroU32::new(messages).unwrap())
}

fn pair() -> PairRate {
    WHATSAPP.pair_rate.unwrap()
}

fn of_channel(messages: u32) -> SendLimits {
    SendLimits {
        channel: Some(rate(messages)),
        ..SendLimits::default()
    }
}

fn to(person: &str) -> SendLimits {
    SendLimits {
        recipient: Some((id(person), pair())),
        ..SendLimits::default()
    }
}

fn new(text: &str, limits: &SendLimits, now: i64) -> NewMessage {
    NewMessage {
        limits: limits.clone(),
        created_at: at(now),
        ..message("org_1", text)
    }
}

/// Returns the limit that does not allow a send, if one does not.
async fn limited(store: &Store, text: &str, limits: &SendLimits, now: i64) -> Option<Limited> {
    match store.begin_send(&new(text, limits, now)).await {
        Ok(()) => None,
        Err(StoreError::Limited(limited)) => Some(limited),
        Err(error) => panic!("{error:?}"),
    }
}

fn until(limit: SendLimit, millisecond: i64) -> Limited {
    let until = at(millisecond);
    Limited { limit, until }
}

async fn rows(database: &TestDatabase) -> Vec<String> {
    database
        .rows("select subject from send_limits order by subject")
        .await
}

#[tokio::test]
async fn a_channel_sends_as_many_as_its_rate_and_the_next_one_waits_and_is_not_stored() {
    let World { store, .. } = &World::with_conversations().await;
    let limits = of_channel(2);
    for text in ["msg_1", "msg_2"] {
        assert_eq!(limited(store, text, &limits, BEGIN).await, None);
    }
    let expected = Some(until(SendLimit::Channel, BEGIN + 500));
    assert_eq!(limited(store, "msg_3", &limits, BEGIN).await, expected);
    gives!(store.get::<Message>(&org(1), &msg("msg_3")) => None);
    assert_eq!(limited(store, "msg_3", &limits, BEGIN + 500).await, None);
    some(store.get::<Message>(&org(1), &msg("msg_3"))).await;
}

#[tokio::test]
async fn the_46th_message_to_one_person_waits_for_the_debt_of_45_and_another_person_does_not() {
    let World { store, .. } = &World::with_conversations().await;
    let (ana, bia) = (to("5511900000001"), to("5511900000002"));
    for number in 1..=45 {
        let text = format!("msg_{number}");
        assert_eq!(limited(store, &text, &ana, BEGIN).await, None);
    }
    let paid = BEGIN + 45 * 6_000;
    for now in [BEGIN, BEGIN + 6_000, paid - 1] {
        let expected = Some(until(SendLimit::Recipient, paid));
        assert_eq!(limited(store, "msg_46", &ana, now).await, expected);
    }
    assert_eq!(limited(store, "msg_other", &bia, BEGIN).await, None);
    assert_eq!(limited(store, "msg_46", &ana, paid).await, None);
}

#[tokio::test]
async fn a_send_that_one_limit_refuses_takes_nothing_of_the_others() {
    let World { store, database } = &World::with_conversations().await;
    let limits = SendLimits {
        organization: Some(rate(1)),
        api_key: Some((id("key_1"), rate(4))),
        ..of_channel(2)
    };
    assert_eq!(limited(store, "msg_1", &limits, BEGIN).await, None);
    for text in ["msg_2", "msg_3", "msg_4"] {
        let expected = Some(until(SendLimit::Organization, BEGIN + 1_000));
        assert_eq!(limited(store, text, &limits, BEGIN).await, expected);
    }
    let left = |limit, left, wait| LimitLeft {
        limit,
        left,
        full_at: Some(at(BEGIN + wait)),
    };
    let expected = [
        left(SendLimit::Channel, 1, 500),
        left(SendLimit::Organization, 0, 1_000),
        left(SendLimit::ApiKey, 3, 250),
    ];
    gives!(store.limits_left(&org(1), &id("chn_1"), &limits, at(BEGIN)) => expected);
    assert_eq!(
        rows(database).await,
        ["subject=c:chn_1", "subject=k:key_1", "subject=o"]
    );
}

#[tokio::test]
async fn what_is_left_of_a_limit_that_is_not_used_is_all_of_it() {
    let World { store, .. } = &World::with_conversations().await;
    let whole = LimitLeft {
        limit: SendLimit::Channel,
        left: 80,
        full_at: None,
    };
    gives!(store.limits_left(&org(1), &id("chn_1"), &of_channel(80), at(BEGIN)) => [whole]);
}

#[tokio::test]
async fn a_send_without_limits_reads_and_writes_none() {
    let World { store, database } = &World::with_conversations().await;
    assert_eq!(
        limited(store, "msg_1", &SendLimits::default(), BEGIN).await,
        None
    );
    assert_eq!(rows(database).await, [""; 0]);
}

#[tokio::test]
async fn a_person_is_stored_as_a_hash_alone() {
    let World { store, database } = &World::with_conversations().await;
    limited(store, "msg_1", &to("5511900000001"), BEGIN).await;
    let [row] = &rows(database).await[..] else {
        panic!("one row")
    };
    assert!(row.starts_with("subject=p:") && row.len() < 30, "{row}");
    assert!(!row.contains("900000001"), "{row}");
}

#[tokio::test]
async fn a_message_that_has_to_wait_leaves_its_key_free_and_a_repeat_of_one_takes_nothing() {
    let World { store, .. } = &World::with_conversations().await;
    let key = |text| IdempotencyKey::new("POST /", text, "{}");
    let limits = of_channel(2);
    let first = new("msg_1", &limits, BEGIN);
    gives!(store.begin_send_once(&first, &key("a")) => None);
    for text in ["msg_2", "msg_3", "msg_4"] {
        let repeat = new(text, &limits, BEGIN);
        let found = some(store.begin_send_once(&repeat, &key("a"))).await;
        assert_eq!(found.target, "msg_1");
    }
    let second = new("msg_5", &limits, BEGIN);
    gives!(store.begin_send_once(&second, &key("b")) => None);
    let third = new("msg_6", &limits, BEGIN);
    refused!(store.begin_send_once(&third, &key("c")) => StoreError::Limited(_));
    gives!(store.first_request(Some(&org(1)), &key("c")) => None);
    let later = new("msg_6", &limits, BEGIN + 500);
    gives!(store.begin_send_once(&later, &key("c")) => None);
}

#[tokio::test]
async fn what_another_server_has_taken_counts_for_one_that_remembers_less() {
    let world = World::with_conversations().await;
    let (here, there) = (&world.store, &world.database.store().await);
    let limits = of_channel(4);
    for (store, text) in [
        (here, "msg_1"),
        (here, "msg_2"),
        (there, "msg_3"),
        (here, "msg_4"),
    ] {
        assert_eq!(limited(store, text, &limits, BEGIN).await, None);
    }
    let expected = Some(until(SendLimit::Channel, BEGIN + 250));
    for store in [here, there] {
        assert_eq!(limited(store, "msg_5", &limits, BEGIN).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_servers_take_from_one_bucket_and_each_key_counts_once() {
    let world = World::with_conversations().await;
    let servers = [world.store.clone(), world.database.store().await];
    let mut sends = JoinSet::new();
    for number in 0..200 {
        let store = servers[number % 2].clone();
        let limits = SendLimits {
            organization: Some(rate(60)),
            ..of_channel(1_000)
        };
        let new = new(&format!("msg_{number}"), &limits, BEGIN);
        sends.spawn(async move {
            if number % 4 == 0 {
                // Two messages have one key.
                let key = IdempotencyKey::new("POST /", &(number / 8).to_string(), "{}");
                store
                    .begin_send_once(&new, &key)
                    .await
                    .map(|first| first.is_none())
            } else {
                store.begin_send(&new).await.map(|()| true)
            }
        });
    }
    let mut stored = 0;
    for sent in sends.join_all().await {
        match sent {
            Ok(is_stored) => stored += u32::from(is_stored),
            Err(StoreError::Limited(limited)) => {
                assert_eq!(limited.limit, SendLimit::Organization);
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(stored, 60);
}

#[tokio::test]
async fn a_clock_that_is_set_back_by_an_hour_stops_a_channel_for_a_moment_only() {
    let World { store, .. } = &World::with_conversations().await;
    let limits = of_channel(2);
    let hour = 3_600_000;
    for text in ["msg_1", "msg_2"] {
        assert_eq!(limited(store, text, &limits, BEGIN + hour).await, None);
    }
    let expected = Some(until(SendLimit::Channel, BEGIN + 500));
    assert_eq!(limited(store, "msg_3", &limits, BEGIN).await, expected);
    assert_eq!(limited(store, "msg_3", &limits, BEGIN + 500).await, None);
    let ana = to("5511900000001");
    assert_eq!(limited(store, "msg_4", &ana, BEGIN + hour).await, None);
    let expected = Some(until(SendLimit::Recipient, BEGIN + 6_000));
    assert_eq!(limited(store, "msg_5", &ana, BEGIN).await, expected);
    assert_eq!(limited(store, "msg_5", &ana, BEGIN + 6_000).await, None);
}

#[tokio::test]
async fn rows_that_tell_nothing_any_more_are_removed_and_others_stay() {
    let World { store, database } = &World::with_conversations().await;
    for number in 0..600 {
        let limits = to(&format!("55119{number:08}"));
        let new = new(&format!("msg_{number}"), &limits, BEGIN);
        ok(store.begin_send(&new)).await;
    }
    let slow = SendLimits {
        channel: Some(Rate::one_in(Duration::from_mins(10))),
        ..SendLimits::default()
    };
    assert_eq!(limited(store, "msg_slow", &slow, BEGIN).await, None);
    let elsewhere = NewMessage {
        organization_id: org(2),
        ..new("msg_1", &to("5511900000001"), BEGIN)
    };
    ok(store.begin_send(&elsewhere)).await;
    assert_eq!(prune(store, BEGIN + 36_000, Retention::default()).await, 0);
    assert_eq!(
        prune(store, BEGIN + 36_001, Retention::default()).await,
        601
    );
    assert_eq!(rows(database).await, ["subject=c:chn_1"]);
}
