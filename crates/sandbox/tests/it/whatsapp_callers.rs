//! The WhatsApp Cloud API: who may send, and for which number.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::Server;
use crate::whatsapp::{NUMBER, message};

const GARBAGE: &str = "Invalid OAuth access token - Cannot parse access token";
const EXPIRED: &str = "Error validating access token: Session has expired on ";
const UNKNOWN: &str = "Unsupported post request. Object with ID '123' does not exist";

#[rstest]
#[case::s39_no_authorization("", NUMBER, [401, 190, 0], "An access token is required")]
#[case::s40_garbage("Bearer x", NUMBER, [401, 190, 0], GARBAGE)]
#[case::not_a_bearer("T-WORKING", NUMBER, [401, 190, 0], GARBAGE)]
#[case::s41_expired("Bearer T-EXPIRED", NUMBER, [401, 190, 463], EXPIRED)]
#[case::s42_no_permission("Bearer T-NOPERM", NUMBER, [403, 10, 0], "(#10) ")]
#[case::s43_an_unknown_number("Bearer T-WORKING", "123", [400, 100, 33], UNKNOWN)]
#[case::s44_an_unregistered_number("Bearer T-WORKING", "800000000000002", [400, 133_010, 0], "(#133010) Phone number not registered")]
#[tokio::test]
async fn a_caller_without_the_right_is_refused(
    #[case] authorization: &str,
    #[case] number: &str,
    #[case] answer: [u64; 3],
    #[case] expected: &str,
) {
    let server = Server::start().await;
    let [status, code, subcode] = answer;
    let path = format!("/whatsapp/v25.0/{number}/messages");
    // The token is checked before the body, the registration after it.
    let body = if code == 133_010 {
        message()
    } else {
        json!({})
    };
    let credential = Some(("authorization", authorization));
    let reply = server.call(Method::POST, &path, credential, &body).await;
    let error = &reply.json["error"];
    assert_eq!(
        (u64::from(reply.status), &error["code"]),
        (status, &json!(code))
    );
    assert_eq!(error["error_subcode"].as_u64().unwrap_or_default(), subcode);
    let text = error["message"].as_str().expect("a message");
    assert!(text.starts_with(expected), "{text}");
    let kind = if subcode == 33 {
        "GraphMethodException"
    } else {
        "OAuthException"
    };
    assert_eq!(error["type"], kind);
    let trace = error["fbtrace_id"].as_str().map(Value::from);
    assert_eq!(
        Some(
            reply.headers["x-fb-trace-id"]
                .to_str()
                .expect("text")
                .into()
        ),
        trace
    );
}
