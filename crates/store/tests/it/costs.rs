//! What delivered messages cost: each is counted once, by what the provider charges for it.

use recado_core::inbound::{Inbound, Pricing, StatusUpdate};
use recado_core::{Outcome, Status};
use recado_store::{CostCount, Month, Retention, SendResult, SendTime, Store};

use crate::taps::{application, apply, apply_one, status_update, tapped};
use crate::world::{World, accepted, at, ended, id, message, msg, ok, org, prune, with};

const DAY: i64 = 24 * 60 * 60 * 1000;

const DELIVERY: [Status; 3] = [Status::Sent, Status::Delivered, Status::Read];

fn pricing(kind: Option<&str>, billable: Option<bool>) -> Pricing {
    let word = |word: &str| Some(word.to_owned());
    Pricing::new(word("service"), kind.and_then(word), word("PMP"), billable)
}

fn priced(external_id: &str, status: Status, kind: &str) -> Inbound {
    let update = StatusUpdate::new(vec![external_id.into()], status);
    Inbound::Status(with(update, |it| {
        it.pricing = Some(pricing(Some(kind), None));
    }))
}

/// Sends a message that the provider knows by an id.
async fn send(store: &Store, text: &str, external_id: &str) {
    ok(store.begin_send(&message("org_1", text))).await;
    finish(store, text, external_id).await;
}

async fn finish(store: &Store, text: &str, external_id: &str) {
    let result = SendResult {
        external_id: Some(external_id.into()),
        ..accepted()
    };
    ok(store.finish_send(&org(1), &msg(text), &result, at(7_000))).await;
}

async fn costs(store: &Store, now: i64) -> Vec<CostCount> {
    ok(store.costs(&org(1), &id("chn_1"), Month::of(at(now)))).await
}

/// Returns how many messages were counted.
async fn counted(store: &Store) -> u64 {
    costs(store, 0).await.iter().map(|it| it.messages).sum()
}

fn brazil(charge: &str, messages: u64) -> CostCount {
    CostCount {
        category: Some("service".into()),
        charge: charge.into(),
        market: Some(55),
        messages,
    }
}

#[tokio::test]
async fn a_message_counts_once_in_every_order_of_its_statuses_and_wherever_the_class_stands() {
    let World { store, .. } = &tapped().await;
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    let mut sent = 0;
    for order in orders {
        // Bit by bit, the statuses that carry the class.
        for carriers in 1..8 {
            sent += 1;
            let external_id = format!("w.{sent}");
            send(store, &format!("msg_c{sent}"), &external_id).await;
            for index in order.into_iter().chain(order) {
                let status = DELIVERY[index];
                let told = if carriers & (1 << index) == 0 {
                    status_update(&external_id, status)
                } else {
                    priced(&external_id, status, "regular")
                };
                apply(store, vec![told]).await;
            }
            assert_eq!(
                costs(store, 0).await,
                [brazil("regular", sent)],
                "{order:?} {carriers}"
            );
        }
    }
}

#[tokio::test]
async fn the_statuses_of_one_call_count_a_message_once() {
    let World { store, .. } = &tapped().await;
    let told = || DELIVERY.map(|status| priced("wamid.1", status, "free_customer_service"));
    apply(store, [told(), told()].concat()).await;
    assert_eq!(costs(store, 0).await, [brazil("free_customer_service", 1)]);
}

#[tokio::test]
async fn statuses_that_come_before_the_outcome_count_with_it() {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    for status in DELIVERY {
        apply(store, vec![priced("wamid.2", status, "regular")]).await;
    }
    assert_eq!(counted(store).await, 0);
    finish(store, "msg_2", "wamid.2").await;
    assert_eq!(counted(store).await, 1);
    apply(store, vec![priced("wamid.2", Status::Read, "regular")]).await;
    assert_eq!(counted(store).await, 1);
}

#[tokio::test]
async fn a_queued_message_that_was_delivered_all_the_same_counts_once() {
    let World { store, .. } = &tapped().await;
    let time = SendTime {
        send_at: at(5_000),
        expires_at: at(90_000),
    };
    ok(store.enqueue(&message("org_1", "msg_2"), time, None)).await;
    let queue = recado_store::ChannelQueue {
        organization_id: org(1),
        channel_id: id("chn_1"),
        api_key_id: None,
    };
    let begun = ok(store.begin_attempts(&queue, at(5_000), 1, &<_>::default())).await;
    let delivered = StatusUpdate::new(vec!["wamid.2".into()], Status::Delivered);
    let delivered = Inbound::Status(with(delivered, |it| {
        it.message_id = Some(msg("msg_2"));
        it.pricing = Some(pricing(Some("regular"), None));
    }));
    apply(store, vec![delivered.clone()]).await;
    let postponed = recado_store::Postponed {
        ready_at: at(6_000),
        counts: true,
        error: None,
    };
    ok(store.postpone(&begun.attempts[0], &postponed, at(5_500))).await;
    assert_eq!(counted(store).await, 1);
    apply(store, vec![delivered]).await;
    assert_eq!(counted(store).await, 1);
}

#[tokio::test]
async fn what_is_not_delivered_or_has_no_class_does_not_count() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![status_update("wamid.1", Status::Read)]).await;
    send(store, "msg_2", "wamid.2").await;
    for status in [Status::Sent, Status::Failed] {
        apply(store, vec![priced("wamid.2", status, "regular")]).await;
    }
    ok(store.begin_send(&message("org_1", "msg_3"))).await;
    let refused = ended(Outcome::Rejected);
    ok(store.finish_send(&org(1), &msg("msg_3"), &refused, at(7_000))).await;
    apply(store, vec![priced("wamid.3", Status::Delivered, "regular")]).await;
    assert_eq!(counted(store).await, 0);
    // A proof of delivery after the failure.
    apply(store, vec![status_update("wamid.2", Status::Delivered)]).await;
    assert_eq!(counted(store).await, 1);
}

#[tokio::test]
async fn a_class_that_changes_after_the_delivery_changes_no_count() {
    let World { store, .. } = &tapped().await;
    for (status, kind) in [
        (Status::Delivered, "free_customer_service"),
        (Status::Read, "regular"),
    ] {
        apply(store, vec![priced("wamid.1", status, kind)]).await;
    }
    assert_eq!(costs(store, 0).await, [brazil("free_customer_service", 1)]);
}

#[tokio::test]
async fn a_message_counts_in_the_month_of_its_delivery() {
    let World { store, .. } = &tapped().await;
    send(store, "msg_2", "wamid.2").await;
    let february = Month::of(at(0)).end().as_millisecond();
    let at_instant = |millisecond, item| {
        with(application(&org(1), vec![item]), |it| {
            it.at = at(millisecond);
        })
    };
    // The second one is delivered in January, and February tells how it is charged.
    let first = priced("wamid.1", Status::Delivered, "regular");
    apply_one(store, at_instant(february, first)).await;
    let second = status_update("wamid.2", Status::Delivered);
    apply_one(store, at_instant(february - 1, second)).await;
    apply_one(
        store,
        at_instant(february, priced("wamid.2", Status::Read, "regular")),
    )
    .await;
    for month in [february - 1, february] {
        assert_eq!(costs(store, month).await, [brazil("regular", 1)]);
    }
}

#[tokio::test]
async fn counts_stay_for_two_years() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![priced("wamid.1", Status::Read, "regular")]).await;
    prune(store, 2 * 366 * DAY, Retention::default()).await;
    assert_eq!(counted(store).await, 1);
    prune(store, 26 * 31 * DAY, Retention::default()).await;
    assert_eq!(counted(store).await, 0);
}
