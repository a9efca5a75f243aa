//! Faults: what they answer, whom they hit, and what is kept.

use std::time::{Duration, Instant};

use recado_sandbox::{Answer, Answered, Effect, Fault, Provider};
use reqwest::RequestBuilder;
use rstest::rstest;
use serde_json::json;

use crate::{Reply, Server, whatsapp::message};

/// A good request to each provider.
pub(crate) fn good(server: &Server, provider: Provider) -> RequestBuilder {
    let buttons = json!([{"type": "reply", "id": "a", "displayText": "A"}]);
    let to = "5511900000001";
    let (call, body) = match provider {
        Provider::Whatsapp => ("POST 800000000000001/messages", message()),
        Provider::Zapi => ("POST send-text", json!({"phone": to, "message": "oi"})),
        Provider::Zapperhub => (
            "POST messages/buttons",
            json!({"jid": to, "buttons": buttons}),
        ),
        Provider::Wuzapi => (
            "POST chat/send/buttons",
            json!({"Phone": to, "buttons": buttons}),
        ),
    };
    server.asking(provider, call, &body)
}

pub(crate) async fn send(server: &Server, provider: Provider) -> Reply {
    Reply::of(good(server, provider)).await
}

#[tokio::test]
async fn a_reset_before_keeps_no_message_and_one_after_keeps_it() {
    for provider in Provider::ALL {
        for (effect, is_kept) in [(Effect::ResetBefore, false), (Effect::ResetAfter, true)] {
            let server = Server::start().await;
            let row = format!("{provider:?}, {effect:?}");
            server.fail_next(Fault::new(provider, effect), 1);
            let error = Reply::try_of(good(&server, provider)).await;
            let error = error.expect_err(&row);
            let is_reset = error.is_request() && !error.is_connect();
            assert!(is_reset, "{row}: {error:?}");
            let request = &server.requests()[0];
            let ended = (
                request.status,
                request.accepted,
                request.message_id.is_some(),
            );
            assert_eq!(ended, (Answered::Reset, is_kept, is_kept), "{row}");
            let shown = server.phone_messages().len();
            assert_eq!(shown, usize::from(is_kept), "{row}");
            assert_eq!(send(&server, provider).await.status, 200, "{row}");
        }
    }
}

#[tokio::test]
async fn a_throttled_request_gets_the_providers_answer() {
    let server = Server::start().await;
    let graph = json!({"error": {"code": 130_429}});
    let answers = [
        (400, None, graph),
        (429, Some("2"), json!({"error": "Too many requests"})),
        (429, Some("7"), json!({"message": "Too Many Requests"})),
        (429, Some("2"), json!({"error": "too many requests"})),
    ];
    for (provider, (status, retry_after, part)) in Provider::ALL.into_iter().zip(answers) {
        server.fail_next(Fault::new(provider, Effect::Throttle), 1);
        let reply = send(&server, provider).await;
        reply.has(status, &part);
        let header = reply.headers.get("retry-after");
        assert_eq!(
            header.map(|value| value.to_str().expect("text")),
            retry_after,
            "{provider:?}"
        );
        assert_eq!(server.phone_messages(), [], "{provider:?}");
    }
}

#[tokio::test]
async fn s46_an_answer_twice_then_the_message_is_accepted_once() {
    let server = Server::start().await;
    let body = json!({"error": {"message": "Service temporarily unavailable", "code": 2}});
    let answer = Answer::new(503, body.clone()).with_header("Retry-After", "7");
    server.fail_next(Fault::new(Provider::Whatsapp, Effect::Answer(answer)), 2);
    for _ in 0..2 {
        let reply = send(&server, Provider::Whatsapp).await;
        reply.is(503, &body);
        assert_eq!(reply.headers["retry-after"], "7");
    }
    assert_eq!(send(&server, Provider::Whatsapp).await.status, 200);
    assert_eq!(server.phone_messages().len(), 1);
    assert_eq!(server.requests().len(), 3);
}

#[rstest]
#[case::z19_an_empty_object(200, json!({}), "{}")]
#[case::z19_an_empty_body(200, json!(null), "")]
#[case::z18_value_false(200, json!({"value": false}), r#"{"value":false}"#)]
#[case::z22_html(502, json!("<html>Bad Gateway</html>"), "<html>Bad Gateway</html>")]
#[tokio::test]
async fn any_answer_may_follow_an_acceptance(
    #[case] status: u16,
    #[case] body: serde_json::Value,
    #[case] text: &str,
) {
    let server = Server::start().await;
    let effect = Effect::AnswerAfter(Answer::new(status, body));
    server.fail_next(Fault::new(Provider::Zapi, effect), 1);
    let reply = send(&server, Provider::Zapi).await;
    assert_eq!((reply.status, reply.text.as_str()), (status, text));
    assert_eq!(server.phone_messages().len(), 1);
    assert!(server.requests()[0].accepted);
}

#[tokio::test]
async fn a_fault_for_a_recipient_leaves_the_others_alone() {
    let server = Server::start().await;
    let fault = |to: &str| Fault {
        to: Some(to.to_owned()),
        ..Fault::new(Provider::Whatsapp, Effect::Throttle)
    };
    server.fail_next(fault("5511900000009"), 1);
    assert_eq!(send(&server, Provider::Whatsapp).await.status, 200);
    server.fail_next(fault("+55 11 90000-0001"), 1);
    assert_eq!(send(&server, Provider::Zapi).await.status, 200);
    assert_eq!(send(&server, Provider::Whatsapp).await.status, 400);
    assert_eq!(server.faults().len(), 1);
    server.clear_faults();
    assert!(server.faults().is_empty());
}

#[tokio::test]
async fn a_delayed_message_is_accepted_before_the_answer_comes() {
    let server = Server::start().await;
    let fault = Fault {
        delay_ms: 60_000,
        ..Fault::new(Provider::Whatsapp, Effect::Delay)
    };
    server.fail_next(fault, 1);
    let request = good(&server, Provider::Whatsapp).timeout(Duration::from_millis(500));
    let error = Reply::try_of(request).await.expect_err("a timeout");
    assert!(error.is_timeout());
    assert_eq!(server.phone_messages().len(), 1);
}

#[tokio::test]
async fn a_delay_is_waited_for() {
    let server = Server::start().await;
    let fault = Fault {
        delay_ms: 50,
        ..Fault::new(Provider::Zapi, Effect::Delay)
    };
    server.fail_next(fault, 1);
    let started = Instant::now();
    assert_eq!(send(&server, Provider::Zapi).await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(50));
}
