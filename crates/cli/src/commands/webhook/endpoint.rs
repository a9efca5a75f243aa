//! A webhook endpoint: what creates it, and how it is shown.

use clap::builder::PossibleValuesParser;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::api::client::Answer;
use crate::commands::resource;
use crate::failure::Failure;
use crate::render::output::Columns;

pub(super) const ROOT: &str = "webhook-endpoints";
pub(super) const COLUMNS: Columns = &[
    ("ID", "/id"),
    ("URL", "/url"),
    ("EVENTS", "/events"),
    ("FORMAT", "/format"),
    ("FAILING SINCE", "/failingSince"),
    ("DISABLED", "/disabledAt"),
];
pub(super) const FIELDS: Columns = &[
    ("ID", "/id"),
    ("URL", "/url"),
    ("EVENTS", "/events"),
    ("FORMAT", "/format"),
    ("HEADER", "/header/name"),
    ("SECRET", "/secret"),
    ("FAILING SINCE", "/failingSince"),
    ("DISABLED", "/disabledAt"),
    ("CREATED", "/createdAt"),
    ("UPDATED", "/updatedAt"),
];

pub(super) fn body(
    url: &str,
    types: &[String],
    format: Option<String>,
    header: Option<&SecretString>,
) -> Result<Value, Failure> {
    Ok(resource::object([
        ("url", Some(url.into())),
        ("events", (!types.is_empty()).then(|| json!(types))),
        ("format", format.map(Value::from)),
        ("header", header.map(parse_header).transpose()?),
    ]))
}

pub(super) fn parse_header(text: &SecretString) -> Result<Value, Failure> {
    // Without the text, which may be the secret alone.
    let (name, value) = text.expose_secret().split_once(':').ok_or_else(|| {
        Failure::Usage("--header takes 'Name: value', such as 'X-Key: 123'".to_owned())
    })?;
    Ok(json!({"name": name.trim(), "value": value.trim()}))
}

pub(super) fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(["recado", "chatvolt"])
}

/// Writes the types of an endpoint, or of each in a list, as a person does.
pub(super) fn readable(mut answer: Answer) -> Answer {
    fn join(endpoint: &mut Value) {
        let Some(Value::Array(types)) = endpoint.get("events") else {
            return;
        };
        let types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
        let shown = match &types[..] {
            [] => "all".to_owned(),
            types => types.join(", "),
        };
        endpoint["events"] = shown.into();
    }
    match answer.value.get_mut("data") {
        Some(Value::Array(endpoints)) => endpoints.iter_mut().for_each(join),
        _ => join(&mut answer.value),
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_code::ExitCode;

    #[test]
    fn an_endpoint_names_only_what_was_given() {
        let made = body("https://h/", &[], None, None);
        assert_eq!(made.unwrap(), json!({"url": "https://h/"}));
        let header: SecretString = "Authorization: Bearer a:b".into();
        let types = ["button.pressed".to_owned()];
        let format = Some("chatvolt".to_owned());
        let made = body("https://h/", &types, format, Some(&header));
        let expected = json!({
            "url": "https://h/", "events": ["button.pressed"], "format": "chatvolt",
            "header": {"name": "Authorization", "value": "Bearer a:b"},
        });
        assert_eq!(made.unwrap(), expected);
    }

    #[test]
    fn a_header_without_a_colon_is_refused_without_its_text() {
        let failure = body("https://h/", &[], None, Some(&"s3cret".into())).unwrap_err();
        assert_eq!(failure.exit_code(), ExitCode::Usage);
        assert!(!failure.to_string().contains("s3cret"));
    }

    #[test]
    fn types_are_words_and_none_is_all_while_programs_get_the_list() {
        let one = readable(Answer::from(json!({"events": ["a", "b"]})));
        assert_eq!(one.value["events"], "a, b");
        assert_eq!(one.text, r#"{"events":["a","b"]}"#);
        let list = readable(Answer::from(json!({"data": [{"events": []}]})));
        assert_eq!(list.value["data"][0]["events"], "all");
    }
}
