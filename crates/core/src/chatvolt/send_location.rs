//! The body of `POST /messages/interactive/send-location`, as ChatVolt's clients send it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use validator::{Validate, ValidationError};

use super::{flat, misspelling};
use crate::fields::{FieldErrors, TextField, required, rule, type_of};
use crate::message::Location;
use crate::message::location::{MAX_LATITUDE, MAX_LONGITUDE, is_within};
use crate::request::{SendRequest, SendShape};
use crate::warning::Warning;

/// Names that other interfaces use for the fields, in small letters.
const ALIASES: [(&str, &str); 7] = [
    ("agent", "agentId"),
    ("conversation", "conversationId"),
    ("lat", "latitude"),
    ("lon", "longitude"),
    ("lng", "longitude"),
    ("long", "longitude"),
    ("title", "name"),
];

const FIELDS: [&str; 6] = [
    "agentId",
    "conversationId",
    "latitude",
    "longitude",
    "name",
    "address",
];

/// The request as received; unknown keys are ignored.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Validate)]
pub struct SendLocation {
    /// The agent that sends the message.
    #[serde(default, rename = "agentId")]
    #[validate(custom(function = "required"))]
    pub agent_id: TextField,
    /// The conversation, which has the channel and the recipient.
    #[serde(default, rename = "conversationId")]
    #[validate(custom(function = "required"))]
    pub conversation_id: TextField,
    /// Degrees north of the equator, as a text or a number.
    #[serde(default)]
    #[validate(custom(function = "is_latitude"))]
    pub latitude: Value,
    /// Degrees east of Greenwich, as a text or a number.
    #[serde(default)]
    #[validate(custom(function = "is_longitude"))]
    pub longitude: Value,
    /// The name of the place.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    pub name: TextField,
    /// The address of the place.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    pub address: TextField,
    /// Keys that are not ours.
    #[serde(flatten)]
    pub others: BTreeMap<String, TextField>,
}

shows_only!(SendLocation {
    agent_id,
    conversation_id
});

fn is_latitude(field: &Value) -> Result<(), ValidationError> {
    degrees(field, MAX_LATITUDE).map(drop)
}

fn is_longitude(field: &Value) -> Result<(), ValidationError> {
    degrees(field, MAX_LONGITUDE).map(drop)
}

/// Reads decimal degrees: ChatVolt documents texts, and clients send numbers too.
fn degrees(field: &Value, most: u8) -> Result<f64, ValidationError> {
    let degrees = match field {
        Value::Null => return Err(rule("required", "Required")),
        Value::String(text) if text.trim().is_empty() => {
            return Err(rule("required", "Required"));
        }
        Value::String(text) => decimal(text.trim()),
        Value::Number(number) => number.as_f64(),
        other => {
            let sentence = format!("Expected string, received {}", type_of(other));
            return Err(rule("type", sentence));
        }
    };
    match degrees {
        None => Err(rule("decimal", "Write decimal degrees, such as -23.5614")),
        Some(degrees) if !is_within(degrees, most) => {
            let sentence = format!("Is from -{most} to {most} degrees");
            Err(rule("range", sentence))
        }
        Some(degrees) => Ok(degrees),
    }
}

/// Reads digits with a dot: neither a comma nor an exponent, which `parse` takes.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let has_ends = text.ends_with(|c: char| c.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| has_ends && text.chars().all(is_plain))
}

fn meant(name: &str) -> Option<String> {
    misspelling::field(name, &[&ALIASES], &[&FIELDS]).map(str::to_owned)
}

impl SendLocation {
    /// A request in the shape of ChatVolt's documentation.
    pub const EXAMPLE: &str = r#"{
  "agentId": "agent-123",
  "conversationId": "conv-456",
  "latitude": "-23.5614",
  "longitude": "-46.6559",
  "name": "Our shop",
  "address": "Avenida Paulista, 1578, São Paulo"
}"#;

    /// Returns the fields that are not known, but were probably meant to be one that is absent.
    pub fn misspelled(&self) -> Vec<Warning> {
        misspelling::warnings(self.others.iter(), meant, |name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        match name {
            "agentId" => !self.agent_id.is_absent(),
            "conversationId" => !self.conversation_id.is_absent(),
            "latitude" => !self.latitude.is_null(),
            "longitude" => !self.longitude.is_null(),
            "name" => !self.name.is_absent(),
            "address" => !self.address.is_absent(),
            _ => false,
        }
    }
}

impl SendShape for SendLocation {
    fn read_fields(self) -> Result<SendRequest, FieldErrors> {
        let misspelled = self.misspelled();
        flat::check(&self, &misspelled)?;
        let text = |field: TextField| field.into_text().unwrap_or_default();
        let read = |field: &Value, most| degrees(field, most).unwrap_or(f64::NAN);
        let latitude = read(&self.latitude, MAX_LATITUDE);
        let place = Location::new(latitude, read(&self.longitude, MAX_LONGITUDE))
            .map_err(|error| FieldErrors::root(&error.to_string()))?
            .with_name(text(self.name))
            .with_address(text(self.address));
        Ok(SendRequest {
            agent: self.agent_id.into_text(),
            conversation: text(self.conversation_id),
            content: place.into(),
            misspelled,
            again_of: None,
            names: Box::new(ToString::to_string),
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn read(extra: &Value) -> Result<SendRequest, Value> {
        let mut body: Value = serde_json::from_str(SendLocation::EXAMPLE).expect("JSON");
        let object = body.as_object_mut().expect("an object");
        object.extend(extra.as_object().expect("an object").clone());
        crate::request::read::<SendLocation>(object.clone())
            .map_err(|errors| serde_json::to_value(errors).expect("plain JSON"))
    }

    #[rstest]
    #[case(json!("-23.5614"))]
    #[case(json!(" -23.5614 "))]
    #[case::n6_a_number(json!(-23.5614))]
    fn degrees_are_a_text_or_a_number(#[case] latitude: Value) {
        let send = read(&json!({"latitude": latitude})).expect("a valid body");
        let place = Location::new(-23.5614, -46.6559).expect("a place");
        let place = place.with_name("Our shop");
        let place = place.with_address("Avenida Paulista, 1578, São Paulo");
        assert_eq!(send.content, place.into());
    }

    #[rstest]
    #[case::k166_a_comma(json!({"latitude": "-22,9"}), &["latitude"])]
    #[case::an_exponent(json!({"latitude": "1e1"}), &["latitude"])]
    #[case::words(json!({"latitude": "inf", "longitude": "NaN"}), &["latitude", "longitude"])]
    #[case::no_digit_behind_the_dot(json!({"latitude": "1."}), &["latitude"])]
    #[case::too_far_north(json!({"latitude": "90.1"}), &["latitude"])]
    #[case::a_list(json!({"longitude": []}), &["longitude"])]
    #[case::nothing(json!({"latitude": " ", "name": null, "address": " "}), &["address", "latitude", "name"])]
    #[case::names_of_other_interfaces(json!({"latitude": null, "lat": "1"}), &["lat", "latitude"])]
    fn a_wrong_field_is_named(#[case] extra: Value, #[case] fields: &[&str]) {
        let errors = read(&extra).expect_err("a wrong field");
        let errors = errors.as_object().expect("an object").keys();
        let named: Vec<_> = errors.filter(|name| *name != "_errors").collect();
        assert_eq!(named, fields);
    }
}
