//! The body of `POST /messages`: a message of any kind, in Recado's own names.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use super::{SendRequest, SendShape, wire_name};
use crate::fields::{FieldErrors, TextField, optional, required, type_of};
use crate::message::location::LocationError;
use crate::message::{Content, ContentKind, CtaUrl, Location, cta_url};
use crate::text::is_blank;

/// The request as received; `content` has the kind as its `type`, beside the fields of the kind.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Validate)]
pub struct SendMessage {
    /// The agent that sends the message; without one, that of the conversation.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "optional"))]
    pub agent_id: TextField,
    /// The conversation, which has the channel and the recipient.
    #[serde(default, rename = "conversationId")]
    #[validate(custom(function = "required"))]
    pub conversation_id: TextField,
    /// What the message says.
    #[serde(default)]
    pub content: Value,
}

shows_only!(SendMessage {
    agent_id,
    conversation_id
});

impl SendMessage {
    /// A request with a text.
    pub const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "content": {"type": "text", "body": "Your order has left our shop."}
}"#;
}

impl SendShape for SendMessage {
    fn read_fields(self) -> Result<SendRequest, FieldErrors> {
        let broken = self.validate().err();
        let broken = broken.map(|errors| FieldErrors::from_validation(&errors, wire_name));
        match (broken, read_content(self.content)) {
            (None, Ok(content)) => Ok(SendRequest {
                agent: self.agent_id.into_text(),
                conversation: self.conversation_id.into_text().unwrap_or_default(),
                content,
                misspelled: Vec::new(),
                again_of: None,
                names: Box::new(|path| format!("content.{path}")),
            }),
            (broken, content) => {
                let mut errors = broken.unwrap_or_default();
                errors
                    .fields
                    .extend(content.err().unwrap_or_default().fields);
                Err(errors)
            }
        }
    }
}

/// Reads a content. What is null, blank or empty counts as absent, as in ChatVolt's requests.
fn read_content(content: Value) -> Result<Content, FieldErrors> {
    let mut members = match content {
        Value::Null => return Err(FieldErrors::field("content", "Required")),
        Value::Object(members) => members,
        other => {
            let sentence = format!("Expected object, received {}", type_of(&other));
            return Err(FieldErrors::field("content", &sentence));
        }
    };
    let kind = match members.remove("type") {
        None | Some(Value::Null) => return Err(FieldErrors::field("content.type", "Required")),
        Some(word) => word.as_str().and_then(|word| word.parse().ok()),
    };
    let Some(kind) = kind else {
        let words = ContentKind::ALL.map(ContentKind::as_str).join(", ");
        let sentence = format!("Is one of: {words}");
        return Err(FieldErrors::field("content.type", &sentence));
    };
    let said = Value::Object(said(members));
    if let Some((place, sentence)) = fault(&said, false) {
        return Err(FieldErrors::field(&format!("content{place}"), sentence));
    }
    let content = match kind {
        ContentKind::Text => Content::Text(read(&said)?),
        ContentKind::Buttons => Content::Buttons(read(&said)?),
        ContentKind::List => Content::List(read(&said)?),
        ContentKind::CtaUrl => Content::CtaUrl(link(read(&said)?)?),
        ContentKind::Location => Content::Location(place(read(&said)?)?),
        ContentKind::LocationRequest => Content::LocationRequest(read(&said)?),
    };
    check_names(&said, &content)?;
    Ok(content)
}

fn link(link: CtaUrl) -> Result<CtaUrl, FieldErrors> {
    if cta_url::is_https(link.url()) {
        return Ok(link);
    }
    Err(FieldErrors::field("content.url", cta_url::HTTPS_NEEDED))
}

fn place(place: Location) -> Result<Location, FieldErrors> {
    let (field, sentence) = match Location::new(place.latitude(), place.longitude()) {
        Ok(_) => return Ok(place),
        Err(LocationError::Latitude) => ("content.latitude", "Is from -90 to 90 degrees"),
        Err(LocationError::Longitude) => ("content.longitude", "Is from -180 to 180 degrees"),
    };
    Err(FieldErrors::field(field, sentence))
}

/// Reads the fields of a kind, or names the first one that is wrong.
fn read<T: DeserializeOwned>(said: &Value) -> Result<T, FieldErrors> {
    serde_path_to_error::deserialize(said).map_err(|error| {
        let fault = error.inner().to_string();
        let missing = fault.strip_prefix("missing field `");
        let missing = missing.and_then(|rest| rest.strip_suffix('`'));
        let mut place = String::from("content");
        for step in error
            .path()
            .iter()
            .map(ToString::to_string)
            .chain(missing.map(str::to_owned))
        {
            // A place in an array is written with brackets.
            let dot = if step.starts_with('[') { "" } else { "." };
            place = format!("{place}{dot}{step}");
        }
        let sentence = missing.map_or_else(|| expected(&fault), |_| "Required".to_owned());
        FieldErrors::field(&place, &sentence)
    })
}

/// Says which type a field needs: what serde says last; what it says before has the value of the caller.
fn expected(fault: &str) -> String {
    let wanted = fault.rsplit_once(", expected ").map(|(_, wanted)| wanted);
    match wanted {
        Some("a string") => "Expected string",
        Some("a boolean") => "Expected boolean",
        Some("f64") => "Expected number",
        Some("a sequence") => "Expected array",
        Some(wanted) if wanted.starts_with("struct ") => "Expected object",
        _ => "Has a value of a wrong type",
    }
    .to_owned()
}

/// Returns the members of which something is said.
fn said(members: Map<String, Value>) -> Map<String, Value> {
    let said = members.into_iter().filter_map(|(name, value)| {
        let value = match value {
            Value::Null => return None,
            Value::String(text) if is_blank(&text) => return None,
            Value::Array(items) if items.is_empty() => return None,
            Value::Array(items) => {
                let items = items.into_iter().map(|item| match item {
                    Value::Object(members) => Value::Object(said(members)),
                    other => other,
                });
                Value::Array(items.collect())
            }
            Value::Object(members) => Value::Object(said(members)),
            other => other,
        };
        Some((name, value))
    });
    said.collect()
}

/// Returns the place of what no kind may have, with its fault: a text with a NUL character, which PostgreSQL does not keep
/// and no phone shows, or an array in an array, which serde would take for the fields of an object.
fn fault(value: &Value, is_item: bool) -> Option<(String, &'static str)> {
    let within = |step: String, value, is_item| {
        let (place, sentence) = fault(value, is_item)?;
        Some((format!("{step}{place}"), sentence))
    };
    match value {
        Value::String(text) if text.contains('\0') => {
            Some((String::new(), "Must not contain a NUL character"))
        }
        Value::Array(_) if is_item => Some((String::new(), "Expected object")),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| within(format!("[{index}]"), item, true))
        }
        Value::Object(members) => {
            let mut members = members.iter();
            members.find_map(|(name, member)| within(format!(".{name}"), member, false))
        }
        _ => None,
    }
}

/// Refuses what the kind has no field for: it would be lost without a word.
fn check_names(said: &Value, content: &Content) -> Result<(), FieldErrors> {
    let mut kept = serde_json::to_value(content)
        .map_err(|_| FieldErrors::field("content", "Has a value of a wrong type"))?;
    // The name that the kind has where contents are stored, which no request has.
    if let Some(kept) = kept.as_object_mut() {
        kept.remove("kind");
    }
    let mut unknown = Vec::new();
    find_unknown("content", said, &kept, &mut unknown);
    let sentence = vec!["Unknown field; correct its name, or leave it out".to_owned()];
    let fields = unknown.into_iter().map(|place| (place, sentence.clone()));
    let errors = FieldErrors {
        fields: fields.collect(),
        ..FieldErrors::default()
    };
    if errors.fields.is_empty() {
        return Ok(());
    }
    Err(errors)
}

/// Most unknown fields that are named: a body may have tens of thousands.
const MAX_UNKNOWN: usize = 10;

fn find_unknown(place: &str, said: &Value, kept: &Value, unknown: &mut Vec<String>) {
    match (said, kept) {
        (Value::Object(said), Value::Object(kept)) => {
            for (name, member) in said {
                let place = format!("{place}.{name}");
                match kept.get(name) {
                    Some(kept) => find_unknown(&place, member, kept, unknown),
                    None if unknown.len() < MAX_UNKNOWN => unknown.push(place),
                    None => {}
                }
            }
        }
        (Value::Array(said), Value::Array(kept)) => {
            for (index, (said, kept)) in said.iter().zip(kept).enumerate() {
                find_unknown(&format!("{place}[{index}]"), said, kept, unknown);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::capabilities::WHATSAPP;
    use crate::message::{Button, Buttons, List, ListRow, ListSection, Text};
    use crate::recipient::Recipient;

    fn read(content: &Value) -> Result<SendRequest, Value> {
        let body = json!({"conversationId": "C1", "content": content});
        let body = body.as_object().cloned().expect("an object");
        crate::request::read::<SendMessage>(body)
            .map_err(|errors| serde_json::to_value(errors).expect("plain JSON"))
    }

    #[test]
    fn the_example_is_valid() {
        let example = serde_json::from_str(SendMessage::EXAMPLE).expect("an object");
        let send = crate::request::read::<SendMessage>(example).expect("a valid body");
        assert_eq!(send.agent.as_deref(), Some("agent-123"));
    }

    #[test]
    fn every_kind_is_read_with_its_fields() {
        let text = Text::new("Hi").expect("a text").with_link_preview(false);
        let buttons = Buttons::new("Hi", [Button::new("a", "A")]);
        let buttons = buttons.expect("buttons").with_footer("f");
        let row = ListRow::new("a", "A").with_description("d");
        let section = ListSection::new([row]).with_title("T");
        let list = List::new("Hi", "Open", [section]).expect("a list");
        for (given, content) in [
            (
                json!({"type": "text", "body": "Hi", "linkPreview": false}),
                Content::from(text),
            ),
            (
                json!({"type": "buttons", "header": " ", "body": "Hi", "footer": "f", "buttons": [{"id": "a", "title": "A"}]}),
                buttons.into(),
            ),
            (
                json!({"type": "list", "body": "Hi", "button": "Open", "title": null,
                "sections": [{"title": "T", "rows": [{"id": "a", "title": "A", "description": "d"}]}]}),
                list.into(),
            ),
        ] {
            assert_eq!(read(&given).expect("a valid body").content, content);
        }
    }

    #[rstest]
    #[case::nothing(json!(null), "content", "Required")]
    #[case::a_text(json!("Hi"), "content", "Expected object, received string")]
    #[case::no_kind(json!({"body": "Hi"}), "content.type", "Required")]
    #[case::k92_an_unknown_kind(json!({"type": "poll"}), "content.type", "Is one of: text, buttons, list, cta_url, location, location_request")]
    #[case::no_body(json!({"type": "text"}), "content.body", "Required")]
    #[case::a_blank_body(json!({"type": "text", "body": " \n"}), "content.body", "Required")]
    #[case::a_number(json!({"type": "text", "body": 7}), "content.body", "Expected string")]
    #[case::a_secret(json!({"type": "text", "body": "Hi", "linkPreview": "s, expected t"}), "content.linkPreview", "Expected boolean")]
    #[case::no_buttons(json!({"type": "buttons", "body": "Hi", "buttons": []}), "content.buttons", "Required")]
    #[case::half_a_button(json!({"type": "buttons", "body": "Hi", "buttons": [{"id": "a", "title": "A"}, {"id": "b"}]}),
        "content.buttons[1].title", "Required")]
    #[case::a_word_for_a_button(json!({"type": "buttons", "body": "Hi", "buttons": ["A"]}), "content.buttons[0]", "Expected object")]
    #[case::a_row_without_an_id(json!({"type": "list", "body": "Hi", "button": "Open", "sections": [{"rows": [{"title": "A"}]}]}),
        "content.sections[0].rows[0].id", "Required")]
    #[case::a_text_as_a_coordinate(json!({"type": "location", "latitude": "1", "longitude": 2}), "content.latitude", "Expected number")]
    #[case::a_nul(json!({"type": "text", "body": "a\0"}), "content.body", "Must not contain a NUL character")]
    #[case::a_field_of_another_kind(json!({"type": "text", "body": "Hi", "footer": "f"}), "content.footer",
        "Unknown field; correct its name, or leave it out")]
    #[case::the_stored_name_of_the_kind(json!({"type": "text", "body": "Hi", "kind": "list"}), "content.kind",
        "Unknown field; correct its name, or leave it out")]
    #[case::a_misspelled_field(json!({"type": "buttons", "body": "Hi", "buttons": [{"id": "a", "title": "A", "text": "B"}]}),
        "content.buttons[0].text", "Unknown field; correct its name, or leave it out")]
    fn a_wrong_field_is_named(#[case] content: Value, #[case] field: &str, #[case] sentence: &str) {
        let errors = read(&content).expect_err("a wrong field");
        assert_eq!(
            errors,
            json!({"_errors": [], field: {"_errors": [sentence]}})
        );
    }

    #[test]
    fn faults_of_the_content_stand_beside_those_of_the_request() {
        let body = json!({"agentId": 7, "content": {"type": "text"}});
        let body = body.as_object().cloned().expect("an object");
        let errors = crate::request::read::<SendMessage>(body).expect_err("three faults");
        let fields: Vec<_> = errors.fields.keys().map(String::as_str).collect();
        assert_eq!(fields, ["agentId", "content.body", "conversationId"]);
    }

    #[test]
    fn a_broken_limit_names_the_field_of_the_content() {
        let to: Recipient = "5511900000001".parse().expect("a phone number");
        let long = json!({"type": "buttons", "body": "Hi", "buttons": [{"id": "a", "title": "x".repeat(21)}]});
        let refused = read(&long).expect("a valid body").check(&WHATSAPP, &to);
        let sentence = "content.buttons[0].title has 21 characters; WhatsApp Cloud API allows 20";
        assert_eq!(refused.expect_err("too long").details, sentence);
    }
}
