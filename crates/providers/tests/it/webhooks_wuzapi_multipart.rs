//! wuzapi's deliveries of media: a multipart form whose text fields are signed as Go writes them in JSON.

use std::sync::Arc;

use recado_core::inbound::InboundContent;
use recado_providers::{Admission, Channel, WebhookRefused, WebhookUnreadable};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rstest::rstest;

use crate::support::Subject;
use crate::webhooks::{admit, only, other, read_bytes, words_of};

const TYPE: &str = "multipart/form-data; boundary=9f86d081884c7d65";
/// Signed outside Rust, under the secret of these tests, over
/// `{"file":"/app/files/1/a \u003cb\u003e\u0026c.jpg","instanceName":"aurora","jsonData":"{…}","userID":"1"}`.
const SIGNATURE: &str = "eef2e477de8d5bf996d3ee8334f0385cf5701eaa0cbb519c82cf532d67cd525a";

fn channel() -> Arc<dyn Channel> {
    Subject::Wuzapi.channel("http://wuzapi.example:8080")
}

/// A form as Go writes it, with a file between the fields.
fn form() -> Vec<u8> {
    let part = |disposition: &str, content: &[u8]| {
        let head =
            format!("--9f86d081884c7d65\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    let event = r#"{"event":{"Info":{"ID":"3AF0C1D2E3F405162740","Chat":"5521988887777@s.whatsapp.net","Sender":"5521988887777@s.whatsapp.net"},"Message":{"imageMessage":{"caption":"Foto"}}},"type":"Message"}"#;
    [
        part(r#"name="userID""#, b"1"),
        part(
            "name=\"file\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg",
            b"\xff\xd8\r\n--9f86 is not one\r\n\xff",
        ),
        part(r#"name="file""#, b"/app/files/1/a <b>&c.jpg"),
        part(r#"name="jsonData""#, event.as_bytes()),
        part(r#"name="instanceName""#, b"aurora"),
        b"--9f86d081884c7d65--\r\n".to_vec(),
    ]
    .concat()
}

fn signed(content_type: &str, signature: &str, body: &[u8]) -> Result<Admission, WebhookRefused> {
    let headers = [
        ("content-type", content_type),
        ("x-hmac-signature", signature),
    ];
    let headers = headers.map(|(name, value)| {
        let value = HeaderValue::from_str(value).expect("a header's value");
        (HeaderName::from_static(name), value)
    });
    let headers = HeaderMap::from_iter(headers);
    admit(&*channel(), &Method::POST, "", &headers, body)
}

fn replaced(what: &str, with: &str) -> Vec<u8> {
    let text: String = form().into_iter().map(char::from).collect();
    assert!(text.contains(what), "{what}");
    text.replace(what, with)
        .chars()
        .map(|sign| u8::try_from(sign).expect("a byte"))
        .collect()
}

#[test]
fn a_form_whose_fields_are_signed_is_let_in_and_read() {
    assert_eq!(signed(TYPE, SIGNATURE, &form()), Ok(Admission::Deliver));
    let quoted = "Multipart/Form-Data; charset=utf-8; boundary=\"9f86d081884c7d65\"";
    assert_eq!(signed(quoted, SIGNATURE, &form()), Ok(Admission::Deliver));
    let message = only(&read_bytes(&*channel(), TYPE, &form()));
    assert_eq!(message.external_id, "3AF0C1D2E3F405162740");
    assert_eq!(words_of(message.content), other("image", Some("Foto")));
}

#[test]
fn bytes_that_are_not_utf_8_are_signed_as_go_writes_them_and_cost_nothing_else() {
    let body = replaced("aurora", "caf\u{e9}\u{e9}");
    let signature = "058bb8b4bf79b2e0dd02f510689cb36abb5c9263f30c52cd83463ae74a6654c7";
    assert_eq!(signed(TYPE, signature, &body), Ok(Admission::Deliver));
    only(&read_bytes(&*channel(), TYPE, &body));
}

#[rstest]
#[case::half_an_emoji(replaced("Foto", "Foto \\ud83d"))]
#[case::not_utf_8(replaced("Foto", "Foto \u{e9}"))]
#[case::a_file_name_in_latin_1(replaced("a.jpg", "\u{e9}.jpg"))]
fn an_event_with_a_slip_is_read(#[case] body: Vec<u8>) {
    let message = only(&read_bytes(&*channel(), TYPE, &body));
    let InboundContent::Other { text, .. } = &message.content else {
        panic!("{message:?}")
    };
    assert!(text.as_deref().unwrap_or_default().starts_with("Foto"));
}

#[rstest]
#[case::an_event_changed(replaced("Foto", "Fato"))]
#[case::a_field_changed(replaced("aurora", "aurorb"))]
#[case::a_field_too_many(replaced(
    "--9f86d081884c7d65--",
    "--9f86d081884c7d65\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n--9f86d081884c7d65--"
))]
#[case::a_field_as_a_file(replaced("name=\"userID\"", "name=\"userID\"; filename=\"x\""))]
#[case::cut_off(replaced("--9f86d081884c7d65--", ""))]
#[case::no_form(b"x".to_vec())]
fn anything_else_is_refused(#[case] body: Vec<u8>) {
    assert_eq!(
        signed(TYPE, SIGNATURE, &body),
        Err(WebhookRefused::Forbidden)
    );
}

#[rstest]
#[case::no_boundary("multipart/form-data", form())]
#[case::empty_boundary("multipart/form-data; boundary=", form())]
#[case::other_boundary("multipart/form-data; boundary=x", form())]
#[case::no_event(TYPE, replaced("jsonData", "jsonDate"))]
#[case::no_json(TYPE, replaced("{\"event\"", "event"))]
#[case::no_disposition(TYPE, replaced("Content-Disposition", "Content-Position"))]
#[case::no_name(TYPE, replaced("name=\"userID\"", "userID"))]
#[case::no_end(TYPE, replaced("--9f86d081884c7d65--", ""))]
#[case::empty(TYPE, Vec::new())]
fn what_is_no_such_form_is_unreadable(#[case] content_type: &str, #[case] body: Vec<u8>) {
    let read = channel().parse_webhook(Some(content_type), &body);
    assert_eq!(read, Err(WebhookUnreadable));
}
