//! The WhatsApp Cloud API: who may send, and for which number.

use rstest::rstest;
use serde_json::{Value, json};

use crate::Server;
use crate::whatsapp::{NUMBER, message, send_as};

#[rstest]
#[case::s39_no_authorization(None, NUMBER, 401, 190, None, "An access token is required")]
#[case::s40_garbage(
    Some("Bearer x"),
    NUMBER,
    401,
    190,
    None,
    "Invalid OAuth access token - Cannot parse access token"
)]
#[case::not_a_bearer(
    Some("T-WORKING"),
    NUMBER,
    401,
    190,
    None,
    "Invalid OAuth access token"
)]
#[case::s41_expired(
    Some("Bearer T-EXPIRED"),
    NUMBER,
    401,
    190,
    Some(463),
    "Error validating access token: Session has expired on "
)]
#[case::s42_no_permission(Some("Bearer T-NOPERM"), NUMBER, 403, 10, None, "(#10) ")]
#[case::s43_an_unknown_number(
    Some("Bearer T-WORKING"),
    "123",
    400,
    100,
    Some(33),
    "Unsupported post request. Object with ID '123' does not exist"
)]
#[case::s44_an_unregistered_number(
    Some("Bearer T-WORKING"),
    "800000000000002",
    400,
    133_010,
    None,
    "(#133010) Phone number not registered"
)]
#[tokio::test]
async fn a_caller_without_the_right_is_refused(
    #[case] authorization: Option<&str>,
    #[case] number: &str,
    #[case] status: u16,
    #[case] code: u32,
    #[case] subcode: Option<u64>,
    #[case] message: &str,
) {
    let server = Server::start().await;
    let reply = send_as(&server, authorization, number, &message_body(code)).await;
    let error = &reply.json["error"];
    assert_eq!(
        (reply.status, &error["code"]),
        (status, &json!(code)),
        "{}",
        reply.text
    );
    assert_eq!(error["error_subcode"].as_u64(), subcode);
    let text = error["message"].as_str().expect("a message");
    assert!(text.starts_with(message), "{text}");
    let kind = if subcode == Some(33) {
        "GraphMethodException"
    } else {
        "OAuthException"
    };
    assert_eq!(error["type"], kind);
    assert_eq!(
        reply.headers["x-fb-trace-id"],
        *error["fbtrace_id"].as_str().expect("a trace")
    );
}

/// The token is checked before the body, the registration after it.
fn message_body(code: u32) -> Value {
    if code == 133_010 {
        message()
    } else {
        json!({})
    }
}
