//! A webhook endpoint: what creates it, and how it is shown.

use clap::builder::PossibleValuesParser;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::commands::{once::Once, resource};
use crate::{Answer, Columns, Failure, Result};

pub(super) const ROOT: &str = "webhook-endpoints";
pub(super) const COLUMNS: Columns = "\
    ID /id, URL /url, EVENTS /events, FORMAT /format, FAILING SINCE /failingSince, \
    DISABLED /disabledAt";
pub(super) const FIELDS: Columns = "\
    ID /id, URL /url, EVENTS /events, FORMAT /format, HEADER /header/name, SECRET /secret, \
    FAILING SINCE /failingSince, DISABLED /disabledAt, CREATED /createdAt, UPDATED /updatedAt";

#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// URL that receives the events, with https
    url: String,
    /// Only events of this type, such as button.pressed; repeat it for more [default: all types]
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Format of the payload: Recado's own, or ChatVolt's
    #[arg(long, value_parser = formats())]
    format: Option<String>,
    /// A header of every request, such as 'Authorization: Bearer …'
    ///
    /// Other users of this machine can see it while the command runs.
    #[arg(long, value_name = "NAME: VALUE")]
    header: Option<SecretString>,
    #[command(flatten)]
    pub(super) once: Once,
}

impl AddArgs {
    pub(super) fn body(&self) -> Result<Value> {
        let events = (!self.types.is_empty()).then_some(&self.types);
        let header = self.header.as_ref().map(parse_header).transpose()?;
        Ok(resource::filled(
            json!({"url": self.url, "events": events, "format": self.format, "header": header}),
        ))
    }
}

pub(super) fn parse_header(text: &SecretString) -> Result<Value> {
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
        let all = types.is_empty().then(|| "all".to_owned());
        endpoint["events"] = all.unwrap_or_else(|| types.join(", ")).into();
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

    fn added(types: &[String], format: Option<&str>, header: Option<&str>) -> Result<Value> {
        let args = AddArgs {
            url: "https://h/".to_owned(),
            types: types.to_vec(),
            format: format.map(str::to_owned),
            header: header.map(SecretString::from),
            once: Once::default(),
        };
        args.body()
    }

    #[test]
    fn an_endpoint_names_only_what_was_given() {
        let made = added(&[], None, None);
        assert_eq!(made.unwrap(), json!({"url": "https://h/"}));
        let types = ["button.pressed".to_owned()];
        let made = added(&types, Some("chatvolt"), Some("Authorization: Bearer a:b"));
        let expected = json!({
            "url": "https://h/", "events": ["button.pressed"], "format": "chatvolt",
            "header": {"name": "Authorization", "value": "Bearer a:b"},
        });
        assert_eq!(made.unwrap(), expected);
    }

    #[test]
    fn a_header_without_a_colon_is_refused_without_its_text() {
        let failure = added(&[], None, Some("s3cret")).unwrap_err();
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
