//! The secret in the URL of a webhook, for the providers whose URL carries one.

use recado_providers::{Admission, WebhookCall, WebhookHead, WebhookRefused};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rstest::rstest;
use secrecy::SecretString;

use crate::support::Subject;
use crate::webhooks::{SECRET, channel};
use crate::webhooks_wuzapi;

/// The headers and the body of a call that its provider has made, apart from the URL.
fn genuine(subject: Subject) -> (HeaderMap, &'static [u8]) {
    let bearer = format!("Bearer {SECRET}");
    let (header, body) = match subject {
        Subject::ZapperHub => (Some(("authorization", &*bearer)), "{}"),
        Subject::Wuzapi => {
            let signature = ("x-hmac-signature", webhooks_wuzapi::JSON_SIGNATURE);
            (Some(signature), webhooks_wuzapi::JSON)
        }
        Subject::Zapi | Subject::WhatsApp => (None, "{}"),
    };
    let header = header.map(|(name, value)| {
        let value = HeaderValue::from_str(value).expect("a header's value");
        (HeaderName::from_static(name), value)
    });
    (header.into_iter().collect(), body.as_bytes())
}

#[rstest]
#[case::right(Some(SECRET), Ok(Admission::Deliver))]
#[case::missing(None, Err(WebhookRefused::Forbidden))]
#[case::empty(Some(""), Err(WebhookRefused::Forbidden))]
#[case::wrong(
    Some("5c1d0a94e5b4f0e9a1f22b3c4d5e6f7b"),
    Err(WebhookRefused::Forbidden)
)]
#[case::shorter(Some(&SECRET[1..]), Err(WebhookRefused::Forbidden))]
fn a_provider_proves_itself_by_the_secret_in_the_url(
    #[values(Subject::Zapi, Subject::ZapperHub, Subject::Wuzapi)] subject: Subject,
    #[case] url_secret: Option<&str>,
    #[case] expected: Result<Admission, WebhookRefused>,
) {
    let (headers, body) = genuine(subject);
    let secret = SecretString::from(SECRET);
    let head = WebhookHead::new(&Method::POST, url_secret, &headers, &secret);
    let before_the_body = channel(subject).verify_webhook_head(&head);
    assert_eq!(before_the_body.is_ok(), expected.is_ok());
    let call = WebhookCall::new(head, "", body);
    assert_eq!(channel(subject).verify_webhook(&call), expected);
}
