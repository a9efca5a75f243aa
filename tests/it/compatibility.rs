//! The table of ChatVolt compatibility: what a client written for ChatVolt sends, and what it gets.

use recado_tests::world::{self, PUBLISHED_EXAMPLE, Options, organization, smallest_body};
use recado_tests::{Answer, Client, World};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

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
    Case { number, changes, status: 200, outcome: Outcome::Buttons(buttons) }
}

fn error(number: &'static str, changes: Value, status: u16, reason: &'static str) -> Case {
    Case { number, changes, status, outcome: Outcome::Reason(reason) }
}

/// `null` in `changes` takes a field away; anything else sets it.
fn body(changes: &Value) -> Value {
    let mut body = smallest_body("conv-456");
    for (name, value) in changes.as_object().expect("changes are an object") {
        if value == "(absent)" {
            body.as_object_mut().expect("an object").remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    body
}

fn cases() -> Vec<Case> {
    let pair = |n: u32| (format!("button_{n}_id"), format!("button_{n}_title"));
    let pairs = |numbers: &[u32]| {
        let mut changes = json!({});
        for &n in numbers {
            let (id, title) = pair(n);
            changes[id] = format!("b{n}").into();
            changes[title] = format!("B{n}").into();
        }
        changes
    };
    let invalid = |number, changes| error(number, changes, 400, "invalid_body");
    vec![
        ok("S1", json!({}), 1),
        ok("S3", pairs(&[2, 3]), 3),
        ok("S4", json!({"conversationId": "conv-zapi"}), 1),
        ok("S5", json!({"conversationId": "conv-zapperhub"}), 1),
        ok("S6", json!({"foo": "bar", "nested": {"x": 1}}), 1),
        ok("S7", json!({"header_text": "", "footer_text": "", "button_2_id": "", "button_2_title": "", "button_3_id": "", "button_3_title": ""}), 1),
        ok("S8", json!({"header_text": null}), 1),
        ok("S16", json!({"button_1_title": "ç".repeat(20)}), 1),
        ok("S19", json!({"body_text": "Olá 👋\n*linha* dois", "button_1_title": "✅ Yes"}), 1),
        invalid("V1", json!({"agentId": "(absent)"})),
        invalid("V2", json!({"conversationId": "(absent)"})),
        invalid("V3", json!({"body_text": "(absent)"})),
        invalid("V4", json!({"button_1_id": "(absent)"})),
        invalid("V5", json!({"button_1_title": "(absent)"})),
        invalid("V10 number", json!({"body_text": 42})),
        invalid("V10 id", json!({"button_1_id": 1})),
        invalid("V10 object", json!({"agentId": {}})),
        invalid("V11 empty", json!({"body_text": ""})),
        invalid("V11 blank", json!({"body_text": "   "})),
        invalid("V15 id", json!({"button_2_id": "b"})),
        invalid("V15 title", json!({"button_2_title": "B"})),
        error("A8", json!({"agentId": "nobody"}), 404, "agent_not_found"),
        error("A9", json!({"conversationId": "nowhere"}), 404, "conversation_not_found"),
        error("A12", json!({"conversationId": "{conversation-id}"}), 404, "conversation_not_found"),
        error("agent before conversation", json!({"agentId": "nobody", "conversationId": "{conversation-id}"}), 404, "agent_not_found"),
        error("P1", pairs(&[2, 3, 4]), 500, "too_many_buttons"),
        error("P2", pairs(&[4, 5, 6, 7]), 500, "too_many_buttons"),
        ok("P3", pairs(&[4]), 2),
        error("P4", json!({"button_1_title": "ç".repeat(21)}), 500, "content_refused"),
        error("body over 1024", json!({"body_text": "x".repeat(1025)}), 500, "content_refused"),
        error("footer over 60", json!({"footer_text": "x".repeat(61)}), 500, "content_refused"),
        error("equal ids", json!({"button_2_id": "a", "button_2_title": "B"}), 500, "content_refused"),
    ]
}

#[tokio::test]
async fn every_case_of_the_table_gets_its_answer() {
    let world = World::start().await;
    for case in cases() {
        world.sandbox.clear();
        let answer = world.client.send(body(&case.changes)).await;
        assert_eq!(answer.status.as_u16(), case.status, "{}: {}", case.number, answer.text);
        assert_is_json_object(case.number, &answer);
        match case.outcome {
            Outcome::Reason(reason) => {
                assert_eq!(answer.body["reason"], reason, "{}", case.number);
                assert!(world.sandbox.requests().is_empty(), "{}: nothing may be sent", case.number);
            }
            Outcome::Buttons(buttons) => {
                let phone = world.sandbox.phone_messages();
                assert_eq!(phone.len(), 1, "{}", case.number);
                assert_eq!(phone[0].buttons.len(), buttons, "{}", case.number);
            }
        }
    }
}

/// H4 and H5: always a JSON object; `error` is a string, and a success has none.
fn assert_is_json_object(number: &str, answer: &Answer) {
    let content_type = answer.headers[CONTENT_TYPE].to_str().expect("a text");
    assert!(content_type.starts_with("application/json"), "{number}: {content_type}");
    let object = answer.body.as_object().unwrap_or_else(|| panic!("{number}: {}", answer.text));
    assert_eq!(object.get("error").is_some_and(Value::is_string), !answer.status.is_success(), "{number}");
    assert_eq!(object.contains_key("error"), !answer.status.is_success(), "{number}");
}

#[tokio::test]
async fn a_success_has_every_key_that_chatvolts_readers_need() {
    let world = World::start().await;
    let answer = world.client.send(smallest_body("conv-456")).await.expect(200);
    assert_eq!(answer["success"], true);
    let message = &answer["message"];
    for key in [
        "id", "text", "html", "from", "conversationId", "sources", "usage", "externalId", "userId", "contactId",
        "visitorId", "agentId", "metadata", "inputId", "eval", "read", "agentModel", "usageCredits", "createdAt",
        "updatedAt", "status", "warnings",
    ] {
        assert!(message.get(key).is_some(), "{key} is missing: {message}");
    }
    assert_eq!(message["text"], "Hi");
    assert_eq!(message["conversationId"], "conv-456");
    assert_eq!(message["agentId"], "agent-123");
    assert_eq!(message["status"], "accepted");
    assert!(message["externalId"].as_str().expect("an id").starts_with("wamid."));
    let id = message["id"].as_str().expect("an id");
    assert_eq!(&world.client.get(&format!("/messages/{id}")).await.expect(200), message, "N12");
}

#[tokio::test]
async fn all_five_required_fields_are_named_at_once() {
    let world = World::start().await;
    let required = json!({"_errors": ["Required"]});
    let five = json!({"_errors": [], "agentId": required, "conversationId": required, "body_text": required, "button_1_id": required, "button_1_title": required});
    for (number, sent) in [
        ("V6", json!({})),
        ("V12", json!({"to": "5511999999999", "bodyText": "Hi", "buttons": [{"id": "a", "title": "A"}]})),
        ("V13", json!({"messaging_product": "whatsapp", "to": "x", "type": "interactive", "interactive": {}})),
    ] {
        let answer = world.client.send(sent).await;
        assert_eq!(answer.body["details"], five, "{number}");
        assert_eq!(answer.body["error"], "error invalid request body", "{number}");
    }
    let camel = json!({"agentId": "A1", "conversationId": "C1", "bodyText": "Hi", "button1Id": "a", "button1Title": "A"});
    let named = world.client.send(camel).await.expect(400);
    let details = named["details"].as_object().expect("a tree");
    assert_eq!(details.keys().collect::<Vec<_>>(), ["_errors", "body_text", "button_1_id", "button_1_title"], "V14");
}

async fn raw(client: &Client, content_type: Option<&str>, text: &str) -> Answer {
    let mut request = client.request(Method::POST, PATH).body(text.to_owned());
    if let Some(content_type) = content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    world::answer(request).await
}

#[tokio::test]
async fn bodies_that_are_no_object_are_refused_and_say_why() {
    let world = World::start().await;
    let json = Some("application/json");
    for (number, content_type, text, said) in [
        ("V7", json, "", "Required"),
        ("V8", json, "{\"agentId\":", "Invalid JSON"),
        ("V9 array", json, "[]", "Expected object, received array"),
        ("V9 text", json, "\"text\"", "Expected object, received string"),
        ("V9 null", json, "null", "Expected object, received null"),
        ("V18", Some("text/plain"), PUBLISHED_EXAMPLE, "Content-Type: application/json"),
        ("JSON called a form", Some("application/x-www-form-urlencoded"), PUBLISHED_EXAMPLE, "Content-Type: application/json"),
        ("not UTF-8", json, "{\"agentId\":\"\u{fffd}", "Invalid JSON"),
    ] {
        let answer = raw(&world.client, content_type, text).await;
        assert_eq!(answer.error(), (400, "invalid_body".to_owned()), "{number}");
        assert!(answer.text.contains(said), "{number}: {}", answer.text);
        assert_is_json_object(number, &answer);
    }
    assert_eq!(raw(&world.client, json, "{\"agentId\":").await.body["error"], "Invalid JSON");
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    assert_eq!(raw(&world.client, json, &large).await.error(), (413, "body_too_large".to_owned()), "V17");
}

#[tokio::test]
async fn a_send_is_understood_however_the_client_writes_it() {
    let world = World::start().await;
    let json = "application/json";
    let form = "agentId=agent-123&conversationId=conv-456&body_text=Hi+%C3%A7&button_1_id=a&button_1_title=A";
    for (number, path, content_type, text) in [
        ("S9", "/api/messages/interactive/send-buttons", json, PUBLISHED_EXAMPLE),
        ("S10", "/messages/interactive/send-buttons?", json, PUBLISHED_EXAMPLE),
        ("S11", "//messages/interactive/send-buttons", json, PUBLISHED_EXAMPLE),
        ("S14", PATH, "application/json; charset=utf-8", PUBLISHED_EXAMPLE),
        ("S15", PATH, "application/x-www-form-urlencoded", form),
        ("S17", PATH, json, r#"{"button_1_title":"A","button_1_id":"a","body_text":"Hi","conversationId":"conv-456","agentId":"agent-123"}"#),
    ] {
        world.sandbox.clear();
        let request = world.client.request(Method::POST, path).header(CONTENT_TYPE, content_type).body(text);
        let answer = world::answer(request).await;
        assert_eq!(answer.status, 200, "{number}: {}", answer.text);
        assert_eq!(world.sandbox.phone_messages().len(), 1, "{number}");
    }
    let key = world::organization(&world.operator, "other-words").await;
    let client = world.client.with_key(&key);
    world::open_conversations(&client, &[]).await;
    for (number, header, status) in [
        ("S12", format!("bearer {key}"), 404),
        ("any scheme", format!("Token {key}"), 404),
        ("A2", "Bearer 3f2b8c1e-5a77-4d0e-9c11-0a1b2c3d4e5f".to_owned(), 401),
        ("A3", "Bearer None".to_owned(), 401),
        ("A4", key.clone(), 401),
        ("A5", "Bearer unknown".to_owned(), 401),
    ] {
        let request = client.http.post(format!("{}{PATH}", world.url)).header(AUTHORIZATION, header);
        let request = request.header("cookie", "__Secure-next-auth.session-token=x").json(&smallest_body("conv-456"));
        assert_eq!(world::answer(request).await.status, status, "{number}");
    }
}

#[tokio::test]
async fn without_a_key_nothing_else_is_looked_at() {
    let world = World::start().await;
    for (number, text) in [("A1", "{}"), ("A6", "{\"agentId\":")] {
        let request = world.client.http.post(format!("{}{PATH}", world.url)).header(CONTENT_TYPE, "application/json").body(text);
        let answer = world::answer(request).await;
        assert_eq!(answer.error(), (401, "unauthorized".to_owned()), "{number}");
        assert!(answer.body["error"].as_str().expect("a text").starts_with("UNAUTHORIZED"), "{number}");
    }
}

#[tokio::test]
async fn what_belongs_to_another_organization_is_refused_as_documented() {
    let world = World::start().await;
    let other = world.client.with_key(&organization(&world.operator, "other").await);
    other.post("/agents", json!({"id": "A2", "name": "Other"})).await.expect(201);
    other.post("/channels", json!({"id": "other-zapi", "provider": "zapi", "name": "z", "credentials": world::credentials("zapi")})).await.expect(201);
    other.post("/conversations", json!({"id": "C2", "agentId": "A2", "channelId": "other-zapi", "to": "5511900000009"})).await.expect(201);
    for (number, changes, status, reason) in [
        ("A7", json!({"agentId": "A2"}), 403, "foreign_agent"),
        ("A10", json!({"conversationId": "C2"}), 404, "conversation_not_found"),
        ("A11", json!({"agentId": "A2", "conversationId": "C2"}), 403, "foreign_agent"),
    ] {
        let answer = world.client.send(body(&changes)).await;
        assert_eq!(answer.error(), (status, reason.to_owned()), "{number}");
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_conversation_whose_channel_is_gone_says_so() {
    let world = World::start().await;
    world.client.delete("/channels/zapi").await.expect(204);
    let answer = world.client.send(smallest_body("conv-zapi")).await;
    assert_eq!(answer.error(), (400, "unsupported_channel".to_owned()), "P8");
    assert!(answer.text.contains("Unsupported Communication Channel"));
}

#[tokio::test]
async fn any_agent_of_the_organization_may_speak_in_a_conversation() {
    let world = World::start().await;
    world.client.post("/agents", json!({"id": "A3", "name": "Third"})).await.expect(201);
    let answer = world.client.send(body(&json!({"agentId": "A3"}))).await.expect(200);
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
            assert_eq!(answer.error(), (500, "too_many_buttons".to_owned()));
            assert_eq!(answer.body["code"], 131_009);
            assert!(answer.body["error"].as_str().expect("a text").contains("131009"));
        }
        let stored = world.client.get(&format!("/conversations/{conversation}/messages")).await.expect(200);
        assert_eq!(stored["data"], json!([]));
    }
    assert!(world.sandbox.requests().is_empty());
}

#[tokio::test]
async fn our_own_rate_limit_says_when_to_come_back() {
    let world = World::with(Options { max_sends_in_flight: 0, ..Options::default() }).await;
    let answer = world.client.send(smallest_body("conv-456")).await;
    assert_eq!(answer.error(), (429, "rate_limited".to_owned()));
    assert_eq!(answer.headers["retry-after"], "1");
}
