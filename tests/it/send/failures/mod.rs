//! What goes wrong at a provider, and what the client and the database are told of it.

mod database;
mod full_disk;

use recado_sandbox::{Answer, Effect, Fault, Provider};
use recado_tests::prelude::*;

const SENDERS: [(Provider, &str); 3] = [
    (Provider::Whatsapp, "conv-456"),
    (Provider::Zapi, "conv-zapi"),
    (Provider::Zapperhub, "conv-zapperhub"),
];

/// How a send fails.
#[derive(Clone, Copy)]
struct Failure {
    reason: &'static str,
    code: Option<i64>,
    /// How many requests reached the provider.
    requests: usize,
}

/// A failure after one request, without a number.
const fn once(reason: &'static str) -> Failure {
    Failure {
        reason,
        code: None,
        requests: 1,
    }
}

/// The same, with the provider's number.
const fn coded(reason: &'static str, code: i64) -> Failure {
    Failure {
        code: Some(code),
        ..once(reason)
    }
}

/// A failure that surely sent nothing, and so is tried three times.
const fn thrice(reason: &'static str) -> Failure {
    Failure {
        requests: 3,
        ..once(reason)
    }
}

/// Sends once, and checks the answer, what the provider got and what was written down.
async fn assert_failure(
    world: &World,
    conversation: &str,
    case: &str,
    expected: Failure,
) -> recado_tests::Answer {
    world.sandbox.clear();
    let answer = world.client.send(smallest_body(conversation)).await;
    let (reason, code, requests) = (expected.reason, expected.code, expected.requests);
    answer.refused(500, reason);
    assert_eq!(answer.body["code"].as_i64(), code, "{case}");
    assert_eq!(answer.headers["content-type"], "application/json", "{case}");
    assert_eq!(world.sandbox.requests().len(), requests, "{case}: requests");
    assert_eq!(world.sandbox.faults(), [], "{case}: a fault was left over");

    let stored = format!("/messages/{}", text(&answer.body["messageId"]));
    let stored = world.client.read(&stored).await;
    let unknown = reason == "outcome_unknown";
    stored.assert_has(json!({
        "status": if unknown { "unknown" } else { "rejected" },
        "metadata": {"error": {"reason": reason, "code": code}},
    }));
    answer.says(text(&stored["metadata"]["error"]["message"]));
    if !unknown {
        let shown = world.sandbox.phone_messages();
        assert_eq!(shown, [], "{case}: a rejected message arrived");
    }
    answer
}

fn fail(world: &World, provider: Provider, answer: &Answer, times: usize) {
    let fault = Fault::new(provider, Effect::Answer(answer.clone()));
    let times = u32::try_from(times).expect("a few");
    world.sandbox.fail_next(fault, times);
}

/// A world in which the same message is sent again and again.
async fn unguarded() -> World {
    let world = World::start().await;
    let settings = json!({"guardRepeats": false});
    world.client.change("/organizations/demo", settings).await;
    world
}

/// An error of Meta with its number.
fn graph(status: u16, code: i64) -> Answer {
    let error = json!({"message": format!("(#{code}) Title"), "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "Said by Meta"}});
    Answer::new(status, json!({"error": error}))
}

fn html(status: u16) -> Answer {
    Answer::new(status, "<html><body><h1>Bad Gateway</h1></body></html>")
}

/// One answer for each reason; `providers` tests which answer has which reason.
#[tokio::test]
async fn a_refusal_of_a_provider_has_its_reason_everywhere() {
    let world = unguarded().await;
    let said = |status, text: &str| Answer::new(status, json!({"error": text, "message": text}));
    let [meta, zapi, zapperhub] = SENDERS;
    let of_meta = [
        (401, 190, "channel_unauthorized"),
        (400, 33, "channel_misconfigured"),
        (400, 133_010, "channel_disconnected"),
        (403, 368, "channel_blocked"),
        (400, 131_026, "invalid_recipient"),
        (400, 131_047, "window_closed"),
        (400, 131_009, "content_refused"),
        (400, 199_999, "provider_rejected"),
    ]
    .map(|(status, code, reason)| (meta, graph(status, code), coded(reason, code)));
    let unavailable = Failure {
        code: Some(2),
        ..thrice("provider_unavailable")
    };
    let throttled = said(429, "Too many requests");
    let throttled = (zapi, throttled, thrice("provider_throttled"));
    let of_others = [
        (zapi, said(400, "null not allowed"), "channel_unauthorized"),
        (zapi, Answer::new(200, json!({})), "outcome_unknown"),
        (zapperhub, said(402, "Payment required"), "channel_blocked"),
        (zapperhub, said(500, "No session"), "channel_disconnected"),
        (zapperhub, html(502), "outcome_unknown"),
    ]
    .map(|(sender, answer, reason)| (sender, answer, once(reason)));
    let repeated = [(meta, graph(503, 2), unavailable), throttled];
    for (sender, answer, expected) in of_meta.into_iter().chain(of_others).chain(repeated) {
        let (provider, conversation) = sender;
        let case = format!("{conversation} {}", expected.reason);
        fail(&world, provider, &answer, expected.requests);
        assert_failure(&world, conversation, &case, expected).await;
    }
}

#[tokio::test]
async fn an_id_that_no_database_takes_as_it_is_does_not_lose_the_acceptance() {
    let world = World::start().await;
    for id in ["wamid.\0null", "wamid.\u{1F600}", "wamid.'; --"] {
        let answer = Answer::new(200, json!({"messages": [{"id": id}]}));
        fail(&world, Provider::Whatsapp, &answer, 1);
        let sent = world.client.accepted(smallest_body("conv-456")).await;
        assert_eq!(sent["message"]["status"], "accepted", "{id}");
    }
}

#[tokio::test]
async fn a_provider_that_recovers_in_time_gets_the_message_once() {
    let world = World::start().await;
    let unavailable = json!({"message": "PROVIDER_UNAVAILABLE"});
    let answers = [
        graph(503, 2),
        Answer::new(429, Value::Null),
        Answer::new(503, unavailable),
    ];
    for ((provider, conversation), answer) in SENDERS.into_iter().zip(answers) {
        world.sandbox.clear();
        fail(&world, provider, &answer, 2);
        let sent = world.client.accepted(smallest_body(conversation)).await;
        assert_eq!(sent["message"]["status"], "accepted");
        let requests = world.sandbox.requests();
        assert_eq!(requests.len(), 3, "{conversation}");
        let [first, last] = [&requests[0].body, &requests[2].body];
        assert_eq!(first, last, "{conversation}: a repeat is the same request");
        assert_eq!(world.sandbox.phone_messages().len(), 1, "{conversation}");
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_for_us_is_handed_to_the_client() {
    let world = World::start().await;
    for (provider, conversation) in SENDERS {
        let throttled = Answer::new(429, Value::Null).with_header("retry-after", "60");
        fail(&world, provider, &throttled, 1);
        let expected = once("provider_throttled");
        let answer = assert_failure(&world, conversation, conversation, expected).await;
        assert_eq!(answer.headers["retry-after"], "60", "{conversation}");
    }
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_unknown_and_never_sent_again() {
    let world = unguarded().await;
    for (provider, conversation) in SENDERS {
        for (effect, arrived) in [
            (Effect::ResetBefore, 0),
            (Effect::ResetAfter, 1),
            (Effect::AnswerAfter(Answer::new(200, "garbage")), 1),
            (Effect::AnswerAfter(html(502)), 1),
            (Effect::AnswerAfter(html(504)), 1),
            (Effect::AnswerAfter(Answer::new(408, Value::Null)), 1),
        ] {
            let case = format!("{conversation}, {effect:?}");
            world.sandbox.fail_next(Fault::new(provider, effect), 1);
            assert_failure(&world, conversation, &case, once("outcome_unknown")).await;
            assert_eq!(world.sandbox.phone_messages().len(), arrived, "{case}");
        }
    }
}
