//! The credentials of a channel: from flags, from a JSON file, or from the environment.

use recado_core::Provider;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::environment::{self, Lookup};
use crate::failure::Failure;
use crate::input;

/// One credential of a provider.
struct Credential {
    key: &'static str,
    variable: &'static str,
    required: bool,
}

const WHATSAPP: &[Credential] = &[
    required("phoneNumberId", "RECADO_WHATSAPP_PHONE_NUMBER_ID"),
    required("accessToken", "RECADO_WHATSAPP_ACCESS_TOKEN"),
    optional("appSecret", "RECADO_WHATSAPP_APP_SECRET"),
    optional("verifyToken", "RECADO_WHATSAPP_VERIFY_TOKEN"),
];
const ZAPI: &[Credential] = &[
    required("instanceId", "RECADO_ZAPI_INSTANCE_ID"),
    required("instanceToken", "RECADO_ZAPI_INSTANCE_TOKEN"),
    optional("clientToken", "RECADO_ZAPI_CLIENT_TOKEN"),
];
const ZAPPERHUB: &[Credential] = &[
    required("instanceId", "RECADO_ZAPPERHUB_INSTANCE_ID"),
    required("apiKey", "RECADO_ZAPPERHUB_API_KEY"),
];

const fn required(key: &'static str, variable: &'static str) -> Credential {
    Credential {
        key,
        variable,
        required: true,
    }
}

const fn optional(key: &'static str, variable: &'static str) -> Credential {
    Credential {
        key,
        variable,
        required: false,
    }
}

const fn of(provider: Provider) -> &'static [Credential] {
    match provider {
        Provider::WhatsApp => WHATSAPP,
        Provider::Zapi => ZAPI,
        Provider::ZapperHub => ZAPPERHUB,
    }
}

/// The settings of a channel, as the server takes them.
pub(crate) type Settings = Map<String, Value>;

/// Reads `KEY=VALUE`, one setting of a channel.
pub(crate) fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = input::key_value(text).ok_or("a setting is KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The settings of the command line as the server takes them.
pub(crate) fn settings(pairs: Vec<(String, String)>) -> Settings {
    let pairs = pairs.into_iter();
    pairs.map(|(key, value)| (key, value.into())).collect()
}

/// Where credentials may come from on the command line.
#[derive(Default, clap::Args)]
pub(crate) struct CredentialArgs {
    /// One credential, such as accessToken=EAAG…; repeat it for more
    ///
    /// Other users of this machine can see it while the command runs: prefer the environment or a file.
    #[arg(long = "credential", value_name = "KEY=VALUE")]
    pairs: Vec<SecretString>,
    /// All credentials as one JSON object; - is standard input
    #[arg(long = "credentials", value_name = "FILE")]
    file: Option<String>,
}

impl CredentialArgs {
    /// What was given on the command line; `None` if nothing was.
    pub(crate) fn given(&self) -> Result<Option<Map<String, Value>>, Failure> {
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

    /// The credentials of a new channel: a file replaces the environment, and a pair wins over both.
    pub(crate) fn for_channel(
        &self,
        provider: Provider,
        settings: &Settings,
        lookup: Lookup<'_>,
    ) -> Result<Map<String, Value>, Failure> {
        let mut credentials = match &self.file {
            Some(_) => Map::new(),
            None => from_environment(provider, lookup)?,
        };
        credentials.extend(self.given()?.unwrap_or_default());
        complete(provider, settings, credentials)
    }
}

/// The credentials of a channel that change: those that the environment has.
///
/// # Errors
///
/// The environment has none.
pub(crate) fn for_update(
    provider: Provider,
    lookup: Lookup<'_>,
) -> Result<Map<String, Value>, Failure> {
    let found = from_environment(provider, lookup)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let variables: Vec<_> = of(provider)
        .iter()
        .map(|credential| format!("\n  {}", credential.variable))
        .collect();
    Err(Failure::Usage(format!(
        "name what changes, or set the credentials of {} that do; each may also come from the file that …_FILE names{}",
        provider.title(),
        variables.concat()
    )))
}

/// The credentials that the environment alone gives.
pub(crate) fn for_direct(
    provider: Provider,
    settings: &Settings,
    lookup: Lookup<'_>,
) -> Result<Map<String, Value>, Failure> {
    complete(provider, settings, from_environment(provider, lookup)?)
}

fn from_environment(provider: Provider, lookup: Lookup<'_>) -> Result<Map<String, Value>, Failure> {
    let mut credentials = Map::new();
    for credential in of(provider) {
        if let Some(secret) = environment::secret(lookup, credential.variable)? {
            credentials.insert(credential.key.to_owned(), secret.expose_secret().into());
        }
    }
    Ok(credentials)
}

fn complete(
    provider: Provider,
    settings: &Settings,
    credentials: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    // A wuzapi server has no instances.
    let has_instances = settings.get("dialect").is_none_or(|name| name != "wuzapi");
    let missing: Vec<String> = of(provider)
        .iter()
        .filter(|credential| credential.required && !credentials.contains_key(credential.key))
        .filter(|credential| credential.key != "instanceId" || has_instances)
        .map(|credential| format!("\n  {}: set {}", credential.key, credential.variable))
        .collect();
    if missing.is_empty() {
        return Ok(credentials);
    }
    Err(Failure::Usage(format!(
        "{} lacks credentials; each may also come from the file that …_FILE names{}",
        provider.title(),
        missing.concat()
    )))
}

/// The part of a help text that names the variables.
pub(crate) fn help() -> String {
    let lines: Vec<String> = Provider::ALL
        .into_iter()
        .flat_map(of)
        .map(|credential| {
            let note = if credential.required {
                ""
            } else {
                " (optional)"
            };
            format!("  {}{note}", credential.variable)
        })
        .collect();
    format!(
        "Credentials from the environment (each also as …_FILE):\n{}",
        lines.join("\n")
    )
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
        let text = failure.to_string();
        assert!(
            text.contains("instanceId: set RECADO_ZAPI_INSTANCE_ID"),
            "{text}"
        );
        assert!(
            text.contains("instanceToken: set RECADO_ZAPI_INSTANCE_TOKEN"),
            "{text}"
        );
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
