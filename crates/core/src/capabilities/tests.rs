//! The limits, at and beyond each edge.

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::message::{Button, Buttons};

fn check(
    capabilities: &Capabilities,
    message: &Buttons,
    to: &str,
) -> Result<Vec<Caution>, Refusal> {
    let to: Recipient = to.parse().expect("a recipient");
    let checked = capabilities.check(&message.clone().into(), &to);
    checked.map_err(|violation| violation.refuse(capabilities.title, ToString::to_string))
}

fn message(header: &str, body: &str, footer: &str, buttons: &[(&str, &str)]) -> Buttons {
    let buttons = buttons.iter().map(|(id, title)| Button::new(*id, *title));
    Buttons::new(body, buttons)
        .expect("a valid message")
        .with_header(header)
        .with_footer(footer)
}

fn refused(message: &Buttons) -> String {
    check(&WHATSAPP, message, PHONE)
        .expect_err("a refusal")
        .to_string()
}

fn accepted(capabilities: &Capabilities, message: &Buttons) -> Vec<Caution> {
    check(capabilities, message, PHONE).expect("within the limits")
}

const PHONE: &str = "5511900000001";

#[test]
fn three_buttons_pass_and_four_are_refused() {
    let buttons = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")];
    for (_, capabilities) in ALL {
        assert!(accepted(capabilities, &message("", "Hi", "", &buttons[..3])).is_empty());
    }
    assert_eq!(
        refused(&message("", "Hi", "", &buttons)),
        "(#131009) Parameter value is not valid: the message has 4 buttons; WhatsApp Cloud API allows 3"
    );
}

#[test]
fn titles_count_code_points_not_bytes() {
    assert!(accepted(&WHATSAPP, &message("", "Hi", "", &[("a", &"ç".repeat(20))])).is_empty());
    assert!(
        refused(&message("", "Hi", "", &[("a", &"ç".repeat(21))]))
            .ends_with(": buttons[0].title has 21 characters; WhatsApp Cloud API allows 20")
    );
}

#[test]
fn every_text_passes_at_its_limit_and_is_refused_one_beyond() {
    let ok = [("a", "A")];
    for (at, beyond) in [
        (
            message(&"h".repeat(60), "Hi", "", &ok),
            message(&"h".repeat(61), "Hi", "", &ok),
        ),
        (
            message("", &"b".repeat(1024), "", &ok),
            message("", &"b".repeat(1025), "", &ok),
        ),
        (
            message("", "Hi", &"f".repeat(60), &ok),
            message("", "Hi", &"f".repeat(61), &ok),
        ),
        (
            message("", "Hi", "", &[(&"i".repeat(256), "A")]),
            message("", "Hi", "", &[(&"i".repeat(257), "A")]),
        ),
    ] {
        for (_, capabilities) in ALL {
            assert!(accepted(capabilities, &at).is_empty());
        }
        assert!(
            refused(&beyond).contains("; WhatsApp Cloud API allows "),
            "{}",
            refused(&beyond)
        );
    }
}

#[test]
fn equal_ids_equal_titles_and_untrimmed_ids_are_refused_on_whatsapp() {
    assert!(
        refused(&message("", "Hi", "", &[("a", "A"), ("a", "B")])).ends_with(
            "buttons[1].id is the same as buttons[0].id; they must be unique in a message"
        )
    );
    assert!(
        refused(&message("", "Hi", "", &[("a", "A"), ("b", "A")]))
            .contains("buttons[1].title is the same as buttons[0].title")
    );
    assert!(refused(&message("", "Hi", "", &[(" a", "A")])).contains("white space"));
    assert!(accepted(&ZAPI, &message("", "Hi", "", &[(" a", "A"), ("b", "A")])).is_empty());
}

#[rstest]
#[case::spaces("Yes", "Yes ")]
#[case::zero_width("Yes", "Y\u{200b}es")]
#[case::direction("Yes", "\u{202a}Yes\u{202c}")]
#[case::normalization("Caf\u{e9}", "Cafe\u{301}")]
fn titles_that_look_the_same_are_equal_where_titles_must_differ(
    #[case] one: &str,
    #[case] other: &str,
) {
    let message = message("", "Hi", "", &[("a", one), ("b", other)]);
    assert!(refused(&message).contains("buttons[1].title is the same as buttons[0].title"));
    for capabilities in [&ZAPI, &ZAPPERAPI_V2, &WUZAPI_FORK] {
        assert!(accepted(capabilities, &message).is_empty());
    }
}

#[test]
fn emoji_that_are_long_in_utf16_give_a_warning() {
    let warnings = accepted(
        &WHATSAPP,
        &message("", "Hi", "", &[("a", "A"), ("b", &"😀".repeat(11))]),
    );
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].field.to_string(), "buttons[1].title");
}

#[test]
fn each_provider_names_the_recipients_it_does_not_carry() {
    for (capabilities, refused) in [
        (&WHATSAPP, "190000000000001@lid"),
        (&WHATSAPP, "120363000000000001-group"),
        (&ZAPI, "BR.0000000000000001"),
        (&ZAPPERAPI_V2, "BR.0000000000000001"),
    ] {
        let to: Recipient = refused.parse().expect("a recipient");
        let violation = capabilities.check_recipient(&to).expect_err("a violation");
        assert!(matches!(violation, Violation::Recipient { .. }));
    }
}

/// A provider that needs two buttons of at least five characters, and reaches no one.
static STRICT: Capabilities = {
    let mut buttons = ButtonsLimits::like_whatsapp(Source::inferred("a test"));
    buttons.count.min = 2;
    buttons.title.min = 5;
    let mut strict = Capabilities::new("strict", "Strict");
    strict.buttons = Some(buttons);
    strict
};

#[rstest]
#[case::count(&[("a", "Aurora")], "the message has 1 button; Strict needs at least 2")]
#[case::title(&[("a", "Aurora"), ("b", "Four")], "buttons[1].title has 4 characters; Strict needs at least 5")]
fn what_is_too_little_is_told_apart_from_what_is_too_much(
    #[case] buttons: &[(&str, &str)],
    #[case] told: &str,
) {
    let refusal = check(&STRICT, &message("", "Hi", "", buttons), PHONE);
    assert_eq!(refusal.expect_err("a refusal").details, told);
}

#[test]
fn a_provider_says_where_it_carries_a_kind_and_which_kinds_it_does_not_carry() {
    let nowhere = {
        let mut nowhere = STRICT.clone();
        nowhere.buttons.as_mut().expect("limits").recipients = &[];
        nowhere
    };
    let nothing = Capabilities::new("nothing", "Nothing");
    assert_eq!(nothing.kinds().count(), 0);
    for (capabilities, told) in [
        (
            &nowhere,
            "Strict does not carry reply buttons to a phone number, nor to any other recipient",
        ),
        (&nothing, "Nothing does not carry reply buttons"),
    ] {
        let refusal = check(capabilities, &message("", "Hi", "", &[("a", "A")]), PHONE);
        assert_eq!(refusal.expect_err("a refusal").details, told);
    }
}

#[rstest]
#[case::body("", " ", "A", "body is blank; ")]
#[case::title("", "Hi", "\u{200b}", "buttons[0].title is blank; ")]
#[case::header(" ", "Hi", "A", "header is blank; ")]
fn what_was_stored_with_a_text_below_the_least_is_refused(
    #[case] header: &str,
    #[case] body: &str,
    #[case] title: &str,
    #[case] told: &str,
) {
    let mut stored = json!({"body": body, "buttons": [{"id": "a", "title": title}]});
    if !header.is_empty() {
        stored["header"] = json!(header);
    }
    let message: Buttons = serde_json::from_value(stored).expect("a stored message");
    for (_, capabilities) in ALL {
        let refusal = check(capabilities, &message, PHONE).expect_err("a refusal");
        assert!(refusal.details.starts_with(told), "{refusal}");
        assert!(
            refusal.details.ends_with(" needs at least 1 character"),
            "{refusal}"
        );
    }
}
