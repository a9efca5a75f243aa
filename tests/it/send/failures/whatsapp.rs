//! WhatsApp Cloud API.

use std::time::Duration;

use recado_providers::RetryPolicy;
use recado_sandbox::{Answer, Provider, WindowMode};
use recado_tests::World;
use recado_tests::world::{self, CUSTOMER, Options};
use rstest::rstest;
use serde_json::{Value, json};

use super::{
    Failure, assert_answers, assert_failure, change, coded, empty, fail, graph, graph_with, html,
    once, thrice,
};

#[rstest]
#[case::credentials(
    "channel_unauthorized",
    1,
    &[(401, 0), (500, 3), (403, 10), (401, 102), (401, 190), (403, 200), (403, 299), (403, 131_005)],
)]
#[case::number("channel_misconfigured", 1, &[(400, 33), (400, 131_037), (500, 131_045)])]
#[case::unregistered("channel_disconnected", 1, &[(400, 133_010)])]
#[case::account(
    "channel_blocked",
    1,
    &[
        (403, 368), (403, 130_497), (403, 131_031), (400, 131_042), (400, 131_048), (400, 131_064),
        (400, 134_011),
    ],
)]
#[case::template("provider_rejected", 1, &[(400, 132_015), (400, 131_063)])]
#[case::recipient(
    "invalid_recipient",
    1,
    &[
        (400, 130_403), (400, 130_472), (400, 131_021), (400, 131_026), (400, 131_030),
        (400, 131_049), (400, 137_000),
    ],
)]
#[case::window("window_closed", 1, &[(400, 131_047)])]
#[case::request(
    "content_refused",
    1,
    &[(400, 100), (400, 131_008), (400, 131_009), (400, 131_051), (400, 135_000)],
)]
#[case::transient(
    "provider_unavailable",
    3,
    &[(400, 1), (503, 2), (500, 131_000), (500, 131_016), (500, 131_057), (503, 133_004)],
)]
#[case::unknown_code("provider_rejected", 1, &[(400, 199_999)])]
#[case::unknown_code_of_a_fault("outcome_unknown", 1, &[(500, 199_999)])]
#[tokio::test]
async fn every_code_of_meta_has_its_reason(
    #[case] reason: &'static str,
    #[case] requests: usize,
    #[case] answers: &[(u16, i64)],
) {
    let world = World::start().await;
    for &(status, code) in answers {
        fail(&world, Provider::Whatsapp, &graph(status, code), requests);
        let case = format!("{code} with {status}");
        let expected = Failure {
            requests,
            ..coded(reason, code)
        };
        let answer = assert_failure(&world, "conv-456", &case, expected).await;
        let said = answer.body["error"].as_str().expect("a text");
        assert!(
            said.contains(&format!("(#{code}) Title: Said by Meta")),
            "{case}: {said}"
        );
    }
}

/// Meta sends no `Retry-After`, so the wait is that of the limit (Meta, about the platform).
#[rstest]
#[case::of_the_app(4, "60")]
#[case::calls(613, "60")]
#[case::of_the_account(80_007, "60")]
#[case::of_the_number(130_429, "1")]
#[case::of_the_pair(131_056, "6")]
#[tokio::test]
async fn a_throttled_message_is_not_tried_again_before_its_time_and_the_answer_names_the_wait(
    #[case] code: i64,
    #[case] wait: &str,
) {
    // No wait fits into this budget.
    let retry = RetryPolicy {
        budget: Duration::from_millis(1_900),
        ..RetryPolicy::default()
    };
    let world = World::with(Options {
        retry,
        ..Options::default()
    })
    .await;
    fail(&world, Provider::Whatsapp, &graph(400, code), 1);
    let expected = coded("provider_throttled", code);
    let answer = assert_failure(&world, "conv-456", wait, expected).await;
    assert_eq!(answer.headers["retry-after"], wait);
}

#[tokio::test]
async fn what_meta_says_without_its_error_object_is_understood_too() {
    let world = World::start().await;
    let as_text = graph_with(400, 131_026, &json!("Said as text"));
    let without_data = graph_with(400, 131_026, &Value::Null);
    let code_alone = Answer::new(400, json!({"error": {"code": 131_047}}));
    let redirect = html(302).with_header("location", "http://127.0.0.1:1/");
    let answers = [
        (
            "error_data a text",
            as_text,
            coded("invalid_recipient", 131_026),
        ),
        (
            "error_data null",
            without_data,
            coded("invalid_recipient", 131_026),
        ),
        ("code alone", code_alone, coded("window_closed", 131_047)),
        ("HTML 502", html(502), once("outcome_unknown")),
        ("HTML 503", html(503), once("outcome_unknown")),
        ("empty 500", empty(500), once("outcome_unknown")),
        ("empty 401", empty(401), once("channel_unauthorized")),
        ("empty 429", empty(429), thrice("provider_throttled")),
        ("HTML 404", html(404), once("channel_misconfigured")),
        ("redirect", redirect, once("channel_misconfigured")),
        (
            "no id",
            Answer::new(200, json!({"messages": []})),
            once("outcome_unknown"),
        ),
    ];
    assert_answers(&world, (Provider::Whatsapp, "conv-456"), answers).await;
}

#[rstest]
#[case::expired("T-EXPIRED", "800000000000001", coded("channel_unauthorized", 190))]
#[case::garbage("T-GARBAGE", "800000000000001", coded("channel_unauthorized", 190))]
#[case::no_permission("T-NOPERM", "800000000000001", coded("channel_unauthorized", 10))]
#[case::unknown_number("T-WORKING", "800000000000009", coded("channel_misconfigured", 100))]
#[case::unregistered_number("T-WORKING", "800000000000002", coded("channel_disconnected", 133_010))]
#[tokio::test]
async fn a_token_or_number_that_meta_does_not_take_is_the_channels_fault(
    #[case] token: &str,
    #[case] number: &str,
    #[case] expected: Failure,
) {
    let world = World::start().await;
    let credentials = json!({"accessToken": token, "phoneNumberId": number});
    change(
        &world.client,
        "whatsapp",
        json!({"credentials": credentials}),
    )
    .await;
    let answer = assert_failure(&world, "conv-456", token, expected).await;
    assert!(!answer.text.contains(token), "{}", answer.text);

    change(
        &world.client,
        "whatsapp",
        json!({"credentials": world::credentials("whatsapp")}),
    )
    .await;
    world
        .client
        .accepted(world::smallest_body("conv-456"))
        .await;
}

#[tokio::test]
async fn a_recipient_that_meta_does_not_take_is_the_messages_fault() {
    let world = World::start().await;
    let to = "15550001111";
    let own = json!({"id": "conv-own", "agentId": "agent-123", "channelId": "whatsapp", "to": to});
    world.client.create("/conversations", own).await;
    let expected = coded("invalid_recipient", 131_021);
    assert_failure(&world, "conv-own", "own number", expected).await;

    let mut settings = world.sandbox.settings();
    settings.whatsapp.closed_windows.insert(CUSTOMER.to_owned());
    settings.whatsapp.window_mode = WindowMode::Sync;
    world.sandbox.set_settings(settings.clone());
    let expected = coded("window_closed", 131_047);
    assert_failure(&world, "conv-456", "closed window", expected).await;

    settings.whatsapp.allowed_recipients = Some(["5511900000009".to_owned()].into());
    world.sandbox.set_settings(settings);
    let expected = coded("invalid_recipient", 131_030);
    assert_failure(&world, "conv-456", "test number", expected).await;
}

#[tokio::test]
async fn an_id_that_no_database_takes_as_it_is_does_not_lose_the_acceptance() {
    let world = World::start().await;
    for id in ["wamid.\0null", "wamid.\u{1F600}", "wamid.'; --"] {
        let answer = Answer::new(200, json!({"messages": [{"id": id}]}));
        fail(&world, Provider::Whatsapp, &answer, 1);
        let sent = world
            .client
            .accepted(world::smallest_body("conv-456"))
            .await;
        assert_eq!(sent["message"]["status"], "accepted", "{id}");
    }
}
