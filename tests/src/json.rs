//! Comparing the part of a JSON value that a test is about.

use serde_json::Value;

/// Comparison with the part that matters.
pub trait AssertHas {
    /// Expects these members, at any depth; others may stand beside them.
    ///
    /// Arrays are compared whole. An expected `null` may also be absent.
    fn assert_has(&self, expected: Value);
}

impl AssertHas for Value {
    #[track_caller]
    fn assert_has(&self, expected: Value) {
        assert!(has(self, &expected), "{self:#} does not have {expected:#}");
    }
}

fn has(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => expected
            .iter()
            .all(|(name, part)| has(actual.get(name).unwrap_or(&Value::Null), part)),
        _ => actual == expected,
    }
}

/// Expects that part somewhere in a text.
#[track_caller]
pub fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "{part} is not in:\n{text}");
}

/// Returns the text of a value that is one.
#[track_caller]
pub fn text(value: &Value) -> &str {
    let found = value.as_str();
    found.unwrap_or_else(|| panic!("{value} is not a text"))
}

/// Returns the id of a thing as the API shows it.
#[track_caller]
pub fn id(thing: &Value) -> &str {
    text(&thing["id"])
}

/// Returns the entries of an array, or of a list as the API gives it.
#[track_caller]
pub fn entries(list: &Value) -> &[Value] {
    let found = list.get("data").unwrap_or(list).as_array();
    found.unwrap_or_else(|| panic!("{list} is not a list"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_compared_at_any_depth_and_arrays_whole() {
        let shown = json!({"a": {"b": 1, "c": [1, 2]}, "d": "e"});
        for part in [
            json!({"a": {"b": 1}}),
            json!({"a": {"c": [1, 2]}, "f": null}),
        ] {
            assert!(has(&shown, &part), "{part}");
        }
        for other in [
            json!({"a": {"b": 2}}),
            json!({"a": {"c": [1]}}),
            json!({"d": null}),
        ] {
            assert!(!has(&shown, &other), "{other}");
        }
    }
}
