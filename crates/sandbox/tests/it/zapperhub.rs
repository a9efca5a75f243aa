//! `ZapperHUB` v2: sends, refusals and the connection.

use recado_sandbox::{Connection, Provider, ResponseShape};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{Reply, Server, parsed, rows};

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

async fn send(server: &Server, body: &Value) -> Reply {
    let call = "POST messages/buttons";
    server.ask(Provider::Zapperhub, call, body).await
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
    assert_eq!(reply.status, 200, "{}", reply.text);
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

#[tokio::test]
async fn a_body_outside_the_schema_is_refused() {
    let server = Server::start().await;
    let table = r#"
an empty jid | jid | "" | body/jid must NOT have fewer than 1 characters
a jid in notation | jid | "+55 21 98888-7777" | body/jid Invalid
h07 | jid | "12345678-987654321@g.us" | reply buttons cannot be sent to groups
an empty list | buttons | [] | body/buttons must NOT have fewer than 1 items
an unknown key | text | "x" | body must NOT have additional properties
an unknown key in a button | buttons | [{"type": "reply", "id": "a", "displayText": "A", "text": "A"}] | body/buttons/0 must NOT have additional properties
no text | buttons | [{"type": "reply", "id": "a"}] | body/buttons/0/displayText Required
an unknown type | buttons | [{"type": "quick", "id": "a", "displayText": "A"}] | body/buttons/0/type must be equal to one of the allowed values
no title | title | null | body/title must be string
an hour | expiration | "1h" | body/expiration must be equal to one of the allowed values"#;
    for [name, key, value, error] in rows(table) {
        let reply = send(&server, &with(key, parsed(value))).await;
        let reply = reply.named(name);
        reply.is(400, &json!({"message": error}));
    }
    for (name, body, error) in [
        ("h16", without("jid"), "body/jid Required"),
        ("no buttons", without("buttons"), "body/buttons Required"),
        ("not an object", json!([]), "body must be object"),
    ] {
        let reply = send(&server, &body).await.named(name);
        reply.is(400, &json!({"message": error}));
    }
    server.shows_nothing();
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
        let call = "GET connection";
        let reply = server.ask(Provider::Zapperhub, call, &Value::Null).await;
        reply.has(200, &json!({"status": status}));
        let is_unpaired = connection == Connection::Unpaired;
        assert_eq!(reply.json["qrCode"].is_string(), is_unpaired);
        assert_eq!(reply.json["user"].is_null(), is_unpaired);
    }
}
