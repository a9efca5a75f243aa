//! The hosted API's webhooks: the secret, the envelopes, and every form of a tap.
//!
//! The URL's secret, duplicates, the ladder of statuses and to which send an own message belongs are the server's to judge.

use std::sync::Arc;

use recado_core::Status;
use recado_core::inbound::{ConnectionUpdate, Inbound, InboundContent};
use recado_providers::{Admission, Channel, WebhookRefused};
use reqwest::Method;
use reqwest::header::HeaderMap;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Subject, merged};
use crate::webhooks::{
    SECRET, address, admit, button, file, held, ignored, list, message, other, phone_and_lid, post,
    read, statuses, step, words_of,
};

const OURS: &str = "3EB0A1B2C3D4E5F60718";

pub(crate) fn channel() -> Arc<dyn Channel> {
    Subject::ZapperHub.channel("https://api.zapperapi.com")
}

/// `messages.upsert` from Rita.
pub(crate) fn upsert(message: &Value) -> Value {
    json!({"type": "messages.upsert", "instanceId": "inst_5f2c",
        "key": {"remoteJid": "5521988887777@s.whatsapp.net", "fromMe": false, "id": "3AF0C1D2E3F405162739"},
        "messageTimestamp": {"low": 1_790_000_009, "high": 0, "unsigned": true}, "pushName": "Rita",
        "message": message})
}

fn text() -> Value {
    upsert(&json!({"conversation": "Oi, tudo bem?"}))
}

/// What an answer quotes: the question, with buttons that were not tapped.
fn context() -> Value {
    json!({"stanzaId": OURS, "participant": "5521300000000@s.whatsapp.net", "quotedMessage": {
        "buttonsMessage": {"buttons": [{"buttonId": "no"}]},
        "templateButtonReplyMessage": {"selectedId": "no", "selectedDisplayText": "No"},
        "title": "No", "selectedRowId": "no", "selectedButtonId": "no", "selectedDisplayText": "No",
    }})
}

fn native_flow(parameters: &str, name: &str) -> Value {
    json!({"interactiveResponseMessage": {"body": {"text": "Confirmar"}, "contextInfo": context(),
        "nativeFlowResponseMessage": {"name": name, "paramsJson": parameters, "version": 1}}})
}

fn taps() -> [Value; 3] {
    [
        json!({"templateButtonReplyMessage": {"selectedId": "visit_yes", "selectedDisplayText": "Confirmar",
            "selectedIndex": 0, "contextInfo": context()}}),
        native_flow("{\"id\":\"visit_yes\"}", "quick_reply"),
        json!({"buttonsResponseMessage": {"selectedButtonId": "visit_yes", "selectedDisplayText": "Confirmar",
            "contextInfo": context()}}),
    ]
}

fn choice() -> Value {
    json!({"listResponseMessage": {"title": "09:00", "description": "Sala 2",
        "singleSelectReply": {"selectedRowId": "h09"}, "contextInfo": context()}})
}

pub(crate) fn update(members: &Value) -> Value {
    merged(
        json!({"type": "messages.update", "instanceId": "inst_5f2c",
        "key": {"remoteJid": "5521988887777@s.whatsapp.net", "fromMe": true, "id": OURS}}),
        members,
    )
}

pub(crate) fn examples() -> Vec<Value> {
    let mut examples: Vec<_> = taps().iter().map(upsert).collect();
    examples.extend([
        text(),
        json!([text(), upsert(&choice())]),
        json!({"body": text()}),
        upsert(&json!({"ephemeralMessage": {"message": choice()}})),
        update(&json!({"update": {"status": 3}})),
        update(&json!({"type": "message-receipt.update", "receipt": {"readTimestamp": 1}})),
        json!({"type": "connection.update", "connection": "close", "data": null}),
    ]);
    examples
}

#[rstest]
#[case::right(Some(format!("Bearer {SECRET}")), Ok(Admission::Deliver))]
#[case::scheme_in_lower_case(Some(format!("bearer {SECRET}")), Ok(Admission::Deliver))]
#[case::wrong(Some("Bearer wrong".to_owned()), Err(WebhookRefused::Forbidden))]
#[case::longer(Some(format!("Bearer {SECRET}0")), Err(WebhookRefused::Forbidden))]
#[case::without_scheme(Some(SECRET.to_owned()), Err(WebhookRefused::Forbidden))]
#[case::empty(Some("Bearer ".to_owned()), Err(WebhookRefused::Forbidden))]
#[case::missing(None, Err(WebhookRefused::Forbidden))]
fn the_secret_is_the_proof(
    #[case] value: Option<String>,
    #[case] expected: Result<Admission, WebhookRefused>,
) {
    let header = value.as_deref().map(|value| ("authorization", value));
    assert_eq!(post(&*channel(), header, b"{}"), expected);
}

#[rstest]
#[case::update(json!({"type": "messages.update"}), None, true)]
#[case::receipts(json!([{"type": "message-receipt.update"}, {"type": "messages.update"}]), None, true)]
#[case::in_body(json!({"body": [{"type": "messages.update"}]}), None, true)]
#[case::wrong_secret(json!({"type": "messages.update"}), Some("Bearer wrong"), false)]
#[case::empty_secret(json!({"type": "messages.update"}), Some(""), false)]
#[case::message(json!({"type": "messages.upsert"}), None, false)]
#[case::message_among_updates(json!([{"type": "messages.update"}, {"type": "messages.upsert"}]), None, false)]
#[case::connection(json!({"type": "connection.update", "connection": "close"}), None, false)]
#[case::no_event(json!([]), None, false)]
#[case::no_object(json!([7]), None, false)]
fn without_a_secret_the_second_webhook_tells_its_updates_and_nothing_else(
    #[case] body: Value,
    #[case] value: Option<&str>,
    #[case] admitted: bool,
) {
    let header = value.map(|value| ("authorization", value));
    let answer = post(&*channel(), header, body.to_string().as_bytes());
    let refused = Err(WebhookRefused::Forbidden);
    let expected = if admitted {
        Ok(Admission::Deliver)
    } else {
        refused
    };
    assert_eq!(answer, expected);
}

#[test]
fn what_another_instance_tells_is_not_of_this_channel() {
    let channel = Subject::ZapperHub.channel("http://provider.example");
    let event = |instance: Value| {
        json!({"type": "messages.upsert", "instanceId": instance,
            "key": {"remoteJid": "5521988887777@s.whatsapp.net", "id": "w.1"},
            "message": {"conversation": "Oi"}})
    };
    let body = json!([
        event("inst_other".into()),
        event("inst_5f2c".into()),
        event(Value::Null)
    ]);
    let items = read(&*channel, &body);
    assert_eq!(items[0], ignored("other_instance"));
    for item in &items[1..] {
        assert!(matches!(item, Inbound::Message(_)), "{item:?}");
    }
    assert_eq!(items.len(), 3);
}

#[test]
fn there_is_no_get() {
    let get = admit(&*channel(), &Method::GET, "", &HeaderMap::new(), b"");
    assert_eq!(get, Err(WebhookRefused::Method));
}

#[rstest]
#[case::bare(text())]
#[case::in_an_array(json!([text()]))]
#[case::in_a_body(json!({"body": text()}))]
#[case::array_in_a_body(json!({"body": [text()]}))]
#[case::in_data(json!({"type": "messages.upsert", "data": text()}))]
#[case::array_in_data(json!({"type": "messages.upsert", "data": [text()]}))]
fn a_text_comes_in_several_envelopes(#[case] body: Value) {
    let message = message(&*channel(), &body);
    assert_eq!(message.external_id, "3AF0C1D2E3F405162739");
    assert_eq!(message.content, other("text", Some("Oi, tudo bem?")));
    assert_eq!(address(&message.from.phone), Some("5521988887777"));
    assert_eq!(message.from.name.as_deref(), Some("Rita"));
    assert_eq!(message.in_reply_to, None);
}

#[test]
fn every_event_of_an_array_counts() {
    let body = json!([text(), upsert(&choice()), {"type": "presence.update"}]);
    assert_eq!(read(&*channel(), &body).len(), 3);
}

#[rstest]
#[case::number(json!(1_790_000_009))]
#[case::long(json!({"low": 1_790_000_009, "high": 0, "unsigned": true}))]
#[case::string(json!("1790000009"))]
fn a_timestamp_has_several_forms(#[case] timestamp: Value) {
    let mut body = text();
    body["messageTimestamp"] = timestamp;
    assert_eq!(message(&*channel(), &body).sent_at, Some(1_790_000_009_000));
}

#[rstest]
fn a_tap_is_the_same_in_every_form_and_wrapping(
    #[values(0, 1, 2)] form: usize,
    #[values(
        "",
        "ephemeralMessage",
        "viewOnceMessage",
        "viewOnceMessageV2",
        "editedMessage"
    )]
    wrapper: &str,
) {
    let mut sent = taps()[form].clone();
    if !wrapper.is_empty() {
        sent = json!({wrapper: {"message": sent}});
    }
    let tap = message(&*channel(), &upsert(&sent));
    assert_eq!(tap.content, button("visit_yes", "Confirmar"));
    assert_eq!(tap.in_reply_to.as_deref(), Some(OURS));
}

#[rstest]
#[case::list(choice(), list("h09", "09:00"))]
#[case::list_of_a_native_flow(
    native_flow("{\"id\":\"h09\"}", "single_select"),
    list("h09", "Confirmar")
)]
#[case::malformed_parameters(
    native_flow("{\"id\":", "quick_reply"),
    other("interactive", Some("Confirmar"))
)]
#[case::parameters_without_id(
    native_flow("{\"flow_token\":\"t\"}", "flow"),
    other("interactive", Some("Confirmar"))
)]
#[case::parameters_of_no_object(
    native_flow("7", "quick_reply"),
    other("interactive", Some("Confirmar"))
)]
#[case::tap_without_id(json!({"templateButtonReplyMessage": {"selectedDisplayText": "Confirmar", "contextInfo": context()}}),
    other("unknown", None))]
#[case::long_text(json!({"extendedTextMessage": {"text": "Oi", "contextInfo": context()}}), other("text", Some("Oi")))]
#[case::image(json!({"imageMessage": {"caption": "Foto"}}), other("image", Some("Foto")))]
#[case::document(json!({"documentWithCaptionMessage": {"message": {"documentMessage": {"caption": "Nota"}}}}),
    other("document", Some("Nota")))]
#[case::edit(json!({"editedMessage": {"message": {"conversation": "Oi!"}}}), other("edit", Some("Oi!")))]
#[case::unknown(json!({"hologramMessage": {"text": "x"}}), other("unknown", None))]
fn every_kind_of_message_is_an_item(#[case] sent: Value, #[case] expected: InboundContent) {
    let content = message(&*channel(), &upsert(&sent)).content;
    assert_eq!(words_of(content), expected);
}

#[rstest]
#[case::number(json!(81_234))]
#[case::text(json!("81234"))]
#[case::long(json!({"low": 81_234, "high": 0, "unsigned": true}))]
fn a_file_is_where_the_vendor_has_put_it(#[case] length: Value) {
    let mut body = upsert(
        &json!({"ephemeralMessage": {"message": {"documentMessage": {
        "mimetype": "application/pdf", "fileName": "nota.pdf", "fileLength": length, "url": "https://mmg.whatsapp.net/x"}}}}),
    );
    body["mediaUrl"] = "https://files.example/zp/7.pdf".into();
    let expected = file(
        "document",
        &json!({"providerUrl": "https://files.example/zp/7.pdf", "mimeType": "application/pdf",
            "fileName": "nota.pdf", "size": 81_234, "available": true, "expiresAt": "2026-09-28T14:13:29Z"}),
    );
    let content = message(&*channel(), &body).content;
    assert_eq!(held(&content), expected);
    assert_eq!(words_of(content), other("document", None));
}

#[test]
fn an_answer_to_a_text_names_the_question() {
    let sent = json!({"extendedTextMessage": {"text": "Oi", "contextInfo": context()}});
    let answer = message(&*channel(), &upsert(&sent));
    assert_eq!(answer.in_reply_to.as_deref(), Some(OURS));
}

#[rstest]
#[case::device(json!({"remoteJid": "5521988887777:7@s.whatsapp.net"}), Some("5521988887777"), None)]
#[case::lid(json!({"remoteJid": "190000000000001@lid"}), None, Some("190000000000001@lid"))]
#[case::lid_and_phone(json!({"remoteJid": "190000000000001@lid", "remoteJidAlt": "5521988887777@s.whatsapp.net"}),
    Some("5521988887777"), Some("190000000000001@lid"))]
fn a_customer_has_a_phone_a_lid_or_both(
    #[case] mut key: Value,
    #[case] phone: Option<&str>,
    #[case] lid: Option<&str>,
) {
    key["id"] = "3AF0".into();
    let mut body = text();
    body["key"] = key;
    let from = message(&*channel(), &body).from;
    assert_eq!((address(&from.phone), address(&from.lid)), (phone, lid));
}

#[rstest]
#[case::group("/key/remoteJid", json!("120363000000000001@g.us"), "group")]
#[case::story("/key/remoteJid", json!("status@broadcast"), "story")]
#[case::newsletter("/key/remoteJid", json!("120363000000000001@newsletter"), "newsletter")]
#[case::nothing("/message", json!(null), "empty")]
#[case::protocol("/message", json!({"protocolMessage": {"type": 0}, "messageContextInfo": {}}), "empty")]
#[case::no_id("/key/id", json!(null), "without_id")]
#[case::no_sender("/key/remoteJid", json!("x@y"), "without_sender")]
#[case::unknown("/type", json!("presence.update"), "unknown")]
#[case::no_type("/type", json!(null), "unknown")]
fn what_is_no_customers_message_is_ignored(
    #[case] place: &str,
    #[case] value: Value,
    #[case] word: &str,
) {
    let mut body = text();
    *body.pointer_mut(place).expect("a member") = value;
    assert_eq!(read(&*channel(), &body), [ignored(word)]);
}

#[rstest]
#[case::failed(json!({"update": {"status": 0}}), Status::Failed)]
#[case::sent(json!({"update": {"status": 2}}), Status::Sent)]
#[case::delivered(json!({"update": {"status": 3}}), Status::Delivered)]
#[case::read(json!({"update": {"status": 4}}), Status::Read)]
#[case::played(json!({"update": {"status": 5}}), Status::Read)]
#[case::by_name(json!({"update": {"status": "DELIVERY_ACK"}}), Status::Delivered)]
#[case::as_text(json!({"status": "3"}), Status::Delivered)]
#[case::beside_the_key(json!({"status": 4}), Status::Read)]
#[case::receipt(json!({"type": "message-receipt.update", "receipt": {"receiptTimestamp": 1_790_000_001}}), Status::Delivered)]
#[case::read_receipt(json!({"type": "message-receipt.update", "receipt": {"receiptTimestamp": 1, "readTimestamp": 2}}), Status::Read)]
fn an_update_moves_a_message(#[case] members: Value, #[case] expected: Status) {
    let news = statuses(&*channel(), &update(&members));
    assert_eq!(step(&news[0]), (vec![OURS], expected));
}

#[test]
fn updates_come_in_arrays_too() {
    let item = |id: &str, status: u8| json!({"key": {"id": id, "fromMe": true}, "update": {"status": status}});
    let body = json!({"type": "messages.update", "data": [item("a", 2), item("b", 4)]});
    let news = statuses(&*channel(), &body);
    let steps: Vec<_> = news.iter().map(step).collect();
    assert_eq!(
        steps,
        [(vec!["a"], Status::Sent), (vec!["b"], Status::Read)]
    );
}

#[rstest]
#[case::pending(json!({"update": {"status": 1}}))]
#[case::unknown(json!({"update": {"status": 9}}))]
#[case::no_status(json!({"update": {"starred": true}}))]
#[case::of_a_customers_message(json!({"key": {"id": "x", "fromMe": false}, "update": {"status": 4}}))]
#[case::empty_receipt(json!({"type": "message-receipt.update", "receipt": {"readTimestamp": null}}))]
fn an_update_without_news_is_ignored(#[case] members: Value) {
    assert_eq!(read(&*channel(), &update(&members)), [ignored("status")]);
}

#[rstest]
#[case::open(json!({"connection": "open"}), Some((true, None)))]
#[case::close(json!({"connection": "close"}), Some((false, None)))]
#[case::status(json!({"status": "close"}), Some((false, None)))]
#[case::in_data(json!({"data": {"connection": "open"}}), Some((true, None)))]
#[case::reason(json!({"connection": "close", "lastDisconnect": {"error": {"message": "of 5521988887777"}}}), Some((false, Some("of 55…77"))))]
#[case::unpaired(json!({"connection": "connecting", "qr": "2@x"}), Some((false, Some("a phone must be paired"))))]
#[case::connecting(json!({"connection": "connecting"}), None)]
fn the_connection_is_told(#[case] mut body: Value, #[case] expected: Option<(bool, Option<&str>)>) {
    body["type"] = "connection.update".into();
    let expected = match expected {
        Some((connected, detail)) => {
            Inbound::Connection(ConnectionUpdate::new(connected, detail.map(str::to_owned)))
        }
        None => ignored("connecting"),
    };
    assert_eq!(read(&*channel(), &body), [expected]);
}

#[rstest]
#[case::phone(json!({"participant": "5521977776666@s.whatsapp.net"}), Some("5521977776666"), None)]
#[case::both(json!({"participant": "190000000000009@lid", "participantAlt": "5521977776666@s.whatsapp.net"}),
    Some("5521977776666"), Some("190000000000009@lid"))]
fn a_tap_in_a_group_comes_from_its_member(
    #[case] mut key: Value,
    #[case] phone: Option<&str>,
    #[case] lid: Option<&str>,
) {
    key["remoteJid"] = "120363000000000001@g.us".into();
    key["id"] = "3AF0".into();
    let mut body = text();
    body["key"] = key;
    body["message"] =
        json!({"templateButtonReplyMessage": {"selectedId": "a", "selectedDisplayText": "A"}});
    let message = message(&*channel(), &body);
    assert_eq!(address(&message.group), Some("120363000000000001@g.us"));
    assert_eq!(phone_and_lid(&message.from), (phone, lid));
    assert!(message.content.is_tap());
}
