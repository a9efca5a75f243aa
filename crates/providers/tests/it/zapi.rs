//! Z-API: the exact requests, and what its answers mean.

use recado_providers::ErrorKind::{
    self, BillingBlocked, ContentRefused, Indeterminate, Misconfigured, NotConnected, Rejected,
    Throttled, Unauthorized, Unavailable,
};
use recado_providers::HealthState::{self, Connected, Disconnected, Unpaid};
use recado_sandbox::Settings;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Subject, World, canned, content, full, message, plain, shown};

const SUBJECT: Subject = Subject::Zapi;
const BASE: &str = "https://api.z-api.io";

#[test]
fn a_plain_message_is_a_button_list() {
    let preview = SUBJECT.preview(BASE, &plain());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.z-api.io/instances/***/token/***/send-button-list
    client-token: ***
    content-type: application/json

    {"phone":"5521988887777","message":"Podemos confirmar a visita?\n*Quinta*, 10h","buttonList":{"buttons":[{"id":"visit:1","label":"Opção 1"},{"id":"visit:2","label":"Opção 2"}]}}
    "#);
}

#[test]
fn a_header_or_footer_makes_it_button_actions() {
    let preview = SUBJECT.preview(BASE, &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://api.z-api.io/instances/***/token/***/send-button-actions
    client-token: ***
    content-type: application/json

    {"phone":"5521988887777","title":"Aurora ✅","message":"Podemos confirmar a visita?\n*Quinta*, 10h","footer":"Até 18h","buttonActions":[{"id":"visit:1","type":"REPLY","label":"Opção 1"},{"id":"visit:2","type":"REPLY","label":"Opção 2"}]}
    "#);
}

fn forced(endpoint: &str, base_url: &str) -> std::sync::Arc<dyn recado_providers::Channel> {
    let settings = json!({"baseUrl": base_url, "buttonsEndpoint": endpoint});
    SUBJECT.channel_with(&SUBJECT.credentials(), &settings)
}

#[test]
fn the_method_can_be_forced() {
    let list = forced("list", BASE)
        .preview(&full())
        .expect("a valid message");
    assert!(list.url.ends_with("/send-button-list"));
    let body = full().content.text().into_owned();
    assert_eq!(
        list.body["message"],
        format!("*Aurora ✅*\n\n{body}\n\n_Até 18h_")
    );
    let mut keys: Vec<_> = list.body.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["buttonList", "message", "phone"]);

    let actions = forced("actions", BASE)
        .preview(&plain())
        .expect("a valid message");
    assert!(actions.url.ends_with("/send-button-actions"));
    assert_eq!(
        (actions.body.get("title"), actions.body.get("footer")),
        (None, None)
    );
}

#[tokio::test]
async fn a_text_that_is_too_long_with_its_header_is_refused_without_a_request() {
    let world = World::start().await;
    let long = |body: usize| {
        let buttons = content(None, None, 1).buttons().to_vec();
        let content = recado_core::Buttons::new("b".repeat(body), buttons);
        message(
            "5521988887777",
            content.expect("a message").with_header("Oi"),
        )
    };
    let channel = forced("list", world.url(SUBJECT));
    // `*Oi*` and two line breaks are six characters.
    channel.send(&long(1018)).await.expect("accepted");
    let error = channel.send(&long(1019)).await.expect_err("refused");
    assert_eq!((error.kind, error.code), (ContentRefused, Some(131_009)));
    assert_eq!(world.sandbox.requests().len(), 1);
}

#[rstest]
#[case::phone("+55 (21) 98888-7777", "5521988887777")]
#[case::lid("190000000000001@lid", "190000000000001@lid")]
#[case::new_group("120363000000000001@g.us", "120363000000000001-group")]
#[case::old_group("5521988887777-1600000000@g.us", "5521988887777-1600000000")]
fn every_recipient_has_its_form(#[case] to: &str, #[case] phone: &str) {
    let sent = message(to, content(None, None, 1));
    let preview = SUBJECT.preview(BASE, &sent);
    assert_eq!(preview.body["phone"], phone);
}

#[tokio::test]
async fn the_request_carries_the_token_and_the_content_type() {
    let server = canned(200, r#"{"messageId":"3EB0"}"#).await;
    server.accepts(SUBJECT, &plain()).await;
    let asked = server.last();
    let line = "POST /instances/INST-01/token/TOKEN-01/send-button-list";
    assert_eq!(asked.line, line);
    assert_eq!(asked.headers["client-token"], "CLIENT-TOKEN-01");
    assert_eq!(asked.headers["content-type"], "application/json");
}

#[tokio::test]
async fn without_a_client_token_there_is_no_header() {
    let server = canned(200, r#"{"messageId":"3EB0"}"#).await;
    let credentials = json!({"instanceId": "INST-01", "instanceToken": "TOKEN-01"});
    let channel = SUBJECT.channel_with(&credentials, &SUBJECT.settings(&server.url));
    channel.send(&plain()).await.expect("accepted");
    assert_eq!(server.last().headers.get("client-token"), None);
}

#[rstest]
#[case::both(json!({"zaapId": "Z", "messageId": "M", "id": "M"}), "M", Some("Z"))]
#[case::only_zaap_id(json!({"zaapId": "Z"}), "Z", Some("Z"))]
#[case::only_message_id(json!({"messageId": "M"}), "M", None)]
#[case::empty_error(json!({"zaapId": "Z", "messageId": "M", "error": ""}), "M", Some("Z"))]
#[tokio::test]
async fn ids_make_a_success(#[case] body: Value, #[case] id: &str, #[case] zaap: Option<&str>) {
    let server = canned(200, body.to_string()).await;
    let receipt = server.accepts(SUBJECT, &full()).await;
    assert_eq!(receipt.external_id.as_deref(), Some(id));
    assert_eq!(receipt.provider_id.as_deref(), zaap);
}

#[rstest]
#[case::token_missing(400, json!({"error": "your client-token is not configured"}), Unauthorized)]
#[case::token_wrong(403, json!({"error": "Client-Token CLIENT-TOKEN-01 not allowed"}), Unauthorized)]
#[case::token_null(400, r#"{"error":"null not allowed"}"#, Unauthorized)]
#[case::address(403, r#"{"error":"203.0.113.9 not allowed"}"#, Unauthorized)]
#[case::instance(400, r#"{"error":"Instance not found"}"#, Misconfigured)]
#[case::unpaid(400, json!({"error": "To continue sending a message, you must subscribe to this instance again"}), BillingBlocked)]
#[case::empty_text(400, r#"{"error":"The field 'message' is empty"}"#, ContentRefused)]
#[case::method(405, "", Misconfigured)]
#[case::content_type(415, "", Misconfigured)]
#[case::path(404, r#"{"error":"NOT_FOUND","message":"x"}"#, Misconfigured)]
#[case::path_with_200(200, json!({"error": "NOT_FOUND", "message": "Unable to find matching target resource method"}), Misconfigured)]
#[case::error_with_200(200, r#"{"error":"something else","zaapId":"Z"}"#, Indeterminate)]
#[case::value_false(200, r#"{"value":false}"#, Indeterminate)]
#[case::token_among_other_words(200, json!({"error": "queued, although your client-token is not configured"}), Indeterminate)]
#[case::allowed_elsewhere(200, r#"{"error":"this type of media is not allowed"}"#, Indeterminate)]
#[case::connected_elsewhere(200, r#"{"error":"the queue is not connected"}"#, Indeterminate)]
#[case::not_connected(400, r#"{"error":"You are not connected."}"#, NotConnected)]
#[case::session(400, r#"{"error":"You need to restore the session."}"#, NotConnected)]
#[case::token_without_its_value(403, r#"{"error":"Client-Token not allowed"}"#, Unauthorized)]
#[case::queue_full(400, r#"{"error":"queue limit reached"}"#, Rejected)]
#[case::throttled(429, "", Throttled)]
#[case::empty_object(200, "{}", Indeterminate)]
#[case::no_json(200, "OK", Indeterminate)]
#[case::empty(200, "", Indeterminate)]
#[case::empty_ids(200, r#"{"zaapId":"","messageId":""}"#, Indeterminate)]
#[case::html_502(502, "<html>", Indeterminate)]
#[case::error_with_500(500, r#"{"error":"Instance not found"}"#, Indeterminate)]
#[tokio::test]
async fn an_answer_has_its_meaning(
    #[case] status: u16,
    #[case] body: impl ToString,
    #[case] kind: ErrorKind,
) {
    let server = canned(status, body.to_string()).await;
    let error = server.refuses(SUBJECT).await;
    assert_eq!(error.kind, kind, "{error}");
    assert_eq!(server.requests(), 1);
    for secret in ["CLIENT-TOKEN-01", "INST-01", "TOKEN-01"] {
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}

#[rstest]
#[case::already(json!({"connected": true, "error": "You are already connected.", "smartphoneConnected": true}), Connected, None)]
#[case::phone_offline(json!({"connected": true, "smartphoneConnected": false}), Connected, Some("the phone is offline"))]
#[case::disconnected(json!({"connected": false, "error": "You are not connected."}), Disconnected, Some("You are not connected."))]
#[case::unpaid(json!({"error": "To continue sending a message, you must subscribe to this instance again"}), Unpaid, Some("To continue sending a message, you must subscribe to this instance again"))]
#[tokio::test]
async fn the_status_has_its_meaning(
    #[case] body: Value,
    #[case] state: HealthState,
    #[case] detail: Option<&str>,
) {
    let server = canned(200, body.to_string()).await;
    let health = SUBJECT
        .channel(&server.url)
        .health()
        .await
        .expect("an answer");
    assert_eq!((health.state, health.detail.as_deref()), (state, detail));
}

#[tokio::test]
async fn an_unpaid_instance_of_the_sandbox_is_unpaid_everywhere() {
    let world = World::start().await;
    world
        .sandbox
        .change_settings(|settings| settings.zapi.subscribed = false);
    let channel = world.channel(SUBJECT);
    let error = channel.send(&full()).await.expect_err("unpaid");
    assert_eq!(error.kind, BillingBlocked);
    let health = channel.health().await.expect("an answer");
    assert_eq!(health.state, Unpaid);
}

#[tokio::test]
async fn a_disconnected_instance_takes_messages_for_later() {
    let world = World::start().await;
    world
        .sandbox
        .change_settings(|settings| settings.zapi.connected = false);
    world
        .channel(SUBJECT)
        .send(&full())
        .await
        .expect("accepted into the queue");
}

#[tokio::test]
async fn a_message_that_waits_for_the_phone_is_canceled_once_and_never_arrives() {
    let world = World::start().await;
    let connect = |connected| {
        let change = |settings: &mut Settings| settings.zapi.connected = connected;
        world.sandbox.change_settings(change);
    };
    connect(false);
    let channel = world.channel(SUBJECT);
    let receipt = channel.send(&full()).await.expect("accepted");
    let zaap_id = receipt.provider_id.expect("an id");
    assert_eq!(channel.cancel(&zaap_id).await, Ok(()));
    let again = channel.cancel(&zaap_id).await.expect_err("canceled");
    assert!(again.message.contains("Message not found"), "{again}");
    connect(true);
    assert!(world.sandbox.phone_messages().is_empty());
}

#[rstest]
#[case::as_documented(200, "", None)]
#[case::as_other_orders(200, r#"{"value":true}"#, None)]
#[case::without_a_word(200, "{}", None)]
#[case::not_done(200, r#"{"value":false}"#, Some(Unavailable))]
#[case::no_success(200, r#"{"success":false}"#, Some(Unavailable))]
#[case::null(200, "null", Some(Unavailable))]
#[case::false_alone(200, "false", Some(Unavailable))]
#[case::an_error(200, r#"{"error":"NOT_FOUND"}"#, Some(Misconfigured))]
#[case::a_page(200, "<html>", Some(Unavailable))]
#[case::unknown(404, r#"{"error":"NOT_FOUND"}"#, Some(Rejected))]
#[case::a_gateway_fails(502, "", Some(Unavailable))]
#[tokio::test]
async fn a_message_is_canceled_if_the_answer_says_nothing_else(
    #[case] status: u16,
    #[case] body: &str,
    #[case] refused_as: Option<ErrorKind>,
) {
    let server = canned(status, body).await;
    let canceled = SUBJECT.channel(&server.url).cancel("7C11D0A9").await;
    assert_eq!(canceled.err().map(|error| error.kind), refused_as);
    let [asked] = &server.asked()[..] else {
        panic!("one request");
    };
    let line = "DELETE /instances/INST-01/token/TOKEN-01/queue/7C11D0A9";
    assert_eq!(asked.line, line);
    assert_eq!(asked.headers["client-token"], "CLIENT-TOKEN-01");
    assert_eq!(asked.headers["content-type"], "application/json");
}

#[rstest]
#[tokio::test]
async fn an_id_that_would_name_the_whole_queue_is_refused_without_a_request(
    #[values("", ".", "..", "a/..", "a?b")] id: &str,
) {
    let server = canned(200, "").await;
    let refused = SUBJECT.channel(&server.url).cancel(id).await;
    assert_eq!(refused.expect_err("refused").kind, Rejected);
    assert_eq!(server.requests(), 0);
}

#[rstest]
#[tokio::test]
async fn a_provider_without_a_queue_cancels_nothing(
    #[values(Subject::WhatsApp, Subject::ZapperHub, Subject::Wuzapi)] subject: Subject,
) {
    let server = canned(200, "{}").await;
    let refused = subject.channel(&server.url).cancel("7C11D0A9").await;
    assert_eq!(refused.expect_err("refused").kind, Rejected);
    assert_eq!(server.requests(), 0);
}
