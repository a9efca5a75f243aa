//! The limits, at and beyond each edge.

use rstest::rstest;

use super::*;

fn message(header: &str, body: &str, footer: &str, buttons: &[(&str, &str)]) -> ButtonsMessage {
    let buttons = buttons.iter().map(|(id, title)| Button::new(*id, *title));
    ButtonsMessage::new(body, buttons)
        .expect("a valid message")
        .with_header(header)
        .with_footer(footer)
}

fn refused(message: &ButtonsMessage) -> String {
    let to: Recipient = "5511900000001".parse().expect("a phone number");
    WHATSAPP
        .check(message, &to)
        .expect_err("a refusal")
        .to_string()
}

fn accepted(capabilities: &Capabilities, message: &ButtonsMessage) -> Vec<Warning> {
    let to: Recipient = "5511900000001".parse().expect("a phone number");
    capabilities.check(message, &to).expect("within the limits")
}

const ALL: [&Capabilities; 4] = [&WHATSAPP, &ZAPI, &ZAPPERAPI_V2, &WUZAPI_FORK];

#[test]
fn three_buttons_pass_and_four_are_refused() {
    let buttons = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")];
    for capabilities in ALL {
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
            .ends_with(": button_1_title has 21 characters; WhatsApp Cloud API allows 20")
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
        for capabilities in ALL {
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
        refused(&message("", "Hi", "", &[("a", "A"), ("a", "B")]))
            .ends_with("button_2_id is the same as button_1_id; they must be unique in a message")
    );
    assert!(
        refused(&message("", "Hi", "", &[("a", "A"), ("b", "A")]))
            .contains("button_2_title is the same as button_1_title")
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
    assert!(refused(&message).contains("button_2_title is the same as button_1_title"));
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
    assert_eq!(warnings[0].field, "button_2_title");
}

#[test]
fn each_provider_names_the_recipients_it_does_not_carry() {
    for (capabilities, refused) in [
        (&WHATSAPP, "190000000000001@lid"),
        (&WHATSAPP, "120363000000000001-group"),
        (&ZAPI, "BR.0000000000000001"),
        (&ZAPPERAPI_V2, "120363000000000001@g.us"),
    ] {
        let to: Recipient = refused.parse().expect("a recipient");
        let refusal = capabilities.check_recipient(&to).expect_err("a refusal");
        assert_eq!(refusal.limit, BrokenLimit::Recipient);
    }
}

/// A provider that needs two buttons of at least five characters, and reaches no one.
static STRICT: Capabilities = {
    let mut strict = Capabilities::new("strict", "Strict");
    strict.buttons.min = 2;
    strict.button_title.min = 5;
    strict.recipients = &[];
    strict
};

#[test]
fn too_few_buttons_are_told_apart_from_too_many() {
    let refusal = STRICT.check_count(&[Button::new("a", "Aurora")]);
    let refusal = refusal.expect_err("a refusal");
    assert_eq!(refusal.limit, BrokenLimit::ButtonCount);
    assert_eq!(
        refusal.details,
        "the message has 1 button; Strict needs at least 2"
    );
}

#[test]
fn a_provider_that_carries_buttons_to_no_recipient_says_so() {
    let to = "5511900000001".parse().expect("a phone number");
    assert_eq!(
        STRICT.check_recipient(&to).expect_err("a refusal").details,
        "Strict does not carry reply buttons to a phone number, nor to any other recipient"
    );
}

#[rstest]
#[case::body("", " ", "A", "body_text is blank; ")]
#[case::title("", "Hi", "\u{200b}", "button_1_title is blank; ")]
#[case::header(" ", "Hi", "A", "header_text is blank; ")]
fn what_was_stored_with_a_text_below_the_least_is_refused(
    #[case] header: &str,
    #[case] body: &str,
    #[case] title: &str,
    #[case] told: &str,
) {
    let header = Some(header.to_owned()).filter(|text| !text.is_empty());
    let buttons = vec![Button::new("a", title)];
    let message = ButtonsMessage::restored(header, body.to_owned(), None, buttons);
    let to = "5511900000001".parse().expect("a phone number");
    for capabilities in ALL {
        let refusal = capabilities.check(&message, &to).expect_err("a refusal");
        assert!(refusal.details.starts_with(told), "{refusal}");
        assert!(
            refusal.details.ends_with(" needs at least 1 character"),
            "{refusal}"
        );
        assert_eq!(refusal.limit, BrokenLimit::Text);
    }
}

#[test]
fn a_text_that_is_too_short_names_its_length() {
    let refusal = STRICT.check_length(&Text::ButtonTitle(2), "Four", &STRICT.button_title);
    assert_eq!(
        refusal.expect_err("a refusal").details,
        "button_2_title has 4 characters; Strict needs at least 5"
    );
}

#[test]
fn buttons_are_named_by_the_numbers_of_the_request() {
    let to = "5511900000001".parse().expect("a recipient");
    let check = |buttons: [Button; 2]| {
        let message = ButtonsMessage::new("Hi", buttons).expect("a message");
        let refused = WHATSAPP.check_request(&message, &to, &[1, 4]);
        refused.expect_err("a refusal").details
    };
    let long = check([Button::new("a", "A"), Button::new("b", "x".repeat(21))]);
    assert!(
        long.starts_with("button_4_title has 21 characters"),
        "{long}"
    );
    let equal = check([Button::new("a", "A"), Button::new("a", "B")]);
    assert!(
        equal.starts_with("button_4_id is the same as button_1_id"),
        "{equal}"
    );
}
