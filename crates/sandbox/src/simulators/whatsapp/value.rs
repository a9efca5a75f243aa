//! Reading JSON values with Graph's errors, which name the path of what is wrong.

use std::fmt::Arguments;

use serde_json::{Map, Value};

use super::errors::GraphError;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// Refuses the first key that is not known.
pub(super) fn check_keys(body: &Object, known: &[&str]) -> Result<(), GraphError> {
    let mut keys = body.keys();
    match keys.find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(GraphError::unexpected(key)),
        None => Ok(()),
    }
}

/// `null` and blank text count as absent (blank: inferred).
pub(super) fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    })
}

/// A text that must be there.
pub(super) fn text<'a>(
    value: Option<&'a Value>,
    path: Arguments<'_>,
) -> Result<&'a str, GraphError> {
    optional_text(value, path)?.ok_or_else(|| GraphError::required(path))
}

/// A text that may be absent.
pub(super) fn optional_text<'a>(
    value: Option<&'a Value>,
    path: Arguments<'_>,
) -> Result<Option<&'a str>, GraphError> {
    match present(value) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(GraphError::must_be(path, "a string")),
    }
}

/// An object.
pub(super) fn object<'a>(value: &'a Value, path: Arguments<'_>) -> Result<&'a Object, GraphError> {
    value
        .as_object()
        .ok_or_else(|| GraphError::must_be(path, "an object"))
}

/// A word of a list.
pub(super) fn one_of(word: &str, allowed: &[&str], path: Arguments<'_>) -> Result<(), GraphError> {
    if allowed.contains(&word) {
        return Ok(());
    }
    Err(GraphError::not_one_of(path, allowed, word))
}
