//! Numbers and groups in every form, and those that may be meant otherwise.

use rstest::rstest;
use serde_json::{Value, json};

use super::{super::checked::Checked, assert_told, one, plan};

/// Checks to whom a conversation is created, or why it is not.
#[track_caller]
fn assert_group(row: &Checked, expected: Result<&str, (&str, &str)>) {
    match expected {
        Ok(to) => assert_told(row, "create ", &format!(r#""to":"{to}""#)),
        Err((status, reason)) => assert_told(row, &format!("{status}: "), reason),
    }
}

#[rstest]
#[case(json!({"conversationId": "c1", "channel": "whatsapp", "phone": 5_511_900_020_018.0}))]
#[case(json!({"conversationId": "c1", "channel": "whatsapp", "phone": 5_511_900_020_018.25}))]
#[case(json!({"id": "c1", "channel": "whatsapp", "channelExternalId": 5_511_900_020_018.0}))]
#[case(json!({"id": "c1", "channel": "whatsapp", "participantsContacts": [{"phoneNumber": "5511900020018.0"}]}))]
fn a_fraction_is_never_part_of_a_number(#[case] text: Value) {
    let row = plan(&text.to_string(), &[]).conversations.remove(0);
    assert_told(&row, "wrong: ", "written as a decimal number");
}

#[rstest]
#[case::groups("55.11.90002.0018")]
#[case::one_dot("551190002.0018")]
fn dots_between_groups_of_digits_are_read(#[case] phone: &str) {
    let row = one(&format!("a1,,c1,whatsapp,{phone},"));
    assert!(row.is_new(), "{:?}", row.verdict);
}

#[rstest]
#[case::a_group("120363000000000001@g.us", Ok("120363000000000001@g.us"))]
#[case::a_member("5511900000009", Err(NOT_A_GROUP))]
fn a_row_of_json_with_the_names_of_a_table_may_be_a_group(
    #[case] phone: &str,
    #[case] expected: Result<&str, (&str, &str)>,
) {
    let text = json!({"conversationId": "c1", "channel": "zapi", "phone": phone, "isGroup": true});
    let row = plan(&text.to_string(), &["zapi=z1"])
        .conversations
        .remove(0);
    assert_group(&row, expected);
}

#[test]
fn another_spelling_of_a_number_is_a_warning() {
    let text = "conversationId,channel,phone\n\
        c1,whatsapp,+5511900000002\nc2,whatsapp,+551100000002\nc3,whatsapp,+551100000001\nc4,zapperapi,+551100000002\n";
    let rows = plan(text, &[]).conversations;
    assert!(rows.iter().all(Checked::is_new));
    let notices: Vec<_> = rows.iter().map(|row| row.notice.as_deref()).collect();
    let of = |id: &str| {
        format!(
            "Is another spelling of the number of conversation {id} of the same agent and channel; use one of the two"
        )
    };
    let (planned, old) = (of("c1"), of("old"));
    assert_eq!(notices, [None, Some(&*planned), Some(&*old), None]);
}

#[test]
fn a_number_that_may_be_meant_otherwise_is_a_warning() {
    let row = one("a1,,c1,whatsapp,5511900000002,");
    assert!(row.warning.is_some());
    assert!(row.is_new());
}

const GROUP: &str = "120363000000000001@g.us";
const NOT_CARRIED: (&str, &str) = ("leftOut", "does not carry a text to a group");
const NOT_A_GROUP: (&str, &str) = ("leftOut", "channelExternalId is not the address of one");

#[rstest]
#[case::by_its_sign(json!("120363000000000001@g.us"), json!(null), "zapi", Ok(GROUP))]
#[case::by_its_ending(json!("120363000000000001-group"), json!(true), "zapi", Ok(GROUP))]
#[case::by_its_digits(json!("120363000000000001"), json!(true), "zapi", Ok(GROUP))]
#[case::an_old_one(json!("5511900000009-1600000000"), json!(null), "zapi", Ok("5511900000009-1600000000@g.us"))]
#[case::whatsapp(json!("120363000000000001"), json!(null), "whatsapp", Err(NOT_CARRIED))]
#[case::zapperhub(json!("120363000000000001-group"), json!(null), "zapperapi", Ok(GROUP))]
#[case::without_its_address(json!(null), json!(true), "zapi", Err(NOT_A_GROUP))]
#[case::with_the_number_of_a_member(json!("5511900000009"), json!(true), "zapi", Err(NOT_A_GROUP))]
fn a_group_is_never_a_conversation_with_a_member(
    #[case] address: Value,
    #[case] is_group: Value,
    #[case] channel: &str,
    #[case] expected: Result<&str, (&str, &str)>,
) {
    let text = json!({"id": "c1", "channel": channel, "channelExternalId": address, "isGroup": is_group,
        "whatsappChatLid": "190000000000001@lid",
        "participantsContacts": [{"externalId": "5511900000002", "phoneNumber": "+55 11 90000-0002"}]});
    let channels: &[&str] = if channel == "zapi" { &["zapi=z1"] } else { &[] };
    let row = plan(&text.to_string(), channels).conversations.remove(0);
    assert_group(&row, expected);
}

#[rstest]
#[case::a_text(json!("true"))]
#[case::another_text(json!("false"))]
#[case::a_number(json!(1))]
fn a_group_is_told_by_true_or_false(#[case] is_group: Value) {
    for (id, phone) in [("conversationId", "phone"), ("id", "channelExternalId")] {
        let text =
            json!({id: "c1", "channel": "whatsapp", phone: "+5511900000002", "isGroup": is_group});
        let row = plan(&text.to_string(), &[]).conversations.remove(0);
        assert_told(&row, "wrong: isGroup is neither true nor false", "");
    }
}

#[rstest]
#[case::a_group("true", Err(NOT_A_GROUP))]
#[case::of_a_spreadsheet("TRUE", Err(NOT_A_GROUP))]
#[case::not_a_group("false", Ok("+5511900000009"))]
#[case::empty("", Ok("+5511900000009"))]
#[case::another_word("yes", Err(("wrong", "isGroup is neither true nor false")))]
fn a_table_tells_a_group_as_json_does(
    #[case] is_group: &str,
    #[case] expected: Result<&str, (&str, &str)>,
) {
    let text = format!("conversationId,channel,phone,isGroup\nc1,zapi,+5511900000009,{is_group}\n");
    let row = plan(&text, &["zapi=z1"]).conversations.remove(0);
    assert_group(&row, expected);
}
