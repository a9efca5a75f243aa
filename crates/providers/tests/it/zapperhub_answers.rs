//! What ZapperHUB's refusals mean, in both dialects.

use recado_providers::ErrorKind;
use rstest::rstest;
use serde_json::json;

use crate::support::{Subject, canned, full};

const V2: Subject = Subject::ZapperHub;
const WUZAPI: Subject = Subject::Wuzapi;

#[rstest]
#[case::wrong_key(401, r#"{"message":"Unauthorized"}"#, ErrorKind::Unauthorized)]
#[case::plan(402, "", ErrorKind::BillingBlocked)]
#[case::forbidden(403, "", ErrorKind::Unauthorized)]
#[case::unknown_instance(404, r#"{"message":"Instance not found"}"#, ErrorKind::Misconfigured)]
#[case::schema(400, r#"{"message":"body/jid Required"}"#, ErrorKind::ContentRefused)]
#[case::schema_422(422, "{}", ErrorKind::ContentRefused)]
#[case::conflict(409, r#"{"error":"closed"}"#, ErrorKind::NotConnected)]
#[case::no_session(500, r#"{"error":{"message":"No session"}}"#, ErrorKind::NotConnected)]
#[case::other_500(500, r#"{"message":"boom"}"#, ErrorKind::Indeterminate)]
#[case::throttled(429, "", ErrorKind::Throttled)]
#[case::unavailable(503, r#"{"message":"PROVIDER_UNAVAILABLE"}"#, ErrorKind::Unavailable)]
#[case::unavailable_as_error(503, r#"{"error":"PROVIDER_UNAVAILABLE"}"#, ErrorKind::Unavailable)]
#[case::unavailable_among_other_words(
    503,
    r#"{"message":"PROVIDER_UNAVAILABLE: upstream timed out"}"#,
    ErrorKind::Indeterminate
)]
#[case::like_unavailable(
    503,
    r#"{"message":"PROVIDER_UNAVAILABLE_LATER"}"#,
    ErrorKind::Indeterminate
)]
#[case::json_503_of_a_proxy(503, r#"{"message":"Service Unavailable"}"#, ErrorKind::Indeterminate)]
#[case::problem_503(
    503,
    r#"{"title":"Service Unavailable","detail":"upstream"}"#,
    ErrorKind::Indeterminate
)]
#[case::an_error_that_was_logged(
    500,
    r#"{"message":"The error has been logged"}"#,
    ErrorKind::Indeterminate
)]
#[case::logged_in(500, r#"{"message":"logged in as admin"}"#, ErrorKind::Indeterminate)]
#[case::a_database_not_connected(
    500,
    r#"{"message":"redis is not connected"}"#,
    ErrorKind::Indeterminate
)]
#[case::no_session_store(500, r#"{"message":"no session store"}"#, ErrorKind::Indeterminate)]
#[case::html_502(502, "<html>", ErrorKind::Indeterminate)]
#[case::html_503(503, "<html>Service Unavailable</html>", ErrorKind::Indeterminate)]
#[case::empty_503(503, "", ErrorKind::Indeterminate)]
#[case::json_503_without_words(503, "{}", ErrorKind::Indeterminate)]
#[case::html_500_that_was_logged(
    500,
    "<html>The error has been logged</html>",
    ErrorKind::Indeterminate
)]
#[case::gateway_timeout(504, "", ErrorKind::Indeterminate)]
#[case::refused_with_200(200, r#"{"success":false}"#, ErrorKind::Indeterminate)]
#[tokio::test]
async fn an_answer_of_the_hosted_api_has_its_meaning(
    #[case] status: u16,
    #[case] body: &str,
    #[case] kind: ErrorKind,
) {
    let server = canned(status, body).await;
    let error = V2
        .channel(&server.url)
        .send(&full())
        .await
        .expect_err("refused");
    assert_eq!(error.kind, kind, "{error}");
    assert_eq!(server.requests(), 1);
}

#[rstest]
#[case::message(r#"{"message":"A","error":"B"}"#, "A")]
#[case::error(r#"{"error":"A","detail":"B"}"#, "A")]
#[case::message_in_error(r#"{"error":{"message":"A"},"detail":"B"}"#, "A")]
#[case::detail(r#"{"detail":"A","title":"B"}"#, "A")]
#[case::title(r#"{"title":"A"}"#, "A")]
#[case::raw("A plain text", "A plain text")]
#[case::nothing("", "HTTP status 400 without a reason")]
#[tokio::test]
async fn the_words_of_a_refusal_are_found(#[case] body: &str, #[case] words: &str) {
    let server = canned(400, body).await;
    let error = V2
        .channel(&server.url)
        .send(&full())
        .await
        .expect_err("refused");
    assert_eq!(error.message, words);
}

#[rstest]
#[case::wrong_token(401, "unauthorized", ErrorKind::Unauthorized)]
#[case::no_session(500, "no session", ErrorKind::NotConnected)]
#[case::no_session_upstream(500, "No session", ErrorKind::NotConnected)]
#[case::four_buttons(400, "buttons cannot be more than 3", ErrorKind::ContentRefused)]
#[case::missing_phone(400, "missing Phone in Payload", ErrorKind::ContentRefused)]
#[case::missing_buttons(400, "missing Buttons in Payload", ErrorKind::ContentRefused)]
#[case::not_json(400, "could not decode Payload", ErrorKind::ContentRefused)]
#[case::bad_phone(400, "could not parse Phone", ErrorKind::InvalidRecipient)]
#[case::upstream(
    500,
    "error sending message: server returned error 479",
    ErrorKind::Indeterminate
)]
#[case::not_logged_in(500, "error sending message: not logged in", ErrorKind::NotConnected)]
#[case::no_device(
    500,
    "error sending message: the store doesn't contain a device JID",
    ErrorKind::NotConnected
)]
#[case::socket(
    500,
    "error sending message: websocket not connected",
    ErrorKind::Indeterminate
)]
#[case::an_error_that_was_logged(500, "the error was logged", ErrorKind::Indeterminate)]
#[case::no_session_of_something_else(
    500,
    "error sending message: no session with device",
    ErrorKind::Indeterminate
)]
#[case::a_phone_among_other_words(
    400,
    "failed to fetch image: could not parse Phone",
    ErrorKind::ContentRefused
)]
#[case::socket_lost(
    500,
    "error sending message: websocket disconnected before info query returned response",
    ErrorKind::Indeterminate
)]
#[case::unavailable(503, "x", ErrorKind::Indeterminate)]
#[tokio::test]
async fn an_answer_of_wuzapi_has_its_meaning(
    #[case] status: u16,
    #[case] words: &str,
    #[case] kind: ErrorKind,
) {
    let body = json!({"code": status, "error": words, "success": false});
    let server = canned(status, body.to_string()).await;
    let error = WUZAPI
        .channel(&server.url)
        .send(&full())
        .await
        .expect_err("refused");
    assert_eq!((error.kind, error.message.as_str()), (kind, words));
    assert_eq!(server.requests(), 1);
}

#[rstest]
#[case::page_that_was_logged(500, "<html>The error has been logged</html>")]
#[case::page_about_a_session(500, "no session")]
#[case::empty(500, "")]
#[tokio::test]
async fn what_is_not_the_words_of_wuzapi_leaves_the_outcome_open(
    #[case] status: u16,
    #[case] body: &str,
) {
    let server = canned(status, body).await;
    let error = WUZAPI
        .channel(&server.url)
        .send(&full())
        .await
        .expect_err("no success");
    assert_eq!(error.kind, ErrorKind::Indeterminate);
    assert_eq!(server.requests(), 1);
}
