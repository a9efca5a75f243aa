//! What may go wrong though a request is valid.

use serde::{Deserialize, Serialize};

/// Something that may look wrong on the phone, though the message goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warning {
    /// The field, by its name in the request.
    pub field: String,
    /// What may go wrong.
    pub message: String,
}

impl Warning {
    /// Creates a warning about a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}
