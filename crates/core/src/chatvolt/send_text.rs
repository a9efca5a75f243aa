//! The body of `POST /conversation/message/conversationId/{id}`, as ChatVolt's clients send it, with the conversation
//! beside its fields.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use validator::{Validate, ValidationError};

use super::{flat, misspelling};
use crate::fields::{FieldErrors, TextField, optional, required, rule, type_of};
use crate::message::{FieldPath, Text};
use crate::request::{SendRequest, SendShape};
use crate::switch;
use crate::text::is_blank;
use crate::warning::Warning;

/// Names that other interfaces use for the fields, in small letters.
const ALIASES: [(&str, &str); 6] = [
    ("agent", "agentId"),
    ("conversation", "conversationId"),
    ("text", "message"),
    ("body", "message"),
    ("bodytext", "message"),
    ("previewurl", "linkPreview"),
];

const FIELDS: [&str; 4] = ["agentId", "conversationId", "message", "linkPreview"];

/// The request as received; unknown keys are ignored.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Validate)]
pub struct SendText {
    /// The agent that sends the message; without one, that of the conversation.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "optional"))]
    pub agent_id: TextField,
    /// The conversation, which has the channel and the recipient.
    #[serde(default, rename = "conversationId")]
    #[validate(custom(function = "required"))]
    pub conversation_id: TextField,
    /// The text.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    pub message: TextField,
    /// Whether the phone shows a preview of the first link; a field of Recado's own.
    #[serde(default, rename = "linkPreview")]
    #[validate(custom(function = "is_switch"))]
    pub link_preview: Value,
    /// The files of the message, of which none can be sent yet.
    #[serde(default)]
    #[validate(custom(function = "none"))]
    pub attachments: Value,
    /// Keys that are not ours.
    #[serde(flatten)]
    pub others: BTreeMap<String, TextField>,
}

shows_only!(SendText {
    agent_id,
    conversation_id,
    message
});

fn is_switch(field: &Value) -> Result<(), ValidationError> {
    read_switch(field).map(|_| ())
}

/// Reads a switch; a form, and ChatVolt's own agents, write it as a text.
fn read_switch(field: &Value) -> Result<Option<bool>, ValidationError> {
    match field {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(*value)),
        Value::String(text) if is_blank(text) => Ok(None),
        Value::String(text) => match switch::parse(text) {
            Some(value) => Ok(Some(value)),
            None => Err(rule("switch", "Write true or false")),
        },
        other => {
            let sentence = format!("Expected boolean, received {}", type_of(other));
            Err(rule("type", sentence))
        }
    }
}

fn none(field: &Value) -> Result<(), ValidationError> {
    match field {
        Value::Null => Ok(()),
        // ChatVolt's own agents fill what they leave out with an empty text.
        Value::String(text) if is_blank(text) || text.trim() == "[]" => Ok(()),
        Value::Array(files) if files.is_empty() => Ok(()),
        _ => {
            let sentence = "Recado does not send attachments yet; send the text alone";
            Err(rule("attachments", sentence))
        }
    }
}

fn meant(name: &str) -> Option<String> {
    misspelling::field(name, &[&ALIASES], &[&FIELDS]).map(str::to_owned)
}

impl SendText {
    /// A request in the shape of ChatVolt's documentation, with its conversation.
    pub const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "message": "Your order has left our shop."
}"#;

    /// Returns the fields that are not known, but were probably meant to be one that is absent.
    pub fn misspelled(&self) -> Vec<Warning> {
        misspelling::warnings(self.others.iter(), meant, |name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        match name {
            "agentId" => !self.agent_id.is_absent(),
            "conversationId" => !self.conversation_id.is_absent(),
            "message" => !self.message.is_absent(),
            "linkPreview" => !self.link_preview.is_null(),
            _ => false,
        }
    }
}

impl SendShape for SendText {
    fn read_fields(self) -> Result<SendRequest, FieldErrors> {
        let misspelled = self.misspelled();
        flat::check(&self, &misspelled)?;
        let text = |field: TextField| field.into_text().unwrap_or_default();
        let mut message =
            Text::new(text(self.message)).map_err(|error| FieldErrors::root(&error.to_string()))?;
        if let Ok(Some(shown)) = read_switch(&self.link_preview) {
            message = message.with_link_preview(shown);
        }
        Ok(SendRequest {
            agent: self.agent_id.into_text(),
            conversation: text(self.conversation_id),
            content: message.into(),
            misspelled,
            again_of: None,
            names: Box::new(name_of),
        })
    }
}

/// Returns what a request calls a field of its message.
fn name_of(path: &FieldPath) -> String {
    match path.to_string() {
        body if body == "body" => "message".to_owned(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::capabilities::{WHATSAPP, ZAPI};
    use crate::message::Content;
    use crate::recipient::Recipient;

    fn read(extra: &Value) -> Result<SendRequest, Value> {
        let mut body = json!({"conversationId": "C1", "message": "Hi"});
        let object = body.as_object_mut().expect("an object");
        object.extend(extra.as_object().expect("an object").clone());
        crate::request::read::<SendText>(object.clone())
            .map_err(|errors| serde_json::to_value(errors).expect("plain JSON"))
    }

    #[test]
    fn the_example_is_valid() {
        let send = read(&serde_json::from_str(SendText::EXAMPLE).expect("JSON"));
        assert_eq!(send.expect("it").agent.as_deref(), Some("agent-123"));
    }

    #[test]
    fn a_text_may_leave_its_agent_and_its_preview_open() {
        let open =
            json!({"agentId": null, "attachments": [], "linkPreview": " ", "visitorId": "v"});
        let send = read(&open).expect("a valid body");
        assert_eq!((send.agent, send.misspelled.len()), (None, 0));
        assert_eq!(send.content, Text::new("Hi").expect("a text").into());
        assert!(read(&json!({"attachments": ""})).is_ok());
        // A form has texts only.
        for shown in [json!(true), json!("true")] {
            let send = read(&json!({"linkPreview": shown})).expect("a valid body");
            let Content::Text(text) = send.content else {
                panic!("{:?}", send.content);
            };
            assert_eq!(text.link_preview(), Some(true));
        }
    }

    #[rstest]
    #[case::no_text(json!({"message": null}), "message")]
    #[case::a_blank_text(json!({"message": " "}), "message")]
    #[case::a_number(json!({"message": 7}), "message")]
    #[case::no_conversation(json!({"conversationId": ""}), "conversationId")]
    #[case::an_agent_of_another_type(json!({"agentId": 7}), "agentId")]
    #[case::a_preview_in_other_words(json!({"linkPreview": "maybe"}), "linkPreview")]
    #[case::a_number_as_preview(json!({"linkPreview": 1}), "linkPreview")]
    #[case::a_file(json!({"attachments": [{"url": "https://shop.example/a.pdf"}]}), "attachments")]
    fn a_wrong_field_is_named(#[case] extra: Value, #[case] field: &str) {
        let errors = read(&extra).expect_err("a wrong field");
        let errors = errors.as_object().expect("an object").keys();
        let named: Vec<_> = errors.filter(|name| *name != "_errors").collect();
        assert_eq!(named, [field]);
    }

    #[test]
    fn a_name_that_resembles_ours_tells_which_one_was_meant() {
        let errors = read(&json!({"message": null, "body_text": "Hi"})).expect_err("no text");
        let sentence = &errors["body_text"]["_errors"][0];
        assert_eq!(sentence, "Unknown field; write message");
        let send = read(&json!({"link_preview": true})).expect("a valid body");
        assert_eq!(send.misspelled[0].field, "link_preview");
    }

    #[test]
    fn a_broken_limit_and_what_is_not_carried_have_the_names_of_the_request() {
        let to: Recipient = "5511900000001".parse().expect("a phone number");
        let long = read(&json!({"message": "x".repeat(4097)})).expect("a valid body");
        let refused = long.check(&WHATSAPP, &to).expect_err("too long");
        let sentence = "message has 4097 characters; WhatsApp Cloud API allows 4096";
        assert_eq!(refused.details, sentence);
        let send = read(&json!({"linkPreview": true})).expect("a valid body");
        let warnings = send.check(&ZAPI, &to).expect("within the limits");
        assert!(warnings[0].degraded, "{warnings:?}");
        assert_eq!(warnings[0].field, "linkPreview");
    }
}
