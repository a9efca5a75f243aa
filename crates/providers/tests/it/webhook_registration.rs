//! Telling a provider where its webhooks go: the exact requests, and what a refusal says.

use recado_providers::ChannelError;
use recado_providers::ErrorKind::{
    self, Misconfigured, NotConnected, Rejected, Unauthorized, Unavailable,
};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Subject, canned};
use crate::webhooks::SECRET;

fn webhook_url(scheme: &str) -> Url {
    let url = format!("{scheme}://recado.example/webhooks/x/chn_1/{SECRET}");
    url.parse().expect("a URL")
}

/// Registers at a provider that answers so, and tells what it was asked.
async fn register(
    subject: Subject,
    scheme: &str,
    status: u16,
    body: &str,
) -> (Result<(), ChannelError>, Vec<(String, Value)>) {
    let server = canned(status, body).await;
    let channel = subject.channel(&server.url);
    let (url, secret) = (webhook_url(scheme), SecretString::from(SECRET));
    let registered = channel.register_webhook(&url, &secret).await;
    let asked = server.asked().into_iter();
    (registered, asked.map(|it| (it.line, it.body)).collect())
}

#[tokio::test]
async fn zapi_takes_one_url_for_all_webhooks() {
    let (registered, requests) = register(Subject::Zapi, "https", 200, r#"{"value":true}"#).await;
    assert_eq!(registered, Ok(()));
    let body = json!({"value": webhook_url("https").as_str(), "notifySentByMe": true});
    let path = "PUT /instances/INST-01/token/TOKEN-01/update-every-webhooks".to_owned();
    assert_eq!(requests, [(path, body)]);
}

#[tokio::test]
async fn zapi_is_not_asked_to_call_an_http_address() {
    let (registered, requests) = register(Subject::Zapi, "http", 200, r#"{"value":true}"#).await;
    let error = registered.expect_err("no https");
    assert_eq!(error.kind, Misconfigured);
    assert_eq!(error.to_string(), "zapi: Z-API calls https addresses only");
    assert_eq!(requests, []);
}

#[rstest]
#[case::no_webhook_yet("", "POST /inst_5f2c/webhooks")]
#[case::of_another_instance(
    r#"{"webhooks":[{"id":"1","name":"default"}]}"#,
    "POST /inst_5f2c/webhooks"
)]
#[case::ours(
    r#"{"webhooks":[{"id":"1","name":"default"},{"id":77,"name":"recado"}]}"#,
    "PUT /inst_5f2c/webhooks/77"
)]
#[tokio::test]
async fn zapperhub_takes_url_and_secret_and_a_webhook_for_the_statuses(
    #[case] answer: &str,
    #[case] second: &str,
) {
    let (registered, requests) = register(Subject::ZapperHub, "https", 200, answer).await;
    assert_eq!(registered, Ok(()));
    let url = webhook_url("https");
    let updates = json!({"name": "recado", "url": url.as_str(),
        "subscriptions": ["messages.update", "message-receipt.update"]});
    let expected = [
        (
            "POST /inst_5f2c/webhook",
            json!({"url": url.as_str(), "secretKey": SECRET}),
        ),
        ("GET /inst_5f2c/webhooks", Value::Null),
        (second, updates),
    ];
    assert_eq!(
        requests,
        expected.map(|(path, body)| (path.to_owned(), body))
    );
}

#[tokio::test]
async fn wuzapi_takes_the_key_first_and_then_the_url() {
    let answer = r#"{"code":200,"data":{},"success":true}"#;
    let (registered, requests) = register(Subject::Wuzapi, "http", 200, answer).await;
    assert_eq!(registered, Ok(()));
    let key = json!({"hmac_key": SECRET});
    let webhook = json!({"webhookURL": webhook_url("http").as_str(),
        "events": ["Message", "UndecryptableMessage", "ReadReceipt", "Connected", "Disconnected",
            "LoggedOut", "ConnectFailure", "TemporaryBan", "QR"]});
    let expected = [
        ("POST /session/hmac/config".to_owned(), key),
        ("POST /webhook".to_owned(), webhook),
    ];
    assert_eq!(requests, expected);
}

#[tokio::test]
async fn meta_is_set_up_by_hand() {
    let (registered, requests) = register(Subject::WhatsApp, "https", 200, "{}").await;
    let error = registered.expect_err("no such call");
    assert_eq!(error.kind, Rejected);
    assert!(error.message.contains("App Dashboard"), "{error}");
    // The whole of it: a person has to read to its end.
    assert!(error.message.ends_with("appSecret of the app"), "{error}");
    assert!(
        error.message.contains("/webhooks/x/chn_1/*** and"),
        "{error}"
    );
    assert_eq!(requests, []);
}

#[rstest]
#[case::zapi_says_no(Subject::Zapi, 200, r#"{"value":false}"#, NotConnected)]
#[case::zapi_says_nothing(Subject::Zapi, 200, "{}", Unavailable)]
#[case::zapi_refuses(Subject::Zapi, 400, r#"{"error":"Instance not found"}"#, Misconfigured)]
#[case::zapperhub_refuses(Subject::ZapperHub, 401, r#"{"message":"Unauthorized"}"#, Unauthorized)]
#[case::zapperhub_contradicts(Subject::ZapperHub, 200, r#"{"error":"no"}"#, Unavailable)]
#[case::wuzapi_refuses(Subject::Wuzapi, 401, json!({"code": 401, "error": "unauthorized", "success": false}), Unauthorized)]
#[case::wuzapi_says_nothing(Subject::Wuzapi, 200, "", Unavailable)]
#[case::a_gateway_fails(Subject::Wuzapi, 502, "<html>", Unavailable)]
#[tokio::test]
async fn what_is_not_confirmed_is_an_error(
    #[case] subject: Subject,
    #[case] status: u16,
    #[case] body: impl ToString,
    #[case] kind: ErrorKind,
) {
    let (registered, requests) = register(subject, "https", status, &body.to_string()).await;
    assert_eq!(registered.expect_err("no confirmation").kind, kind);
    assert_eq!(requests.len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_refusal_that_repeats_the_url_shows_no_secret(
    #[values(Subject::Zapi, Subject::ZapperHub, Subject::Wuzapi)] subject: Subject,
) {
    let answer = json!({"error": format!("bad url {}", webhook_url("https"))}).to_string();
    let (registered, _) = register(subject, "https", 400, &answer).await;
    let error = registered.expect_err("a refusal");
    assert!(error.message.contains("bad url"), "{error}");
    assert!(!format!("{error:?}").contains(SECRET), "{error}");
}
