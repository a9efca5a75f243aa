//! Z-API: sends, refusals and the instance's state.

use recado_sandbox::{Account, Provider, Settings};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{Reply, Server, credential};

const INSTANCE: &str = "instances/INST-01/token/TOKEN-01";

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

pub(crate) async fn call(server: &Server, method: Method, path: &str, body: &Value) -> Reply {
    let path = format!("/zapi/{INSTANCE}/{path}");
    let credential = Some(credential(Provider::Zapi));
    server.call(method, &path, credential, body).await
}

pub(crate) async fn send(server: &Server, method: &str, body: &Value) -> Reply {
    call(server, Method::POST, method, body).await
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
        "callbackData": null, "providerId": answer.json["zaapId"],
    }));
    let listed = &server.phone_messages()[1];
    assert_eq!((listed.header(), listed.buttons().len()), (None, 3));
}

#[rstest]
#[case::z08_no_client_token(None, 400, "your client-token is not configured")]
#[case::z09_a_wrong_client_token(Some("XYZ"), 403, "Client-Token XYZ not allowed")]
#[tokio::test]
async fn a_call_without_the_client_token_is_refused(
    #[case] token: Option<&str>,
    #[case] status: u16,
    #[case] error: &str,
) {
    let server = Server::start().await;
    let path = format!("/zapi/{INSTANCE}/send-button-list");
    let credential = token.map(|token| ("client-token", token));
    let reply = server.call(Method::POST, &path, credential, &list()).await;
    reply.is(status, &json!({"error": error}));
    assert_eq!(server.requests()[0].has_credential, token.is_some());
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
async fn z12_an_unknown_instance_is_refused() {
    let server = Server::start().await;
    for instance in ["INST-02/token/TOKEN-01", "INST-01/token/TOKEN-02"] {
        let path = format!("/zapi/instances/{instance}/send-button-list");
        let credential = Some(credential(Provider::Zapi));
        let reply = server.call(Method::POST, &path, credential, &list()).await;
        reply.is(400, &json!({"error": "Instance not found"}));
    }
}

#[rstest]
#[case::z14_an_empty_message("send-button-list", with(list(), "/message", json!("")), "The field 'message' is empty")]
#[case::no_phone(
    "send-button-list",
    with(list(), "/phone", Value::Null),
    "The field 'phone' is empty"
)]
#[case::z06_a_phone_in_notation("send-button-list", with(list(), "/phone", json!("+55 (21) 98888-7777")), "The field 'phone' is invalid")]
#[case::no_list(
    "send-button-list",
    with(list(), "/buttonList", Value::Null),
    "The field 'buttonList' is empty"
)]
#[case::no_buttons("send-button-list", with(list(), "/buttonList/buttons", json!([])), "The field 'buttons' is empty")]
#[case::no_label("send-button-list", with(list(), "/buttonList/buttons", json!([{"id": "a"}])), "The field 'label' is empty")]
#[case::image_and_video("send-button-list", with(with(list(), "/buttonList/image", json!("a")), "/buttonList/video", json!("b")), "The field 'buttonList' is invalid")]
#[case::a_delay_of_16("send-button-list", with(list(), "/delayMessage", json!(16)), "The field 'delayMessage' is invalid")]
#[case::an_action_without_type("send-button-actions", with(actions(), "/buttonActions", json!([{"label": "a"}])), "The field 'type' is empty")]
#[case::a_lower_case_type("send-button-actions", with(actions(), "/buttonActions", json!([{"label": "a", "type": "reply"}])), "The field 'type' is invalid")]
#[case::a_call_without_phone("send-button-actions", with(actions(), "/buttonActions", json!([{"label": "a", "type": "CALL"}])), "The field 'phone' is empty")]
#[case::a_url_without_scheme("send-button-actions", with(actions(), "/buttonActions", json!([{"label": "a", "type": "URL", "url": "a.example"}])), "The field 'url' is invalid")]
#[tokio::test]
async fn a_body_that_lacks_something_is_refused(
    #[case] method: &str,
    #[case] body: Value,
    #[case] error: &str,
) {
    let server = Server::start().await;
    let reply = send(&server, method, &body).await;
    reply.is(400, &json!({"error": error}));
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
    let status = call(&server, Method::GET, "status", &Value::Null).await;
    for reply in [sent, status] {
        reply.is(400, &json!({"error": text}));
    }
}

#[tokio::test]
async fn z15_the_wrong_verb_is_refused() {
    let server = Server::start().await;
    let reply = call(&server, Method::GET, "send-button-list", &Value::Null).await;
    reply.has(405, &json!({"error": "NOT_FOUND"}));
    assert_eq!(reply.headers["allow"], "POST");
}

#[tokio::test]
async fn z16_a_body_without_its_content_type_is_refused() {
    let server = Server::start().await;
    let path = format!("/zapi/{INSTANCE}/send-button-list");
    let credential = Some(credential(Provider::Zapi));
    let request = server.request(Method::POST, &path, credential, &Value::Null);
    let reply = Reply::of(request.body(list().to_string())).await;
    assert_eq!(reply.status, 415);
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
        let status = call(&server, Method::GET, "status", &Value::Null).await;
        let body =
            json!({"connected": connected, "error": error, "smartphoneConnected": connected});
        status.is(200, &body);
        let me = call(&server, Method::GET, "me", &Value::Null).await;
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
