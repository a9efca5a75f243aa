//! What the server tells of contacts and messages, in a few words.

use recado_sandbox::drawing::Paint;
use recado_sandbox::terminal::one_line;
use serde_json::Value;

/// A customer by the best name that is known.
pub(crate) fn person(person: &Value) -> Option<String> {
    ["name", "phone", "userId", "lid"]
        .into_iter()
        .find_map(|key| text(person, key))
}

/// What a customer chose.
pub(crate) fn choice(choice: &Value) -> Option<String> {
    let id = text(choice, "id")?;
    Some(match text(choice, "title") {
        Some(title) => format!("▸ {title} ({id})"),
        None => format!("▸ {id}"),
    })
}

/// How far a message has come, with the reason if it came to nothing.
pub(crate) fn progress(status: &str, error: &Value) -> String {
    let mark = match status {
        "sent" => "✓",
        "delivered" | "read" => "✓✓",
        "failed" | "rejected" => "✗",
        "unknown" => "?",
        _ => "…",
    };
    let status = one_line(status);
    match reason(error) {
        Some(reason) => format!("{mark} {status}: {reason}"),
        None => format!("{mark} {status}"),
    }
}

/// How a status stands out.
pub(crate) fn colour(status: &str) -> Option<Paint> {
    match status {
        "read" => Some(Paint::Blue),
        "failed" | "rejected" => Some(Paint::Red),
        _ => None,
    }
}

/// `{reason, code, message}` as a message says it.
fn reason(error: &Value) -> Option<String> {
    let reason = text(error, "reason");
    let words = text(error, "message").or_else(|| reason.clone())?;
    let code = error.get("code").filter(|code| !code.is_null());
    Some(match code {
        Some(code) => format!("{words} (code {})", one_line(&code.to_string())),
        None => words,
    })
}

/// A text on one line; none if it is empty.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then(|| one_line(text))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"name": "Ana", "phone": "5521"}), Some("Ana"))]
    #[case(json!({"name": null, "phone": "5521"}), Some("5521"))]
    #[case(json!({"name": "", "userId": "BR.1", "phone": null}), Some("BR.1"))]
    #[case(json!({"lid": "1@lid"}), Some("1@lid"))]
    #[case(json!({"name": "a\u{1b}[2J\nb"}), Some("a\u{fffd}[2J b"))]
    #[case(json!({}), None)]
    #[case(Value::Null, None)]
    fn a_person_goes_by_the_best_name(#[case] value: Value, #[case] name: Option<&str>) {
        assert_eq!(person(&value).as_deref(), name);
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
        assert_eq!(progress(status, &error), shown);
    }
}
