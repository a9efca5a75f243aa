//! Statuses of messages, in any order in which they are reported.

use recado_core::inbound::{Inbound, Pricing, StatusUpdate};
use recado_core::message::MessageError;
use recado_core::{Outcome, Status};
use recado_store::{Applied, Message, SendResult, Store};
use rstest::rstest;
use serde_json::{Value, json};

use crate::taps::{ana, apply, events, kinds, phone, status_update, tap, tapped};
use crate::world::{World, accepted, at, end, ended, message, msg, ok, org, some, with};

async fn of(store: &Store, text: &str) -> Message {
    some(store.get::<Message>(&org(1), &msg(text))).await
}

/// A status that names our id alone, or with an id of the provider.
fn named(own_id: &str, external_ids: &[&str], status: Status) -> Inbound {
    let external_ids = external_ids.iter().map(|&id| id.into()).collect();
    Inbound::Status(with(StatusUpdate::new(external_ids, status), |it| {
        it.message_id = Some(msg(own_id));
    }))
}

fn unknown() -> SendResult {
    ended(Outcome::Unknown)
}

#[tokio::test]
async fn a_status_advances_with_one_event_each_and_never_goes_back() {
    let World { store, .. } = &tapped().await;
    for (status, told) in [
        (Status::Sent, 1),
        (Status::Sent, 0),
        (Status::Read, 1),
        (Status::Delivered, 0),
        (Status::Sent, 0),
        (Status::Failed, 0),
    ] {
        let applied = apply(store, vec![status_update("wamid.1", status)]).await;
        assert_eq!(
            (applied.events, applied.duplicates),
            (told, 1 - told),
            "{status}"
        );
    }
    assert_eq!(of(store, "msg_1").await.status, Status::Read);
    let found = kinds(store).await;
    assert_eq!(found, ["message.accepted", "message.sent", "message.read"]);
}

fn priced(external_id: &str, status: Status, kind: &str) -> Inbound {
    let word = |word: &str| Some(word.to_owned());
    let pricing = Pricing::new(word("service"), word(kind), word("PMP"), None);
    Inbound::Status(with(
        StatusUpdate::new(vec![external_id.into()], status),
        |it| it.pricing = Some(pricing),
    ))
}

#[tokio::test]
async fn the_price_class_of_a_message_is_kept_and_told() {
    let World { store, .. } = &tapped().await;
    let sent = priced("wamid.1", Status::Sent, "free_customer_service");
    apply(
        store,
        vec![sent, status_update("wamid.1", Status::Delivered)],
    )
    .await;
    // A status that comes late changes no status, but may tell how the message is charged.
    apply(store, vec![priced("wamid.1", Status::Sent, "regular")]).await;
    let kept = of(store, "msg_1").await;
    assert_eq!(kept.status, Status::Delivered);
    let pricing = kept.pricing.expect("a class");
    assert_eq!(
        (pricing.kind.as_deref(), pricing.free),
        (Some("regular"), Some(false))
    );
    let free = json!({
        "category": "service", "type": "free_customer_service", "model": "PMP",
        "billable": null, "free": true,
    });
    let told = events(store, &org(1)).await;
    let told: Vec<_> = told.iter().map(|event| &event.data["pricing"]).collect();
    assert_eq!(told, [&Value::Null, &free, &free]);
}

#[tokio::test]
async fn a_status_that_waits_for_its_send_keeps_its_price_class() {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    apply(store, vec![priced("wamid.2", Status::Sent, "regular")]).await;
    let result = SendResult {
        external_id: Some("wamid.2".into()),
        ..accepted()
    };
    ok(store.finish_send(&org(1), &msg("msg_2"), &result, at(51_000))).await;
    let kept = of(store, "msg_2").await;
    assert_eq!(kept.status, Status::Sent);
    assert_eq!(kept.pricing.expect("a class").free, Some(false));
}

#[tokio::test]
async fn a_failure_keeps_the_providers_words() {
    let World { store, .. } = &tapped().await;
    let mut error = MessageError::new("undeliverable", "Message undeliverable \0");
    error.code = Some(131_026);
    let failed = StatusUpdate::new(vec!["wamid.1".into()], Status::Failed);
    let failed = Inbound::Status(with(failed, |it| it.error = Some(error)));
    apply(store, vec![failed, status_update("wamid.1", Status::Sent)]).await;
    let kept = of(store, "msg_1").await;
    assert_eq!(
        (kept.status, kept.updated_at),
        (Status::Failed, at(100_000))
    );
    assert_eq!(kept.error.unwrap().code, Some(131_026));
    let event = events(store, &org(1)).await.pop().unwrap();
    assert_eq!(event.event_type.as_str(), "message.failed");
    assert_eq!(event.data["error"]["code"], 131_026);
    assert_eq!(event.data["error"]["reason"], "undeliverable");
    assert_eq!(event.data["messageId"], "msg_1");
    assert_eq!(event.data["externalId"], "wamid.1");
    assert_eq!(event.data["status"], "failed");
    assert_eq!(event.conversation_id, Some(kept.conversation_id));
}

#[rstest]
#[case::read(vec![status_update("wamid.1", Status::Read)], Status::Read)]
#[case::tap(vec![tap("wamid.in", ana())], Status::Read)]
#[case::delivered(vec![status_update("wamid.1", Status::Delivered)], Status::Delivered)]
#[tokio::test]
async fn a_doubt_or_a_failure_gives_way_to_a_proof_of_delivery(
    #[case] proof: Vec<Inbound>,
    #[case] settled: Status,
    #[values(Status::Unknown, Status::Failed)] told: Status,
) {
    let World { store, .. } = &tapped().await;
    apply(store, vec![status_update("wamid.1", told)]).await;
    assert_eq!(of(store, "msg_1").await.status, told);
    apply(store, proof).await;
    let message = of(store, "msg_1").await;
    assert_eq!((message.status, message.error.is_none()), (settled, true));
    let told = kinds(store).await;
    let event = format!("message.{settled}");
    assert!(told.contains(&event.as_str()), "{told:?}");
    apply(store, vec![status_update("wamid.1", Status::Failed)]).await;
    assert_eq!(of(store, "msg_1").await.status, settled);
}

#[tokio::test]
async fn a_proof_in_the_same_call_counts_too_and_is_told_once() {
    let World { store, .. } = &tapped().await;
    let items = vec![
        status_update("wamid.1", Status::Unknown),
        tap("wamid.in", ana()),
        status_update("wamid.1", Status::Read),
    ];
    apply(store, items).await;
    let told = kinds(store).await;
    assert_eq!(
        told[1..],
        ["message.unknown", "message.read", "button.pressed"]
    );
}

#[tokio::test]
async fn another_customer_who_quotes_a_message_proves_nothing() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![status_update("wamid.1", Status::Failed)]).await;
    apply(store, vec![tap("wamid.in", phone("5511900000001"))]).await;
    assert_eq!(of(store, "msg_1").await.status, Status::Failed);
}

#[tokio::test]
async fn an_answer_to_a_message_that_is_not_in_doubt_changes_no_status() {
    let World { store, .. } = &tapped().await;
    apply(store, vec![tap("wamid.in", ana())]).await;
    assert_eq!(of(store, "msg_1").await.status, Status::Accepted);
    assert_eq!(kinds(store).await[1..], ["button.pressed"]);
}

#[rstest]
#[case::by_the_providers_id(status_update("wamid.2", Status::Delivered))]
#[case::by_the_second_id(status_update("zaap-2", Status::Delivered))]
#[case::by_our_id(named("msg_2", &["wamid.other"], Status::Delivered))]
#[tokio::test]
async fn a_status_that_comes_before_the_answer_waits_for_it(#[case] early: Inbound) {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    for orphans in [1, 0] {
        let applied = apply(store, vec![early.clone()]).await;
        assert_eq!(
            (applied.events, applied.pending, applied.duplicates),
            (0, orphans, 1 - orphans)
        );
    }
    assert_eq!(of(store, "msg_2").await.status, Status::Sending);

    let result = SendResult {
        external_id: Some("wamid.2".into()),
        provider_id: Some("zaap-2".into()),
        ..accepted()
    };
    let ended = some(store.finish_send(&org(1), &msg("msg_2"), &result, at(7_000))).await;
    assert_eq!(ended.status, Status::Delivered);
    assert_eq!(ended.external_id.as_deref(), Some("wamid.2"));
    assert_eq!(of(store, "msg_2").await, ended);
    let told = kinds(store).await;
    assert_eq!(told[1..], ["message.accepted", "message.delivered"]);
}

#[tokio::test]
async fn pending_statuses_make_events_in_the_order_of_transitions() {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    for status in [Status::Read, Status::Sent, Status::Delivered] {
        apply(store, vec![status_update("wamid.2", status)]).await;
    }
    let result = SendResult {
        external_id: Some("wamid.2".into()),
        provider_id: None,
        ..accepted()
    };
    ok(store.finish_send(&org(1), &msg("msg_2"), &result, at(7_000))).await;
    assert_eq!(
        kinds(store).await[1..],
        [
            "message.accepted",
            "message.sent",
            "message.delivered",
            "message.read"
        ]
    );
}

#[rstest]
#[case::by_our_id(named("msg_2", &["wamid.2"], Status::Sent), None, "wamid.2")]
#[case::by_the_providers_id(status_update("zaap-2", Status::Sent), Some("zaap-2"), "zaap-2")]
#[tokio::test]
async fn a_status_settles_an_unknown(
    #[case] late: Inbound,
    #[case] provider_id: Option<&str>,
    #[case] external_id: &str,
) {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    let result = SendResult {
        provider_id: provider_id.map(str::to_owned),
        error: Some(MessageError {
            reason: "outcome_unknown".into(),
            code: None,
            message: "the answer was lost".into(),
        }),
        ..unknown()
    };
    ok(store.finish_send(&org(1), &msg("msg_2"), &result, at(7_000))).await;
    assert_eq!(apply(store, vec![late]).await.events, 1);
    let settled = of(store, "msg_2").await;
    assert_eq!((settled.status, settled.error), (Status::Sent, None));
    assert_eq!(settled.external_id.as_deref(), Some(external_id));
    assert_eq!(kinds(store).await[1..], ["message.unknown", "message.sent"]);
}

#[tokio::test]
async fn an_unknown_is_told_once_and_settled_by_a_late_answer() {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    end(store, 9_000).await;
    for result in [unknown(), accepted(), unknown()] {
        ok(store.finish_send(&org(1), &msg("msg_2"), &result, at(9_500))).await;
    }
    let told = kinds(store).await;
    assert_eq!(told[1..], ["message.unknown", "message.accepted"]);
}

#[tokio::test]
async fn an_abandoned_send_hears_what_waited_for_it() {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    apply(store, vec![named("msg_2", &["wamid.2"], Status::Read)]).await;
    assert_eq!(end(store, 9_000).await.messages, 1);
    let settled = of(store, "msg_2").await;
    assert_eq!(settled.status, Status::Read);
    assert_eq!(settled.external_id.as_deref(), Some("wamid.2"));
}

#[tokio::test]
async fn a_status_of_an_unknown_message_is_pending_and_changes_nothing() {
    let World { store, .. } = &tapped().await;
    let applied = apply(store, vec![status_update("wamid.9", Status::Read)]).await;
    assert_eq!(
        applied,
        Applied {
            pending: 1,
            ..Applied::default()
        }
    );
    assert_eq!(kinds(store).await, ["message.accepted"]);
}

#[tokio::test]
async fn another_organizations_message_or_channel_is_not_reached() {
    let World { store, .. } = &tapped().await;
    let mut elsewhere = message("org_1", "msg_2");
    elsewhere.channel_id = "chn_2".parse().unwrap();
    ok(store.begin_send(&elsewhere)).await;
    ok(store.finish_send(&org(1), &msg("msg_2"), &unknown(), at(6_000))).await;
    // Our id, but of a message that went over another channel.
    let applied = apply(store, vec![named("msg_2", &[], Status::Read)]).await;
    assert_eq!(applied.events, 0);
    assert_eq!(of(store, "msg_2").await.status, Status::Unknown);
    // The channel is another organization's.
    let mut foreign =
        crate::taps::application(&org(2), vec![status_update("wamid.1", Status::Read)]);
    foreign.organization_id = org(2);
    assert_eq!(crate::taps::apply_one(store, foreign).await.ignored, 1);
    assert_eq!(of(store, "msg_1").await.status, Status::Accepted);
}

#[tokio::test]
async fn an_absurdly_long_id_does_no_harm() {
    let World { store, .. } = &tapped().await;
    ok(store.begin_send(&message("org_1", "msg_2"))).await;
    let long = "w\0".repeat(50_000);
    let found = apply(store, vec![status_update(&long, Status::Read)])
        .await
        .pending;
    assert_eq!(found, 1);
    let result = SendResult {
        external_id: Some(long),
        provider_id: None,
        ..accepted()
    };
    let ended = some(store.finish_send(&org(1), &msg("msg_2"), &result, at(7_000))).await;
    assert_eq!(ended.status, Status::Read);
}
