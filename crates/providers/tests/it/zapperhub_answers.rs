//! What ZapperHUB's refusals mean, in both dialects.

use recado_providers::ErrorKind::{
    self, BillingBlocked, ContentRefused, Indeterminate, InvalidRecipient, Misconfigured,
    NotConnected, Throttled, Unauthorized, Unavailable,
};
use rstest::rstest;
use serde_json::json;

use crate::support::{Subject, canned};

const V2: Subject = Subject::ZapperHub;
const WUZAPI: Subject = Subject::Wuzapi;

#[rstest]
#[case::wrong_key(401, r#"{"message":"Unauthorized"}"#, Unauthorized)]
#[case::plan(402, "", BillingBlocked)]
#[case::forbidden(403, "", Unauthorized)]
#[case::unknown_instance(404, r#"{"message":"Instance not found"}"#, Misconfigured)]
#[case::schema(400, r#"{"message":"body/jid Required"}"#, ContentRefused)]
#[case::schema_422(422, "{}", ContentRefused)]
#[case::conflict(409, r#"{"error":"closed"}"#, NotConnected)]
#[case::no_session(500, r#"{"error":{"message":"No session"}}"#, NotConnected)]
#[case::other_500(500, r#"{"message":"boom"}"#, Indeterminate)]
#[case::throttled(429, "", Throttled)]
#[case::unavailable(503, r#"{"message":"PROVIDER_UNAVAILABLE"}"#, Unavailable)]
#[case::unavailable_as_error(503, r#"{"error":"PROVIDER_UNAVAILABLE"}"#, Unavailable)]
#[case::unavailable_among_other_words(503, json!({"message": "PROVIDER_UNAVAILABLE: upstream timed out"}), Indeterminate)]
#[case::like_unavailable(503, r#"{"message":"PROVIDER_UNAVAILABLE_LATER"}"#, Indeterminate)]
#[case::json_503_of_a_proxy(503, r#"{"message":"Service Unavailable"}"#, Indeterminate)]
#[case::problem_503(503, json!({"title": "Service Unavailable", "detail": "upstream"}), Indeterminate)]
#[case::an_error_that_was_logged(500, r#"{"message":"The error has been logged"}"#, Indeterminate)]
#[case::logged_in(500, r#"{"message":"logged in as admin"}"#, Indeterminate)]
#[case::a_database_not_connected(500, r#"{"message":"redis is not connected"}"#, Indeterminate)]
#[case::no_session_store(500, r#"{"message":"no session store"}"#, Indeterminate)]
#[case::html_502(502, "<html>", Indeterminate)]
#[case::html_503(503, "<html>Service Unavailable</html>", Indeterminate)]
#[case::empty_503(503, "", Indeterminate)]
#[case::json_503_without_words(503, "{}", Indeterminate)]
#[case::html_500_that_was_logged(500, "<html>The error has been logged</html>", Indeterminate)]
#[case::gateway_timeout(504, "", Indeterminate)]
#[case::refused_with_200(200, r#"{"success":false}"#, Indeterminate)]
#[tokio::test]
async fn an_answer_of_the_hosted_api_has_its_meaning(
    #[case] status: u16,
    #[case] body: impl ToString,
    #[case] kind: ErrorKind,
) {
    let server = canned(status, body.to_string()).await;
    let error = server.refuses(V2).await;
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
    let error = server.refuses(V2).await;
    assert_eq!(error.message, words);
}

#[rstest]
#[case::wrong_token(401, "unauthorized", Unauthorized)]
#[case::no_session(500, "no session", NotConnected)]
#[case::no_session_upstream(500, "No session", NotConnected)]
#[case::four_buttons(400, "buttons cannot be more than 3", ContentRefused)]
#[case::missing_phone(400, "missing Phone in Payload", ContentRefused)]
#[case::missing_buttons(400, "missing Buttons in Payload", ContentRefused)]
#[case::not_json(400, "could not decode Payload", ContentRefused)]
#[case::bad_phone(400, "could not parse Phone", InvalidRecipient)]
#[case::upstream(500, "error sending message: server returned error 479", Indeterminate)]
#[case::not_logged_in(500, "error sending message: not logged in", NotConnected)]
#[case::no_device(
    500,
    "error sending message: the store doesn't contain a device JID",
    NotConnected
)]
#[case::socket(500, "error sending message: websocket not connected", Indeterminate)]
#[case::an_error_that_was_logged(500, "the error was logged", Indeterminate)]
#[case::no_session_of_something_else(
    500,
    "error sending message: no session with device",
    Indeterminate
)]
#[case::a_phone_among_other_words(
    400,
    "failed to fetch image: could not parse Phone",
    ContentRefused
)]
#[case::socket_lost(
    500,
    "error sending message: websocket disconnected before info query returned response",
    Indeterminate
)]
#[case::unavailable(503, "x", Indeterminate)]
#[tokio::test]
async fn an_answer_of_wuzapi_has_its_meaning(
    #[case] status: u16,
    #[case] words: &str,
    #[case] kind: ErrorKind,
) {
    let body = json!({"code": status, "error": words, "success": false});
    let server = canned(status, body.to_string()).await;
    let error = server.refuses(WUZAPI).await;
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
    let error = server.refuses(WUZAPI).await;
    assert_eq!(error.kind, Indeterminate);
    assert_eq!(server.requests(), 1);
}
