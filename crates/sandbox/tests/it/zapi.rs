//! Z-API: sends, refusals and the instance's state.

use recado_sandbox::{Account, Provider, Settings};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{Reply, Server, parsed, rows};

pub(crate) fn list() -> Value {
    json!({
        "phone": "5521988887777", "message": "Podemos confirmar a visita de quinta?",
        "buttonList": {"buttons": [
            {"id": "visit_yes", "label": "Confirmar"},
            {"id": "visit_move", "label": "Remarcar"},
            {"id": "visit_no", "label": "Cancelar"},
        ]},
    })
}

fn actions() -> Value {
    json!({
        "phone": "5521988887777", "title": "Clínica Aurora", "message": "Podemos confirmar?",
        "footer": "Até 18h",
        "buttonActions": [{"id": "visit_yes", "type": "REPLY", "label": "Confirmar"}],
    })
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    body.pointer_mut(parent).expect("a parent")[key] = value;
    body
}

pub(crate) async fn send(server: &Server, method: &str, body: &Value) -> Reply {
    server
        .ask(Provider::Zapi, &format!("POST {method}"), body)
        .await
}

#[rstest]
#[case::z01_a_list("send-button-list", list())]
#[case::the_image_alias("send-button-list-image", with(list(), "/buttonList/image", json!("https://a.example/a.png")))]
#[case::the_video_alias("send-button-list-video", with(list(), "/buttonList/video", json!("https://a.example/a.mp4")))]
#[case::z02_actions("send-button-actions", actions())]
#[case::z07_a_lid("send-button-list", with(list(), "/phone", json!("190000000000001@lid")))]
#[case::a_group("send-button-list", with(list(), "/phone", json!("120363000000000001-group")))]
#[case::an_old_group("send-button-list", with(list(), "/phone", json!("5521988887777-1600000000")))]
#[case::a_delay("send-button-list", with(list(), "/delayMessage", json!(15)))]
#[case::a_text("send-text", json!({"phone": "5521988887777", "message": "oi"}))]
#[tokio::test]
async fn a_message_is_taken_and_answered_with_both_ids(#[case] method: &str, #[case] body: Value) {
    let server = Server::start().await;
    let reply = send(&server, method, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let text = |key: &str| reply.json[key].as_str().expect("an id");
    assert_eq!((text("zaapId").len(), text("messageId").len()), (32, 20));
    assert_eq!(text("id"), text("messageId"));
    let shown = &server.phone_messages()[0];
    assert_eq!(shown.message_id, text("messageId"));
    assert_eq!(shown.to, body["phone"]);
}

#[tokio::test]
async fn the_phone_shows_the_parts_that_the_endpoint_has() {
    let server = Server::start().await;
    let answer = send(&server, "send-button-actions", &actions()).await;
    // A title on a list has no documented effect.
    let titled = with(list(), "/title", json!("Clínica Aurora"));
    send(&server, "send-button-list", &titled).await;
    server.shows(&json!({
        "provider": "zapi", "to": "5521988887777", "from": "INST-01",
        "messageId": answer.json["messageId"], "header": "Clínica Aurora",
        "body": "Podemos confirmar?", "footer": "Até 18h",
        "buttons": [{"id": "visit_yes", "title": "Confirmar"}],
        "providerId": answer.json["zaapId"],
    }));
    assert_eq!(server.phone_messages()[0].callback_data, None);
    let listed = &server.phone_messages()[1];
    assert_eq!((listed.header(), listed.buttons().len()), (None, 3));
}

#[tokio::test]
async fn an_account_without_a_client_token_needs_none() {
    let server = Server::start().await;
    server.add_account(Account::Zapi {
        instance_id: "INST-02".into(),
        instance_token: "TOKEN-02".into(),
        client_token: None,
    });
    let path = "/zapi/instances/INST-02/token/TOKEN-02/send-button-list";
    assert_eq!(server.post(path, &list()).await.status, 200);
}

#[tokio::test]
async fn a_body_that_lacks_something_is_refused() {
    let server = Server::start().await;
    let table = r#"
z14 | send-button-list | /message | "" | The field 'message' is empty
no phone | send-button-list | /phone | null | The field 'phone' is empty
z06 | send-button-list | /phone | "+55 (21) 98888-7777" | The field 'phone' is invalid
no list | send-button-list | /buttonList | null | The field 'buttonList' is empty
no buttons | send-button-list | /buttonList/buttons | [] | The field 'buttons' is empty
no label | send-button-list | /buttonList/buttons | [{"id": "a"}] | The field 'label' is empty
two media | send-button-list | /buttonList | {"image": "a", "video": "b"} | The field 'buttonList' is invalid
a delay of 16 | send-button-list | /delayMessage | 16 | The field 'delayMessage' is invalid
no type | send-button-actions | /buttonActions | [{"label": "a"}] | The field 'type' is empty
lower case | send-button-actions | /buttonActions | [{"label": "a", "type": "reply"}] | The field 'type' is invalid
a call to none | send-button-actions | /buttonActions | [{"label": "a", "type": "CALL"}] | The field 'phone' is empty
no scheme | send-button-actions | /buttonActions | [{"label": "a", "type": "URL", "url": "a.example"}] | The field 'url' is invalid"#;
    for [name, method, pointer, value, error] in rows(table) {
        let is_list = method == "send-button-list";
        let body = if is_list { list() } else { actions() };
        let reply = send(&server, method, &with(body, pointer, parsed(value))).await;
        assert_eq!(
            (reply.status, &reply.json),
            (400, &json!({"error": error})),
            "{name}"
        );
    }
    server.shows_nothing();
}

#[tokio::test]
async fn the_vendor_states_no_highest_number_of_buttons() {
    let server = Server::start().await;
    let buttons: Value = (0..4).map(|n| json!({"label": format!("L{n}")})).collect();
    let four = with(list(), "/buttonList/buttons", buttons);
    let reply = send(&server, "send-button-list", &four).await;
    assert_eq!(reply.status, 200);
    assert_eq!(server.phone_messages()[0].buttons()[3].id, "");
}

#[tokio::test]
async fn z11_a_blocked_address_is_refused() {
    let server =
        Server::with(|settings| settings.zapi.blocked_ip = Some("203.0.113.9".into())).await;
    let reply = send(&server, "send-button-list", &list()).await;
    reply.is(403, &json!({"error": "203.0.113.9 not allowed"}));
}

#[tokio::test]
async fn z13_an_instance_that_is_not_paid_for_is_refused_on_sends_and_status() {
    let server = Server::with(|settings| settings.zapi.subscribed = false).await;
    let text = "To continue sending a message, you must subscribe to this instance again";
    let sent = send(&server, "send-button-list", &list()).await;
    let status = server.ask(Provider::Zapi, "GET status", &Value::Null).await;
    for reply in [sent, status] {
        reply.is(400, &json!({"error": text}));
    }
}

#[tokio::test]
async fn z17_an_unknown_path_is_not_found_with_200_on_some_tenants() {
    let server = Server::start().await;
    let body =
        json!({"error": "NOT_FOUND", "message": "Unable to find matching target resource method"});
    send(&server, "send-buttons", &list()).await.is(404, &body);
    server.change_settings(|settings| settings.zapi.not_found_with_200 = true);
    send(&server, "send-buttons", &list()).await.is(200, &body);
}

#[tokio::test]
async fn z24_z25_the_status_always_fills_its_error() {
    let server = Server::start().await;
    for (connected, error) in [
        (true, "You are already connected."),
        (false, "You are not connected."),
    ] {
        server.change_settings(|settings| settings.zapi.connected = connected);
        let status = server.ask(Provider::Zapi, "GET status", &Value::Null).await;
        let body =
            json!({"connected": connected, "error": error, "smartphoneConnected": connected});
        status.is(200, &body);
        let me = server.ask(Provider::Zapi, "GET me", &Value::Null).await;
        me.has(200, &json!({"id": "INST-01", "connected": connected}));
    }
}

#[tokio::test]
async fn z23_a_message_to_a_disconnected_phone_waits_until_it_is_back() {
    let server = Server::with(|settings| settings.zapi.connected = false).await;
    for _ in 0..1000 {
        assert_eq!(send(&server, "send-button-list", &list()).await.status, 200);
    }
    let full = send(&server, "send-button-list", &list()).await;
    full.is(400, &json!({"error": "queue limit reached"}));
    server.shows_nothing();
    server.set_settings(Settings::default());
    assert_eq!(server.phone_messages().len(), 1000);
}

#[tokio::test]
async fn a_message_that_is_taken_out_of_the_queue_never_arrives() {
    let server = Server::with(|settings| settings.zapi.connected = false).await;
    let [canceled, other] = [
        send(&server, "send-button-list", &list()).await.json,
        send(&server, "send-button-list", &list()).await.json,
    ];
    let cancel = async |message: &Value| {
        let zaap_id = message["zaapId"].as_str().expect("an id");
        let call = format!("DELETE queue/{zaap_id}");
        server.ask(Provider::Zapi, &call, &Value::Null).await
    };
    cancel(&canceled).await.is(200, &json!({"value": true}));
    let unknown = json!({"error": "Message not found"});
    cancel(&canceled).await.is(404, &unknown);
    server.set_settings(Settings::default());
    let [arrived] = &server.phone_messages()[..] else {
        panic!("one message");
    };
    assert_eq!(arrived.message_id, other["messageId"]);
    cancel(&other).await.is(404, &unknown);
}
