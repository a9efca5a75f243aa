//! Meta's webhooks: every kind of item.
//!
//! Duplicates, the ladder of statuses, unknown messages and unknown numbers are the server's to judge.

use std::sync::Arc;

use recado_core::Status;
use recado_core::inbound::{Inbound, InboundContent};
use recado_core::message::MessageError;
use recado_providers::Channel;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Subject, merged};
use crate::webhooks::{
    address, button, ignored, list, message, other, read, statuses, step, words_of,
};

pub(crate) const EMPTY: &str = r#"{"object":"whatsapp_business_account","entry":[]}"#;
/// As Meta escapes: the signature covers these very bytes.
pub(crate) const TEXT: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550001111","phone_number_id":"800000000000001"},"contacts":[{"profile":{"name":"Jo\u00e3o \ud83d\ude00"},"wa_id":"5511900000001"}],"messages":[{"from":"5511900000001","id":"wamid.SIM0001","timestamp":"1790000000","type":"text","text":{"body":"a\/b caf\u00e9"}}]}}]}]}"#;
const OURS: &str = "wamid.SIM0A1B2C3D4E5F60718293A4B5C6D7E8F";

pub(crate) fn channel() -> Arc<dyn Channel> {
    Subject::WhatsApp.channel("https://graph.facebook.com")
}

/// A body with one change.
fn change(value: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "900000000000001", "changes": [
        {"field": "messages", "value": value},
    ]}]})
}

fn value(messages: &Value, statuses: &Value) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": "800000000000001"},
        "contacts": [{"profile": {"name": "Ana", "username": "@ana.ex"}, "wa_id": "5511900000001",
                      "user_id": "BR.0000000000000001"}],
        "messages": messages,
        "statuses": statuses,
    })
}

/// A message from Ana with these members.
pub(crate) fn from_ana(members: &Value) -> Value {
    let message = merged(
        json!({
            "context": {"from": "15550001111", "id": OURS}, "from": "5511900000001",
            "id": "wamid.SIMINBOUND0002", "timestamp": "1790000123",
        }),
        members,
    );
    change(&value(&json!([message]), &json!([])))
}

fn tap() -> Value {
    from_ana(&json!({
        "from_user_id": "BR.0000000000000001", "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": "ord-4411:yes", "title": "Sim, pode"}},
    }))
}

pub(crate) fn status_of(members: &Value) -> Value {
    let status = merged(
        json!({
            "id": OURS, "status": "delivered", "timestamp": "1790000101", "recipient_id": "5511900000001",
            "biz_opaque_callback_data": "msg_0199f3aa4a1e7c109d7b000000000001",
        }),
        members,
    );
    change(&value(&json!([]), &json!([status])))
}

fn failed() -> Value {
    status_of(&json!({"status": "failed", "errors": [{
        "code": 131_047, "title": "Re-engagement message", "message": "Re-engagement message",
        "error_data": {"details": "More than 24 hours have passed since 5511900000001 last replied."},
        "href": "/documentation/error-codes",
    }]}))
}

pub(crate) fn examples() -> Vec<Value> {
    let trouble = json!({"metadata": {"phone_number_id": "800000000000001"}, "errors": [
        {"code": 130_429, "title": "Rate limit hit", "error_data": {"details": "Slow down"}}]});
    vec![
        serde_json::from_str(TEXT).expect("JSON"),
        tap(),
        failed(),
        from_ana(
            &json!({"type": "interactive", "interactive": {"type": "list_reply",
            "list_reply": {"id": "slot-14", "title": "14h"}}}),
        ),
        from_ana(&json!({"type": "button", "button": {"payload": "P-1", "text": "Quero"}})),
        change(&trouble),
    ]
}

#[test]
fn an_empty_batch_says_nothing() {
    let body: Value = serde_json::from_str(EMPTY).expect("JSON");
    assert_eq!(read(&*channel(), &body), []);
    let page = json!({"object": "page", "entry": [{"changes": [{"field": "messages"}]}]});
    assert_eq!(read(&*channel(), &page), []);
}

#[test]
fn a_text_comes_with_its_sender_its_time_and_its_number() {
    let items = channel()
        .parse_webhook(None, TEXT.as_bytes())
        .expect("readable");
    let [item] = items.as_slice() else {
        panic!("{items:?}")
    };
    assert_eq!(item.number.as_deref(), Some("800000000000001"));
    let Inbound::Message(message) = &item.what else {
        panic!("{item:?}")
    };
    assert_eq!(message.external_id, "wamid.SIM0001");
    assert_eq!(message.from.name.as_deref(), Some("João 😀"));
    assert_eq!(address(&message.from.phone), Some("5511900000001"));
    assert_eq!(message.sent_at, Some(1_790_000_000_000));
    assert_eq!(message.in_reply_to, None);
    assert_eq!(message.content, other("text", Some("a/b café")));
}

#[test]
fn a_tap_names_the_button_the_question_and_the_customer() {
    let tap = message(&*channel(), &tap());
    assert_eq!(tap.content, button("ord-4411:yes", "Sim, pode"));
    assert_eq!(tap.in_reply_to.as_deref(), Some(OURS));
    assert_eq!(address(&tap.from.phone), Some("5511900000001"));
    assert_eq!(address(&tap.from.user_id), Some("BR.0000000000000001"));
    assert_eq!(tap.from.name.as_deref(), Some("Ana"));
}

#[rstest]
#[case::no_context(json!({"context": null}), None)]
#[case::unknown(json!({"context": {"id": "wamid.OTHER"}}), Some("wamid.OTHER"))]
fn a_tap_may_answer_nothing_that_we_know(#[case] context: Value, #[case] answered: Option<&str>) {
    let mut members = json!({"type": "interactive", "interactive": {"type": "button_reply",
        "button_reply": {"id": "b", "title": "B"}}});
    members["context"] = context["context"].clone();
    let tap = message(&*channel(), &from_ana(&members));
    assert_eq!(tap.in_reply_to.as_deref(), answered);
}

#[rstest]
#[case::list_without_description(
    json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "slot-14", "title": "14h–16h"}}}),
    list("slot-14", "14h–16h"))]
#[case::template(json!({"type": "button", "button": {"payload": "PAYLOAD-1", "text": "Quero"}}), button("PAYLOAD-1", "Quero"))]
#[case::template_without_payload(json!({"type": "button", "button": {"text": "Quero"}}), other("button", Some("Quero")))]
#[case::flow(
    json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{\"flow_token\":"}}}),
    other("nfm_reply", Some("{\"flow_token\":")))]
#[case::call_permission(
    json!({"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}}),
    other("call_permission_reply", Some("accept")))]
#[case::new_interactive(json!({"type": "interactive", "interactive": {"type": "hologram"}}), other("unknown", None))]
#[case::image(json!({"type": "image", "image": {"caption": "Foto"}}), other("image", Some("Foto")))]
#[case::document(json!({"type": "document", "document": {"id": "1", "filename": "nota.pdf"}}), other("document", None))]
#[case::audio(json!({"type": "audio", "audio": {"id": "1", "voice": true}}), other("audio", None))]
#[case::sticker(json!({"type": "sticker", "sticker": null}), other("sticker", None))]
#[case::location(json!({"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": "Loja"}}), other("location", Some("Loja")))]
#[case::contacts(json!({"type": "contacts", "contacts": [{}]}), other("contacts", None))]
#[case::system(json!({"type": "system", "system": {"type": "user_changed_number", "body": "Ana changed"}}), other("system", Some("Ana changed")))]
#[case::unsupported(json!({"type": "unsupported", "errors": [{"code": 131_051}]}), other("unsupported", None))]
#[case::unknown(json!({"type": "hologram", "hologram": {"body": "x"}}), other("unknown", None))]
#[case::no_type(json!({}), other("unknown", None))]
fn every_kind_of_message_is_an_item(#[case] members: Value, #[case] expected: InboundContent) {
    let content = message(&*channel(), &from_ana(&members)).content;
    assert_eq!(words_of(content), expected);
}

#[test]
fn a_reaction_answers_the_message_under_it() {
    let members = json!({"context": null, "type": "reaction", "reaction": {"message_id": OURS, "emoji": "👍"}});
    let reaction = message(&*channel(), &from_ana(&members));
    assert_eq!(reaction.in_reply_to.as_deref(), Some(OURS));
    assert_eq!(words_of(reaction.content), other("reaction", Some("👍")));
}

#[test]
fn every_item_of_a_batch_counts_and_keeps_its_own_sender() {
    let text = |id: &str, from: &str| json!({"from": from, "id": id, "type": "text", "text": {"body": id}});
    let change = |n: u8| {
        let (first, second) = (format!("a{n}"), format!("b{n}"));
        json!({"field": "messages", "value": {
            "metadata": {"phone_number_id": format!("80{n}")},
            // Not in the order of the messages.
            "contacts": [{"profile": {"name": "Bea"}, "wa_id": "5511900000002"},
                         {"profile": {"name": "Ana"}, "wa_id": "5511900000001"}],
            "messages": [text(&first, "5511900000001"), text(&second, "5511900000002")],
        }})
    };
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"changes": [change(1), change(2)]}, {"changes": [change(3), change(4)]},
    ]});
    let items = channel()
        .parse_webhook(None, body.to_string().as_bytes())
        .expect("readable");
    let seen: Vec<_> = items
        .iter()
        .map(|item| {
            let Inbound::Message(message) = &item.what else {
                panic!("{item:?}")
            };
            let name = message.from.name.as_deref().unwrap_or_default();
            format!(
                "{} {} {name}",
                item.number.as_deref().unwrap_or_default(),
                message.external_id
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "801 a1 Ana",
            "801 b1 Bea",
            "802 a2 Ana",
            "802 b2 Bea",
            "803 a3 Ana",
            "803 b3 Bea",
            "804 a4 Ana",
            "804 b4 Bea",
        ]
    );
}

#[test]
fn messages_and_statuses_in_one_value_both_count() {
    let messages =
        json!([{"from": "5511900000001", "id": "m", "type": "text", "text": {"body": "oi"}}]);
    let statuses = json!([{"id": "s", "status": "sent"}, {"id": "t", "status": "read"}]);
    let items = read(&*channel(), &change(&value(&messages, &statuses)));
    assert!(
        matches!(
            items.as_slice(),
            [Inbound::Message(_), Inbound::Status(_), Inbound::Status(_)]
        ),
        "{items:?}"
    );
}

#[rstest]
#[case::message_alone(json!({"from": null, "from_user_id": "BR.7"}), json!([]), "BR.7")]
#[case::with_contact(json!({"from": null, "from_user_id": "BR.7"}), json!([{"user_id": "BR.7", "profile": {"name": "Eva"}}]), "BR.7")]
#[case::parent(json!({"from": null, "from_parent_user_id": "BR.ENT.7"}), json!([]), "BR.ENT.7")]
fn a_customer_may_have_no_phone(
    #[case] sender: Value,
    #[case] contacts: Value,
    #[case] user_id: &str,
) {
    let mut body = from_ana(&sender);
    body["entry"][0]["changes"][0]["value"]["contacts"] = contacts;
    let from = message(&*channel(), &body).from;
    assert_eq!(from.phone, None);
    assert_eq!(address(&from.user_id), Some(user_id));
}

#[rstest]
#[case::group(json!({"group_id": "120363000000000001"}), "group")]
#[case::no_id(json!({"id": ""}), "without_id")]
#[case::no_sender(json!({"from": null}), "without_sender")]
fn what_cannot_be_filed_is_ignored(#[case] members: Value, #[case] word: &str) {
    assert_eq!(read(&*channel(), &from_ana(&members)), [ignored(word)]);
}

#[rstest]
#[case::string(json!("1790000123"))]
#[case::number(json!(1_790_000_123))]
fn a_timestamp_may_be_a_number(#[case] timestamp: Value) {
    let message = message(&*channel(), &from_ana(&json!({"timestamp": timestamp})));
    assert_eq!(message.sent_at, Some(1_790_000_123_000));
}

#[rstest]
#[case("sent", Status::Sent)]
#[case("delivered", Status::Delivered)]
#[case("read", Status::Read)]
#[case("played", Status::Read)]
fn a_status_names_the_message_by_both_ids(#[case] word: &str, #[case] status: Status) {
    let news = &statuses(&*channel(), &status_of(&json!({"status": word})))[0];
    assert_eq!(step(news), (vec![OURS], status));
    let ours = news.message_id.as_ref().map(recado_core::MessageId::as_str);
    assert_eq!(ours, Some("msg_0199f3aa4a1e7c109d7b000000000001"));
    assert_eq!(news.error, None);
}

#[rstest]
#[case::no_recipient(json!({"recipient_id": null}))]
#[case::old_pricing(json!({"conversation": {"id": "c", "expiration_timestamp": "1", "origin": {"type": "service"}},
    "pricing": {"billable": true, "pricing_model": "CBP", "category": "service"}}))]
#[case::new_pricing(json!({"pricing": {"billable": false, "pricing_model": "PMP", "type": "free_customer_service"}}))]
#[case::foreign_data(json!({"biz_opaque_callback_data": "not { an id"}))]
fn a_status_needs_no_more_than_its_id(#[case] members: Value) {
    let news = &statuses(&*channel(), &status_of(&members))[0];
    assert_eq!(step(news), (vec![OURS], Status::Delivered));
}

#[test]
fn a_failed_status_says_why_and_shows_no_number() {
    let news = &statuses(&*channel(), &failed())[0];
    assert_eq!(news.status, Status::Failed);
    let mut expected = MessageError::new(
        "window_closed",
        "Re-engagement message: More than 24 hours have passed since 55…01 last replied.",
    );
    expected.code = Some(131_047);
    assert_eq!(news.error, Some(expected));
}

#[rstest]
#[case(131_026, "invalid_recipient")]
#[case(131_042, "channel_blocked")]
#[case(131_031, "channel_blocked")]
#[case(131_053, "content_refused")]
#[case(999_999, "provider_rejected")]
fn a_code_becomes_our_word(#[case] code: i64, #[case] reason: &str) {
    let body = status_of(
        &json!({"status": "failed", "errors": [{"code": code, "title": "Undeliverable"}]}),
    );
    let error = statuses(&*channel(), &body)
        .remove(0)
        .error
        .expect("an error");
    assert_eq!(
        (error.code, &*error.reason, &*error.message),
        (Some(code), reason, "Undeliverable")
    );
}

#[test]
fn trouble_of_the_account_is_told() {
    let body = change(
        &json!({"metadata": {"phone_number_id": "8"}, "errors": [{"code": 130_429,
        "title": "Rate limit hit", "error_data": {"details": "Slow down"}}]}),
    );
    let [Inbound::AccountAlert(alert)] = &read(&*channel(), &body)[..] else {
        panic!("an alert");
    };
    assert_eq!(
        (&*alert.field, alert.severity.as_str()),
        ("errors", "warning")
    );
    assert_eq!(alert.detail.as_deref(), Some("Rate limit hit: Slow down"));
    assert_eq!(alert.code, Some(130_429));
}

#[test]
fn other_fields_and_other_statuses_are_ignored() {
    let mut body = tap();
    body["entry"][0]["changes"][0]["field"] = "history".into();
    assert_eq!(read(&*channel(), &body), [ignored("field")]);
    let body = status_of(&json!({"status": "warning"}));
    assert_eq!(read(&*channel(), &body), [ignored("status")]);
}

#[test]
fn a_tap_in_a_group_comes_from_its_member() {
    let mut body = tap();
    body["entry"][0]["changes"][0]["value"]["messages"][0]["group_id"] =
        "120363000000000001".into();
    let message = message(&*channel(), &body);
    assert_eq!(address(&message.group), Some("120363000000000001@g.us"));
    assert_eq!(address(&message.from.phone), Some("5511900000001"));
    assert!(message.content.is_tap());
}
