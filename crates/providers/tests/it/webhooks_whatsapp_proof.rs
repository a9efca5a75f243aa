//! Meta's proofs: the handshake, and the signature over the raw body.

use std::sync::Arc;

use recado_providers::{Admission, Channel, WebhookRefused};
use reqwest::Method;
use reqwest::header::HeaderMap;
use rstest::rstest;
use serde_json::json;

use crate::support::Subject;
use crate::webhooks::{SECRET, admit, post};
use crate::webhooks_whatsapp::{EMPTY, TEXT};

const APP_SECRET: &str = "sim-app-secret-01";
const EMPTY_SIGNATURE: &str =
    "sha256=f69541eb79f2a79d2bf34585a87185f20c5fca046bd77eab87f3e6d75750815c";
const TEXT_SIGNATURE: &str =
    "sha256=5b1ed4e9f81922d08a2d5b6dc47b558dba81cd678fb872a9ead599a5f78647c0";

fn channel() -> Arc<dyn Channel> {
    let mut credentials = Subject::WhatsApp.credentials();
    credentials["appSecret"] = APP_SECRET.into();
    credentials["verifyToken"] = "verify-01".into();
    Subject::WhatsApp.channel_with(&credentials, &json!({}))
}

fn signed(signature: &str, body: &str) -> Result<Admission, WebhookRefused> {
    let header = Some(("x-hub-signature-256", signature));
    post(&*channel(), header, body.as_bytes())
}

#[rstest]
#[case::right(
    "hub.mode=subscribe&hub.verify_token=verify-01&hub.challenge=1158201444",
    Ok("1158201444")
)]
#[case::encoded(
    "hub.challenge=a%2Bb&hub.verify_token=verify%2D01&hub.mode=subscribe",
    Ok("a+b")
)]
#[case::wrong_token("hub.mode=subscribe&hub.verify_token=verify-02&hub.challenge=1", Err(()))]
#[case::longer_token("hub.mode=subscribe&hub.verify_token=verify-011&hub.challenge=1", Err(()))]
#[case::no_token("hub.mode=subscribe&hub.challenge=1", Err(()))]
#[case::the_url_secret_does_not_count("hub.mode=subscribe&hub.verify_token=5c1d0a94e5b4f0e9a1f22b3c4d5e6f7a&hub.challenge=1", Err(()))]
#[case::no_mode("hub.verify_token=verify-01&hub.challenge=1", Err(()))]
#[case::other_mode("hub.mode=unsubscribe&hub.verify_token=verify-01&hub.challenge=1", Err(()))]
#[case::no_challenge("hub.mode=subscribe&hub.verify_token=verify-01", Err(()))]
#[case::line_break("hub.mode=subscribe&hub.verify_token=verify-01&hub.challenge=1%0A2", Err(()))]
#[case::nothing("", Err(()))]
fn the_handshake_wants_mode_and_token(#[case] query: &str, #[case] expected: Result<&str, ()>) {
    let expected = expected
        .map(|text| Admission::Challenge(text.to_owned()))
        .map_err(|()| WebhookRefused::Forbidden);
    let answered = admit(&*channel(), &Method::GET, query, &HeaderMap::new(), b"");
    assert_eq!(answered, expected);
}

#[test]
fn a_challenge_is_bounded() {
    let answer = |length| {
        let challenge = "1".repeat(length);
        let query =
            format!("hub.mode=subscribe&hub.verify_token=verify-01&hub.challenge={challenge}");
        admit(&*channel(), &Method::GET, &query, &HeaderMap::new(), b"").is_ok()
    };
    assert!(answer(256));
    assert!(!answer(257));
}

#[test]
fn without_a_verify_token_the_channels_secret_serves() {
    let channel = Subject::WhatsApp.channel("https://graph.facebook.com");
    let query = format!("hub.mode=subscribe&hub.verify_token={SECRET}&hub.challenge=7");
    let answered = admit(&*channel, &Method::GET, &query, &HeaderMap::new(), b"");
    assert_eq!(answered, Ok(Admission::Challenge("7".into())));
}

#[rstest]
#[case::empty(EMPTY_SIGNATURE, EMPTY)]
#[case::escaped(TEXT_SIGNATURE, TEXT)]
#[case::upper_case(
    "sha256=F69541EB79F2A79D2BF34585A87185F20C5FCA046BD77EAB87F3E6D75750815C",
    EMPTY
)]
fn a_signed_body_is_let_in(#[case] signature: &str, #[case] body: &str) {
    assert_eq!(signed(signature, body), Ok(Admission::Deliver));
}

#[rstest]
#[case::one_byte_changed(TEXT_SIGNATURE, TEXT.replacen("wamid", "wamie", 1))]
#[case::the_same_json_in_other_bytes(TEXT_SIGNATURE, TEXT.replace("\\/", "/"))]
#[case::other_body(EMPTY_SIGNATURE, TEXT.to_owned())]
#[case::prefix_in_upper_case("SHA256=f69541eb79f2a79d2bf34585a87185f20c5fca046bd77eab87f3e6d75750815c", EMPTY.to_owned())]
#[case::no_prefix("f69541eb79f2a79d2bf34585a87185f20c5fca046bd77eab87f3e6d75750815c", EMPTY.to_owned())]
#[case::sha1("sha1=da11cdb3d55b1863df6ea6febdb30f39a579fdc0", EMPTY.to_owned())]
#[case::too_short("sha256=f69541eb", EMPTY.to_owned())]
#[case::too_long("sha256=f69541eb79f2a79d2bf34585a87185f20c5fca046bd77eab87f3e6d75750815c00", EMPTY.to_owned())]
#[case::no_hex("sha256=zz9541eb79f2a79d2bf34585a87185f20c5fca046bd77eab87f3e6d75750815c", EMPTY.to_owned())]
#[case::empty("sha256=", EMPTY.to_owned())]
fn anything_else_is_refused(#[case] signature: &str, #[case] body: String) {
    assert_eq!(signed(signature, &body), Err(WebhookRefused::Forbidden));
}

#[test]
fn a_body_without_signature_is_refused() {
    let refused = post(&*channel(), None, EMPTY.as_bytes());
    assert_eq!(refused, Err(WebhookRefused::Forbidden));
}

#[test]
fn without_an_app_secret_nothing_is_let_in_and_the_operator_is_told() {
    let channel = Subject::WhatsApp.channel("https://graph.facebook.com");
    let header = Some(("x-hub-signature-256", EMPTY_SIGNATURE));
    let refused = post(&*channel, header, EMPTY.as_bytes()).expect_err("no secret to check with");
    assert_eq!(
        refused.to_string(),
        "the call cannot be checked: set the credential appSecret of this channel"
    );
}
