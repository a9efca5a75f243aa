//! The credentials of a channel: from flags, from a JSON file, or from the environment.

use std::fmt::Write as _;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use recado_core::Provider;
use recado_providers::{AccountField, Credentials, Defaults, Profile};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::{Failure, Lookup, Result, environment, input};

/// Returns the variable of a credential: `RECADO_ZAPI_INSTANCE_ID` of `instanceId`.
pub(crate) fn variable(provider: &str, credential: &str) -> String {
    let mut name = format!("RECADO_{}_", provider.to_uppercase());
    for character in credential.chars() {
        if character.is_uppercase() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

pub(crate) type Settings = Map<String, Value>;

/// Reads `KEY=VALUE`, one setting of a channel.
pub(crate) fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = input::key_value(text).ok_or("a setting is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(crate) fn settings(pairs: Vec<(String, String)>) -> Settings {
    let pairs = pairs.into_iter();
    pairs
        .map(|(key, value)| (key.clone(), typed(&key, value)))
        .collect()
}

/// Returns a setting that is a number as one; the server says what is wrong with another text.
fn typed(key: &str, value: String) -> Value {
    let fields = Provider::ALL
        .into_iter()
        .flat_map(|provider| Profile::of(provider).settings);
    let is_number = fields
        .into_iter()
        .any(|field| field.name == key && field.range.is_some());
    let number = value.parse().ok().filter(|_| is_number);
    number.map_or_else(|| value.into(), Value::Number)
}

/// Reads a provider, and tells completions which ones there are.
pub(crate) fn provider_parser() -> impl TypedValueParser<Value = Provider> {
    PossibleValuesParser::new(Provider::ALL.map(Provider::as_str))
        .try_map(|text| text.parse::<Provider>())
}

#[derive(Default, clap::Args)]
pub(crate) struct CredentialArgs {
    /// One credential, such as accessToken=EAAG…; repeat it for more [names: below]
    ///
    /// Other users of this machine can see it while the command runs: prefer the environment or a file.
    #[arg(long = "credential", value_name = "KEY=VALUE")]
    pairs: Vec<SecretString>,
    /// All credentials as one JSON object; - is standard input
    #[arg(long = "credentials", value_name = "FILE")]
    file: Option<String>,
}

impl CredentialArgs {
    /// Returns what was given on the command line; `None` if nothing was.
    pub(crate) fn given(&self) -> Result<Option<Map<String, Value>>> {
        if self.file.is_none() && self.pairs.is_empty() {
            return Ok(None);
        }
        let mut credentials = match &self.file {
            Some(path) => input::json_object(path)?,
            None => Map::new(),
        };
        for pair in &self.pairs {
            // Without the text, which may be the secret alone.
            let (key, value) = input::key_value(pair.expose_secret()).ok_or_else(|| {
                Failure::Usage("--credential takes KEY=VALUE, such as accessToken=EAAG…".to_owned())
            })?;
            credentials.insert(key.to_owned(), value.into());
        }
        Ok(Some(credentials))
    }

    /// Returns the credentials of a new channel: a file replaces the environment, and a pair wins over both.
    pub(crate) fn for_channel(
        &self,
        provider: Provider,
        settings: &Settings,
        lookup: Lookup<'_>,
    ) -> Result<Map<String, Value>> {
        let mut credentials = match &self.file {
            Some(_) => Map::new(),
            None => from_environment(provider, lookup)?,
        };
        credentials.extend(self.given()?.unwrap_or_default());
        complete(provider, settings, credentials)
    }
}

/// Returns the credentials that the environment has, to change those of a channel; fails if it has none.
pub(crate) fn for_update(provider: Provider, lookup: Lookup<'_>) -> Result<Map<String, Value>> {
    let found = from_environment(provider, lookup)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let fields = Profile::of(provider).credentials.iter();
    let variables = fields.map(|field| variable(provider.as_str(), field.name));
    let variables: Vec<_> = variables.map(|name| format!("\n  {name}")).collect();
    let variables = variables.concat();
    Err(Failure::Usage(format!(
        "nothing to change was given: give an option, or set the new credentials of {} in these variables; a variable with _FILE at its end names a file that has the value{variables}",
        provider.title()
    )))
}

/// Returns the credentials that the environment alone gives.
pub(crate) fn for_direct(
    provider: Provider,
    settings: &Settings,
    lookup: Lookup<'_>,
) -> Result<Map<String, Value>> {
    complete(provider, settings, from_environment(provider, lookup)?)
}

fn from_environment(provider: Provider, lookup: Lookup<'_>) -> Result<Map<String, Value>> {
    let mut credentials = Map::new();
    for field in Profile::of(provider).credentials {
        let variable = variable(provider.as_str(), field.name);
        if let Some(secret) = environment::secret(lookup, &variable)? {
            credentials.insert(field.name.to_owned(), secret.expose_secret().into());
        }
    }
    Ok(credentials)
}

fn complete(
    provider: Provider,
    settings: &Settings,
    credentials: Map<String, Value>,
) -> Result<Map<String, Value>> {
    let missing = lacking(provider, &credentials, settings).into_iter();
    let missing = missing.map(|field| {
        let variable = variable(provider.as_str(), field.name);
        format!("\n  {}: set {variable}", field.name)
    });
    let missing: String = missing.collect();
    if missing.is_empty() {
        return Ok(credentials);
    }
    Err(Failure::Usage(format!(
        "{} lacks credentials; each may also come from the file that …_FILE names{missing}",
        provider.title()
    )))
}

/// Returns the part of a help text that lists credentials and settings by provider.
pub(crate) fn help() -> String {
    let mut text =
        "Credentials, for --credential KEY=VALUE or in the environment (each also as …_FILE):"
            .to_owned();
    for provider in Provider::ALL {
        let _ = write!(text, "\n  {provider}");
        let needed = lacking(provider, &Map::new(), &Settings::new());
        for field in Profile::of(provider).credentials {
            let variable = variable(provider.as_str(), field.name);
            let is_needed = needed.iter().any(|needed| needed.name == field.name);
            let optional = if is_needed { "" } else { " (optional)" };
            let _ = write!(text, "\n    {:<16} {variable}{optional}", field.name);
            let _ = write!(text, "\n      {}", plain(field.description));
        }
    }
    text.push_str("\n\nSettings, for --setting KEY=VALUE:");
    for provider in Provider::ALL {
        let _ = write!(text, "\n  {provider}");
        for field in Profile::of(provider).settings {
            let words = field.words.join(", ");
            let line = format!("    {:<16} {words}", field.name);
            let _ = write!(text, "\n{}", line.trim_end());
            let _ = write!(text, "\n      {}", plain(field.description));
        }
    }
    text
}

/// Returns the required credentials of a channel with these settings that are missing.
fn lacking(
    provider: Provider,
    credentials: &Map<String, Value>,
    settings: &Settings,
) -> Vec<&'static AccountField> {
    let read = Credentials::parse(provider, credentials, settings, &Defaults::default());
    let faults = read.err().unwrap_or_default().fields;
    let fields = Profile::of(provider).credentials.iter();
    fields
        .filter(|field| !credentials.contains_key(field.name))
        .filter(|field| faults.contains_key(&format!("credentials.{}", field.name)))
        .collect()
}

/// Returns a description without the marks of Markdown.
fn plain(description: &str) -> String {
    description.replace('`', "")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn args(pairs: &[&str]) -> CredentialArgs {
        CredentialArgs {
            pairs: pairs.iter().map(|&pair| pair.into()).collect(),
            file: None,
        }
    }

    #[test]
    fn the_help_lists_every_credential_and_setting_of_every_provider() {
        let help = help();
        for provider in Provider::ALL {
            let fields = Profile::of(provider);
            for field in fields.credentials.iter().chain(fields.settings) {
                assert!(help.contains(&format!("\n    {}", field.name)), "{help}");
            }
        }
        assert!(help.contains("clientToken      RECADO_ZAPI_CLIENT_TOKEN (optional)"));
        assert!(help.contains("buttonsEndpoint  auto, list, actions"));
        let instance = "instanceId       RECADO_ZAPPERHUB_INSTANCE_ID\n";
        assert!(help.contains(instance), "{help}");
    }

    /// Every variable is set to its own name.
    fn everything(name: &str) -> Option<String> {
        (!name.ends_with("_FILE")).then(|| name.to_owned())
    }

    #[rstest]
    #[case(Provider::WhatsApp, json!({
        "phoneNumberId": "RECADO_WHATSAPP_PHONE_NUMBER_ID", "accessToken": "RECADO_WHATSAPP_ACCESS_TOKEN",
        "appSecret": "RECADO_WHATSAPP_APP_SECRET", "verifyToken": "RECADO_WHATSAPP_VERIFY_TOKEN"}))]
    #[case(Provider::Zapi, json!({
        "instanceId": "RECADO_ZAPI_INSTANCE_ID", "instanceToken": "RECADO_ZAPI_INSTANCE_TOKEN",
        "clientToken": "RECADO_ZAPI_CLIENT_TOKEN"}))]
    #[case(Provider::ZapperHub, json!({
        "instanceId": "RECADO_ZAPPERHUB_INSTANCE_ID", "apiKey": "RECADO_ZAPPERHUB_API_KEY"}))]
    fn every_credential_comes_from_its_variable(
        #[case] provider: Provider,
        #[case] expected: Value,
    ) {
        let credentials = for_direct(provider, &Settings::new(), &everything).unwrap();
        assert_eq!(Value::Object(credentials), expected);
    }

    #[test]
    fn a_pair_wins_over_the_environment() {
        let credentials = args(&["apiKey=a=b"])
            .for_channel(Provider::ZapperHub, &Settings::new(), &everything)
            .unwrap();
        assert_eq!(credentials["apiKey"], "a=b");
        assert_eq!(credentials["instanceId"], "RECADO_ZAPPERHUB_INSTANCE_ID");
    }

    #[test]
    fn every_missing_credential_is_named_with_its_variable() {
        let failure = args(&["clientToken=c"])
            .for_channel(Provider::Zapi, &Settings::new(), &|_| None)
            .unwrap_err();
        let missing = "\n  instanceId: set RECADO_ZAPI_INSTANCE_ID\n  instanceToken: set RECADO_ZAPI_INSTANCE_TOKEN";
        assert!(failure.to_string().ends_with(missing), "{failure}");
    }

    #[rstest]
    #[case::hosted(None, true)]
    #[case::wuzapi(Some("wuzapi"), false)]
    fn a_dialect_without_instances_lacks_none(#[case] dialect: Option<&str>, #[case] lacks: bool) {
        let settings = dialect.map(|word| ("dialect".to_owned(), word.to_owned()));
        let settings = super::settings(settings.into_iter().collect());
        let failure = args(&[]).for_channel(Provider::ZapperHub, &settings, &|_| None);
        let text = failure.unwrap_err().to_string();
        assert!(
            text.contains("apiKey: set RECADO_ZAPPERHUB_API_KEY"),
            "{text}"
        );
        assert_eq!(text.contains("instanceId"), lacks, "{text}");
    }

    #[test]
    fn an_update_takes_what_the_environment_has_and_nothing_else() {
        let token = |name: &str| (name == "RECADO_ZAPI_CLIENT_TOKEN").then(|| "c".to_owned());
        let found = for_update(Provider::Zapi, &token).unwrap();
        assert_eq!(Value::Object(found), json!({"clientToken": "c"}));
        let failure = for_update(Provider::Zapi, &|_| None).unwrap_err();
        assert!(failure.to_string().contains("RECADO_ZAPI_CLIENT_TOKEN"));
    }

    #[test]
    fn a_pair_without_a_key_is_refused_and_not_repeated() {
        let args = args(&["s3cret"]);
        let failure = args.given().unwrap_err();
        assert!(!failure.to_string().contains("s3cret"));
    }
}
