//! The body of `POST /messages/interactive/send-cta`, as ChatVolt's clients send it.

use std::collections::BTreeMap;

use serde::Deserialize;
use validator::{Validate, ValidationError};

use super::{flat, misspelling};
use crate::fields::{FieldErrors, TextField, optional, required, rule};
use crate::message::{CtaUrl, FieldPath, cta_url};
use crate::request::{SendRequest, SendShape};
use crate::warning::Warning;

/// Names that other interfaces use for the fields, in small letters.
const ALIASES: [(&str, &str); 7] = [
    ("url", "button_url"),
    ("link", "button_url"),
    ("urltext", "button_display_text"),
    ("displaytext", "button_display_text"),
    ("button", "button_display_text"),
    ("buttontext", "button_display_text"),
    ("buttontitle", "button_display_text"),
];

const FIELDS: [&str; 2] = ["button_display_text", "button_url"];

/// The request as received; unknown keys are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Validate)]
pub struct SendCtaUrl {
    /// The agent that sends the message.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "required"))]
    pub agent_id: TextField,
    /// The conversation, which has the channel and the recipient.
    #[serde(default, rename = "conversationId")]
    #[validate(custom(function = "required"))]
    pub conversation_id: TextField,
    /// The bold line above the body.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    pub header_text: TextField,
    /// The text.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    pub body_text: TextField,
    /// The small line below the body.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    pub footer_text: TextField,
    /// The text on the button.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    pub button_display_text: TextField,
    /// The link that the button opens, which begins with `https`.
    #[serde(default)]
    #[validate(custom(function = "url"))]
    pub button_url: TextField,
    /// Keys that are not ours.
    #[serde(flatten)]
    pub others: BTreeMap<String, TextField>,
}

fn url(field: &TextField) -> Result<(), ValidationError> {
    required(field)?;
    match field.as_text() {
        Some(text) if !cta_url::is_https(text) => Err(rule("url", cta_url::HTTPS_NEEDED)),
        _ => Ok(()),
    }
}

fn meant(name: &str) -> Option<String> {
    let aliases: [&[_]; 2] = [&ALIASES, &misspelling::CHOICE_ALIASES];
    let fields: [&[_]; 2] = [&misspelling::CHOICE_FIELDS, &FIELDS];
    misspelling::field(name, &aliases, &fields).map(str::to_owned)
}

impl SendCtaUrl {
    /// A request in the shape of ChatVolt's documentation.
    pub const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "header_text": "Order 4711",
  "body_text": "Your order is on its way.",
  "footer_text": "We answer until 18:00",
  "button_display_text": "Follow it",
  "button_url": "https://shop.example/orders/4711"
}"#;

    /// Returns the fields that are not known, but were probably meant to be one that is absent.
    pub fn misspelled(&self) -> Vec<Warning> {
        misspelling::warnings(self.others.iter(), meant, |name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        let field = match name {
            "agentId" => &self.agent_id,
            "conversationId" => &self.conversation_id,
            "header_text" => &self.header_text,
            "body_text" => &self.body_text,
            "footer_text" => &self.footer_text,
            "button_display_text" => &self.button_display_text,
            "button_url" => &self.button_url,
            _ => return false,
        };
        !field.is_absent()
    }
}

impl SendShape for SendCtaUrl {
    fn read_fields(self) -> Result<SendRequest, FieldErrors> {
        let misspelled = self.misspelled();
        flat::check(&self, &misspelled)?;
        let text = |field: TextField| field.into_text().unwrap_or_default();
        let (body, button) = (text(self.body_text), text(self.button_display_text));
        let message = CtaUrl::new(body, button, text(self.button_url))
            .map_err(|error| FieldErrors::root(&error.to_string()))?
            .with_header(text(self.header_text))
            .with_footer(text(self.footer_text));
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
    match &*path.to_string() {
        "button" => "button_display_text".to_owned(),
        "url" => "button_url".to_owned(),
        text => format!("{text}_text"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::capabilities::WHATSAPP;
    use crate::recipient::Recipient;

    fn read(extra: &Value) -> Result<SendRequest, Value> {
        let mut body: Value = serde_json::from_str(SendCtaUrl::EXAMPLE).expect("JSON");
        let object = body.as_object_mut().expect("an object");
        object.extend(extra.as_object().expect("an object").clone());
        crate::request::read::<SendCtaUrl>(object.clone())
            .map_err(|errors| serde_json::to_value(errors).expect("plain JSON"))
    }

    #[test]
    fn the_example_is_valid() {
        let send = read(&json!({})).expect("a valid body");
        let message = CtaUrl::new(
            "Your order is on its way.",
            "Follow it",
            "https://shop.example/orders/4711",
        );
        let message = message.expect("a message").with_header("Order 4711");
        let message = message.with_footer("We answer until 18:00");
        assert_eq!(send.content, message.into());
    }

    #[rstest]
    #[case::no_link(json!({"button_url": ""}), &["button_url"])]
    #[case::k164_another_scheme(json!({"button_url": "ftp://x"}), &["button_url"])]
    #[case::plain_http(json!({"button_url": "http://shop.example"}), &["button_url"])]
    #[case::no_button(json!({"button_display_text": " "}), &["button_display_text"])]
    #[case::names_of_other_interfaces(json!({"button_url": null, "button_display_text": null, "url": "https://shop.example", "url_text": "Open"}),
        &["button_display_text", "button_url", "url", "url_text"])]
    fn a_wrong_field_is_named(#[case] extra: Value, #[case] fields: &[&str]) {
        let errors = read(&extra).expect_err("a wrong field");
        let errors = errors.as_object().expect("an object").keys();
        let named: Vec<_> = errors.filter(|name| *name != "_errors").collect();
        assert_eq!(named, fields);
    }

    #[rstest]
    #[case(json!({"button_display_text": "x".repeat(21)}), "button_display_text has 21 characters; WhatsApp Cloud API allows 20")]
    #[case(json!({"body_text": "x".repeat(1025)}), "body_text has 1025 characters; WhatsApp Cloud API allows 1024")]
    fn a_broken_limit_names_the_field_of_the_request(#[case] extra: Value, #[case] details: &str) {
        let to: Recipient = "5511900000001".parse().expect("a phone number");
        let refused = read(&extra).expect("a valid body").check(&WHATSAPP, &to);
        assert_eq!(refused.expect_err("too long").details, details);
    }
}
