//! The body of `POST /messages/interactive/location-request`, as ChatVolt's clients send it.

use std::collections::BTreeMap;

use serde::Deserialize;
use validator::Validate;

use super::{flat, misspelling};
use crate::fields::{FieldErrors, TextField, required};
use crate::message::LocationRequest;
use crate::request::{SendRequest, SendShape};
use crate::warning::Warning;

/// Names that other interfaces use for the fields, in small letters.
const ALIASES: [(&str, &str); 5] = [
    ("agent", "agentId"),
    ("conversation", "conversationId"),
    ("body", "body_text"),
    ("text", "body_text"),
    ("message", "body_text"),
];

const FIELDS: [&str; 3] = ["agentId", "conversationId", "body_text"];

/// The request as received; unknown keys are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Validate)]
pub struct SendLocationRequest {
    /// The agent that sends the message.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "required"))]
    pub agent_id: TextField,
    /// The conversation, which has the channel and the recipient.
    #[serde(default, rename = "conversationId")]
    #[validate(custom(function = "required"))]
    pub conversation_id: TextField,
    /// The text.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    pub body_text: TextField,
    /// Keys that are not ours.
    #[serde(flatten)]
    pub others: BTreeMap<String, TextField>,
}

fn meant(name: &str) -> Option<String> {
    misspelling::field(name, &[&ALIASES], &[&FIELDS]).map(str::to_owned)
}

impl SendLocationRequest {
    /// A request in the shape of ChatVolt's documentation.
    pub const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "body_text": "Where may we deliver your order?"
}"#;

    /// Returns the fields that are not known, but were probably meant to be one that is absent.
    pub fn misspelled(&self) -> Vec<Warning> {
        misspelling::warnings(self.others.iter(), meant, |name| match name {
            "agentId" => !self.agent_id.is_absent(),
            "conversationId" => !self.conversation_id.is_absent(),
            "body_text" => !self.body_text.is_absent(),
            _ => false,
        })
    }
}

impl SendShape for SendLocationRequest {
    fn read_fields(self) -> Result<SendRequest, FieldErrors> {
        let misspelled = self.misspelled();
        flat::check(&self, &misspelled)?;
        let text = |field: TextField| field.into_text().unwrap_or_default();
        let message = LocationRequest::new(text(self.body_text))
            .map_err(|error| FieldErrors::root(&error.to_string()))?;
        Ok(SendRequest {
            agent: self.agent_id.into_text(),
            conversation: text(self.conversation_id),
            content: message.into(),
            misspelled,
            again_of: None,
            names: Box::new(|path| format!("{path}_text")),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &str) -> Result<SendRequest, FieldErrors> {
        crate::request::read::<SendLocationRequest>(serde_json::from_str(body).expect("an object"))
    }

    #[test]
    fn the_example_is_valid() {
        let send = read(SendLocationRequest::EXAMPLE).expect("a valid body");
        let message = LocationRequest::new("Where may we deliver your order?");
        assert_eq!(send.content, message.expect("a message").into());
    }

    #[test]
    fn a_request_needs_a_text() {
        let body = json!({"agentId": "A", "conversationId": "C", "message": "Where?"});
        let errors = read(&body.to_string()).expect_err("no text");
        let fields: Vec<_> = errors.fields.keys().map(String::as_str).collect();
        assert_eq!(fields, ["body_text", "message"]);
        assert_eq!(errors.first(), "message: Unknown field; write body_text");
    }
}
