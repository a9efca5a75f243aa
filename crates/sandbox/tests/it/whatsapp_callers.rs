//! The WhatsApp Cloud API: who may send, and for which number.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::Server;
use crate::whatsapp::{NUMBER, message};

const NO_TOKEN: &str = "An access token is required";
const GARBAGE: &str = "Invalid OAuth access token - Cannot parse access token";
const EXPIRED: &str = "Error validating access token: Session has expired on ";
const UNKNOWN: &str = "Unsupported post request. Object with ID '123' does not exist";

#[rstest]
#[case::s39_no_authorization(None, NUMBER, [401, 190, 0], NO_TOKEN)]
#[case::an_empty_authorization(Some(""), NUMBER, [401, 190, 0], NO_TOKEN)]
#[case::s40_garbage(Some("Bearer x"), NUMBER, [401, 190, 0], GARBAGE)]
#[case::not_a_bearer(Some("T-WORKING"), NUMBER, [401, 190, 0], GARBAGE)]
#[case::s41_expired(Some("Bearer T-EXPIRED"), NUMBER, [401, 190, 463], EXPIRED)]
#[case::s42_no_permission(Some("Bearer T-NOPERM"), NUMBER, [403, 10, 0], "(#10) ")]
#[case::s43_an_unknown_number(Some("Bearer T-WORKING"), "123", [400, 100, 33], UNKNOWN)]
#[case::s44_an_unregistered_number(Some("Bearer T-WORKING"), "800000000000002", [400, 133_010, 0], "(#133010) Phone number not registered")]
#[tokio::test]
async fn a_caller_without_the_right_is_refused(
    #[case] authorization: Option<&str>,
    #[case] number: &str,
    #[case] answer: [u32; 3],
    #[case] expected: &str,
) {
    let server = Server::start().await;
    let [status, code, subcode] = answer;
    let path = format!("/whatsapp/v25.0/{number}/messages");
    // The token is checked before the body, the registration after it.
    let is_later = code == 133_010;
    let body = if is_later { message() } else { json!({}) };
    let credential = authorization.map(|value| ("authorization", value));
    let reply = server.call(Method::POST, &path, credential, &body).await;
    let is_unknown = subcode == 33;
    let kind = ["OAuthException", "GraphMethodException"][usize::from(is_unknown)];
    let trace = reply.headers["x-fb-trace-id"].to_str().expect("text");
    let subcode = (subcode != 0).then_some(subcode);
    let error = json!({"code": code, "error_subcode": subcode, "type": kind, "fbtrace_id": trace});
    assert_eq!(u32::from(reply.status), status);
    crate::assert_has(&reply.json, &json!({"error": error}));
    let text = reply.json["error"]["message"].as_str().expect("a message");
    assert!(text.starts_with(expected), "{text}");
}
