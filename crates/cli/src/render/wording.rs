//! What the server tells of contacts and messages, in a few words.

use recado_core::inbound::{Choice, Contact};
use recado_sandbox::{drawing::Paint, terminal::one_line};
use serde_json::Value;

/// Returns a field on one line; `None` if it is empty.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then(|| one_line(text))
}

/// Returns the best name of a contact that is known.
pub(crate) fn person(person: &Contact) -> Option<String> {
    let addresses = [&person.phone, &person.user_id, &person.lid];
    let addresses = addresses.into_iter().flatten().map(ToString::to_string);
    let mut names = person.name.clone().into_iter().chain(addresses);
    names
        .find(|name| !name.is_empty())
        .map(|name| one_line(&name))
}

/// Returns the best name of a customer in an answer, which a newer server may write in another way.
pub(crate) fn customer(contact: Option<&Value>) -> Option<String> {
    let mut names = ["name", "phone", "userId", "lid"].into_iter();
    names.find_map(|key| text(contact?, key))
}

pub(crate) fn choice(Choice { id, title, .. }: &Choice) -> String {
    match (one_line(id), one_line(title)) {
        (id, title) if title.is_empty() => format!("▸ {id}"),
        (id, title) => format!("▸ {title} ({id})"),
    }
}

/// Says how far a message has come, with the reason if it failed.
pub(crate) fn progress(status: &str, reason: Option<String>) -> String {
    let mark = match status {
        "sent" => "✓",
        "delivered" | "read" => "✓✓",
        "failed" | "rejected" => "✗",
        "unknown" => "?",
        _ => "…",
    };
    let status = one_line(status);
    match reason {
        Some(reason) => format!("{mark} {status}: {reason}"),
        None => format!("{mark} {status}"),
    }
}

/// Returns what went wrong with a message in an answer, which a newer server may write in another way.
pub(crate) fn error(error: Option<&Value>) -> Option<String> {
    let error = error?;
    let words = text(error, "message").or_else(|| text(error, "reason"))?;
    let code = error.get("code").filter(|code| !code.is_null());
    Some(match code {
        Some(code) => format!("{words} (code {})", one_line(&code.to_string())),
        None => words,
    })
}

pub(crate) fn colour(status: &str) -> Option<Paint> {
    match status {
        "read" => Some(Paint::Blue),
        "failed" | "rejected" => Some(Paint::Red),
        _ => None,
    }
}

/// Returns a text as it is; of anything else its kind, then the text that came with it.
pub(crate) fn words(kind: &str, text: Option<&str>) -> String {
    match (kind, text) {
        ("text", Some(text)) => text.to_owned(),
        (kind, Some(text)) => format!("[{}] {text}", one_line(kind)),
        (kind, None) => format!("[{}]", one_line(kind)),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"name": "Ana", "phone": "5521988887777"}), Some("Ana"))]
    #[case(json!({"name": "", "phone": "5521988887777"}), Some("5521988887777"))]
    #[case(json!({"userId": "BR.13491208655302741918", "phone": null}), Some("BR.13491208655302741918"))]
    #[case(json!({"lid": "1@lid"}), Some("1@lid"))]
    #[case(json!({"name": "a\u{1b}[2J\nb"}), Some("a\u{fffd}[2J b"))]
    #[case(json!({}), None)]
    fn a_contact_goes_by_the_best_name(#[case] value: Value, #[case] name: Option<&str>) {
        let contact = serde_json::from_value(value.clone()).expect("a contact");
        assert_eq!(person(&contact).as_deref(), name);
        assert_eq!(customer(Some(&value)).as_deref(), name);
    }

    #[test]
    fn what_this_version_cannot_read_is_shown_by_the_words_that_it_has() {
        let contact = json!({"name": {"given": "Ana"}, "phone": "a future form"});
        assert_eq!(customer(Some(&contact)).as_deref(), Some("a future form"));
        let failed = json!({"message": "Odd", "code": "E1"});
        assert_eq!(error(Some(&failed)).as_deref(), Some("Odd (code \"E1\")"));
        assert_eq!(customer(None), None);
        assert_eq!(error(Some(&json!("odd"))), None);
    }

    #[rstest]
    #[case("sending", Value::Null, "… sending")]
    #[case("accepted", Value::Null, "… accepted")]
    #[case("sent", Value::Null, "✓ sent")]
    #[case("delivered", Value::Null, "✓✓ delivered")]
    #[case("read", Value::Null, "✓✓ read")]
    #[case("unknown", Value::Null, "? unknown")]
    #[case("failed", json!({"reason": "window_closed", "code": 131_047, "message": "Re-engagement message"}),
        "✗ failed: Re-engagement message (code 131047)")]
    #[case("rejected", json!({"reason": "rejected", "code": null, "message": ""}), "✗ rejected: rejected")]
    fn a_status_has_its_mark(#[case] status: &str, #[case] failure: Value, #[case] shown: &str) {
        assert_eq!(progress(status, error(Some(&failure))), shown);
    }
}
