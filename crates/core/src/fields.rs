//! Request fields that report what is wrong with them, all at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::text::is_blank;

/// A text in a request: reading it never fails, so that every wrong field can be named in one answer.
///
/// Absent, `null` and `""` are the same; `Debug` shows no text.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum TextField {
    /// Absent, `null` or empty.
    #[default]
    Absent,
    /// A text.
    Text(String),
    /// Another JSON type, by its name.
    Wrong(&'static str),
}

impl fmt::Debug for TextField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Text(_) => f.write_str("Text(..)"),
            Self::Wrong(kind) => write!(f, "Wrong({kind})"),
        }
    }
}

impl TextField {
    /// Returns the text.
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Wrong(_) => None,
        }
    }

    /// Returns the text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Wrong(_) => None,
        }
    }

    /// Tells whether the field is absent, `null` or empty.
    pub fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

impl From<&str> for TextField {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            Self::Absent
        } else {
            Self::Text(text.to_owned())
        }
    }
}

/// Rule for a required text: it is there, it is a string, it is not blank, it has no NUL character.
pub fn required(field: &TextField) -> Result<(), ValidationError> {
    match field {
        TextField::Absent => Err(rule("required", "Required")),
        TextField::Text(text) if is_blank(text) => Err(rule("blank", "Must not be blank")),
        TextField::Text(_) | TextField::Wrong(_) => optional(field),
    }
}

/// Begins the fault of an unknown field that resembles a known one.
pub(crate) const MISSPELLED: &str = "Unknown field; write ";

/// Most characters of a name.
const MAX_NAME_CHARS: usize = 256;

/// Rule for a name: a required text of at most 256 characters.
pub fn name(field: &TextField) -> Result<(), ValidationError> {
    at_most(field, MAX_NAME_CHARS)?;
    required(field)
}

/// Checks that a text has at most so many characters.
pub(crate) fn at_most(field: &TextField, most: usize) -> Result<(), ValidationError> {
    let chars = field.as_text().unwrap_or_default().chars().count();
    if chars > most {
        let sentence = format!("Has {chars} characters; at most {most} are allowed");
        return Err(rule("length", sentence));
    }
    Ok(())
}

/// Rule for an optional text: if it is there, it is a string without a NUL character.
pub fn optional(field: &TextField) -> Result<(), ValidationError> {
    match field {
        TextField::Wrong(kind) => Err(rule("type", format!("Expected string, received {kind}"))),
        // PostgreSQL keeps no NUL in a text, and no phone shows one.
        TextField::Text(text) if text.contains('\0') => {
            Err(rule("nul", "Must not contain a NUL character"))
        }
        TextField::Text(_) | TextField::Absent => Ok(()),
    }
}

/// A broken rule: a stable word and the sentence that the client reads.
pub(crate) fn rule(code: &'static str, message: impl Into<Cow<'static, str>>) -> ValidationError {
    ValidationError::new(code).with_message(message.into())
}

/// What is wrong with a request, by field; built from rules only, never from the values sent.
///
/// Its `Display` names every field: `body_text: Required; button_1_id: Required, Must not be blank`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors {
    /// What is wrong with the request as a whole.
    pub root: Vec<String>,
    /// What is wrong with each field, by the name it has in the request.
    pub fields: BTreeMap<String, Vec<String>>,
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter();
        let fields = fields.map(|(name, faults)| format!("{name}: {}", faults.join(", ")));
        let faults: Vec<_> = self.root.iter().cloned().chain(fields).collect();
        f.write_str(&faults.join("; "))
    }
}

impl Error for FieldErrors {}

impl FieldErrors {
    /// Creates a fault of the request as a whole.
    pub fn root(message: &str) -> Self {
        Self {
            root: vec![message.to_owned()],
            ..Self::default()
        }
    }

    /// Creates a fault of one field.
    pub fn field(name: &str, message: &str) -> Self {
        Self {
            fields: BTreeMap::from([(name.to_owned(), vec![message.to_owned()])]),
            ..Self::default()
        }
    }

    /// Returns the field to look at first and its fault: `body_text: Required`.
    ///
    /// A field that is written differently comes before the field that is missing for that.
    pub fn first(&self) -> String {
        let faults = || {
            let fields = self.fields.iter();
            fields.filter_map(|(name, faults)| Some((name, faults.first()?)))
        };
        let misspelled = faults().find(|(_, fault)| fault.starts_with(MISSPELLED));
        match (self.root.first(), misspelled.or_else(|| faults().next())) {
            (Some(fault), _) => fault.clone(),
            (None, Some((name, fault))) => format!("{name}: {fault}"),
            (None, None) => "it is not valid".to_owned(),
        }
    }

    /// Takes the rules that `validator` found broken; `rename` turns a Rust name into
    /// the one on the wire, and that of a flattened part into nothing.
    pub fn from_validation(errors: &ValidationErrors, rename: fn(&str) -> String) -> Self {
        let mut found = Self::default();
        found.collect("", errors, rename);
        found
    }

    fn collect(&mut self, prefix: &str, errors: &ValidationErrors, rename: fn(&str) -> String) {
        for (name, kind) in errors.errors() {
            let path = format!("{prefix}{}", rename(name));
            match kind {
                ValidationErrorsKind::Field(rules) => {
                    let sentences = rules.iter();
                    let sentences = sentences
                        .map(|rule| rule.message.as_ref().unwrap_or(&rule.code).to_string());
                    self.fields.entry(path).or_default().extend(sentences);
                }
                ValidationErrorsKind::Struct(inner) => {
                    // A flattened part has no name of its own on the wire.
                    let dot = if path.is_empty() { "" } else { "." };
                    self.collect(&format!("{path}{dot}"), inner, rename);
                }
                ValidationErrorsKind::List(items) => {
                    for (index, inner) in items {
                        self.collect(&format!("{path}.{index}."), inner, rename);
                    }
                }
            }
        }
    }
}

impl Serialize for FieldErrors {
    /// The tree that ChatVolt answers: `{"_errors": [], "field": {"_errors": ["Required"]}}`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(self.fields.len() + 1))?;
        map.serialize_entry("_errors", &self.root)?;
        for (name, sentences) in &self.fields {
            map.serialize_entry(name, &BTreeMap::from([("_errors", sentences)]))?;
        }
        map.end()
    }
}

impl Serialize for TextField {
    /// Hides the value: `validator` copies it into its errors, and it may be a secret.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for TextField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl From<Value> for TextField {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Absent,
            Value::String(text) if text.is_empty() => Self::Absent,
            Value::String(text) => Self::Text(text),
            other => Self::Wrong(type_of(&other)),
        }
    }
}

/// Returns the name of a JSON type, as an error says it.
pub const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> TextField {
        serde_json::from_str(json).expect("any JSON is a field")
    }

    #[test]
    fn every_json_type_is_read_and_named() {
        assert_eq!(read(r#""hi""#), TextField::Text("hi".into()));
        assert_eq!(read(r#""""#), TextField::Absent);
        assert_eq!(read("null"), TextField::Absent);
        for (json, kind) in [
            ("true", "boolean"),
            ("1", "number"),
            ("-1.5", "number"),
            ("[[1]]", "array"),
            (r#"{"a":{}}"#, "object"),
        ] {
            assert_eq!(read(json), TextField::Wrong(kind));
        }
    }

    #[test]
    fn every_fault_is_printed() {
        let mut errors = FieldErrors::field("button_1_id", "Required");
        assert_eq!(errors.to_string(), "button_1_id: Required");
        let faults = ["Required", "Twice"].map(str::to_owned).to_vec();
        errors.fields.insert("body_text".to_owned(), faults);
        errors.root.push("Odd".to_owned());
        assert_eq!(
            errors.to_string(),
            "Odd; body_text: Required, Twice; button_1_id: Required"
        );
    }

    #[test]
    fn the_tree_has_the_shape_of_chatvolt() {
        let errors = FieldErrors::field("button_1_title", "Required");
        assert_eq!(
            serde_json::to_string(&errors).expect("plain JSON"),
            r#"{"_errors":[],"button_1_title":{"_errors":["Required"]}}"#
        );
    }
}
