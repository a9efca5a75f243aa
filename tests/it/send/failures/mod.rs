//! What goes wrong at a provider, and what the client and the database are told of it.

mod database;
mod full_disk;
mod whatsapp;
mod zapi;
mod zapperhub;

use std::time::Duration;

use recado_providers::{RetryPolicy, Timeouts};
use recado_sandbox::{Answer, Effect, Fault, Provider};
use recado_tests::world::{CONVERSATIONS, Options, smallest_body};
use recado_tests::{Client, World};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

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
    let Failure {
        reason,
        code,
        requests,
    } = expected;
    assert_eq!(
        answer.error(),
        (500, reason.to_owned()),
        "{case}: {}",
        answer.text
    );
    assert_eq!(
        answer.body["code"].as_i64(),
        code,
        "{case}: {}",
        answer.text
    );
    assert_eq!(answer.headers["content-type"], "application/json", "{case}");
    assert_eq!(world.sandbox.requests().len(), requests, "{case}: requests");
    assert_eq!(world.sandbox.faults(), [], "{case}: a fault was left over");

    let stored = message(&world.client, &answer.body["messageId"]).await;
    let unknown = reason == "outcome_unknown";
    assert_eq!(
        stored["status"],
        if unknown { "unknown" } else { "rejected" },
        "{case}"
    );
    let error = &stored["metadata"]["error"];
    assert_eq!(error["reason"], reason, "{case}: {stored}");
    assert_eq!(error["code"].as_i64(), code, "{case}: {stored}");
    assert!(
        answer.body["error"]
            .as_str()
            .expect("a text")
            .contains(error["message"].as_str().expect("a text")),
        "{case}"
    );
    if !unknown {
        assert_eq!(
            world.sandbox.phone_messages(),
            [],
            "{case}: a rejected message arrived"
        );
    }
    answer
}

async fn message(client: &Client, id: &Value) -> Value {
    client
        .read(&format!("/messages/{}", id.as_str().expect("a message id")))
        .await
}

fn fail(world: &World, provider: Provider, answer: &Answer, times: usize) {
    let times = u32::try_from(times).expect("a few");
    world
        .sandbox
        .fail_next(Fault::new(provider, Effect::Answer(answer.clone())), times);
}

fn graph(status: u16, code: i64) -> Answer {
    let details = json!({"messaging_product": "whatsapp", "details": "Said by Meta"});
    graph_with(status, code, &details)
}

fn graph_with(status: u16, code: i64, error_data: &Value) -> Answer {
    let message = format!("(#{code}) Title");
    let error = json!({"message": message, "type": "OAuthException", "code": code, "error_data": error_data, "fbtrace_id": "A1"});
    Answer::new(status, json!({"error": error}))
}

/// Provider by provider: each answer, and what it must become.
async fn assert_answers<const N: usize>(
    world: &World,
    (provider, conversation): (Provider, &str),
    answers: [(&str, Answer, Failure); N],
) {
    for (case, answer, expected) in answers {
        fail(world, provider, &answer, expected.requests);
        assert_failure(world, conversation, case, expected).await;
    }
}

fn empty(status: u16) -> Answer {
    Answer::new(status, Value::Null)
}

fn html(status: u16) -> Answer {
    Answer::new(status, "<html><body><h1>Bad Gateway</h1></body></html>")
}

/// Gives the channel of that provider other credentials, or other settings.
async fn change(client: &Client, channel: &str, what: Value) {
    client.change(&format!("/channels/{channel}"), what).await;
}

#[tokio::test]
async fn a_provider_that_recovers_in_time_gets_the_message_once() {
    let world = World::start().await;
    for (provider, conversation, answer) in [
        (Provider::Whatsapp, "conv-456", graph(503, 2)),
        (Provider::Zapi, "conv-zapi", Answer::new(429, Value::Null)),
        (
            Provider::Zapperhub,
            "conv-zapperhub",
            Answer::new(503, json!({"message": "PROVIDER_UNAVAILABLE"})),
        ),
    ] {
        world.sandbox.clear();
        fail(&world, provider, &answer, 2);
        let sent = world.client.accepted(smallest_body(conversation)).await;
        assert_eq!(sent["message"]["status"], "accepted");
        let requests = world.sandbox.requests();
        assert_eq!(requests.len(), 3, "{conversation}");
        assert_eq!(
            requests[0].body, requests[2].body,
            "{conversation}: a repeat is the same request"
        );
        assert_eq!(world.sandbox.phone_messages().len(), 1, "{conversation}");
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_for_us_is_handed_to_the_client() {
    let world = World::start().await;
    for (provider, conversation) in SENDERS {
        fail(
            &world,
            provider,
            &Answer::new(429, Value::Null).with_header("retry-after", "60"),
            1,
        );
        let answer = assert_failure(
            &world,
            conversation,
            conversation,
            once("provider_throttled"),
        )
        .await;
        assert_eq!(answer.headers["retry-after"], "60", "{conversation}");
    }
}

#[tokio::test]
async fn a_wait_without_end_is_an_answer_like_any_other() {
    let world = World::start().await;
    for (provider, conversation) in SENDERS {
        let endless =
            Answer::new(429, Value::Null).with_header("retry-after", u64::MAX.to_string());
        // Long enough that the sum of both waits is no number any more.
        let effect = Effect::Answer(endless);
        world.sandbox.fail_next(
            Fault {
                delay_ms: 1000,
                ..Fault::new(provider, effect)
            },
            1,
        );
        assert_failure(
            &world,
            conversation,
            conversation,
            once("provider_throttled"),
        )
        .await;
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_got_nothing() {
    let world = World::start().await;
    // Bound and not listening: nobody else can get the port, and connections to it are refused.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("a free port");
    let url = format!("http://{}", socket.local_addr().expect("an address"));
    for (channel, conversation) in CONVERSATIONS {
        change(
            &world.client,
            channel,
            json!({"settings": {"baseUrl": url}}),
        )
        .await;
        assert_failure(
            &world,
            conversation,
            channel,
            Failure {
                requests: 0,
                ..once("provider_unavailable")
            },
        )
        .await;
    }
}

/// Sends to a provider that takes the message, or perhaps does, and loses the answer.
async fn assert_unknown(
    world: &World,
    provider: Provider,
    conversation: &str,
    effect: Effect,
    delay_ms: u64,
    arrived: usize,
) {
    let case = format!("{conversation}, {effect:?}");
    world.sandbox.fail_next(
        Fault {
            delay_ms,
            ..Fault::new(provider, effect)
        },
        1,
    );
    assert_failure(world, conversation, &case, once("outcome_unknown")).await;
    assert_eq!(world.sandbox.phone_messages().len(), arrived, "{case}");
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_unknown_and_never_sent_again() {
    let world = World::start().await;
    for (provider, conversation) in SENDERS {
        for (effect, arrived) in [
            (Effect::ResetBefore, 0),
            (Effect::ResetAfter, 1),
            (Effect::AnswerAfter(Answer::new(200, "garbage")), 1),
            (Effect::AnswerAfter(html(502)), 1),
            (Effect::AnswerAfter(html(504)), 1),
            (Effect::AnswerAfter(Answer::new(408, Value::Null)), 1),
        ] {
            assert_unknown(&world, provider, conversation, effect, 0, arrived).await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_a_lost_one() {
    let of_one_request = Options {
        timeouts: Timeouts {
            total: Duration::from_millis(500),
            ..Timeouts::default()
        },
        ..Options::default()
    };
    let of_all_requests = Options {
        retry: RetryPolicy {
            budget: Duration::from_millis(500),
            ..RetryPolicy::default()
        },
        ..Options::default()
    };
    for options in [of_one_request, of_all_requests] {
        let world = World::with(options).await;
        for (provider, conversation) in SENDERS {
            assert_unknown(&world, provider, conversation, Effect::Delay, 60_000, 1).await;
        }
    }
}
