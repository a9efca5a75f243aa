//! Bodies in every form that a client may send, and those that are no message.

use recado_tests::prelude::*;
use recado_tests::world::PUBLISHED_EXAMPLE;
use reqwest::header::CONTENT_TYPE;

use super::assert_is_json_object;

#[tokio::test]
async fn all_five_required_fields_are_named_at_once() {
    let world = World::start().await;
    let required = json!({"_errors": ["Required"]});
    let five = json!({"_errors": [], "agentId": required, "conversationId": required, "body_text": required, "button_1_id": required, "button_1_title": required});
    let mut lookalikes = five.clone();
    lookalikes["bodyText"] = json!({"_errors": ["Unknown field; write body_text"]});
    let write = "Unknown field; write button_1_id and button_1_title";
    lookalikes["buttons"] = json!({"_errors": [write]});
    let missing = "agentId: Required";
    let unknown = "bodyText: Unknown field; write body_text";
    let of_recado =
        json!({"to": "5511999999999", "bodyText": "Hi", "buttons": [{"id": "a", "title": "A"}]});
    let of_meta = json!({"messaging_product": "whatsapp", "to": "x", "type": "interactive", "interactive": {}});
    for (number, sent, details, fault) in [
        ("V6", json!({}), &five, missing),
        ("V12", of_recado, &lookalikes, unknown),
        ("V13", of_meta, &five, missing),
    ] {
        let answer = world.client.send(sent).await;
        assert_eq!(&answer.body["details"], details, "{number}");
        let error = format!("error invalid request body: {fault}");
        assert_eq!(answer.body["error"], error, "{number}");
    }
    let camel = json!({"agentId": "A1", "conversationId": "C1", "bodyText": "Hi", "button1Id": "a", "button1Title": "A"});
    let answered = world.client.send(camel).await.expect(400);
    let details = answered["details"].as_object().expect("a tree");
    let names: Vec<_> = details.keys().map(String::as_str).collect();
    let expected = "_errors bodyText body_text button1Id button1Title button_1_id button_1_title";
    assert_eq!(names.join(" "), expected, "V14");
}

async fn raw(client: &Client, content_type: Option<&str>, text: &str) -> Answer {
    let mut request = client.request(Method::POST, SEND).body(text.to_owned());
    if let Some(content_type) = content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    answer(request).await
}

/// Refuses each body as `invalid_body`, in words that say what to change.
async fn assert_refused(client: &Client, bodies: &[(&str, Option<&str>, &str, &str)]) {
    for (number, content_type, text, said) in bodies {
        let answer = raw(client, *content_type, text).await;
        answer.refused(400, "invalid_body");
        assert!(answer.text.contains(said), "{number}: {}", answer.text);
        assert_is_json_object(number, &answer);
    }
}

const JSON: Option<&str> = Some("application/json");
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

#[tokio::test]
async fn bodies_that_are_no_object_are_refused_and_say_why() {
    let world = World::start().await;
    let client = &world.client;
    let array = "Expected object, received array";
    let string = "Expected object, received string";
    let null = "Expected object, received null";
    let media_type = "Content-Type: application/json";
    let bodies = [
        ("V7", JSON, "", "Required"),
        ("a byte order mark", JSON, "\u{feff}{}", "Required"),
        ("V8", JSON, "{\"agentId\":", "Invalid JSON"),
        ("V9 array", JSON, "[]", array),
        ("V9 text", JSON, "\"text\"", string),
        ("V9 null", JSON, "null", null),
        ("V18", Some("text/plain"), PUBLISHED_EXAMPLE, media_type),
        ("JSON called a form", FORM, PUBLISHED_EXAMPLE, media_type),
    ];
    assert_refused(client, &bodies).await;
    let cut = raw(client, JSON, "{\"agentId\":").await;
    let error = text(&cut.body["error"]);
    let says_where = error.starts_with("Invalid JSON at line 1, column ");
    assert!(says_where, "{error}");
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let answer = raw(client, JSON, &large).await;
    // V17
    answer.refused(413, "body_too_large");
}

#[tokio::test]
async fn json_that_cannot_be_read_is_refused_and_says_what_to_change() {
    let world = World::start().await;
    let client = &world.client;
    let cut = "{\"agentId\":\"\u{fffd}";
    let ended = "at line 1, column 15: the body ends too early";
    let half = "cut texts between characters";
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(300), "]".repeat(300));
    let raw_break = "{\"agentId\":\"a\nb\"}";
    let backslash = r#"{"agentId":"C:\x"}"#;
    let bodies = [
        ("half an emoji", JSON, r#"{"agentId":"Bob \ud83d"}"#, half),
        ("the other half", JSON, r#"{"agentId":"\ude00 Bob"}"#, half),
        ("a huge number", JSON, r#"{"agentId":1e999}"#, "as a string"),
        ("a line break", JSON, raw_break, "write it as an escape"),
        ("a backslash", JSON, backslash, "for a backslash"),
        ("cut off", JSON, cut, ended),
        ("two", JSON, "{}{}", "one object only"),
        ("a comma too many", JSON, "{\"a\":1,}", "trailing comma"),
        ("deep", JSON, &deep, "send less nesting"),
    ];
    assert_refused(client, &bodies).await;
    let latin_1 = client
        .request(Method::POST, SEND)
        .header(CONTENT_TYPE, "application/json")
        .body(b"{\"agentId\":\"caf\xe9\"}".to_vec());
    let answer = answer(latin_1).await;
    answer.refused(400, "invalid_body");
    answer.says("as UTF-8");
}

#[tokio::test]
async fn a_send_is_understood_however_the_client_writes_it() {
    let world = World::start().await;
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let pairs = "agentId=agent-123&conversationId=conv-456&body_text=Hi+%C3%A7&button_1_id=a&button_1_title=A";
    let backwards = r#"{"button_1_title":"A","button_1_id":"a","body_text":"Hi","conversationId":"conv-456","agentId":"agent-123"}"#;
    let example = PUBLISHED_EXAMPLE;
    for (number, prefix, suffix, content_type, text) in [
        ("S9", "/api", "", json, example),
        ("S10", "", "?", json, example),
        ("S11", "/", "", json, example),
        ("S14", "", "", "application/json; charset=utf-8", example),
        ("S15", "", "", form, pairs),
        ("S17", "", "", json, backwards),
    ] {
        world.sandbox.clear();
        let path = format!("{prefix}{SEND}{suffix}");
        let request = world.client.request(Method::POST, &path);
        let request = request.header(CONTENT_TYPE, content_type).body(text);
        let answer = answer(request).await;
        assert_eq!(answer.status, 200, "{number}: {}", answer.text);
        assert_eq!(world.sandbox.phone_messages().len(), 1, "{number}");
    }
}
