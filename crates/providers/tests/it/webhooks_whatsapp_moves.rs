//! Meta's system messages: a customer who changed number or user id.

use recado_core::inbound::{InboundContent, InboundMessage, Person};
use rstest::rstest;
use serde_json::{Value, json};

use crate::webhooks::{address, message, other};
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
fn a_system_message_says_who_the_customer_was_and_is(
    #[case] members: Value,
    #[case] said: Value,
    #[case] was: (Option<&str>, Option<&str>),
    #[case] is: (Option<&str>, Option<&str>),
) {
    let names = |person: &Person| {
        let (phone, user_id) = (person.phone.as_ref(), person.user_id.as_ref());
        (
            address(phone).map(str::to_owned),
            address(user_id).map(str::to_owned),
        )
    };
    let owned = |(phone, user_id): (Option<&str>, Option<&str>)| {
        (phone.map(str::to_owned), user_id.map(str::to_owned))
    };
    let message = system(&members, &said);
    let InboundContent::Moved { to, text } = message.content else {
        panic!("a move: {:?}", message.content)
    };
    assert_eq!((names(&message.from), names(&to)), (owned(was), owned(is)));
    assert_eq!(text.as_deref(), Some("changed"));
}

#[rstest]
#[case::device(json!({"type": "customer_identity_changed", "wa_id": "5511900000002", "body": "changed"}))]
#[case::nothing_new(json!({"type": "user_changed_user_id", "previous_user_id": "BR.7", "body": "changed"}))]
fn a_system_message_without_a_new_name_is_a_message(#[case] said: Value) {
    let content = system(&json!({}), &said).content;
    assert_eq!(content, other("system", Some("changed")));
}

#[test]
fn a_system_message_without_sender_is_filed_under_the_previous_id() {
    let said = json!({"type": "user_changed_user_id", "previous_user_id": "BR.7"});
    let from = system(&json!({"from": null}), &said).from;
    assert_eq!(address(from.user_id.as_ref()), Some("BR.7"));
}
