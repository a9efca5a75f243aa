//! Reading the objects of a request with Graph's errors, which name the path of what is wrong.

use serde_json::{Map, Value};

use super::errors::GraphError;
use crate::call::is_one_of;

/// An object of the request, with its path.
pub(super) struct Node<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(object: &'a Map<String, Value>) -> Self {
        let path = String::new();
        Self { object, path }
    }

    pub(super) fn child<'b>(&self, key: &str, value: &'b Value) -> Result<Node<'b>, GraphError> {
        Node::at(self.path(key), value)
    }

    fn at(path: String, value: &'a Value) -> Result<Self, GraphError> {
        match value.as_object() {
            Some(object) => Ok(Self { object, path }),
            None => Err(GraphError::must_be(&path, "an object")),
        }
    }

    /// Returns the path of a member as Graph writes it: `interactive['body']['text']`.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            return key.to_owned();
        }
        format!("{}['{key}']", self.path)
    }

    pub(super) fn contains(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    /// Refuses the first key that is not known.
    pub(super) fn check_keys(&self, known: &str) -> Result<(), GraphError> {
        let mut keys = self.object.keys();
        match keys.find(|key| !is_one_of(key, known)) {
            Some(key) => Err(GraphError::unexpected(key)),
            None => Ok(()),
        }
    }

    /// Returns a member; `null` and blank text count as absent (blank: inferred).
    fn optional(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
    }

    pub(super) fn required(&self, key: &str) -> Result<&'a Value, GraphError> {
        let value = self.optional(key);
        value.ok_or_else(|| GraphError::required(&self.path(key)))
    }

    pub(super) fn optional_text(&self, key: &str) -> Result<Option<&'a str>, GraphError> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(GraphError::must_be(&self.path(key), "a string")),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, GraphError> {
        let text = self.optional_text(key)?;
        text.ok_or_else(|| GraphError::required(&self.path(key)))
    }

    /// Returns a text that must be one of these words.
    pub(super) fn word(&self, key: &str, allowed: &str) -> Result<&'a str, GraphError> {
        let word = self.text(key)?;
        self.check_word(key, word, allowed)?;
        Ok(word)
    }

    pub(super) fn check_word(
        &self,
        key: &str,
        word: &str,
        allowed: &str,
    ) -> Result<(), GraphError> {
        if is_one_of(word, allowed) {
            return Ok(());
        }
        Err(GraphError::not_one_of(&self.path(key), allowed, word))
    }

    /// Checks that a member is a boolean, if it is there.
    pub(super) fn check_switch(&self, key: &str) -> Result<(), GraphError> {
        match self.optional(key) {
            None | Some(Value::Bool(_)) => Ok(()),
            Some(_) => Err(GraphError::must_be(&self.path(key), "a boolean")),
        }
    }

    pub(super) fn object(&self, key: &str) -> Result<Self, GraphError> {
        Self::at(self.path(key), self.required(key)?)
    }

    pub(super) fn optional_object(&self, key: &str) -> Result<Option<Self>, GraphError> {
        let value = self.optional(key);
        let object = value.map(|value| Self::at(self.path(key), value));
        object.transpose()
    }

    /// Returns the objects of an array, each of which may be refused.
    pub(super) fn objects(
        &self,
        key: &str,
    ) -> Result<impl Iterator<Item = Result<Self, GraphError>> + use<'a>, GraphError> {
        let (path, value) = (self.path(key), self.required(key)?);
        let Some(items) = value.as_array() else {
            return Err(GraphError::must_be(&path, "an array"));
        };
        let items = items.iter().enumerate();
        Ok(items.map(move |(index, item)| Self::at(format!("{path}[{index}]"), item)))
    }
}
