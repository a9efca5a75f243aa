//! The table of ChatVolt compatibility: what a client written for ChatVolt sends, and what it gets.

mod bodies;
mod callers;

use recado_tests::prelude::*;
use reqwest::header::CONTENT_TYPE;

/// One case: its number in the table, what differs from the smallest body, and of a success the number of buttons
/// that arrived, of an error the status and the reason.
type Case = (&'static str, Value, Result<usize, (u16, &'static str)>);

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
    let empty = json!({"header_text": "", "footer_text": "", "button_2_id": "", "button_2_title": "",
        "button_3_id": "", "button_3_title": ""});
    let emoji = json!({"body_text": "Olá 👋\n*linha* dois", "button_1_title": "✅ Yes"});
    vec![
        ("S1", json!({}), Ok(1)),
        ("S3", pairs(&[2, 3]), Ok(3)),
        ("S4", json!({"conversationId": "conv-zapi"}), Ok(1)),
        ("S5", json!({"conversationId": "conv-zapperhub"}), Ok(1)),
        ("S6", json!({"foo": "bar", "nested": {"x": 1}}), Ok(1)),
        ("S7", empty, Ok(1)),
        ("S8", json!({"header_text": null}), Ok(1)),
        ("S16", json!({"button_1_title": "ç".repeat(20)}), Ok(1)),
        ("S19", emoji, Ok(1)),
        ("P3", pairs(&[4]), Ok(2)),
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
        ("V11 invisible", json!({"body_text": "\u{ad}\u{2060}"})),
        ("V15 id", json!({"button_2_id": "b"})),
        ("V15 title", json!({"button_2_title": "B"})),
    ]
    .map(|(number, changes)| (number, changes, Err((400, "invalid_body"))))
    .into()
}

fn not_found() -> Vec<Case> {
    let placeholder = "{conversation-id}";
    let both = json!({"agentId": "unknown", "conversationId": placeholder});
    let (agent, conversation) = ("agent_not_found", "conversation_not_found");
    [
        ("A8", json!({"agentId": "unknown"}), agent),
        ("the agent comes first", both, agent),
        ("A9", json!({"conversationId": "nowhere"}), conversation),
        ("A12", json!({"conversationId": placeholder}), conversation),
    ]
    .map(|(number, changes, reason)| (number, changes, Err((404, reason))))
    .into()
}

fn beyond_a_limit() -> Vec<Case> {
    let equal_ids = json!({"button_2_id": "a", "button_2_title": "B"});
    let long = |field: &str, length| json!({field: "ç".repeat(length)});
    let (too_many, refused) = ("too_many_buttons", "content_refused");
    [
        ("P1", pairs(&[2, 3, 4]), too_many),
        ("P2", pairs(&[4, 5, 6, 7]), too_many),
        ("P4", long("button_1_title", 21), refused),
        ("body", long("body_text", 1025), refused),
        ("footer", long("footer_text", 61), refused),
        ("equal ids", equal_ids, refused),
    ]
    .map(|(number, changes, reason)| (number, changes, Err((500, reason))))
    .into()
}

#[tokio::test]
async fn every_case_of_the_table_gets_its_answer() {
    let world = World::start().await;
    let cases = [accepted(), invalid(), not_found(), beyond_a_limit()];
    for (number, changes, expected) in cases.into_iter().flatten() {
        world.sandbox.clear();
        let answer = world.client.send(body(&changes)).await;
        assert_is_json_object(number, &answer);
        match expected {
            Err((status, reason)) => {
                assert_eq!(answer.error(), (status, reason.to_owned()), "{number}");
                assert_eq!(world.sandbox.requests(), [], "{number}: nothing is sent");
            }
            Ok(buttons) => {
                assert_eq!(answer.status, 200, "{number}: {}", answer.text);
                let phone = world.sandbox.phone_messages();
                let shown = phone.iter().map(|message| message.buttons().len());
                assert_eq!(shown.collect::<Vec<_>>(), [buttons], "{number}");
            }
        }
    }
}

/// H4 and H5: always a JSON object; `error` is a string, and a success has none.
fn assert_is_json_object(number: &str, answer: &Answer) {
    let content_type = answer.headers[CONTENT_TYPE].to_str().expect("a text");
    assert!(content_type.starts_with("application/json"), "{number}");
    let object = answer.body.as_object();
    let error = object.unwrap_or_else(|| panic!("{number}: {}", answer.text));
    let (error, is_error) = (error.get("error"), !answer.status.is_success());
    let is_text = error.is_some_and(Value::is_string);
    assert_eq!((is_text, error.is_some()), (is_error, is_error), "{number}");
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
    assert!(text(&message["externalId"]).starts_with("wamid."));
    let shown = format!("/messages/{}", id(message));
    assert_eq!(&world.client.read(&shown).await, message, "N12");
}

#[tokio::test]
async fn a_header_and_a_footer_of_invisible_characters_are_left_out() {
    let world = World::start().await;
    let invisible = json!({"header_text": "\u{200b}", "footer_text": "\u{2800}"});
    world.client.accepted(body(&invisible)).await;
    let shown = &world.sandbox.phone_messages()[0];
    assert_eq!((shown.header(), shown.footer()), (None, None));
}

#[tokio::test]
async fn a_conversation_whose_channel_is_gone_says_so() {
    let world = World::start().await;
    world.client.remove("/channels/zapi").await;
    let answer = world.client.send(smallest_body("conv-zapi")).await;
    // P8
    answer.refused(400, "unsupported_channel");
    answer.says("Unsupported Communication Channel");
}

#[tokio::test]
async fn any_agent_of_the_organization_may_speak_in_a_conversation() {
    let world = World::start().await;
    world.client.agent("A3").await;
    let answer = world.client.accepted(body(&json!({"agentId": "A3"}))).await;
    assert_eq!(answer["message"]["agentId"], "A3");
}

#[tokio::test]
async fn four_buttons_are_refused_every_time_with_nothing_sent_or_stored() {
    let world = World::start().await;
    for (_, conversation) in CONVERSATIONS {
        let mut four = body(&pairs(&[2, 3, 4]));
        four["conversationId"] = conversation.into();
        for _ in 0..3 {
            let answer = world.client.send(four.clone()).await;
            answer.refused(500, "too_many_buttons");
            assert_eq!(answer.body["code"], 131_009);
            assert_contains(text(&answer.body["error"]), "131009");
        }
        let stored = format!("/conversations/{conversation}/messages");
        assert_eq!(world.client.read(&stored).await["data"], json!([]));
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_server_without_a_free_place_says_when_to_come_back() {
    let options = Options {
        max_sends_in_flight: 0,
        ..Options::default()
    };
    let world = World::with(options).await;
    let answer = world.client.send(smallest_body("conv-456")).await;
    answer.refused(503, "unavailable");
    assert_eq!(answer.headers["retry-after"], "1");
}
