//! The WhatsApp Cloud API: sends, refusals and the number's node.

use recado_sandbox::{Provider, WindowMode};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{Reply, Server, credential};

pub(crate) const NUMBER: &str = "800000000000001";

pub(crate) fn message() -> Value {
    json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "5511900000001",
        "type": "interactive",
        "interactive": {
            "type": "button", "body": {"text": "Podemos entregar hoje entre *14h* e *18h*?"},
            "action": {"buttons": [
                {"type": "reply", "reply": {"id": "a", "title": "Sim"}},
                {"type": "reply", "reply": {"id": "b", "title": "Não"}},
            ]},
        },
    })
}

/// The OK message with the value at a JSON pointer set, or removed when it is `null`.
fn changed(changes: &[(&str, Value)]) -> Value {
    let mut message = message();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = message.pointer_mut(parent).expect("a parent");
        match parent {
            Value::Object(object) if value.is_null() => drop(object.remove(key)),
            parent => match key.parse::<usize>() {
                Ok(index) => parent[index] = value.clone(),
                Err(_) => parent[key] = value.clone(),
            },
        }
    }
    message
}

fn buttons(count: usize) -> Value {
    let button =
        |n| json!({"type": "reply", "reply": {"id": format!("id-{n}"), "title": format!("T{n}")}});
    (0..count).map(button).collect()
}

const PATH: &str = "/whatsapp/v25.0/800000000000001/messages";

pub(crate) async fn send(server: &Server, body: &Value) -> Reply {
    let call = "POST 800000000000001/messages";
    server.ask(Provider::Whatsapp, call, body).await
}

const ACTION: &str = "/interactive/action";
const BUTTONS: &str = "/interactive/action/buttons";
const TITLE: &str = "/interactive/action/buttons/0/reply/title";
const ID: &str = "/interactive/action/buttons/0/reply/id";
const BODY: &str = "/interactive/body/text";
const HEADER: &str = "/interactive/header";
const FOOTER: &str = "/interactive/footer";

#[rstest]
#[case::s01_one_button(&[(BUTTONS, buttons(1))])]
#[case::s02_three_buttons(&[(BUTTONS, buttons(3))])]
#[case::s05_a_title_of_20_code_points(&[(TITLE, json!("ç".repeat(20)))])]
#[case::s11_an_id_of_256(&[(ID, json!("i".repeat(256)))])]
#[case::s14_a_body_of_1024(&[(BODY, json!(format!("*b*\n{}", "ç".repeat(1020))))])]
#[case::s17_a_footer_of_60(&[(FOOTER, json!({"text": "f".repeat(60)}))])]
#[case::s17_an_empty_footer(&[(FOOTER, json!({"text": ""}))])]
#[case::s18_a_header_of_60(&[(HEADER, json!({"type": "text", "text": "h".repeat(60)}))])]
#[case::s21_an_image_by_link(&[(HEADER, json!({"type": "image", "image": {"link": "https://loja.example/a.png"}}))])]
#[case::a_document_by_id(&[(HEADER, json!({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}))])]
#[case::s25_the_action_as_text(&[(ACTION, json!(json!({"buttons": buttons(2)}).to_string()))])]
#[case::s34_to_and_recipient(&[("/recipient", json!("BR.0000000000000001"))])]
#[case::s36_callback_data_of_512(&[("/biz_opaque_callback_data", json!("d".repeat(512)))])]
#[case::s38_a_context(&[("/context", json!({"message_id": "wamid.SIMINBOUND0001"}))])]
#[case::no_recipient_type(&[("/recipient_type", Value::Null)])]
#[case::newlines_are_let_through_by_default(&[(TITLE, json!("a\nb"))])]
#[case::a_plain_text(&[("/type", Value::Null), ("/interactive", Value::Null), ("/text", json!({"body": "oi"}))])]
#[tokio::test]
async fn a_message_within_the_rules_is_accepted(#[case] changes: &[(&str, Value)]) {
    let server = Server::start().await;
    let reply = send(&server, &changed(changes)).await;
    let contacts = json!([{"input": "5511900000001", "wa_id": "5511900000001"}]);
    reply.has(
        200,
        &json!({"messaging_product": "whatsapp", "contacts": contacts}),
    );
    let id = reply.json["messages"][0]["id"].as_str().expect("an id");
    assert!(id.starts_with("wamid."));
    assert_eq!(server.phone_messages()[0].message_id, id);
    assert_eq!(reply.headers["facebook-api-version"], "v25.0");
}

#[rstest]
#[case::s03_no_button(&[(BUTTONS, json!([]))], "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")]
#[case::s04_four_buttons(&[(BUTTONS, buttons(4))], "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")]
#[case::s06_a_title_of_21(&[(TITLE, json!("ç".repeat(21)))], "Button title length invalid. Min length: 1, Max length: 20")]
#[case::s09_two_titles_equal(&[(TITLE, json!("Não"))], "Buttons titles must be unique")]
#[case::s10_two_ids_equal(&[(ID, json!("b"))], "Buttons ids must be unique")]
#[case::s12_an_id_of_257(&[(ID, json!("i".repeat(257)))], "Button id length invalid. Min length: 1, Max length: 256")]
#[case::s13_an_id_with_a_leading_space(&[(ID, json!(" a"))], "Button id must not start or end with a space")]
#[case::s15_a_body_of_1025(&[(BODY, json!("b".repeat(1025)))], "Body text length invalid. Min length: 1, Max length: 1024")]
#[case::s17_a_footer_of_61(&[(FOOTER, json!({"text": "f".repeat(61)}))], "Footer text length invalid. Min length: 0, Max length: 60")]
#[case::s18_a_header_of_61(&[(HEADER, json!({"type": "text", "text": "h".repeat(61)}))], "Header text length invalid. Min length: 1, Max length: 60")]
#[case::s19_a_text_header_without_text(&[(HEADER, json!({"type": "text"}))], "Text cannot be null for header type text")]
#[case::a_caption_in_the_header(&[(HEADER, json!({"type": "image", "image": {"id": "1", "caption": "c"}}))], "Caption is not allowed in a header")]
#[case::media_with_id_and_link(&[(HEADER, json!({"type": "image", "image": {"id": "1", "link": "https://a.example"}}))], "Media must have exactly one of id and link")]
#[case::s37_callback_data_of_513(&[("/biz_opaque_callback_data", json!("d".repeat(513)))], "Callback data length invalid. Min length: 0, Max length: 512")]
#[case::a_recipient_that_is_no_number(&[("/to", json!("ana"))], "Recipient phone number is not valid")]
#[tokio::test]
async fn a_message_that_breaks_a_limit_is_refused_with_131009_and_details(
    #[case] changes: &[(&str, Value)],
    #[case] details: &str,
) {
    let server = Server::start().await;
    let reply = send(&server, &changed(changes)).await;
    let lacks_text = details.starts_with("Text cannot be null");
    let error = json!({
        "code": 131_009, "message": "(#131009) Parameter value is not valid",
        "error_subcode": lacks_text.then_some(2_494_010),
        "error_data": {"messaging_product": "whatsapp", "details": details},
    });
    reply.has(400, &json!({"error": error}));
    server.shows_nothing();
    assert!(!server.requests()[0].accepted);
}

#[rstest]
#[case::s07_an_empty_title(&[(TITLE, json!(""))], "The parameter interactive['action']['buttons'][0]['reply']['title'] is required.")]
#[case::s08_a_missing_title(&[("/interactive/action/buttons/1/reply/title", Value::Null)], "The parameter interactive['action']['buttons'][1]['reply']['title'] is required.")]
#[case::a_missing_id(&[(ID, Value::Null)], "The parameter interactive['action']['buttons'][0]['reply']['id'] is required.")]
#[case::s16_an_empty_body(&[(BODY, json!(""))], "The parameter interactive['body']['text'] is required.")]
#[case::s16_a_blank_body(&[(BODY, json!(" \n"))], "The parameter interactive['body']['text'] is required.")]
#[case::s16_a_missing_body(&[("/interactive/body", Value::Null)], "The parameter interactive['body']['text'] is required.")]
#[case::s20_a_header_text_that_is_an_object(&[(HEADER, json!({"type": "text", "text": {}}))], "Param interactive['header']['text'] must be a string.")]
#[case::s23_an_audio_header(&[(HEADER, json!({"type": "audio", "audio": {"id": "1"}}))], "Param interactive['header']['type'] must be one of {text, image, video, document} - got \"audio\".")]
#[case::s24_an_unknown_interactive_type(&[("/interactive/type", json!("buttons"))], "Param interactive['type'] must be one of {button, list, cta_url, location_request_message} - got \"buttons\".")]
#[case::s26_a_url_button(&[("/interactive/action/buttons/0/type", json!("url"))], "Param interactive['action']['buttons'][0]['type'] must be one of {reply} - got \"url\".")]
#[case::s27_no_messaging_product(&[("/messaging_product", Value::Null)], "The parameter messaging_product is required.")]
#[case::s28_no_recipient(&[("/to", Value::Null)], "The parameter to is required.")]
#[case::no_interactive(&[("/interactive", Value::Null)], "The parameter interactive is required.")]
#[case::no_action(&[(ACTION, Value::Null)], "The parameter interactive['action'] is required.")]
#[case::no_buttons(&[(BUTTONS, Value::Null)], "The parameter interactive['action']['buttons'] is required.")]
#[case::an_unknown_key(&[("/colour", json!("red"))], "Unexpected key \"colour\" on param \"message\".")]
#[case::the_schema_comes_before_the_limits(&[(BUTTONS, buttons(4)), ("/interactive/action/buttons/3/reply/title", json!(""))], "The parameter interactive['action']['buttons'][3]['reply']['title'] is required.")]
#[tokio::test]
async fn a_message_that_breaks_the_schema_is_refused_with_100_and_the_path(
    #[case] changes: &[(&str, Value)],
    #[case] message: &str,
) {
    let server = Server::start().await;
    let reply = send(&server, &changed(changes)).await;
    let message = format!("(#100) {message}");
    let error =
        json!({"code": 100, "message": message, "error_data": null, "type": "OAuthException"});
    reply.has(400, &json!({"error": error}));
}

#[tokio::test]
async fn a_recipient_that_may_not_be_written_to_is_refused() {
    let server = Server::with(|settings| {
        let known = ["5511900000001", "5511900000002"].map(str::to_owned);
        settings.whatsapp.allowed_recipients = Some(known.into());
        settings.whatsapp.closed_windows = ["5511900000002".to_owned()].into();
        settings.whatsapp.window_mode = WindowMode::Sync;
    })
    .await;
    for (to, code) in [
        // s31: itself; s32: not on the list; s55: outside of the window.
        ("+1 555 000-1111", 131_021),
        ("5511900000009", 131_030),
        ("5511900000002", 131_047),
    ] {
        let refused = send(&server, &changed(&[("/to", json!(to))])).await;
        refused.has(400, &json!({"error": {"code": code}}));
    }
    assert_eq!(send(&server, &message()).await.status, 200);
}

#[rstest]
#[case::s29_notation("+55 (11) 90000-0001", "5511900000001")]
#[case::s30_brazil_without_the_ninth_digit("5521988887777", "552188887777")]
#[tokio::test]
async fn the_answer_names_the_number_in_whatsapps_own_form(#[case] to: &str, #[case] wa_id: &str) {
    let server = Server::with(|settings| {
        settings.whatsapp.without_ninth_digit = ["5521988887777".to_owned()].into();
    })
    .await;
    let reply = send(&server, &changed(&[("/to", json!(to))])).await;
    reply.has(200, &json!({"contacts": [{"input": to, "wa_id": wa_id}]}));
    server.shows(&json!({"to": wa_id}));
}

#[tokio::test]
async fn s33_a_user_id_in_recipient_is_answered_without_a_phone_number() {
    let server = Server::start().await;
    let user = json!("BR.0000000000000001");
    let body = changed(&[("/to", Value::Null), ("/recipient", user.clone())]);
    let reply = send(&server, &body).await;
    reply.has(
        200,
        &json!({"contacts": [{"input": user, "user_id": user}]}),
    );
    server.shows(&json!({"to": user}));
}

#[tokio::test]
async fn s35_a_user_id_in_to_is_accepted_and_never_shown() {
    let server = Server::start().await;
    let reply = send(&server, &changed(&[("/to", json!("BR.0000000000000001"))])).await;
    assert_eq!(reply.status, 200);
    server.shows_nothing();
    assert!(server.requests()[0].accepted);
}

#[rstest]
#[case::not_json("application/json", "{not json".to_owned())]
#[case::an_array("application/json", "[]".to_owned())]
#[case::another_content_type("text/plain", message().to_string())]
#[tokio::test]
async fn s45_a_body_that_is_not_json_is_refused_as_one_without_parameters(
    #[case] content_type: &str,
    #[case] body: String,
) {
    let server = Server::start().await;
    let credential = Some(credential(Provider::Whatsapp));
    let request = server.request(Method::POST, PATH, credential, &Value::Null);
    let request = request.header("content-type", content_type);
    let reply = Reply::of(request.body(body.clone())).await;
    let message = "(#100) The parameter messaging_product is required.";
    reply.has(400, &json!({"error": {"code": 100, "message": message}}));
    let kept = &server.requests()[0].body;
    assert_eq!(*kept, serde_json::from_str(&body).unwrap_or(json!(body)));
}

#[tokio::test]
async fn s61_s62_a_message_is_marked_as_read() {
    let server = Server::start().await;
    let mut body =
        json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"});
    send(&server, &body)
        .await
        .is(200, &json!({"success": true}));
    body["typing_indicator"] = json!({"type": "text"});
    send(&server, &body)
        .await
        .is(200, &json!({"success": true}));
    assert!(!server.requests().iter().any(|request| request.accepted));
}

#[tokio::test]
async fn the_phone_shows_every_part_byte_for_byte() {
    let server = Server::start().await;
    let body = changed(&[
        (HEADER, json!({"type": "text", "text": "Pedido 4411 😀"})),
        (FOOTER, json!({"text": "Loja\u{a0}Exemplo "})),
        (ID, json!("ord-4411:yes")),
        ("/biz_opaque_callback_data", json!("gw:1")),
    ]);
    send(&server, &body).await;
    server.shows(&json!({
        "header": "Pedido 4411 😀", "body": body.pointer(BODY), "footer": "Loja\u{a0}Exemplo ",
        "buttons": [{"id": "ord-4411:yes", "title": "Sim"}, {"id": "b", "title": "Não"}],
        "callbackData": "gw:1", "from": NUMBER,
    }));
}

#[tokio::test]
async fn strict_newlines_refuse_a_line_break_in_a_title() {
    let server = Server::with(|settings| settings.whatsapp.strict_newlines = true).await;
    let reply = send(&server, &changed(&[(TITLE, json!("a\nb"))])).await;
    reply.has(400, &json!({"error": {"code": 131_009}}));
}

#[tokio::test]
async fn the_number_tells_a_token_about_itself() {
    let server = Server::start().await;
    let path = format!("/whatsapp/v25.0/{NUMBER}?fields=display_phone_number");
    let ask = |token| {
        server.call(
            Method::GET,
            &path,
            Some(("authorization", token)),
            &Value::Null,
        )
    };
    let node = json!({"id": NUMBER, "display_phone_number": "15550001111"});
    ask("Bearer T-WORKING").await.is(200, &node);
    assert_eq!(ask("Bearer x").await.status, 401);
}
