//! ZapperHUB, in both dialects.

use recado_sandbox::{
    Account, Answer, Connection, Effect, Fault, Provider, ResponseShape, Session,
};
use recado_tests::World;
use recado_tests::json::AssertHas as _;
use recado_tests::world::smallest_body;
use rstest::rstest;
use serde_json::json;

use super::{assert_answers, assert_failure, change, empty, html, once, thrice};

#[rstest]
#[case::wrong_key("inst_5f2c", "API-KEY-09", "channel_unauthorized")]
#[case::instance_of_another("inst_other", "API-KEY-01", "channel_unauthorized")]
#[case::unknown_instance("inst_none", "API-KEY-01", "channel_misconfigured")]
#[tokio::test]
async fn a_key_or_instance_that_is_wrong_is_refused(
    #[case] instance: &str,
    #[case] key: &str,
    #[case] reason: &'static str,
) {
    let world = World::start().await;
    let other = Account::Zapperhub {
        instance_id: "inst_other".into(),
        api_key: "K2".into(),
    };
    world.sandbox.add_account(other);
    let credentials = json!({"instanceId": instance, "apiKey": key});
    change(
        &world.client,
        "zapperhub",
        json!({"credentials": credentials}),
    )
    .await;
    assert_failure(&world, "conv-zapperhub", instance, once(reason)).await;
}

#[tokio::test]
async fn every_answer_has_its_reason() {
    let world = World::start().await;
    let said = |status, text: &str| Answer::new(status, json!({"message": text}));
    let contradiction = Answer::new(200, json!({"error": "queue is full"}));
    let garbage = Answer::new(200, "garbage");
    let logged = said(500, "The error has been logged");
    let (paired, session) = (said(412, "Not paired"), said(500, "No session"));
    let (required, invalid) = (
        said(400, "body/jid Required"),
        said(422, "body/jid Invalid"),
    );
    let (unpaid, busy) = (
        said(402, "Payment required"),
        said(429, "Too Many Requests"),
    );
    let (down, proxy) = (
        said(503, "PROVIDER_UNAVAILABLE"),
        said(503, "Service Unavailable"),
    );
    let fault = said(500, "Internal Server Error");
    let unknown = || once("outcome_unknown");
    let answers = [
        ("400", required, once("content_refused")),
        ("422", invalid, once("content_refused")),
        ("402", unpaid, once("channel_blocked")),
        ("412", paired, once("channel_disconnected")),
        ("500 no session", session, once("channel_disconnected")),
        ("500", fault, unknown()),
        ("429", busy, thrice("provider_throttled")),
        ("503", down, thrice("provider_unavailable")),
        ("503 of a proxy", proxy, unknown()),
        ("500 that was logged", logged, unknown()),
        ("HTML 502", html(502), unknown()),
        ("504", empty(504), unknown()),
        ("200 that says error", contradiction, unknown()),
        ("200 garbage", garbage, unknown()),
    ];
    assert_answers(&world, (Provider::Zapperhub, "conv-zapperhub"), answers).await;
}

#[tokio::test]
async fn a_device_that_is_not_connected_takes_nothing() {
    let world = World::start().await;
    let mut settings = world.sandbox.settings();
    settings.zapperhub.connection = Connection::Close;
    world.sandbox.set_settings(settings);
    assert_failure(
        &world,
        "conv-zapperhub",
        "409",
        once("channel_disconnected"),
    )
    .await;
}

#[tokio::test]
async fn a_success_needs_no_id() {
    let world = World::start().await;
    for (shape, has_job) in [(ResponseShape::Empty, false), (ResponseShape::Job, true)] {
        let mut settings = world.sandbox.settings();
        settings.zapperhub.response_shape = shape;
        world.sandbox.set_settings(settings);
        let sent = world.client.accepted(smallest_body("conv-zapperhub")).await;
        let message = &sent["message"];
        message.assert_has(json!({"status": "accepted", "externalId": null}));
        assert_eq!(
            message["metadata"]["providerId"].is_string(),
            has_job,
            "{shape:?}"
        );
    }
    assert_eq!(world.sandbox.phone_messages().len(), 2);
}

/// Turns the channel to a wuzapi server.
async fn speak_wuzapi(world: &World, token: &str) {
    let settings = json!({"dialect": "wuzapi", "baseUrl": world.sandbox_urls.wuzapi});
    let change_to = json!({"settings": settings, "credentials": {"apiKey": token}});
    change(&world.client, "zapperhub", change_to).await;
}

#[tokio::test]
async fn every_answer_of_wuzapi_has_its_reason() {
    let world = World::start().await;
    speak_wuzapi(&world, "WUZAPI-TOKEN-01").await;
    let said = |status, text: &str| {
        Answer::new(
            status,
            json!({"code": status, "error": text, "success": false}),
        )
    };
    let lost = said(500, "error sending message: server returned error 479");
    let answers = [
        (
            "payload",
            said(400, "could not decode Payload"),
            once("content_refused"),
        ),
        (
            "phone",
            said(400, "could not parse Phone"),
            once("invalid_recipient"),
        ),
        ("500", lost, once("outcome_unknown")),
        (
            "200 without success",
            Answer::new(200, json!({})),
            once("outcome_unknown"),
        ),
    ];
    assert_answers(&world, (Provider::Wuzapi, "conv-zapperhub"), answers).await;
}

#[tokio::test]
async fn wuzapi_refuses_a_wrong_token_and_a_session_that_is_not_there() {
    let world = World::start().await;
    speak_wuzapi(&world, "T-UNKNOWN").await;
    assert_failure(
        &world,
        "conv-zapperhub",
        "token",
        once("channel_unauthorized"),
    )
    .await;
    speak_wuzapi(&world, "WUZAPI-TOKEN-01").await;
    for session in [Session::None, Session::LoggedOut] {
        let mut settings = world.sandbox.settings();
        settings.wuzapi.session = session;
        world.sandbox.set_settings(settings);
        let case = format!("{session:?}");
        assert_failure(
            &world,
            "conv-zapperhub",
            &case,
            once("channel_disconnected"),
        )
        .await;
    }
}

#[tokio::test]
async fn a_message_that_wuzapi_may_have_sent_has_the_id_that_was_chosen_for_it() {
    let world = World::start().await;
    speak_wuzapi(&world, "WUZAPI-TOKEN-01").await;
    world
        .sandbox
        .fail_next(Fault::new(Provider::Wuzapi, Effect::ResetAfter), 1);
    let lost = world
        .client
        .send(smallest_body("conv-zapperhub"))
        .await
        .expect(500);
    let id = lost["messageId"].as_str().expect("an id");
    let message = world.client.read(&format!("/messages/{id}")).await;
    assert_eq!(message["status"], "unknown");
    let shown = world.sandbox.phone_messages().remove(0);
    assert_eq!(message["externalId"], shown.message_id);
}
