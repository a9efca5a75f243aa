//! WhatsApp Cloud API: the exact request, and what its answers mean.

use recado_providers::{Credentials, Defaults, HealthState, connect};
use std::time::Duration;

use recado_providers::ErrorKind::{
    self, BillingBlocked, ContentRefused, Indeterminate, InvalidRecipient, Misconfigured,
    NotConnected, Rejected, Restricted, Throttled, Unauthorized, Unavailable, WindowClosed,
};
use recado_sandbox::{Account, TokenState, WindowMode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Subject, World, canned, client, content, full, message, plain, shown};

const SUBJECT: Subject = Subject::WhatsApp;

#[test]
fn the_request_is_metas_and_nothing_more() {
    let preview = SUBJECT.preview("https://graph.facebook.com", &full());
    insta::assert_snapshot!(shown(&preview), @r#"
    POST https://graph.facebook.com/v25.0/800000000000001/messages
    authorization: ***
    content-type: application/json

    {"messaging_product":"whatsapp","recipient_type":"individual","to":"5521988887777","type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"Aurora ✅"},"body":{"text":"Podemos confirmar a visita?\n*Quinta*, 10h"},"footer":{"text":"Até 18h"},"action":{"buttons":[{"type":"reply","reply":{"id":"visit:1","title":"Opção 1"}},{"type":"reply","reply":{"id":"visit:2","title":"Opção 2"}}]}},"biz_opaque_callback_data":"msg_0199f3aa4a1e7c109d7b000000000001"}
    "#);
}

#[test]
fn an_absent_header_or_footer_is_an_absent_key() {
    let channel = SUBJECT.channel("https://graph.facebook.com");
    let body = channel.preview(&plain()).expect("a valid message").body;
    let interactive = body["interactive"].as_object().expect("an object");
    let keys: Vec<_> = interactive.keys().map(String::as_str).collect();
    assert!(
        !keys.contains(&"header") && !keys.contains(&"footer"),
        "{keys:?}"
    );
}

#[test]
fn a_business_scoped_user_id_is_the_recipient_and_never_to() {
    let channel = SUBJECT.channel("https://graph.facebook.com");
    let sent = message("BR.0000000000000001", content(None, None, 1));
    let body = channel.preview(&sent).expect("a valid message").body;
    assert_eq!(body["recipient"], "BR.0000000000000001");
    assert_eq!(body.get("to"), None);
}

#[tokio::test]
async fn our_id_travels_with_the_message_so_that_a_status_can_settle_it() {
    let world = World::start().await;
    let sent = full();
    world.channel(SUBJECT).send(&sent).await.expect("accepted");
    let phone = &world.sandbox.phone_messages()[0];
    assert_eq!(phone.callback_data.as_deref(), Some(sent.id.as_str()));
}

#[tokio::test]
async fn every_limit_is_accepted_at_its_edge() {
    let world = World::start().await;
    let button = recado_core::Button::new("i".repeat(256), "ç".repeat(20));
    let content = recado_core::Buttons::new("b\n".repeat(512), [button])
        .expect("a message")
        .with_header("h".repeat(60))
        .with_footer("f".repeat(60));
    let sent = message("+55 (11) 90000-0001", content);
    world.channel(SUBJECT).send(&sent).await.expect("accepted");
}

#[tokio::test]
async fn unknown_fields_of_a_success_do_not_matter() {
    let body = json!({
        "messaging_product": "whatsapp", "contacts": [{"input": "1", "new": {}}], "paging": null,
        "messages": [{"id": "wamid.A=", "message_status": "accepted", "group_id": "g"}],
    });
    let server = canned(200, body.to_string()).await;
    let receipt = server.accepts(SUBJECT, &full()).await;
    assert_eq!(receipt.external_id.as_deref(), Some("wamid.A="));
    assert_eq!(receipt.provider_id, None);
}

#[rstest]
#[case::empty_body("")]
#[case::no_messages(r#"{"messaging_product":"whatsapp"}"#)]
#[case::empty_messages(r#"{"messages":[]}"#)]
#[case::empty_id(r#"{"messages":[{"id":""}]}"#)]
#[case::numeric_id(r#"{"messages":[{"id":7}]}"#)]
#[case::mark_read(r#"{"success":true}"#)]
#[tokio::test]
async fn a_200_without_an_id_leaves_the_outcome_open(#[case] body: &str) {
    let server = canned(200, body).await;
    let error = server.refuses(SUBJECT).await;
    assert_eq!(error.kind, Indeterminate);
}

#[rstest]
#[case(0, 401, Unauthorized)]
#[case(1, 400, Unavailable)]
#[case(1, 500, Indeterminate)]
#[case(2, 503, Unavailable)]
#[case(3, 500, Unauthorized)]
#[case(4, 400, Throttled)]
#[case(10, 403, Unauthorized)]
#[case(33, 400, Misconfigured)]
#[case(100, 400, ContentRefused)]
#[case(104, 400, Unauthorized)]
#[case(190, 401, Unauthorized)]
#[case(200, 403, Unauthorized)]
#[case(299, 403, Unauthorized)]
#[case(368, 403, Restricted)]
#[case(613, 400, Throttled)]
#[case(80_007, 400, Throttled)]
#[case(130_403, 400, InvalidRecipient)]
#[case(130_429, 400, Throttled)]
#[case(130_472, 400, InvalidRecipient)]
#[case(130_497, 403, InvalidRecipient)]
#[case(131_000, 500, Unavailable)]
#[case(131_005, 403, Unauthorized)]
#[case(131_008, 400, ContentRefused)]
#[case(131_009, 400, ContentRefused)]
#[case(131_016, 500, Unavailable)]
#[case(131_021, 400, InvalidRecipient)]
#[case(131_026, 400, InvalidRecipient)]
#[case(131_030, 400, InvalidRecipient)]
#[case(131_031, 403, Restricted)]
#[case(131_042, 400, BillingBlocked)]
#[case(131_047, 400, WindowClosed)]
#[case(131_048, 400, Restricted)]
#[case(131_049, 400, InvalidRecipient)]
#[case(131_051, 400, ContentRefused)]
#[case(131_056, 400, Throttled)]
#[case(131_057, 500, Unavailable)]
#[case(133_004, 503, Unavailable)]
#[case(133_010, 400, NotConnected)]
#[case(134_102, 500, Unavailable)]
#[case(135_000, 400, ContentRefused)]
#[case(137_000, 400, InvalidRecipient)]
#[case::unknown_400(199_999, 400, Rejected)]
#[case::unknown_500(199_999, 500, Indeterminate)]
#[case::unknown_429(199_999, 429, Throttled)]
#[case::unknown_401(199_999, 401, Unauthorized)]
#[case::unknown_200(199_999, 200, Indeterminate)]
#[tokio::test]
async fn a_code_has_its_meaning(#[case] code: i64, #[case] status: u16, #[case] kind: ErrorKind) {
    let body = json!({"error": {"message": "M", "type": "OAuthException", "code": code}});
    let server = canned(status, body.to_string()).await;
    let error = server.refuses(SUBJECT).await;
    assert_eq!((error.kind, error.code), (kind, Some(code)));
    assert_eq!(server.requests(), 1);
}

#[rstest]
#[case::of_the_app(4, 60)]
#[case::of_the_account(613, 60)]
#[case::of_the_business(80_007, 60)]
#[case::of_the_number(130_429, 1)]
#[case::of_the_pair(131_056, 6)]
#[tokio::test]
async fn a_limit_names_the_least_wait(#[case] code: i64, #[case] seconds: u64) {
    let body = json!({"error": {"message": "M", "code": code}});
    let error = canned(400, body.to_string()).await.refuses(SUBJECT).await;
    assert_eq!(error.retry_after, Some(Duration::from_secs(seconds)));
}

#[tokio::test]
async fn an_app_that_wants_signed_calls_is_set_up_wrongly_for_us() {
    let message = "API calls from the server require an appsecret_proof argument";
    let body = json!({"error": {"message": message, "code": 100}});
    let server = canned(400, body.to_string()).await;
    let error = server.refuses(SUBJECT).await;
    assert_eq!(error.kind, Misconfigured);
}

#[rstest]
#[case::object(json!({"messaging_product": "whatsapp", "details": "D"}), "(#1) M: D")]
#[case::text(json!("D"), "(#1) M: D")]
#[case::null(Value::Null, "(#1) M")]
#[case::other(json!([1]), "(#1) M")]
#[tokio::test]
async fn error_data_may_be_anything(#[case] error_data: Value, #[case] shown: &str) {
    let body = json!({"error": {"code": 131_009, "message": "(#1) M", "error_data": error_data}});
    let server = canned(400, body.to_string()).await;
    let error = server.refuses(SUBJECT).await;
    assert_eq!(error.message, shown);
}

#[rstest]
#[case::html_500(500, "<html>", Indeterminate)]
#[case::empty_503(503, "", Indeterminate)]
#[case::json_without_code(500, r#"{"error":"x"}"#, Indeterminate)]
#[case::empty_504(504, "", Indeterminate)]
#[case::html_404(404, "<html>", Misconfigured)]
#[case::redirect(302, "", Misconfigured)]
#[case::timeout_of_a_proxy(408, "", Indeterminate)]
#[case::html_400(400, "<html>", Rejected)]
#[tokio::test]
async fn an_answer_without_metas_error_object_is_judged_by_its_status(
    #[case] status: u16,
    #[case] body: &str,
    #[case] kind: ErrorKind,
) {
    let server = canned(status, body).await;
    let error = server.refuses(SUBJECT).await;
    assert_eq!((error.kind, error.code), (kind, None));
}

#[rstest]
#[case::garbage_token("T-UNKNOWN", "800000000000001", Unauthorized, 190)]
#[case::expired_token("T-EXPIRED", "800000000000001", Unauthorized, 190)]
#[case::no_permission("T-NOPERM", "800000000000001", Unauthorized, 10)]
#[case::unknown_number("T-WORKING", "800000000000099", Misconfigured, 100)]
#[case::a_phone_number("T-WORKING", "5511900000001", Misconfigured, 100)]
#[case::unregistered_number("T-WORKING", "800000000000002", NotConnected, 133_010)]
#[tokio::test]
async fn a_wrong_account_is_told_apart(
    #[case] token: &str,
    #[case] number: &str,
    #[case] kind: ErrorKind,
    #[case] code: i64,
) {
    let world = World::start().await;
    let map = |value: Value| value.as_object().cloned().expect("an object");
    let credentials = map(json!({"phoneNumberId": number, "accessToken": token}));
    let settings = map(json!({"baseUrl": world.url(SUBJECT)}));
    // A phone number may have been stored as an id before that was refused.
    let config = Credentials::parse_stored(
        SUBJECT.provider(),
        &credentials,
        &settings,
        &Defaults::default(),
    );
    let channel = connect(&client(), config.expect("valid")).expect("a channel");
    let error = channel.send(&full()).await.expect_err("refused");
    assert_eq!((error.kind, error.code), (kind, Some(code)), "{error}");
    let hint = match number {
        "5511900000001" => {
            "phoneNumberId: This is a phone number; write the id that Meta's App Dashboard shows beside \
                            it, under WhatsApp > API setup; Meta says: "
        }
        "800000000000099" => {
            "phoneNumberId: Meta knows no number with this id, or the token may not use it; Meta says: "
        }
        _ => return,
    };
    assert!(error.message.starts_with(hint), "{error}");
    let error = channel.health().await.expect_err("refused");
    assert!(error.message.starts_with(hint), "{error}");
}

#[tokio::test]
async fn the_sandboxs_refusals_have_their_meaning() {
    let world = World::start().await;
    world.sandbox.change_settings(|settings| {
        settings.whatsapp.closed_windows = ["5521988887777".to_owned()].into();
        settings.whatsapp.window_mode = WindowMode::Sync;
        settings.whatsapp.pair_limit = true;
    });
    let channel = world.channel(SUBJECT);

    let closed = channel
        .send(&full())
        .await
        .expect_err("the window is closed");
    assert_eq!((closed.kind, closed.code), (WindowClosed, Some(131_047)));
    let own = message("15550001111", content(None, None, 1));
    let own = channel
        .send(&own)
        .await
        .expect_err("the sender's own number");
    assert_eq!((own.kind, own.code), (InvalidRecipient, Some(131_021)));

    let other = message("5521988887778", content(None, None, 1));
    for _ in 0..45 {
        channel.send(&other).await.expect("accepted");
    }
    let paired = channel
        .send(&other)
        .await
        .expect_err("too many to one recipient");
    assert_eq!((paired.kind, paired.code), (Throttled, Some(131_056)));
}

#[tokio::test]
async fn health_names_the_number_or_refuses() {
    let world = World::start().await;
    world.sandbox.add_account(Account::Whatsapp {
        access_token: "T-WORKING".into(),
        phone_number_id: "800000000000001".into(),
        display_phone_number: "15550001111".into(),
        token_state: TokenState::Expired,
        registered: true,
    });
    let error = world.channel(SUBJECT).health().await.expect_err("expired");
    assert_eq!(error.kind, Unauthorized);

    let server = canned(200, r#"{"id":"8","verified_name":"Loja"}"#).await;
    let health = SUBJECT
        .channel(&server.url)
        .health()
        .await
        .expect("an answer");
    assert_eq!(
        (health.state, health.detail.as_deref()),
        (HealthState::Connected, Some("Loja"))
    );
    let asked = server.last();
    let path = "GET /v25.0/800000000000001?fields=id,";
    assert!(asked.line.starts_with(path), "{}", asked.line);
    assert_eq!(asked.headers["authorization"], "Bearer T-WORKING");
}
