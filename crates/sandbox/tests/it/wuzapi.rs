//! The wuzapi dialect: sends, refusals and the session.

use recado_sandbox::{Answer, Effect, Fault, Provider, Session, TimestampShape};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{Reply, Server, parsed, rows};

fn message() -> Value {
    json!({
        "Phone": "5521988887777", "title": "Clínica Aurora", "body": "Podemos confirmar?",
        "footer": "Até 18h",
        "buttons": [{"type": "reply", "displayText": "Confirmar", "id": "visit_yes"}],
        "Id": "3EB0A1B2C3D4E5F60718",
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut message = message();
    message[key] = value;
    message
}

async fn send(server: &Server, body: &Value) -> Reply {
    let call = "POST chat/send/buttons";
    server.ask(Provider::Wuzapi, call, body).await
}

fn failure(code: u16, error: &str) -> Value {
    json!({"code": code, "error": error, "success": false})
}

#[tokio::test]
async fn h42_a_message_is_sent_under_the_id_that_the_caller_chose() {
    let server = Server::start().await;
    let data = json!({"Details": "Sent", "Id": "3EB0A1B2C3D4E5F60718"});
    let answer = json!({"code": 200, "success": true, "data": data});
    send(&server, &message()).await.has(200, &answer);
    server.shows(&json!({
        "messageId": "3EB0A1B2C3D4E5F60718", "to": "5521988887777", "header": "Clínica Aurora",
        "buttons": [{"id": "visit_yes", "title": "Confirmar"}],
    }));
}

#[tokio::test]
async fn keys_are_read_in_any_case_and_unknown_ones_ignored() {
    let server = Server::start().await;
    let body =
        json!({"phone": "+5521988887777", "BODY": "b", "Buttons": [{"displaytext": "A"}], "x": 1});
    let reply = send(&server, &body).await;
    assert_eq!(reply.json["data"]["Id"].as_str().map(str::len), Some(20));
    server.shows(&json!({"to": "5521988887777", "buttons": [{"id": "", "title": "A"}]}));
}

#[rstest]
#[case::h44_no_session(Session::None, "no session")]
#[case::h48_logged_out(Session::LoggedOut, "error sending message: not logged in")]
#[tokio::test]
async fn a_session_that_is_not_open_sends_nothing(#[case] session: Session, #[case] error: &str) {
    let server = Server::with(|settings| settings.wuzapi.session = session).await;
    let reply = send(&server, &message()).await;
    reply.is(500, &failure(500, error));
    let status = server
        .ask(Provider::Wuzapi, "GET session/status", &Value::Null)
        .await;
    let is_connected = session == Session::LoggedOut;
    status.has(
        200,
        &json!({"data": {"loggedIn": false, "connected": is_connected}}),
    );
    server.shows_nothing();
}

#[tokio::test]
async fn no_session_is_said_before_the_body_is_read() {
    let server = Server::with(|settings| settings.wuzapi.session = Session::None).await;
    let reply = send(&server, &json!("{")).await;
    assert_eq!(reply.json["error"], "no session");
}

#[tokio::test]
async fn a_payload_is_refused_with_the_engines_words() {
    let server = Server::start().await;
    let table = r#"
h46 | Phone | "" | missing Phone in Payload
h46 | Phone | 1 | could not decode Payload
h47 | Phone | "@s.whatsapp.net" | could not parse Phone
h46 | buttons | [] | missing Buttons in Payload
h45 | buttons | [{}, {}, {}, {}] | buttons cannot be more than 3
an image of nothing | image | "x" | image must be data:image/... or http(s) URL
no base64 | image | "data:image/png;base64,*" | could not decode base64 image from payload"#;
    for [name, key, value, error] in rows(table) {
        let reply = send(&server, &with(key, parsed(value))).await;
        let reply = reply.named(name);
        reply.is(400, &failure(400, error));
    }
    let text = send(&server, &json!("text")).await.named("h46");
    text.is(400, &failure(400, "could not decode Payload"));
}

#[tokio::test]
async fn empty_texts_and_unknown_types_are_not_checked() {
    let server = Server::start().await;
    let body = json!({"Phone": "ana", "buttons": [{"type": "odd"}]});
    assert_eq!(send(&server, &body).await.status, 200);
}

#[tokio::test]
async fn h49_the_time_is_a_number_or_rfc_3339() {
    let server = Server::start().await;
    let integer = send(&server, &message()).await;
    assert!(integer.json["data"]["Timestamp"].is_i64());
    server.change_settings(|settings| settings.wuzapi.timestamp = TimestampShape::Rfc3339);
    let text = send(&server, &message()).await;
    let text = text.json["data"]["Timestamp"].as_str().expect("a text");
    assert!(text.ends_with('Z') && text.contains('T'), "{text}");
}

#[tokio::test]
async fn h50_the_words_of_another_version_are_a_fault() {
    let server = Server::start().await;
    let answer = Answer::new(500, failure(500, "No session"));
    server.fail_next(Fault::new(Provider::Wuzapi, Effect::Answer(answer)), 1);
    let reply = send(&server, &message()).await;
    reply.is(500, &failure(500, "No session"));
}

#[tokio::test]
async fn the_session_is_told() {
    let server = Server::start().await;
    let reply = server
        .ask(Provider::Wuzapi, "GET session/status", &Value::Null)
        .await;
    let data = json!({"connected": true, "loggedIn": true, "id": "1", "token": "WUZAPI-TOKEN-01"});
    reply.has(200, &json!({"data": data}));
}
