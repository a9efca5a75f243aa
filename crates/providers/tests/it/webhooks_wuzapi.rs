//! wuzapi's webhooks: the signature, both encodings, and Go's spellings.
//!
//! The URL's secret, duplicates and the ladder of statuses are the server's to judge.

use std::sync::Arc;

use recado_core::Status;
use recado_core::inbound::{ConnectionUpdate, Inbound, InboundContent};
use recado_providers::{Admission, Channel, WebhookRefused};
use rstest::rstest;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::Subject;
use crate::webhooks::{
    FORM, address, button, file, held, ignored, list, message, other, phone_and_lid, post, read,
    read_bytes, statuses, step, words_of,
};

const OURS: &str = "3EB0A1B2C3D4E5F60718";
/// Signed outside Rust, under the secret of these tests.
pub(crate) const JSON: &str =
    r#"{"event":{},"instanceName":"aurora","type":"Connected","userID":"1"}"#;
pub(crate) const JSON_SIGNATURE: &str =
    "4e6217cc3cb6f06ec47a0f3fce2024d7b4b1f0ca7b50f824c145b14e8dacb7d2";
const CONNECTED_FORM: &str =
    "instanceName=aurora&jsonData=%7B%22type%22%3A%22Connected%22%7D&userID=1";
const FORM_SIGNATURE: &str = "a5bcfb97e29fee4c8f0c25d90e3e54b0e519277fc1804d32af1c1556790d8233";

fn channel() -> Arc<dyn Channel> {
    Subject::Wuzapi.channel("http://wuzapi.example:8080")
}

pub(crate) fn from_rita(message: &Value) -> Value {
    json!({"type": "Message", "userID": "1", "instanceName": "aurora", "event": {
        "Info": {"ID": "3AF0C1D2E3F405162738", "Chat": "190000000000001@lid",
            "Sender": "190000000000001:3@lid", "SenderAlt": "5521988887777@s.whatsapp.net",
            "IsFromMe": false, "IsGroup": false, "PushName": "Rita", "Type": "text",
            "Timestamp": "2026-09-21T11:13:29-03:00"},
        "Message": message,
    }})
}

/// What an answer quotes: the question, with buttons that were not tapped.
fn context() -> Value {
    json!({"stanzaID": OURS, "quotedMessage": {"selectedID": "no", "paramsJSON": "{\"id\":\"no\"}",
        "SelectedDisplayText": "No", "selectedRowID": "no", "text": "No"}})
}

fn taps() -> [Value; 3] {
    [
        json!({"templateButtonReplyMessage": {"selectedID": "visit_yes", "selectedDisplayText": "Confirmar",
            "selectedIndex": 0, "contextInfo": context()}}),
        json!({"buttonsResponseMessage": {"selectedButtonID": "visit_yes", "type": 1, "contextInfo": context(),
            "Response": {"SelectedDisplayText": "Confirmar"}}}),
        json!({"interactiveResponseMessage": {"body": {"text": "Confirmar"}, "contextInfo": context(),
            "InteractiveResponseMessage": {"NativeFlowResponseMessage":
                {"name": "quick_reply", "paramsJSON": "{\"id\":\"visit_yes\"}", "version": 1}}}}),
    ]
}

fn choice() -> Value {
    json!({"listResponseMessage": {"title": "09:00", "listType": 1, "contextInfo": context(),
        "singleSelectReply": {"selectedRowID": "h09"}}})
}

fn receipt(state: &str) -> Value {
    json!({"type": "ReadReceipt", "state": state, "event": {"MessageIDs": [OURS, "3EB1"],
        "Chat": "5521988887777@s.whatsapp.net", "Timestamp": "2026-09-21T14:13:29Z", "Type": ""}})
}

pub(crate) fn examples() -> Vec<Value> {
    let mut examples: Vec<_> = taps().iter().map(from_rita).collect();
    examples.extend([
        from_rita(&json!({"conversation": "Oi, tudo bem?"})),
        from_rita(&choice()),
        receipt("Read"),
        json!({"type": "ConnectFailure", "error": "x", "attempts": 3, "reason": "y"}),
    ]);
    examples
}

#[rstest]
#[case::json(JSON_SIGNATURE.to_owned(), JSON)]
#[case::upper_case(JSON_SIGNATURE.to_uppercase(), JSON)]
#[case::form(FORM_SIGNATURE.to_owned(), CONNECTED_FORM)]
fn a_signed_body_is_let_in(#[case] signature: String, #[case] body: &str) {
    let header = Some(("x-hmac-signature", &*signature));
    assert_eq!(
        post(&*channel(), header, body.as_bytes()),
        Ok(Admission::Deliver)
    );
}

#[rstest]
#[case::one_byte_changed(Some(JSON_SIGNATURE), JSON.replace("aurora", "aurorb"))]
#[case::other_body(Some(FORM_SIGNATURE), JSON.to_owned())]
#[case::missing(None, JSON.to_owned())]
#[case::empty(Some(""), JSON.to_owned())]
fn anything_else_is_refused(#[case] signature: Option<&str>, #[case] body: String) {
    let header = signature.map(|hex| ("x-hmac-signature", hex));
    let refused = post(&*channel(), header, body.as_bytes());
    assert_eq!(refused, Err(WebhookRefused::Forbidden));
}

#[rstest]
fn a_tap_is_the_same_in_every_spelling(#[values(0, 1, 2)] form: usize) {
    let tap = message(&*channel(), &from_rita(&taps()[form]));
    assert_eq!(tap.external_id, "3AF0C1D2E3F405162738");
    assert_eq!(tap.content, button("visit_yes", "Confirmar"));
    assert_eq!(tap.in_reply_to.as_deref(), Some(OURS));
    assert_eq!(tap.sent_at, Some(1_790_000_009_000));
}

#[rstest]
#[case::list(choice(), list("h09", "09:00"))]
#[case::text(json!({"conversation": "Oi"}), other("text", Some("Oi")))]
#[case::image(json!({"imageMessage": {"caption": "Foto"}}), other("image", Some("Foto")))]
#[case::tap_without_id(json!({"templateButtonReplyMessage": {"contextInfo": context()}}), other("unknown", None))]
fn every_kind_of_message_is_an_item(#[case] sent: Value, #[case] expected: InboundContent) {
    let content = message(&*channel(), &from_rita(&sent)).content;
    assert_eq!(words_of(content), expected);
}

#[test]
fn a_file_is_in_the_store_for_files_or_nowhere() {
    let mut body = from_rita(
        &json!({"imageMessage": {"mimetype": "image/jpeg", "fileLength": 81_234,
        "URL": "https://mmg.whatsapp.net/encrypted"}}),
    );
    let mut expected = file("image", &json!({"mimeType": "image/jpeg", "size": 81_234}));
    let held = |body: &Value| held(&message(&*channel(), body).content);
    assert_eq!(held(&body), expected);
    body["s3"] = json!({"url": "https://s3.example/a.jpg", "bucket": "b", "size": 81_234});
    expected["media"]["providerUrl"] = "https://s3.example/a.jpg".into();
    expected["media"]["available"] = true.into();
    assert_eq!(held(&body), expected);
}

#[rstest]
#[case::lid_first("190000000000001:3@lid", "5521988887777@s.whatsapp.net")]
#[case::phone_first("5521988887777:3@s.whatsapp.net", "190000000000001@lid")]
fn the_phone_and_the_lid_are_told_apart(#[case] sender: &str, #[case] alternative: &str) {
    let mut body = from_rita(&json!({"conversation": "Oi"}));
    body["event"]["Info"]["Sender"] = sender.into();
    body["event"]["Info"]["SenderAlt"] = alternative.into();
    let from = message(&*channel(), &body).from;
    assert_eq!(address(&from.phone), Some("5521988887777"));
    assert_eq!(address(&from.lid), Some("190000000000001@lid"));
    assert_eq!(from.name.as_deref(), Some("Rita"));
}

#[test]
fn a_form_says_the_same_as_its_json() {
    let json = from_rita(&taps()[0]);
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("instanceName", "aurora")
        .append_pair("jsonData", &json.to_string())
        .append_pair("userID", "1")
        .finish();
    let content_type = format!("{FORM}; charset=utf-8");
    let items = read_bytes(&*channel(), &content_type, form.as_bytes());
    assert_eq!(items, read(&*channel(), &json));
    assert!(channel().parse_webhook(Some(FORM), b"userID=1").is_err());
}

#[rstest]
fn a_body_is_read_whatever_its_type_says(
    #[values(
        None,
        Some("text/plain"),
        Some("application/json"),
        Some(FORM),
        Some("")
    )]
    kind: Option<&str>,
    #[values(JSON, CONNECTED_FORM)] body: &str,
) {
    let items = channel().parse_webhook(kind, body.as_bytes());
    let connected = Inbound::Connection(ConnectionUpdate::new(true, None));
    assert_eq!(items.expect("readable")[0].what, connected);
}

#[rstest]
#[case::group("Chat", json!("120363000000000001@g.us"), "group")]
#[case::group_by_its_flag("IsGroup", json!(true), "group")]
#[case::story("Chat", json!("status@broadcast"), "story")]
#[case::no_id("ID", json!(""), "without_id")]
fn what_is_no_customers_message_is_ignored(
    #[case] key: &str,
    #[case] value: Value,
    #[case] word: &str,
) {
    let mut body = from_rita(&json!({"conversation": "Oi"}));
    body["event"]["Info"][key] = value;
    assert_eq!(read(&*channel(), &body), [ignored(word)]);
}

#[test]
fn an_own_picture_is_ignored() {
    let mut body = from_rita(&json!({"imageMessage": {"caption": "Foto"}}));
    body["event"]["Info"]["IsFromMe"] = true.into();
    assert_eq!(read(&*channel(), &body), [ignored("echo")]);
}

#[test]
fn an_own_message_with_buttons_says_what_was_sent_to_whom() {
    let flow = json!({"NativeFlowMessage": {"buttons": [
        {"name": "quick_reply", "buttonParamsJSON": "{\"display_text\":\"Sim\",\"id\":\"yes\"}"}]}});
    let sent =
        json!({"interactiveMessage": {"body": {"text": "Confirma?"}, "InteractiveMessage": flow}});
    let mut body = from_rita(&sent);
    body["event"]["Info"]["IsFromMe"] = true.into();
    let items = read(&*channel(), &body);
    let [Inbound::OwnMessage(own)] = &items[..] else {
        panic!("an own message: {items:?}")
    };
    assert_eq!(own.external_id, "3AF0C1D2E3F405162738");
    assert_eq!(address(&own.to.lid), Some("190000000000001@lid"));
    assert_eq!((&*own.body, own.choices.len()), ("Confirma?", 1));
    assert_eq!(
        (&*own.choices[0].id, &*own.choices[0].title),
        ("yes", "Sim")
    );
}

#[rstest]
#[case("Delivered", Status::Delivered)]
#[case("Read", Status::Read)]
fn a_receipt_is_told_of_every_id_by_itself(#[case] state: &str, #[case] expected: Status) {
    let news = statuses(&*channel(), &receipt(state));
    let steps: Vec<_> = news.iter().map(step).collect();
    assert_eq!(steps, [(vec![OURS], expected), (vec!["3EB1"], expected)]);
}

#[test]
fn a_receipt_of_our_own_reading_is_ignored() {
    let items = read(&*channel(), &receipt("ReadSelf"));
    assert_eq!(items, [ignored("read_by_me")]);
}

#[rstest]
#[case("Connected", true, None)]
#[case("Disconnected", false, None)]
#[case("LoggedOut", false, Some("logged out: a phone must be paired"))]
#[case("QR", false, Some("a phone must be paired"))]
#[case(
    "TemporaryBan",
    false,
    Some("WhatsApp has banned the number for some time")
)]
fn the_connection_is_told(
    #[case] kind: &str,
    #[case] connected: bool,
    #[case] detail: Option<&str>,
) {
    let detail = detail.map(str::to_owned);
    let news = Inbound::Connection(ConnectionUpdate::new(connected, detail));
    assert_eq!(
        read(&*channel(), &json!({"type": kind, "event": {}})),
        [news]
    );
}

#[test]
fn an_unknown_event_is_ignored() {
    let items = read(&*channel(), &json!({"type": "CallOffer", "event": {}}));
    assert_eq!(items, [ignored("unknown")]);
}

#[test]
fn a_tap_in_a_group_comes_from_its_member() {
    for tap in taps() {
        let mut body = from_rita(&tap);
        body["event"]["Info"]["Chat"] = "120363000000000001@g.us".into();
        body["event"]["Info"]["IsGroup"] = true.into();
        let message = message(&*channel(), &body);
        assert_eq!(address(&message.group), Some("120363000000000001@g.us"));
        assert_eq!(
            phone_and_lid(&message.from),
            (Some("5521988887777"), Some("190000000000001@lid"))
        );
        assert!(message.content.is_tap(), "{:?}", message.content);
    }
}
