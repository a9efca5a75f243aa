//! How far a message of ours has come and what it costs, and whether the number is connected.

use serde::{Deserialize, Serialize};

use crate::id::MessageId;
use crate::message::{MessageError, Status};

/// The status of a message of ours, as the provider reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusUpdate {
    /// The provider's ids of the message; any of them may be stored with the message.
    pub external_ids: Vec<String>,
    /// Our own id, where the provider gives it back.
    pub message_id: Option<MessageId>,
    /// `sent`, `delivered`, `read`, `failed`, or `unknown` if the provider does not know it.
    pub status: Status,
    /// Why it failed.
    pub error: Option<MessageError>,
    /// How the provider charges for it, if the status tells.
    pub pricing: Option<Pricing>,
}

impl StatusUpdate {
    /// Creates the status of a message that has these ids of the provider.
    pub const fn new(external_ids: Vec<String>, status: Status) -> Self {
        Self {
            external_ids,
            message_id: None,
            status,
            error: None,
            pricing: None,
        }
    }
}

/// The class by which Meta charges for a message, never an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Pricing {
    /// What is charged for, such as `service`, `utility` or `marketing`; reply buttons are `service`.
    pub category: Option<String>,
    /// `regular` for a message that is charged, or a word that begins with `free_`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// How messages are counted, such as `PMP`: each one.
    pub model: Option<String>,
    /// Whether the message is charged, if Meta says so.
    // Meta has announced that it will leave this out.
    pub billable: Option<bool>,
    /// Whether the message is free, by its type.
    pub free: Option<bool>,
}

impl Pricing {
    /// Returns whether the message is free: by its type, or by `billable` if the type does not tell. A message of which
    /// neither tells is billed.
    pub fn is_free(&self) -> bool {
        match self.kind.as_deref() {
            Some("regular") => false,
            Some(kind) if kind.starts_with("free_") => true,
            _ => self.billable == Some(false),
        }
    }

    /// Creates a class from Meta's words.
    pub fn new(
        category: Option<String>,
        kind: Option<String>,
        model: Option<String>,
        billable: Option<bool>,
    ) -> Self {
        Self {
            free: kind.as_deref().map(|kind| kind.starts_with("free_")),
            category,
            kind,
            model,
            billable,
        }
    }
}

/// Whether the number is connected to WhatsApp.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionUpdate {
    /// True if the number is connected.
    pub connected: bool,
    /// What the provider says about it.
    pub detail: Option<String>,
}

impl ConnectionUpdate {
    /// Creates a change of the connection.
    pub const fn new(connected: bool, detail: Option<String>) -> Self {
        Self { connected, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_does_not_say_that_the_message_is_free_is_billed() {
        for (kind, billable, free) in [
            (Some("free_customer_service"), None, true),
            (Some("free_entry_point"), Some(true), true),
            (Some("regular"), Some(false), false),
            (None, Some(false), true),
            (None, Some(true), false),
            (None, None, false),
            (Some("new"), None, false),
            (Some("new"), Some(false), true),
        ] {
            let pricing = Pricing::new(None, kind.map(str::to_owned), None, billable);
            assert_eq!(pricing.is_free(), free, "{kind:?} {billable:?}");
        }
    }
}
