//! Budgets: what messages take of them, and who is refused when they are used up, on all servers together.

use std::collections::HashMap;
use std::sync::Arc;

use recado_core::capabilities::SendLimit;
use recado_core::inbound::{Inbound, Pricing, StatusUpdate};
use recado_core::{Money, Outcome, Provider, Status};
use recado_store::{
    Begun, Budget, BudgetChange, BudgetLimit, BudgetUse, Channel, ChannelChange, Message, Month,
    NewMessage, Postponed, QueueLimits, SendResult, SendTime, Spending, Store, StoreError,
};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::outbox::queue;
use crate::taps::{apply, create_channel, events, status_update, tapped};
use crate::world::{World, accepted, at, by, ended, id, message, msg, ok, org, some, soon, with};

const MESSAGES: BudgetLimit = BudgetLimit::Messages(5);

fn money(text: &str) -> Money {
    text.parse().expect("an amount")
}

fn budget(limit: BudgetLimit, stop: bool) -> Budget {
    Budget {
        limit,
        currency: None,
        stop,
    }
}

/// A message over a channel with a budget.
fn costly(text: &str, budget: &Budget, price: Option<&str>) -> NewMessage {
    with(message("org_1", text), |new| {
        new.limits.budget = Some(Spending {
            budget: budget.clone(),
            price: price.map(money),
        });
    })
}

async fn begin(store: &Store, new: &NewMessage) -> bool {
    match store.begin_send(new).await {
        Ok(()) => true,
        Err(StoreError::Limited(limited)) => {
            assert_eq!(limited.limit, SendLimit::Budget);
            assert_eq!(limited.until, Month::of(new.created_at).end());
            false
        }
        Err(error) => panic!("{error}"),
    }
}

/// Sends a message, which the provider accepts under an id.
async fn send(store: &Store, text: &str, budget: &Budget, external_id: &str) {
    assert!(begin(store, &costly(text, budget, Some("0.5"))).await);
    let result = SendResult {
        external_id: Some(external_id.into()),
        ..accepted()
    };
    ok(store.finish_send(&org(1), &msg(text), &result, at(7_000))).await;
}

async fn used(store: &Store) -> (u64, String) {
    let used = ok(store.budget_use(&org(1), &id("chn_1"), Month::of(at(0)))).await;
    (used.messages, used.amount.to_string())
}

/// The part and the month of each event about the budget.
async fn alerts(store: &Store) -> Vec<(u64, String)> {
    let events = events(store, &org(1)).await.into_iter();
    let events = events.filter(|event| event.event_type.as_str() == "channel.budget");
    let told = events.map(|event| {
        assert_eq!(event.channel_id, Some(id("chn_1")));
        let month = event.data["month"].as_str().unwrap_or_default().to_owned();
        (event.data["percent"].as_u64().unwrap_or_default(), month)
    });
    told.collect()
}

fn january(percents: &[u64]) -> Vec<(u64, String)> {
    let told = percents.iter();
    told.map(|percent| (*percent, "1970-01".to_owned()))
        .collect()
}

#[tokio::test]
async fn what_is_over_a_budget_that_stops_is_refused_before_it_is_stored() {
    let World { store, .. } = &World::with_conversations().await;
    let budget = budget(MESSAGES, true);
    for number in 1..=5 {
        assert!(begin(store, &costly(&format!("msg_{number}"), &budget, None)).await);
    }
    assert!(!begin(store, &costly("msg_6", &budget, None)).await);
    assert_eq!(ok(store.get::<Message>(&org(1), &msg("msg_6"))).await, None);
    assert_eq!(used(store).await, (5, "0.00".into()));
    // The next month has a budget of its own.
    let next = Month::of(at(0)).end();
    let february = with(costly("msg_7", &budget, None), |new| new.created_at = next);
    assert!(begin(store, &february).await);
    // Another channel, or one without a budget, is not concerned.
    let other = with(costly("msg_8", &budget, None), |new| {
        new.channel_id = id("chn_2");
    });
    assert!(begin(store, &other).await);
    ok(store.begin_send(&message("org_1", "msg_9"))).await;
    assert_eq!(used(store).await, (5, "0.00".into()));
}

#[tokio::test]
async fn an_amount_is_counted_to_the_millionth_and_allows_nothing_without_a_price() {
    let World { store, .. } = &World::with_conversations().await;
    let budget = budget(BudgetLimit::Amount(money("0.1")), true);
    assert!(!begin(store, &costly("msg_0", &budget, None)).await);
    assert_eq!(alerts(store).await, []);
    for (text, price, is_allowed) in [
        ("msg_1", "0.033334", true),
        ("msg_2", "0.033333", true),
        ("msg_3", "0.033334", false),
        ("msg_4", "0.033333", true),
        ("msg_5", "0.000001", false),
        ("msg_6", "0", true),
    ] {
        let new = costly(text, &budget, Some(price));
        assert_eq!(begin(store, &new).await, is_allowed, "{text}");
    }
    assert_eq!(used(store).await, (4, "0.10".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_do_not_overshoot() {
    let World { store, database } = &World::with_conversations().await;
    let other = database.store().await;
    let budget = budget(BudgetLimit::Amount(money("0.1")), true);
    let mut sends = JoinSet::new();
    for number in 0..40 {
        let store = if number % 2 == 0 { store } else { &other }.clone();
        let new = costly(&format!("msg_{number}"), &budget, Some("0.01"));
        sends.spawn(async move { begin(&store, &new).await });
    }
    let begun = soon(sends.join_all()).await;
    assert_eq!(begun.into_iter().filter(|begun| *begun).count(), 10);
    assert_eq!(used(store).await, (10, "0.10".into()));
    assert_eq!(alerts(store).await, january(&[80, 100]));
}

fn told(external_id: &str, status: Status, kind: &str) -> Inbound {
    let word = |word: &str| Some(word.to_owned());
    let pricing = Pricing::new(word("service"), word(kind), None, None);
    let update = StatusUpdate::new(vec![external_id.into()], status);
    Inbound::Status(with(update, |it| it.pricing = Some(pricing)))
}

#[tokio::test]
async fn a_message_counts_until_it_is_rejected_or_has_failed_or_is_free() {
    let World { store, .. } = &tapped().await;
    let budget = budget(MESSAGES, true);
    for number in 1..=3 {
        send(
            store,
            &format!("msg_b{number}"),
            &budget,
            &format!("w.{number}"),
        )
        .await;
    }
    assert!(begin(store, &costly("msg_b4", &budget, Some("0.5"))).await);
    assert_eq!(
        used(store).await,
        (4, "2.00".into()),
        "accepted, or being sent"
    );
    let unknown = ended(Outcome::Unknown);
    ok(store.finish_send(&org(1), &msg("msg_b4"), &unknown, at(7_000))).await;
    assert_eq!(used(store).await, (4, "2.00".into()), "unknown");
    let rejected = ended(Outcome::Rejected);
    ok(store.finish_send(&org(1), &msg("msg_b4"), &rejected, at(7_000))).await;
    assert_eq!(used(store).await, (3, "1.50".into()), "rejected");
    for _ in 0..2 {
        apply(
            store,
            vec![told("w.1", Status::Sent, "free_customer_service")],
        )
        .await;
        apply(
            store,
            vec![told("w.1", Status::Delivered, "free_customer_service")],
        )
        .await;
        assert_eq!(used(store).await, (2, "1.00".into()), "free");
        apply(store, vec![told("w.2", Status::Delivered, "regular")]).await;
        assert_eq!(used(store).await, (2, "1.00".into()), "billed");
    }
    apply(store, vec![status_update("w.3", Status::Failed)]).await;
    assert_eq!(used(store).await, (1, "0.50".into()), "failed");
    apply(store, vec![status_update("w.3", Status::Delivered)]).await;
    assert_eq!(
        used(store).await,
        (2, "1.00".into()),
        "delivered all the same"
    );
    // A message that was sent without a budget changes nothing.
    apply(store, vec![status_update("wamid.1", Status::Failed)]).await;
    assert_eq!(used(store).await, (2, "1.00".into()));
}

#[tokio::test]
async fn each_part_is_told_once_in_a_month_and_again_of_another_budget() {
    let World { store, .. } = &World::with_conversations().await;
    let small = budget(MESSAGES, true);
    for number in 1..=3 {
        begin(store, &costly(&format!("msg_{number}"), &small, None)).await;
    }
    assert_eq!(alerts(store).await, []);
    begin(store, &costly("msg_4", &small, None)).await;
    assert_eq!(alerts(store).await, january(&[80]));
    for number in 5..=9 {
        begin(store, &costly(&format!("msg_{number}"), &small, None)).await;
    }
    assert_eq!(alerts(store).await, january(&[80, 100]));
    let larger = budget(BudgetLimit::Messages(6), false);
    for number in 11..=19 {
        assert!(begin(store, &costly(&format!("msg_{number}"), &larger, None)).await);
    }
    assert_eq!(alerts(store).await, january(&[80, 100, 100]));
    let last = events(store, &org(1)).await.pop().expect("an event").data;
    assert_eq!(last["messages"], 6);
    assert_eq!(
        (&last["usedMessages"], &last["stop"]),
        (&6.into(), &false.into())
    );
    assert_eq!(
        (&last["amount"], &last["usedAmount"]),
        (&Value::Null, &"0.00".into())
    );
}

#[tokio::test]
async fn an_amount_that_the_next_message_would_exceed_is_told_as_used() {
    let World { store, .. } = &World::with_conversations().await;
    let budget = budget(BudgetLimit::Amount(money("1")), true);
    assert!(begin(store, &costly("msg_1", &budget, Some("0.7"))).await);
    assert_eq!(alerts(store).await, []);
    for text in ["msg_2", "msg_3"] {
        assert!(!begin(store, &costly(text, &budget, Some("0.7"))).await);
    }
    assert_eq!(alerts(store).await, january(&[100]));
}

async fn attempts(store: &Store, now: i64, limit: Option<BudgetLimit>) -> Begun {
    let prices = Arc::new(HashMap::from([(55, money("0.5"))]));
    let limits = QueueLimits {
        budget: limit.map(|limit| (budget(limit, true), prices)),
        ..QueueLimits::default()
    };
    ok(store.begin_attempts(&queue(1), at(now), 10, &limits)).await
}

#[tokio::test]
async fn queued_messages_wait_while_the_budget_is_used_up_and_go_on_when_it_is_raised() {
    let World { store, .. } = &World::with_conversations().await;
    let expires_at = at(90_000);
    for text in ["msg_1", "msg_2"] {
        let send_at = at(5_000);
        let time = SendTime {
            send_at,
            expires_at,
        };
        ok(store.enqueue(&message("org_1", text), time, None)).await;
    }
    let amount = |text| Some(BudgetLimit::Amount(money(text)));
    let begun = attempts(store, 5_000, amount("0.7")).await;
    assert_eq!(begun.attempts.len(), 1);
    // What surely was not sent costs nothing while it waits again.
    assert_eq!(used(store).await, (1, "0.50".into()));
    postpone(store, &begun).await;
    assert_eq!(used(store).await, (0, "0.00".into()));
    let begun = attempts(store, 6_000, amount("0.7")).await;
    ok(store.finish_attempt(&org(1), &msg("msg_1"), &accepted(), at(6_500))).await;
    assert_eq!(
        (begun.attempts.len(), used(store).await),
        (1, (1, "0.50".into()))
    );
    let begun = attempts(store, 7_000, amount("0.7")).await;
    assert_eq!(begun.attempts, []);
    assert_eq!(begun.limited_until, Some(Month::of(at(0)).end()));
    let begun = attempts(store, 8_000, amount("1")).await;
    assert_eq!(
        (begun.attempts.len(), used(store).await),
        (1, (2, "1.00".into()))
    );
    assert_eq!(alerts(store).await, january(&[100, 100]));
}

/// Lets the first attempt wait again.
async fn postpone(store: &Store, begun: &Begun) {
    let postponed = Postponed {
        ready_at: at(6_000),
        counts: true,
        error: None,
    };
    ok(store.postpone(&begun.attempts[0], &postponed, at(5_500))).await;
}

/// Queues a message whose first attempt sends nothing.
async fn postponed_once(store: &Store, text: &str) {
    let time = SendTime {
        send_at: at(5_000),
        expires_at: at(90_000),
    };
    ok(store.enqueue(&message("org_1", text), time, None)).await;
    let begun = attempts(store, 5_000, Some(MESSAGES)).await;
    postpone(store, &begun).await;
}

#[tokio::test]
async fn a_message_that_is_not_stored_takes_nothing() {
    let World { store, .. } = &World::with_conversations().await;
    let lost = with(
        costly("msg_1", &budget(MESSAGES, true), Some("0.5")),
        |new| {
            new.conversation_id = id("conv-erased");
        },
    );
    assert!(matches!(
        store.begin_send(&lost).await,
        Err(StoreError::UnknownConversation)
    ));
    assert_eq!(used(store).await, (0, "0.00".into()));
}

#[tokio::test]
async fn what_an_attempt_took_is_given_back_once() {
    let World { store, .. } = &World::with_conversations().await;
    postponed_once(store, "msg_1").await;
    // Its time is over, so that this attempt takes nothing.
    let expired = attempts(store, 90_000, Some(MESSAGES)).await;
    assert_eq!(expired.attempts.len(), 1);
    let rejected = ended(Outcome::Rejected);
    some(store.finish_attempt(&org(1), &msg("msg_1"), &rejected, at(90_000))).await;
    assert_eq!(used(store).await, (0, "0.00".into()));
}

#[tokio::test]
async fn a_queued_message_that_was_sent_all_the_same_counts() {
    let World { store, .. } = &tapped().await;
    postponed_once(store, "msg_2").await;
    assert_eq!(used(store).await, (0, "0.00".into()));
    let update = StatusUpdate::new(vec!["w.2".into()], Status::Sent);
    let sent = Inbound::Status(with(update, |it| it.message_id = Some(msg("msg_2"))));
    apply(store, vec![sent]).await;
    assert_eq!(used(store).await, (1, "0.50".into()));
}

async fn set(store: &Store, new: Option<Budget>, used: u64) -> Channel {
    let change = ChannelChange {
        budget: Some(BudgetChange {
            budget: new,
            used: (
                Month::of(at(0)),
                BudgetUse {
                    messages: used,
                    amount: money("0"),
                },
            ),
        }),
        ..ChannelChange::default()
    };
    some(store.update_channel(&org(1), &id("chn_1"), change, &by(9_000))).await
}

#[tokio::test]
async fn a_budget_begins_with_what_was_used_of_the_month() {
    let World { store, .. } = &World::with_conversations().await;
    create_channel(store, "org_1", "chn_1", Provider::WhatsApp).await;
    let new = budget(BudgetLimit::Amount(money("150")), true);
    let channel = set(store, Some(new.clone()), 7).await;
    assert_eq!(channel.budget, Some(new.clone()));
    assert_eq!(used(store).await, (7, "0.00".into()));
    assert!(begin(store, &costly("msg_1", &new, Some("0.5"))).await);
    // Nothing that was counted is forgotten.
    set(store, Some(new.clone()), 3).await;
    assert_eq!(used(store).await, (8, "0.50".into()));
    let renamed = ChannelChange {
        name: Some("Other".into()),
        ..ChannelChange::default()
    };
    let channel = some(store.update_channel(&org(1), &id("chn_1"), renamed, &by(9_000))).await;
    assert_eq!(channel.budget, Some(new));
    assert_eq!(set(store, None, 0).await.budget, None);
}
