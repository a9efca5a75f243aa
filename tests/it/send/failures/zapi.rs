//! Z-API.

use recado_sandbox::{Answer, Provider};
use recado_tests::World;
use recado_tests::world::smallest_body;
use rstest::rstest;
use serde_json::json;

use super::{assert_answers, assert_failure, change, empty, html, once, thrice};

#[rstest]
#[case::no_client_token("INST-01", "TOKEN-01", None, "channel_unauthorized")]
#[case::wrong_client_token("INST-01", "TOKEN-01", Some("CT-WRONG"), "channel_unauthorized")]
#[case::wrong_token(
    "INST-01",
    "TOK-WRONG",
    Some("CLIENT-TOKEN-01"),
    "channel_misconfigured"
)]
#[case::wrong_instance(
    "INST-WRONG",
    "TOKEN-01",
    Some("CLIENT-TOKEN-01"),
    "channel_misconfigured"
)]
#[tokio::test]
async fn credentials_that_are_missing_or_wrong_are_refused_and_not_shown(
    #[case] instance: &str,
    #[case] token: &str,
    #[case] client_token: Option<&str>,
    #[case] reason: &'static str,
) {
    let world = World::start().await;
    let credentials =
        json!({"instanceId": instance, "instanceToken": token, "clientToken": client_token});
    change(&world.client, "zapi", json!({"credentials": credentials})).await;
    let answer = assert_failure(&world, "conv-zapi", "credentials", once(reason)).await;
    for secret in [instance, token].into_iter().chain(client_token) {
        assert!(!answer.text.contains(secret), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_blocked_address_and_an_unpaid_instance_are_refused() {
    let world = World::start().await;
    let mut blocked = world.sandbox.settings();
    blocked.zapi.blocked_ip = Some("203.0.113.9".to_owned());
    let mut unpaid = world.sandbox.settings();
    unpaid.zapi.subscribed = false;
    for (case, settings, reason) in [
        ("blocked address", blocked, "channel_unauthorized"),
        ("unpaid", unpaid, "channel_blocked"),
    ] {
        world.sandbox.set_settings(settings);
        assert_failure(&world, "conv-zapi", case, once(reason)).await;
    }
}

#[tokio::test]
async fn every_refusal_has_its_reason() {
    let world = World::start().await;
    let said = |status, text: &str| Answer::new(status, json!({"error": text}));
    let nowhere =
        json!({"error": "NOT_FOUND", "message": "Unable to find matching target resource method"});
    let impossible = Answer::new(200, json!({"value": false}));
    let answers = [
        (
            "no token",
            said(400, "null not allowed"),
            once("channel_unauthorized"),
        ),
        (
            "200 NOT_FOUND",
            Answer::new(200, nowhere.clone()),
            once("channel_misconfigured"),
        ),
        (
            "404 NOT_FOUND",
            Answer::new(404, nowhere),
            once("channel_misconfigured"),
        ),
        ("200 value false", impossible, once("outcome_unknown")),
        (
            "empty",
            said(400, "The field 'message' is empty"),
            once("content_refused"),
        ),
        ("405", empty(405), once("channel_misconfigured")),
        ("415", empty(415), once("channel_misconfigured")),
        (
            "unknown text",
            said(400, "queue limit reached"),
            once("provider_rejected"),
        ),
        (
            "429",
            said(429, "Too many requests"),
            thrice("provider_throttled"),
        ),
    ];
    assert_answers(&world, (Provider::Zapi, "conv-zapi"), answers).await;
}

#[tokio::test]
async fn an_answer_that_is_neither_success_nor_refusal_leaves_the_message_unknown() {
    let world = World::start().await;
    let late = Answer::new(500, json!({"error": "Instance not found"}));
    let answers = [
        (
            "200 {}",
            Answer::new(200, json!({})),
            once("outcome_unknown"),
        ),
        (
            "200 []",
            Answer::new(200, json!([])),
            once("outcome_unknown"),
        ),
        (
            "200 garbage",
            Answer::new(200, "garbage"),
            once("outcome_unknown"),
        ),
        ("200 empty", empty(200), once("outcome_unknown")),
        ("500", late, once("outcome_unknown")),
        ("HTML 502", html(502), once("outcome_unknown")),
        ("503", empty(503), once("outcome_unknown")),
    ];
    assert_answers(&world, (Provider::Zapi, "conv-zapi"), answers).await;
}

#[tokio::test]
async fn a_phone_that_is_not_connected_shows_the_message_later() {
    let world = World::start().await;
    let connected = world.sandbox.settings();
    let mut settings = connected.clone();
    settings.zapi.connected = false;
    world.sandbox.set_settings(settings);
    let sent = world.client.accepted(smallest_body("conv-zapi")).await;
    assert_eq!(sent["message"]["status"], "accepted");
    assert_eq!(world.sandbox.phone_messages(), []);
    world.sandbox.set_settings(connected);
    assert_eq!(world.sandbox.phone_messages().len(), 1);
}
