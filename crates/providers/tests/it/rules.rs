//! The rules that every channel keeps.

use std::collections::BTreeMap;
use std::time::Duration;

use recado_core::{Content, Outcome};
use recado_providers::ErrorKind::{
    ContentRefused, Indeterminate, Throttled, Unauthorized, Unavailable,
};
use recado_providers::{ChannelError, HealthState, send_with_retries};
use recado_sandbox::{Answer, Connection, Effect, Session};
use serde_json::json;

use crate::support::{FAST, Subject, WRONG, World, content, full, listen, message, plain};

pub(crate) async fn header_body_footer_and_buttons_arrive_in_order(subject: Subject) {
    let world = World::start().await;
    let sent = full();
    world.channel(subject).send(&sent).await.expect("accepted");

    let phone = world.sandbox.phone_messages();
    assert_eq!(phone.len(), 1);
    assert_eq!(phone[0].to, sent.to.id());
    let Content::Buttons(content) = &sent.content else {
        panic!("a message with buttons");
    };
    assert_eq!(phone[0].header(), content.header());
    assert_eq!(phone[0].body(), Some(content.body()));
    assert_eq!(phone[0].footer(), content.footer());
    let shown: Vec<_> = phone[0]
        .buttons()
        .iter()
        .map(|b| (&b.id, &b.title))
        .collect();
    let buttons = content.buttons();
    assert_eq!(
        shown,
        buttons
            .iter()
            .map(|b| (&b.id, &b.title))
            .collect::<Vec<_>>()
    );
}

pub(crate) async fn a_message_without_header_and_footer_arrives_without_them(subject: Subject) {
    let world = World::start().await;
    world
        .channel(subject)
        .send(&plain())
        .await
        .expect("accepted");
    let phone = &world.sandbox.phone_messages()[0];
    assert_eq!((phone.header(), phone.footer()), (None, None));
}

pub(crate) async fn the_receipt_names_the_message_on_the_phone(subject: Subject) {
    let world = World::start().await;
    let receipt = world
        .channel(subject)
        .send(&full())
        .await
        .expect("accepted");
    let phone = &world.sandbox.phone_messages()[0];
    assert_eq!(receipt.external_id.as_ref(), Some(&phone.message_id));
}

pub(crate) async fn four_buttons_are_refused_without_a_request(subject: Subject) {
    let world = World::start().await;
    let channel = world.channel(subject);
    let four = message("5521988887777", content(None, None, 4));
    for error in [
        channel.send(&four).await.expect_err("refused"),
        channel.preview(&four).expect_err("refused"),
    ] {
        assert_eq!((error.kind, error.code), (ContentRefused, Some(131_009)));
        assert!(
            error.message.contains("the message has 4 buttons; "),
            "{error}"
        );
    }
    assert!(world.sandbox.requests().is_empty());
}

pub(crate) async fn a_refused_connection_is_unavailable(subject: Subject) {
    let (listener, address) = listen().await;
    drop(listener);
    let channel = subject.channel(&format!("http://{address}"));
    let error = channel.send(&full()).await.expect_err("a closed port");
    assert_eq!(error.kind, Unavailable);
    assert_eq!(error.kind.outcome(), Outcome::Rejected);
}

pub(crate) async fn a_reset_before_the_answer_is_indeterminate_and_never_repeated(
    subject: Subject,
) {
    let world = World::start().await;
    let error = fails(&world, subject, Effect::ResetBefore).await;
    assert_eq!(error.kind, Indeterminate);
    assert_eq!(world.sandbox.requests().len(), 1);
}

pub(crate) async fn a_reset_on_a_used_connection_is_indeterminate_and_never_repeated(
    subject: Subject,
) {
    let world = World::start().await;
    let channel = world.channel(subject);
    for _ in 0..3 {
        channel.send(&full()).await.expect("accepted");
    }
    world.fail_next(subject, Effect::ResetBefore, 1);
    let error = send_with_retries(&*channel, &full(), &FAST)
        .await
        .expect_err("the answer is lost");
    assert_eq!(error.kind, Indeterminate);
    assert_eq!(world.sandbox.requests().len(), 4);
}

pub(crate) async fn a_reset_after_acceptance_is_indeterminate_and_arrives_once(subject: Subject) {
    let world = World::start().await;
    let error = fails(&world, subject, Effect::ResetAfter).await;
    assert_eq!(error.kind.outcome(), Outcome::Unknown);
    assert_eq!(world.sandbox.phone_messages().len(), 1);
}

pub(crate) async fn a_garbage_200_is_indeterminate(subject: Subject) {
    for body in ["<html>welcome</html>", "[]", "{", "\"ok\""] {
        let world = World::start().await;
        let error = fails(&world, subject, Effect::Answer(Answer::new(200, body))).await;
        assert_eq!(error.kind, Indeterminate, "{body}");
        assert_eq!(world.sandbox.requests().len(), 1);
    }
}

pub(crate) async fn an_html_502_is_indeterminate(subject: Subject) {
    let world = World::start().await;
    let answer = Answer::new(502, "<html><h1>502 Bad Gateway</h1></html>");
    let error = fails(&world, subject, Effect::AnswerAfter(answer)).await;
    assert_eq!(error.kind, Indeterminate);
    assert_eq!(world.sandbox.phone_messages().len(), 1);
}

pub(crate) async fn wrong_credentials_are_unauthorized_and_shown_nowhere(subject: Subject) {
    let world = World::start().await;
    let settings = subject.settings(world.url(subject));
    let channel = subject.channel_with(&subject.wrong_credentials(), &settings);
    let error = channel.send(&full()).await.expect_err("refused");
    assert_eq!(error.kind, Unauthorized, "{error}");
    assert_eq!(world.sandbox.phone_messages(), []);

    // A provider that echoes the secret, plain and encoded, does not make us show it.
    let echo = json!({"error": {"code": 190, "message": format!("{WRONG} wr0ng%2Bsecret%2Fvalue not allowed")}});
    let answer = Answer::new(403, echo.to_string());
    world.fail_next(subject, Effect::Answer(answer), 1);
    let echoed = channel.send(&full()).await.expect_err("refused");
    let preview = channel.preview(&full()).expect("a valid message");
    for shown in [
        format!("{error} {error:?}"),
        format!("{echoed} {echoed:?}"),
        format!("{preview:?}"),
    ] {
        assert!(!shown.contains("wr0ng"), "{shown}");
    }
}

pub(crate) async fn throttling_carries_the_wait(subject: Subject) {
    let world = World::start().await;
    let answer = Answer::new(429, json!({})).with_header("retry-after", "7");
    let channel = world.channel(subject);
    world.fail_next(subject, Effect::Answer(answer), 1);
    let error = channel.send(&full()).await.expect_err("throttled");
    assert_eq!(error.kind, Throttled);
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
}

pub(crate) async fn the_providers_own_throttling_is_recognised(subject: Subject) {
    let world = World::start().await;
    let channel = world.channel(subject);
    world.fail_next(subject, Effect::Throttle, 1);
    let error = channel.send(&full()).await.expect_err("throttled");
    assert_eq!(error.kind, Throttled, "{error}");
}

pub(crate) async fn a_connected_number_is_healthy(subject: Subject) {
    let world = World::start().await;
    let health = world.channel(subject).health().await.expect("an answer");
    assert_eq!(health.state, HealthState::Connected);
}

pub(crate) async fn a_disconnected_number_is_not_healthy(subject: Subject) {
    let world = World::start().await;
    world.sandbox.change_settings(|settings| {
        settings.zapi.connected = false;
        settings.zapperhub.connection = Connection::Close;
        settings.wuzapi.session = Session::None;
    });
    let health = world.channel(subject).health().await.expect("an answer");
    // Meta hosts the number itself: it has no device that could be disconnected.
    let expected = match subject {
        Subject::WhatsApp => HealthState::Connected,
        Subject::Zapi | Subject::ZapperHub | Subject::Wuzapi => HealthState::Disconnected,
    };
    assert_eq!(health.state, expected);
}

pub(crate) async fn an_unreachable_provider_has_no_health(subject: Subject) {
    let world = World::start().await;
    world.fail_next(subject, Effect::ResetBefore, 1);
    let error = world
        .channel(subject)
        .health()
        .await
        .expect_err("no answer");
    assert_eq!(error.kind, Unavailable);
}

pub(crate) async fn the_preview_is_what_arrives_and_shows_no_secret(subject: Subject) {
    let world = World::start().await;
    let channel = world.channel(subject);
    let preview = channel.preview(&full()).expect("a valid message");
    assert!(world.sandbox.requests().is_empty());

    channel.send(&full()).await.expect("accepted");
    let request = &world.sandbox.requests()[0];
    assert_eq!(
        (&preview.method, &preview.body),
        (&request.method, &request.body)
    );
    let path = (request.path)
        .replace("INST-01", "***")
        .replace("TOKEN-01", "***");
    assert!(preview.url.ends_with(&path), "{} {path}", preview.url);

    let shown = serde_json::to_string(&preview).expect("JSON");
    for secret in [
        "T-WORKING",
        "INST-01",
        "TOKEN-01",
        "CLIENT-TOKEN-01",
        "API-KEY-01",
        "WUZAPI-TOKEN-01",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

pub(crate) async fn two_passing_refusals_end_in_one_accepted_message(subject: Subject) {
    let answer = match subject {
        Subject::WhatsApp => Answer::new(
            503,
            json!({"error": {"code": 2, "message": "(#2) Service unavailable"}}),
        ),
        Subject::ZapperHub => Answer::new(503, json!({"message": "PROVIDER_UNAVAILABLE"})),
        // A 5xx of these two leaves open whether the message was taken.
        Subject::Zapi | Subject::Wuzapi => Answer::new(429, json!({})),
    };
    let world = World::start().await;
    world.fail_next(subject, Effect::Answer(answer), 2);
    let channel = world.channel(subject);
    send_with_retries(&*channel, &full(), &FAST)
        .await
        .expect("accepted");
    assert_eq!(world.sandbox.requests().len(), 3);
    assert_eq!(world.sandbox.phone_messages().len(), 1);
}

pub(crate) async fn two_hundred_at_once_arrive_once_each_at_their_own_recipient(subject: Subject) {
    let world = World::start().await;
    let channel = world.channel(subject);
    let mut sends = tokio::task::JoinSet::new();
    for n in 0..200 {
        let channel = channel.clone();
        sends.spawn(async move {
            let to = format!("55219888{n:05}");
            let receipt = channel.send(&message(&to, content(None, None, 1))).await;
            (to, receipt.expect("accepted").external_id)
        });
    }
    let sent: BTreeMap<_, _> = sends.join_all().await.into_iter().collect();
    let phone = world.sandbox.phone_messages();
    assert_eq!((sent.len(), phone.len()), (200, 200));
    let arrived = phone.into_iter().map(|m| (m.to, Some(m.message_id)));
    assert_eq!(arrived.collect::<BTreeMap<_, _>>(), sent);
}

/// The error of a send, with repeats, whose first request runs into `effect`.
async fn fails(world: &World, subject: Subject, effect: Effect) -> ChannelError {
    world.fail_next(subject, effect, 1);
    let channel = world.channel(subject);
    let sent = send_with_retries(&*channel, &full(), &FAST).await;
    sent.expect_err("a failure")
}
