//! Z-API's webhooks: every documented callback, and the taps that were only observed.
//!
//! The URL's secret, duplicates, the ladder of statuses and a tap that comes as a text are the server's to judge.

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
    address, admit, button, file, held, ignored, list, message, other, phone_and_lid, post, read,
    statuses, step, words_of,
};

const ZAAP_ID: &str = "7C11D0A94E5B4F0E9A1F22B3C4D5E6F7";
pub(crate) const OURS: &str = "3EB0A1B2C3D4E5F60718";

fn channel() -> Arc<dyn Channel> {
    Subject::Zapi.channel("https://api.z-api.io")
}

/// `ReceivedCallback` from Rita with these members.
pub(crate) fn received(members: &Value) -> Value {
    merged(
        json!({
            "type": "ReceivedCallback", "instanceId": "INST-01", "messageId": "3AF0C1D2E3F405162739",
            "phone": "5521988887777", "senderLid": "190000000000001@lid", "connectedPhone": "5521300000000",
            "fromMe": false, "isGroup": false, "momment": 1_790_000_009_000_i64, "status": "RECEIVED",
            "senderName": "Rita", "participantPhone": null, "referenceMessageId": OURS,
        }),
        members,
    )
}

fn tap() -> Value {
    received(&json!({"buttonsResponseMessage": {"buttonId": "visit_yes", "message": "Confirmar"}}))
}

fn delivery(members: &Value) -> Value {
    merged(
        json!({"type": "DeliveryCallback", "instanceId": "INST-01", "phone": "5521988887777",
        "zaapId": ZAAP_ID, "messageId": OURS, "momment": 1_790_000_003_000_i64}),
        members,
    )
}

fn status(word: &str) -> Value {
    json!({"type": "MessageStatusCallback", "instanceId": "INST-01", "status": word, "ids": [OURS, "3EB1"],
        "phone": "5521988887777", "phoneDevice": 0, "isGroup": false, "momment": 1_790_000_005_000_i64})
}

pub(crate) fn examples() -> Vec<Value> {
    vec![
        tap(),
        received(&json!({"text": {"message": "Oi, tudo bem?"}})),
        received(
            &json!({"listResponseMessage": {"selectedRowId": "h09", "title": "09:00", "message": "Sala 2"}}),
        ),
        delivery(&json!({"error": "Phone number does not exist"})),
        status("READ"),
        json!({"type": "ConnectedCallback", "instanceId": "INST-01", "connected": true, "phone": "5521300000000"}),
        json!({"type": "DisconnectedCallback", "instanceId": "INST-01", "disconnected": true,
            "error": "Device has been disconnected", "momment": 1_790_000_000}),
        json!({"type": "PresenceChatCallback", "instanceId": "INST-01", "status": "COMPOSING", "lastSeen": null}),
    ]
}

#[test]
fn the_url_is_the_proof() {
    assert_eq!(post(&*channel(), None, b"{}"), Ok(Admission::Deliver));
    let token = Some(("z-api-token", "another"));
    assert_eq!(post(&*channel(), token, b"{}"), Ok(Admission::Deliver));
    let get = admit(&*channel(), &Method::GET, "", &HeaderMap::new(), b"");
    assert_eq!(get, Err(WebhookRefused::Method));
}

#[rstest]
#[case::right(Some("TOKEN-01"), Ok(Admission::Deliver))]
#[case::wrong(Some("TOKEN-02"), Err(WebhookRefused::Forbidden))]
#[case::missing(None, Err(WebhookRefused::Forbidden))]
fn the_token_header_may_be_required(
    #[case] token: Option<&str>,
    #[case] expected: Result<Admission, WebhookRefused>,
) {
    let settings = json!({"webhookToken": "required"});
    let channel = Subject::Zapi.channel_with(&Subject::Zapi.credentials(), &settings);
    let header = token.map(|token| ("z-api-token", token));
    assert_eq!(post(&*channel, header, b"{}"), expected);
}

#[test]
fn a_tap_names_the_button_the_question_and_the_customer() {
    let tap = message(&*channel(), &tap());
    assert_eq!(tap.external_id, "3AF0C1D2E3F405162739");
    assert_eq!(tap.content, button("visit_yes", "Confirmar"));
    assert_eq!(tap.in_reply_to.as_deref(), Some(OURS));
    assert_eq!(address(&tap.from.phone), Some("5521988887777"));
    assert_eq!(address(&tap.from.lid), Some("190000000000001@lid"));
    assert_eq!(tap.from.name.as_deref(), Some("Rita"));
    assert_eq!(tap.sent_at, Some(1_790_000_009_000));
}

#[rstest]
#[case::observed(json!({"buttonReply": {"buttonId": "visit_yes", "message": "Confirmar"}}))]
#[case::observed_otherwise(json!({"buttonReply": {"id": "visit_yes", "text": "Confirmar"}}))]
#[case::protocol(json!({"templateButtonReplyMessage": {"selectedId": "visit_yes", "selectedDisplayText": "Confirmar"}}))]
#[case::protocol_otherwise(json!({"templateButtonReplyMessage": {"buttonId": "visit_yes", "message": "Confirmar"}}))]
#[case::the_documented_one_first(json!({"buttonsResponseMessage": {"buttonId": "visit_yes", "message": "Confirmar"},
    "buttonReply": {"buttonId": "b", "message": "B"}, "text": {"message": "Confirmar"}}))]
#[case::an_empty_one_is_none(json!({"buttonsResponseMessage": {"buttonId": "", "message": ""},
    "buttonReply": {"buttonId": "visit_yes", "message": "Confirmar"}}))]
fn a_tap_has_several_names(#[case] members: Value) {
    let tap = message(&*channel(), &received(&members));
    assert_eq!(tap.content, button("visit_yes", "Confirmar"));
    assert_eq!(tap.in_reply_to.as_deref(), Some(OURS));
}

#[rstest]
#[case::list(json!({"listResponseMessage": {"selectedRowId": "h09", "title": "09:00", "message": "Sala 2"}}), list("h09", "09:00"))]
#[case::number(json!({"buttonsResponseMessage": {"buttonId": 1, "message": "Um"}}), button("1", "Um"))]
#[case::text_of_a_label(json!({"text": {"message": "Confirmar"}}), other("text", Some("Confirmar")))]
#[case::edit(json!({"isEdit": true, "text": {"message": "Oi!"}}), other("edit", Some("Oi!")))]
#[case::edited_caption(json!({"isEdit": true, "image": {"imageUrl": "https://x", "caption": "Foto"}}), other("edit", Some("Foto")))]
#[case::reaction(json!({"reaction": {"value": "👍"}}), other("reaction", Some("👍")))]
#[case::unknown(json!({"hologram": {"message": "x"}}), other("unknown", None))]
#[case::nothing(json!({}), other("unknown", None))]
fn every_kind_of_message_is_an_item(#[case] members: Value, #[case] expected: InboundContent) {
    let message = message(&*channel(), &received(&members));
    assert_eq!(words_of(message.content), expected);
    // By this the server can tell a tap that came as a text.
    assert_eq!(message.in_reply_to.as_deref(), Some(OURS));
}

#[rstest]
#[case::image("image", "image/jpeg")]
#[case::video("video", "video/mp4")]
#[case::audio("audio", "audio/ogg; codecs=opus")]
#[case::document("document", "application/pdf")]
#[case::sticker("sticker", "image/webp")]
fn a_file_has_an_address(#[case] kind: &str, #[case] mime_type: &str) {
    let url = format!("{kind}Url");
    let member = json!({url: "https://files.example/z/1", "mimeType": mime_type, "fileName": "a", "caption": ""});
    let content = message(&*channel(), &received(&json!({kind: member}))).content;
    let expected = file(
        kind,
        &json!({"providerUrl": "https://files.example/z/1", "mimeType": mime_type, "fileName": "a",
            "available": true, "expiresAt": "2026-10-21T14:13:29Z"}),
    );
    assert_eq!(held(&content), expected);
    assert_eq!(words_of(content), other(kind, None));
}

#[rstest]
#[case::download_failed(json!({"downloadError": true}))]
#[case::of_another_scheme(json!({"imageUrl": "file:///etc/passwd"}))]
#[case::too_long(json!({"imageUrl": format!("https://x/{}", "a".repeat(2048))}))]
#[case::not_an_address(json!({"imageUrl": 7}))]
fn an_address_that_cannot_be_fetched_is_left_out(#[case] image: Value) {
    let content = message(&*channel(), &received(&json!({"image": image}))).content;
    assert_eq!(held(&content), file("image", &json!({})));
}

#[test]
fn a_customer_may_have_a_lid_and_no_phone() {
    let body =
        received(&json!({"phone": "190000000000007@lid", "senderLid": null, "chatName": "Rita"}));
    let from = message(&*channel(), &body).from;
    assert_eq!(from.phone, None);
    assert_eq!(address(&from.lid), Some("190000000000007@lid"));
}

#[rstest]
#[case::own(json!({"fromMe": true, "buttonsMessage": {"message": "Oi", "buttons": [{"buttonId": "a", "type": 1}]}}), "echo")]
#[case::own_that_looks_like_a_tap(json!({"fromMe": true, "buttonsResponseMessage": {"buttonId": "a"}}), "echo")]
#[case::notification(json!({"notification": "MEMBERSHIP_APPROVAL_REQUEST"}), "notification")]
#[case::group(json!({"isGroup": true, "phone": "120363000000000001-group", "participantPhone": "5521988887777"}), "group")]
#[case::group_with_a_phone(json!({"isGroup": true, "text": {"message": "Oi"}}), "group")]
#[case::group_by_its_name(json!({"phone": "120363000000000001-group"}), "group")]
#[case::newsletter(json!({"isNewsletter": true}), "newsletter")]
#[case::other_instance(json!({"instanceId": "INST-02"}), "other_instance")]
#[case::no_id(json!({"messageId": null}), "without_id")]
#[case::no_sender(json!({"phone": "Rita", "senderLid": null}), "without_sender")]
#[case::presence(json!({"type": "PresenceChatCallback"}), "presence")]
#[case::unknown(json!({"type": "HologramCallback"}), "unknown")]
#[case::no_type(json!({"type": null}), "unknown")]
fn what_is_no_customers_message_is_ignored(#[case] members: Value, #[case] word: &str) {
    assert_eq!(read(&*channel(), &received(&members)), [ignored(word)]);
}

#[rstest]
#[case("ReceivedCallBack")]
#[case("RECEIVEDCALLBACK")]
fn a_type_is_read_in_any_case(#[case] kind: &str) {
    let mut body = tap();
    body["type"] = kind.into();
    assert_eq!(
        message(&*channel(), &body).content,
        button("visit_yes", "Confirmar")
    );
}

#[rstest]
#[case::absent(json!({}))]
#[case::null(json!({"error": null}))]
fn a_delivery_without_error_is_sent(#[case] members: Value) {
    let news = statuses(&*channel(), &delivery(&members));
    assert_eq!(step(&news[0]), (vec![ZAAP_ID, OURS], Status::Sent));
}

#[test]
fn a_failed_delivery_names_the_zaap_id_once() {
    let body = delivery(&json!({"messageId": ZAAP_ID, "error": "Phone number does not exist"}));
    let news = statuses(&*channel(), &body);
    assert_eq!(step(&news[0]), (vec![ZAAP_ID], Status::Failed));
}

#[rstest]
#[case(
    "You must accept buttons message terms in panel to send this message.",
    "button_terms_not_accepted"
)]
#[case("Phone number does not exist", "invalid_recipient")]
#[case(
    "Message has not been sent because it got invalid phone number",
    "invalid_recipient"
)]
#[case(
    "You can't message this group as you don't have permission",
    "not_permitted"
)]
#[case("This type of message can only be sent in groups", "not_permitted")]
#[case("Whatsapp did not allow sending this message", "provider_rejected")]
#[case("Timeout on send message", "outcome_unknown")]
#[case("Error on send message", "outcome_unknown")]
#[case("Timeout on send message to the server", "provider_rejected")]
#[case("Got permission denied", "provider_rejected")]
#[case("The group does not exist", "provider_rejected")]
#[case("Unsupported sticker format: bmp", "bad_media")]
#[case("Something new", "provider_rejected")]
fn the_error_becomes_our_word(#[case] text: &str, #[case] reason: &str) {
    let news = statuses(&*channel(), &delivery(&json!({"error": text})));
    let error = news[0].error.as_ref().expect("an error");
    assert_eq!(
        (&*error.reason, &*error.message, error.code),
        (reason, text, None)
    );
}

#[rstest]
#[case::of_the_queue(delivery(&json!({"error": "Timeout on send message"})))]
#[case::of_whatsapp({
    let mut body = status("FAILED");
    body["error"] = "Error on send message".into();
    body
})]
fn a_send_without_a_confirmation_is_unknown_and_has_not_failed(#[case] body: Value) {
    for news in statuses(&*channel(), &body) {
        assert_eq!(news.status, Status::Unknown);
        assert_eq!(news.error.expect("an error").reason, "outcome_unknown");
    }
}

#[test]
fn a_shadow_ban_is_a_restriction_whatever_the_text() {
    let body = delivery(
        &json!({"error": "Whatsapp rejected sending this message", "errorCode": "SHADOW_BAN"}),
    );
    let news = statuses(&*channel(), &body);
    assert_eq!(
        news[0].error.as_ref().expect("an error").reason,
        "restricted"
    );
}

#[test]
fn an_error_shows_no_secret_and_no_number() {
    let body = delivery(&json!({"error": "5521988887777 not allowed for TOKEN-01"}));
    let news = statuses(&*channel(), &body);
    let message = &news[0].error.as_ref().expect("an error").message;
    assert_eq!(message, "55…77 not allowed for ***");
}

#[rstest]
#[case("SENT", Status::Sent)]
#[case("RECEIVED", Status::Delivered)]
#[case("DELIVERED", Status::Delivered)]
#[case("READ", Status::Read)]
#[case("PLAYED", Status::Read)]
#[case("FAILED", Status::Failed)]
fn a_status_is_told_of_every_id_by_itself(#[case] word: &str, #[case] expected: Status) {
    let news = statuses(&*channel(), &status(word));
    let steps: Vec<_> = news.iter().map(step).collect();
    assert_eq!(steps, [(vec![OURS], expected), (vec!["3EB1"], expected)]);
}

#[rstest]
#[case("READ_BY_ME", "read_by_me")]
#[case("PENDING", "status")]
fn a_status_that_is_not_of_the_customer_is_ignored(#[case] word: &str, #[case] counted: &str) {
    assert_eq!(read(&*channel(), &status(word)), [ignored(counted)]);
}

#[rstest]
#[case::connected(json!({"type": "ConnectedCallback", "connected": true}), true, None)]
#[case::disconnected(json!({"type": "DisconnectedCallback", "disconnected": true, "error": "Device has been disconnected",
    "momment": 1_790_000_000}), false, Some("Device has been disconnected"))]
fn the_connection_is_told(
    #[case] body: Value,
    #[case] connected: bool,
    #[case] detail: Option<&str>,
) {
    let detail = detail.map(str::to_owned);
    let news = Inbound::Connection(ConnectionUpdate::new(connected, detail));
    assert_eq!(read(&*channel(), &body), [news]);
}

#[rstest]
#[case::seconds(json!(1_790_000_000))]
#[case::milliseconds(json!(1_790_000_000_000_i64))]
fn a_moment_is_in_either_unit(#[case] moment: Value) {
    let message = message(&*channel(), &received(&json!({"momment": moment})));
    assert_eq!(message.sent_at, Some(1_790_000_000_000));
}

#[rstest]
#[case::phone(json!({"participantPhone": "5521977776666", "participantLid": null, "senderLid": null}), Some("5521977776666"), None)]
#[case::lid(json!({"participantLid": "190000000000009@lid", "senderLid": null}), None, Some("190000000000009@lid"))]
fn a_tap_in_a_group_comes_from_its_member(
    #[case] member: Value,
    #[case] phone: Option<&str>,
    #[case] lid: Option<&str>,
) {
    let mut body = tap();
    body["isGroup"] = true.into();
    body["phone"] = "120363000000000001-group".into();
    body["chatLid"] = "190000000000001@lid".into();
    for (key, value) in member.as_object().expect("an object") {
        body[key] = value.clone();
    }
    let message = message(&*channel(), &body);
    assert_eq!(address(&message.group), Some("120363000000000001@g.us"));
    assert_eq!(phone_and_lid(&message.from), (phone, lid));
    assert_eq!(message.content, button("visit_yes", "Confirmar"));
}

#[test]
fn a_title_that_answers_in_a_group_may_be_a_tap() {
    let group = json!({"isGroup": true, "phone": "5521988887777-1600000000", "participantPhone": "5521977776666",
        "text": {"message": "Confirmar"}});
    let message = message(&*channel(), &received(&group));
    assert_eq!(
        address(&message.group),
        Some("5521988887777-1600000000@g.us")
    );
    assert_eq!(message.content, other("text", Some("Confirmar")));
}
