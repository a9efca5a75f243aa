//! The JSON of a message, written from borrowed parts: a tree of values would cost ten times as much.

use serde::{Serialize, Serializer};

/// An object: its members before the last, and the last unless it is absent.
#[derive(Serialize)]
#[serde(bound = "Before: Serialize, T: Serialize")]
pub(crate) struct Object<Before, T> {
    #[serde(flatten)]
    before: Before,
    #[serde(flatten, serialize_with = "member")]
    last: (&'static str, Option<T>),
}

fn member<T: Serialize, S: Serializer>(
    (name, value): &(&'static str, Option<T>),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(value.iter().map(|value| (name, value)))
}

impl<T: Serialize> Object<(), T> {
    pub(crate) fn new(name: &'static str, value: T) -> Self {
        let last = (name, Some(value));
        Self { before: (), last }
    }
}

impl<Before: Serialize, T: Serialize> Object<Before, T> {
    pub(crate) fn with<U>(self, name: &'static str, value: U) -> Object<Self, U> {
        self.with_some(name, Some(value))
    }

    /// Adds a member, which is absent if the value is `None`.
    pub(crate) fn with_some<U>(self, name: &'static str, value: Option<U>) -> Object<Self, U> {
        let last = (name, value);
        Object { before: self, last }
    }

    pub(crate) fn written(&self) -> String {
        serde_json::to_string(self).expect("plain texts under plain names can be written")
    }
}
