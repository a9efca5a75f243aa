//! What may go wrong though a request is valid.

use serde::{Deserialize, Serialize};

/// Something that may look wrong on the phone, though the message is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FieldWarning))]
#[non_exhaustive]
pub struct Warning {
    /// The field that the warning is about, by its name in the request.
    pub field: String,
    /// What may look wrong.
    pub message: String,
    /// Whether the provider carries the field in another form, or not at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub degraded: bool,
}

impl Warning {
    /// Creates a warning about a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            degraded: false,
        }
    }

    /// Creates a warning about a field that the provider carries in another form, or not at all.
    pub fn degraded(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            degraded: true,
            ..Self::new(field, message)
        }
    }

    /// Returns the fields that the provider carries in another form, or not at all.
    pub fn degraded_fields(warnings: &[Self]) -> Vec<String> {
        let degraded = warnings.iter().filter(|warning| warning.degraded);
        degraded.map(|warning| warning.field.clone()).collect()
    }
}
