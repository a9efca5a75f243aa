//! `ZapperHUB` v2: sends, refusals and the connection.

use recado_sandbox::{Account, Connection, Provider, ResponseShape};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{Reply, Server, credential};

fn message() -> Value {
    json!({
        "jid": "5521988887777", "title": "Clínica Aurora",
        "body": "Podemos confirmar a visita de quinta?", "footer": "Responda até 18h",
        "buttons": [
            {"type": "reply", "id": "visit_yes", "displayText": "Confirmar"},
            {"type": "reply", "id": "visit_no", "displayText": "Cancelar"},
        ],
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut message = message();
    message[key] = value;
    message
}

fn without(key: &str) -> Value {
    let mut message = message();
    message.as_object_mut().expect("an object").remove(key);
    message
}

pub(crate) async fn call(server: &Server, method: Method, path: &str, body: &Value) -> Reply {
    let path = format!("/zapperhub/inst_5f2c/{path}");
    let credential = Some(credential(Provider::Zapperhub));
    server.call(method, &path, credential, body).await
}

async fn send(server: &Server, body: &Value) -> Reply {
    call(server, Method::POST, "messages/buttons", body).await
}

#[tokio::test]
async fn h01_a_message_is_taken_and_shown() {
    let server = Server::start().await;
    assert_eq!(send(&server, &message()).await.status, 200);
    server.shows(&json!({
        "to": "5521988887777", "from": "inst_5f2c", "header": "Clínica Aurora",
        "body": "Podemos confirmar a visita de quinta?", "footer": "Responda até 18h",
        "buttons": [{"id": "visit_yes", "title": "Confirmar"}, {"id": "visit_no", "title": "Cancelar"}],
    }));
}

#[tokio::test]
async fn h05_h06_every_form_of_recipient_is_taken() {
    let server = Server::start().await;
    for (jid, shown) in [
        ("5521988887777", "5521988887777"),
        ("+5521988887777", "5521988887777"),
        ("5521988887777@s.whatsapp.net", "5521988887777"),
        ("190000000000001@lid", "190000000000001@lid"),
    ] {
        server.clear();
        assert_eq!(send(&server, &with("jid", json!(jid))).await.status, 200);
        server.shows(&json!({"to": shown}));
    }
}

#[rstest]
#[case::h08(ResponseShape::KeyObject, "/key/id")]
#[case::h09(ResponseShape::KeyString, "/key")]
#[case::h10_id(ResponseShape::Id, "/id")]
#[case::h10_message_id(ResponseShape::MessageId, "/messageId")]
#[tokio::test]
async fn the_answer_carries_the_id_where_the_switch_says(
    #[case] shape: ResponseShape,
    #[case] pointer: &str,
) {
    let server = Server::with(|settings| settings.zapperhub.response_shape = shape).await;
    let reply = send(&server, &message()).await;
    let id = json!(server.phone_messages()[0].message_id);
    assert_eq!(reply.json.pointer(pointer), Some(&id));
}

#[rstest]
#[case::h11(ResponseShape::Job)]
#[case::h12(ResponseShape::Empty)]
#[tokio::test]
async fn the_answer_may_keep_the_id_to_itself(#[case] shape: ResponseShape) {
    let server = Server::with(|settings| settings.zapperhub.response_shape = shape).await;
    let reply = send(&server, &message()).await;
    assert_eq!(reply.status, 200);
    let id = &server.phone_messages()[0].message_id;
    assert!(!reply.text.contains(id.as_str()));
    assert_eq!(reply.json["jobId"].is_string(), shape == ResponseShape::Job);
    assert_eq!(reply.text.is_empty(), shape == ResponseShape::Empty);
}

#[rstest]
#[case::h14_no_key(None, "inst_5f2c", 401, "Unauthorized")]
#[case::h14_a_wrong_key(Some("K2"), "inst_5f2c", 401, "Unauthorized")]
#[case::h15_an_unknown_instance(Some("API-KEY-01"), "inst_none", 404, "Instance not found")]
#[case::a_foreign_instance(Some("API-KEY-01"), "inst_other", 403, "Forbidden")]
#[tokio::test]
async fn a_caller_without_the_right_is_refused(
    #[case] key: Option<&str>,
    #[case] instance: &str,
    #[case] status: u16,
    #[case] message_text: &str,
) {
    let server = Server::start().await;
    server.add_account(Account::Zapperhub {
        instance_id: "inst_other".into(),
        api_key: "K-OTHER".into(),
    });
    let path = format!("/zapperhub/{instance}/messages/buttons");
    let credential = key.map(|key| ("x-api-key", key));
    let reply = server.call(Method::POST, &path, credential, &message());
    let reply = reply.await;
    reply.is(status, &json!({"message": message_text}));
}

#[rstest]
#[case::h16_no_jid(without("jid"), "body/jid Required")]
#[case::an_empty_jid(with("jid", json!("")), "body/jid must NOT have fewer than 1 characters")]
#[case::a_jid_in_notation(with("jid", json!("+55 21 98888-7777")), "body/jid Invalid")]
#[case::no_buttons(without("buttons"), "body/buttons Required")]
#[case::an_empty_list(with("buttons", json!([])), "body/buttons must NOT have fewer than 1 items")]
#[case::an_unknown_key(with("text", json!("x")), "body must NOT have additional properties")]
#[case::an_unknown_key_in_a_button(with("buttons", json!([{"type": "reply", "id": "a", "displayText": "A", "text": "A"}])), "body/buttons/0 must NOT have additional properties")]
#[case::a_button_without_text(with("buttons", json!([{"type": "reply", "id": "a"}])), "body/buttons/0/displayText Required")]
#[case::a_button_of_unknown_type(with("buttons", json!([{"type": "quick", "id": "a", "displayText": "A"}])), "body/buttons/0/type must be equal to one of the allowed values")]
#[case::a_null_title(with("title", Value::Null), "body/title must be string")]
#[case::a_wrong_expiration(with("expiration", json!("1h")), "body/expiration must be equal to one of the allowed values")]
#[case::h07_reply_buttons_to_a_group(with("jid", json!("12345678-987654321@g.us")), "reply buttons cannot be sent to groups")]
#[case::not_an_object(json!([]), "body must be object")]
#[tokio::test]
async fn a_body_outside_the_schema_is_refused(#[case] body: Value, #[case] message_text: &str) {
    let server = Server::start().await;
    let reply = send(&server, &body).await;
    reply.is(400, &json!({"message": message_text}));
    server.shows_nothing();
}

#[tokio::test]
async fn a_body_that_does_not_say_json_is_refused() {
    let server = Server::start().await;
    let path = "/zapperhub/inst_5f2c/messages/buttons";
    let credential = Some(credential(Provider::Zapperhub));
    let request = server.request(Method::POST, path, credential, &Value::Null);
    let reply = Reply::of(request.body(message().to_string())).await;
    assert_eq!(reply.status, 415);
}

#[tokio::test]
async fn unknown_keys_are_dropped_when_the_switch_says_so() {
    let server = Server::with(|settings| settings.zapperhub.strip_unknown_keys = true).await;
    assert_eq!(send(&server, &with("text", json!("x"))).await.status, 200);
}

#[tokio::test]
async fn h17_a_device_that_is_not_connected_sends_nothing() {
    let server = Server::with(|settings| settings.zapperhub.connection = Connection::Close).await;
    let reply = send(&server, &message()).await;
    reply.is(409, &json!({"message": "Instance is not connected"}));
}

#[tokio::test]
async fn h21_the_connection_is_told() {
    let server = Server::start().await;
    for (connection, status) in [
        (Connection::Open, "open"),
        (Connection::Close, "close"),
        (Connection::Unpaired, "connecting"),
    ] {
        server.change_settings(|settings| settings.zapperhub.connection = connection);
        let reply = call(&server, Method::GET, "connection", &Value::Null).await;
        reply.has(200, &json!({"status": status}));
        let is_unpaired = connection == Connection::Unpaired;
        assert_eq!(reply.json["qrCode"].is_string(), is_unpaired);
        assert_eq!(reply.json["user"].is_null(), is_unpaired);
    }
}

#[tokio::test]
async fn the_root_is_open_and_the_rest_is_not() {
    let server = Server::start().await;
    for root in ["/zapperhub/", "/zapperhub"] {
        server.get(root).await.has(200, &json!({"status": "UP"}));
    }
    let closed = server.get("/zapperhub/inst_5f2c/messages").await;
    assert_eq!(closed.status, 401);
}
