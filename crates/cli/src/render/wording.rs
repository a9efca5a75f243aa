//! What the server tells of contacts and messages, in a few words.

use recado_core::event::MessageError;
use recado_core::inbound::{Choice, Contact};
use recado_sandbox::drawing::Paint;
use recado_sandbox::terminal::one_line;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a part of an answer; returns `None` if a newer server writes it in another way.
pub(crate) fn read<T: DeserializeOwned>(value: Option<&Value>) -> Option<T> {
    T::deserialize(value?).ok()
}

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

pub(crate) fn choice(Choice { id, title, .. }: &Choice) -> String {
    match (one_line(id), one_line(title)) {
        (id, title) if title.is_empty() => format!("▸ {id}"),
        (id, title) => format!("▸ {title} ({id})"),
    }
}

/// Says how far a message has come, with the reason if it failed.
pub(crate) fn progress(status: &str, error: Option<&MessageError>) -> String {
    let mark = match status {
        "sent" => "✓",
        "delivered" | "read" => "✓✓",
        "failed" | "rejected" => "✗",
        "unknown" => "?",
        _ => "…",
    };
    let status = one_line(status);
    match error.map(reason).filter(|reason| !reason.is_empty()) {
        Some(reason) => format!("{mark} {status}: {reason}"),
        None => format!("{mark} {status}"),
    }
}

fn reason(error: &MessageError) -> String {
    let words = match error.message.as_str() {
        "" => &error.reason,
        message => message,
    };
    match error.code {
        Some(code) => format!("{} (code {code})", one_line(words)),
        None => one_line(words),
    }
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
        let contact = read(Some(&value)).expect("a contact");
        assert_eq!(person(&contact).as_deref(), name);
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
    fn a_status_has_its_mark(#[case] status: &str, #[case] error: Value, #[case] shown: &str) {
        assert_eq!(progress(status, read(Some(&error)).as_ref()), shown);
    }
}
