//! Meta's system messages: a customer who changed number or user id.

use recado_core::inbound::{Contact, Inbound, InboundContent, InboundMessage};
use rstest::rstest;
use serde_json::{Value, json};

use crate::webhooks::{address, ignored, message, other, read, words_of};
use crate::webhooks_whatsapp::{channel, from_ana};

/// A system message, which comes without contacts.
fn system(members: &Value, system: &Value) -> InboundMessage {
    let mut members = members.clone();
    members["type"] = "system".into();
    members["system"] = system.clone();
    let mut body = from_ana(&members);
    body["entry"][0]["changes"][0]["value"]["contacts"] = json!(null);
    message(&*channel(), &body)
}

/// Phone number and user id of a contact.
fn addresses(contact: &Contact) -> (Option<&str>, Option<&str>) {
    (address(&contact.phone), address(&contact.user_id))
}

#[rstest]
#[case::number(json!({"from": "5511900000001"}),
    json!({"type": "user_changed_number", "wa_id": "5511900000002", "body": "changed"}),
    (Some("5511900000001"), None), (Some("5511900000002"), None))]
#[case::number_and_user_id(json!({"from": "5511900000001", "from_user_id": "BR.8"}),
    json!({"type": "user_changed_number", "wa_id": "5511900000002", "user_id": "BR.8", "previous_user_id": "BR.7", "body": "changed"}),
    (Some("5511900000001"), Some("BR.7")), (Some("5511900000002"), Some("BR.8")))]
#[case::user_id(json!({"from": null}),
    json!({"type": "user_changed_user_id", "user_id": "BR.8", "previous_user_id": "BR.7", "body": "changed"}),
    (None, Some("BR.7")), (None, Some("BR.8")))]
#[case::new_names_for_old_ones(json!({"from": "5511900000002", "from_user_id": "BR.8"}),
    json!({"type": "user_changed_number", "wa_id": "5511900000002", "user_id": "BR.8", "previous_parent_user_id": "BR.ENT.7", "body": "changed"}),
    (None, Some("BR.ENT.7")), (Some("5511900000002"), Some("BR.8")))]
#[case::an_older_name_of_the_type(json!({"from": "5511900000001"}),
    json!({"type": "customer_changed_number", "wa_id": "5511900000002", "customer": "5511900000001", "body": "changed"}),
    (Some("5511900000001"), None), (Some("5511900000002"), None))]
#[case::the_former_number_in_another_place(json!({"from": "5511900000002"}),
    json!({"type": "customer_changed_number", "wa_id": "5511900000002", "customer": "5511900000001", "body": "changed"}),
    (Some("5511900000001"), None), (Some("5511900000002"), None))]
#[case::an_older_name_of_the_number(json!({"from": "5511900000001"}),
    json!({"type": "user_changed_number", "new_wa_id": "5511900000002", "body": "changed"}),
    (Some("5511900000001"), None), (Some("5511900000002"), None))]
#[case::without_a_type(json!({"from": "5511900000001"}),
    json!({"new_wa_id": "5511900000002", "body": "changed"}),
    (Some("5511900000001"), None), (Some("5511900000002"), None))]
fn a_system_message_says_who_the_customer_was_and_is(
    #[case] members: Value,
    #[case] said: Value,
    #[case] was: (Option<&str>, Option<&str>),
    #[case] is: (Option<&str>, Option<&str>),
) {
    let message = system(&members, &said);
    let InboundContent::NumberChange { to, text } = message.content else {
        panic!("a number change: {:?}", message.content)
    };
    assert_eq!((addresses(&message.from), addresses(&to)), (was, is));
    assert_eq!(text.as_deref(), Some("changed"));
}

#[rstest]
#[case::device(json!({"type": "customer_identity_changed", "wa_id": "5511900000002", "body": "changed"}))]
#[case::nothing_new(json!({"type": "user_changed_user_id", "previous_user_id": "BR.7", "body": "changed"}))]
fn a_system_message_without_a_new_name_is_a_message(#[case] said: Value) {
    let content = system(&json!({}), &said).content;
    assert_eq!(words_of(content), other("system", Some("changed")));
}

#[test]
fn a_system_message_without_sender_is_filed_under_the_previous_id() {
    let said = json!({"type": "user_changed_user_id", "previous_user_id": "BR.7"});
    let from = system(&json!({"from": null}), &said).from;
    assert_eq!(address(&from.user_id), Some("BR.7"));
}

/// One call of three changes: a text, a number change, and another text.
fn batch(texts: [&str; 2]) -> Value {
    let text = |from: &str| {
        json!({"from": from, "from_user_id": format!("BR.{from}"), "id": format!("wamid.{from}"),
            "timestamp": "1790000000", "type": "text", "text": {"body": "Oi"}})
    };
    let system = json!({"from": "5511900000001", "id": "wamid.M", "timestamp": "1790000000", "type": "system",
        "system": {"type": "user_changed_number", "wa_id": "5511900000002", "user_id": "BR.5511900000002",
            "previous_user_id": "BR.5511900000001", "body": "changed"}});
    let change = |message: &Value| {
        json!({"field": "messages", "value": {"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550001111", "phone_number_id": "800000000000001"},
            "messages": [message]}})
    };
    json!({"object": "whatsapp_business_account", "entry": [{"id": "900000000000001",
        "changes": [change(&text(texts[0])), change(&text("5511955555555")), change(&system), change(&text(texts[1]))]}]})
}

#[rstest]
#[case::the_new_names_first(["5511900000002", "5511900000001"],
    ["wamid.M", "wamid.5511900000002", "wamid.5511955555555", "wamid.5511900000001"])]
#[case::the_old_names_first(["5511900000001", "5511900000002"],
    ["wamid.5511900000001", "wamid.5511955555555", "wamid.M", "wamid.5511900000002"])]
fn a_number_change_comes_before_what_the_new_names_say(
    #[case] texts: [&str; 2],
    #[case] expected: [&str; 4],
) {
    let items = read(&*channel(), &batch(texts));
    let ids = items.iter().map(|item| match item {
        Inbound::Message(message) => message.external_id.as_str(),
        _ => panic!("a message: {item:?}"),
    });
    assert_eq!(ids.collect::<Vec<_>>(), expected);
}

/// A change of the field `calls` with one call.
fn calls(call: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "900000000000001", "changes": [
        {"field": "calls", "value": {"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550001111", "phone_number_id": "800000000000001"},
            "calls": [call]}},
    ]}]})
}

#[test]
fn a_customers_call_is_told() {
    let call = json!({"id": "wacid.SIM1", "from": "5511900000001", "to": "15550001111", "event": "connect",
        "timestamp": "1790000305", "direction": "USER_INITIATED",
        "session": {"sdp_type": "offer", "sdp": "v=0"}});
    let items = read(&*channel(), &calls(&call));
    let [Inbound::Call(call)] = &items[..] else {
        panic!("a call: {items:?}")
    };
    assert_eq!(address(&call.from.phone), Some("5511900000001"));
    assert_eq!(call.at, Some(1_790_000_305_000));
}

#[rstest]
#[case::our_own(json!({"id": "wacid.SIM1", "from": "15550001111", "to": "5511900000001", "event": "connect",
    "timestamp": "1790000305", "direction": "BUSINESS_INITIATED"}), "call")]
#[case::without_a_contact(json!({"id": "wacid.SIM1", "timestamp": "1790000305"}), "without_sender")]
fn any_other_call_is_counted_and_left(#[case] call: Value, #[case] word: &str) {
    assert_eq!(read(&*channel(), &calls(&call)), [ignored(word)]);
}
