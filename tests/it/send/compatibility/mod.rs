//! The table of ChatVolt compatibility: what a client written for ChatVolt sends, and what it gets.

mod bodies;
mod callers;

use recado_tests::prelude::*;
use reqwest::header::CONTENT_TYPE;

const PATH: &str = "/messages/interactive/send-buttons";

/// One case: its number in the table, what differs from the smallest body, and the answer.
struct Case {
    number: &'static str,
    changes: Value,
    status: u16,
    /// Of an error the reason; of a success the number of buttons that arrived.
    outcome: Outcome,
}

enum Outcome {
    Reason(&'static str),
    Buttons(usize),
}

fn ok(number: &'static str, changes: Value, buttons: usize) -> Case {
    Case {
        number,
        changes,
        status: 200,
        outcome: Outcome::Buttons(buttons),
    }
}

fn error(number: &'static str, changes: Value, status: u16, reason: &'static str) -> Case {
    Case {
        number,
        changes,
        status,
        outcome: Outcome::Reason(reason),
    }
}

/// Takes a field away.
const ABSENT: &str = "(absent)";

/// The smallest body, changed.
fn body(changes: &Value) -> Value {
    let mut body = smallest_body("conv-456");
    for (name, value) in changes.as_object().expect("changes are an object") {
        if value == ABSENT {
            body.as_object_mut().expect("an object").remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    body
}

/// The five required fields and one more pair for each number.
fn pairs(numbers: &[u32]) -> Value {
    let mut changes = json!({});
    for n in numbers {
        changes[format!("button_{n}_id")] = format!("b{n}").into();
        changes[format!("button_{n}_title")] = format!("B{n}").into();
    }
    changes
}

fn accepted() -> Vec<Case> {
    vec![
        ok("S1", json!({}), 1),
        ok("S3", pairs(&[2, 3]), 3),
        ok("S4", json!({"conversationId": "conv-zapi"}), 1),
        ok("S5", json!({"conversationId": "conv-zapperhub"}), 1),
        ok("S6", json!({"foo": "bar", "nested": {"x": 1}}), 1),
        ok(
            "S7",
            json!({
                "header_text": "", "footer_text": "", "button_2_id": "", "button_2_title": "",
                "button_3_id": "", "button_3_title": ""
            }),
            1,
        ),
        ok("S8", json!({"header_text": null}), 1),
        ok("S16", json!({"button_1_title": "ç".repeat(20)}), 1),
        ok(
            "S19",
            json!({"body_text": "Olá 👋\n*linha* dois", "button_1_title": "✅ Yes"}),
            1,
        ),
        ok("P3", pairs(&[4]), 2),
    ]
}

fn invalid() -> Vec<Case> {
    [
        ("V1", json!({"agentId": ABSENT})),
        ("V2", json!({"conversationId": ABSENT})),
        ("V3", json!({"body_text": ABSENT})),
        ("V4", json!({"button_1_id": ABSENT})),
        ("V5", json!({"button_1_title": ABSENT})),
        ("V10 number", json!({"body_text": 42})),
        ("V10 id", json!({"button_1_id": 1})),
        ("V10 object", json!({"agentId": {}})),
        ("V11 empty", json!({"body_text": ""})),
        ("V11 blank", json!({"body_text": "   "})),
        ("V15 id", json!({"button_2_id": "b"})),
        ("V15 title", json!({"button_2_title": "B"})),
    ]
    .map(|(number, changes)| error(number, changes, 400, "invalid_body"))
    .into()
}

fn not_found() -> Vec<Case> {
    let placeholder = "{conversation-id}";
    let both = json!({"agentId": "unknown", "conversationId": placeholder});
    [
        ("A8", json!({"agentId": "unknown"}), "agent_not_found"),
        ("the agent comes first", both, "agent_not_found"),
        (
            "A9",
            json!({"conversationId": "nowhere"}),
            "conversation_not_found",
        ),
        (
            "A12",
            json!({"conversationId": placeholder}),
            "conversation_not_found",
        ),
    ]
    .map(|(number, changes, reason)| error(number, changes, 404, reason))
    .into()
}

fn beyond_a_limit() -> Vec<Case> {
    let equal_ids = json!({"button_2_id": "a", "button_2_title": "B"});
    [
        ("P1", pairs(&[2, 3, 4]), "too_many_buttons"),
        ("P2", pairs(&[4, 5, 6, 7]), "too_many_buttons"),
        (
            "P4",
            json!({"button_1_title": "ç".repeat(21)}),
            "content_refused",
        ),
        (
            "body",
            json!({"body_text": "x".repeat(1025)}),
            "content_refused",
        ),
        (
            "footer",
            json!({"footer_text": "x".repeat(61)}),
            "content_refused",
        ),
        ("equal ids", equal_ids, "content_refused"),
    ]
    .map(|(number, changes, reason)| error(number, changes, 500, reason))
    .into()
}

#[tokio::test]
async fn every_case_of_the_table_gets_its_answer() {
    let world = World::start().await;
    let cases = [accepted(), invalid(), not_found(), beyond_a_limit()];
    for case in cases.into_iter().flatten() {
        world.sandbox.clear();
        let answer = world.client.send(body(&case.changes)).await;
        let (number, text) = (case.number, &answer.text);
        assert_eq!(answer.status.as_u16(), case.status, "{number}: {text}");
        assert_is_json_object(case.number, &answer);
        match case.outcome {
            Outcome::Reason(reason) => {
                assert_eq!(answer.body["reason"], reason, "{}", case.number);
                assert!(
                    world.sandbox.requests().is_empty(),
                    "{}: nothing may be sent",
                    case.number
                );
            }
            Outcome::Buttons(buttons) => {
                let phone = world.sandbox.phone_messages();
                assert_eq!(phone.len(), 1, "{}", case.number);
                assert_eq!(phone[0].buttons().len(), buttons, "{}", case.number);
            }
        }
    }
}

/// H4 and H5: always a JSON object; `error` is a string, and a success has none.
fn assert_is_json_object(number: &str, answer: &Answer) {
    let content_type = answer.headers[CONTENT_TYPE].to_str().expect("a text");
    assert!(
        content_type.starts_with("application/json"),
        "{number}: {content_type}"
    );
    let object = answer
        .body
        .as_object()
        .unwrap_or_else(|| panic!("{number}: {}", answer.text));
    assert_eq!(
        object.get("error").is_some_and(Value::is_string),
        !answer.status.is_success(),
        "{number}"
    );
    assert_eq!(
        object.contains_key("error"),
        !answer.status.is_success(),
        "{number}"
    );
}

/// The keys of a message that ChatVolt's readers use, and our own two.
const KEYS: &str = "id text html from conversationId sources usage externalId userId contactId visitorId agentId \
    metadata inputId eval read agentModel usageCredits createdAt updatedAt status warnings";

#[tokio::test]
async fn a_success_has_every_key_that_chatvolts_readers_need() {
    let world = World::start().await;
    let answer = world.client.accepted(smallest_body("conv-456")).await;
    assert_eq!(answer["success"], true);
    let message = &answer["message"];
    for key in KEYS.split_whitespace() {
        assert!(message.get(key).is_some(), "{key} is missing: {message}");
    }
    message.assert_has(json!({
        "text": "Hi", "conversationId": "conv-456", "agentId": "agent-123", "status": "accepted"
    }));
    assert!(
        message["externalId"]
            .as_str()
            .expect("an id")
            .starts_with("wamid.")
    );
    let id = message["id"].as_str().expect("an id");
    assert_eq!(
        &world.client.read(&format!("/messages/{id}")).await,
        message,
        "N12"
    );
}

#[tokio::test]
async fn a_conversation_whose_channel_is_gone_says_so() {
    let world = World::start().await;
    world.client.remove("/channels/zapi").await;
    let answer = world.client.send(smallest_body("conv-zapi")).await;
    // P8
    answer.refused(400, "unsupported_channel");
    assert!(answer.text.contains("Unsupported Communication Channel"));
}

#[tokio::test]
async fn any_agent_of_the_organization_may_speak_in_a_conversation() {
    let world = World::start().await;
    world
        .client
        .create("/agents", json!({"id": "A3", "name": "Third"}))
        .await;
    let answer = world.client.accepted(body(&json!({"agentId": "A3"}))).await;
    assert_eq!(answer["message"]["agentId"], "A3");
}

#[tokio::test]
async fn four_buttons_are_refused_every_time_with_nothing_sent_or_stored() {
    let world = World::start().await;
    let four = json!({"button_2_id": "b", "button_2_title": "B", "button_3_id": "c", "button_3_title": "C", "button_4_id": "d", "button_4_title": "D"});
    for conversation in ["conv-456", "conv-zapi", "conv-zapperhub"] {
        let mut sent = body(&four);
        sent["conversationId"] = conversation.into();
        for _ in 0..3 {
            let answer = world.client.send(sent.clone()).await;
            answer.refused(500, "too_many_buttons");
            assert_eq!(answer.body["code"], 131_009);
            assert!(
                answer.body["error"]
                    .as_str()
                    .expect("a text")
                    .contains("131009")
            );
        }
        let stored = world
            .client
            .read(&format!("/conversations/{conversation}/messages"))
            .await;
        assert_eq!(stored["data"], json!([]));
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn our_own_rate_limit_says_when_to_come_back() {
    let world = World::with(Options {
        max_sends_in_flight: 0,
        ..Options::default()
    })
    .await;
    let answer = world.client.send(smallest_body("conv-456")).await;
    answer.refused(429, "rate_limited");
    assert_eq!(answer.headers["retry-after"], "1");
}
