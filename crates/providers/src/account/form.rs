//! Reads the credentials and settings of a channel from JSON, and names every fault at once.

use std::collections::BTreeSet;

use recado_core::fields::{TextField, optional, required};
use recado_core::{FieldErrors, ValidationError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::account::fields::{AccountField, BASE_URL, MIN_SECRET_CHARS};
use crate::account::pasted;
use crate::registry::{ChannelConfig, Credentials, check_provider_url};

/// Most bytes of a credential or a setting; Meta's tokens have a few hundred.
const MAX_VALUE_BYTES: usize = 4096;

/// Where credentials come from.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// A caller gives them now.
    Given,
    /// They were stored earlier, when secrets could be shorter.
    Stored,
    /// A caller gives these credentials now, and all settings or none; the others were stored earlier.
    Changed {
        credentials: &'a Map<String, Value>,
        settings: Option<&'a Map<String, Value>>,
    },
}

impl Origin<'_> {
    /// Returns whether a caller gives the credential now; what was stored earlier went through the rules of its time.
    fn gives_credential(self, key: &str) -> bool {
        match self {
            Self::Given => true,
            Self::Stored => false,
            Self::Changed { credentials, .. } => credentials.contains_key(key),
        }
    }

    /// Returns whether a caller gives the settings now.
    fn gives_settings(self) -> bool {
        match self {
            Self::Given => true,
            Self::Stored => false,
            Self::Changed { settings, .. } => settings.is_some(),
        }
    }
}

/// Credentials or settings of a channel, written as a [`Form`] reads them.
#[derive(Default)]
pub(crate) struct Written(pub(crate) Map<String, Value>);

impl Written {
    pub(crate) fn set(&mut self, field: &AccountField, value: &str) {
        self.0.insert(field.name.to_owned(), value.into());
    }

    pub(crate) fn set_secret(&mut self, field: &AccountField, secret: Option<&SecretString>) {
        if let Some(secret) = secret {
            self.set(field, secret.expose_secret());
        }
    }

    /// Sets a field to the word of a choice.
    pub(crate) fn choose<T: PartialEq>(
        &mut self,
        field: &AccountField,
        choices: &[(&str, T)],
        choice: &T,
    ) {
        if let Some((word, _)) = choices.iter().find(|(_, known)| known == choice) {
            self.set(field, word);
        }
    }
}

/// The two JSON objects of a channel; whatever was not asked for in the end is unknown.
pub(crate) struct Form<'a> {
    origin: Origin<'a>,
    credentials: Section<'a>,
    settings: Section<'a>,
    errors: FieldErrors,
}

struct Section<'a> {
    name: &'static str,
    values: &'a Map<String, Value>,
    asked: BTreeSet<&'static str>,
}

impl<'a> Section<'a> {
    fn new(name: &'static str, values: &'a Map<String, Value>) -> Self {
        let asked = BTreeSet::new();
        Self {
            name,
            values,
            asked,
        }
    }

    fn field(&mut self, key: &'static str) -> TextField {
        self.asked.insert(key);
        match self.values.get(key).map(TextField::deserialize) {
            Some(Ok(TextField::Text(text))) => text.trim().into(),
            Some(Ok(field)) => field,
            Some(Err(_)) | None => TextField::Absent,
        }
    }

    fn too_long(&self) -> impl Iterator<Item = &'a String> {
        let long = |value: &Value| value.as_str().is_some_and(|it| it.len() > MAX_VALUE_BYTES);
        let values = self.values.iter().filter(move |(_, value)| long(value));
        values.map(|(key, _)| key)
    }

    fn unknown_keys(&self) -> impl Iterator<Item = &'a String> {
        self.values
            .keys()
            .filter(|key| !self.asked.contains(key.as_str()))
    }
}

impl<'a> Form<'a> {
    pub(crate) fn new(
        origin: Origin<'a>,
        credentials: &'a Map<String, Value>,
        settings: &'a Map<String, Value>,
    ) -> Self {
        Self {
            origin,
            credentials: Section::new("credentials", credentials),
            settings: Section::new("settings", settings),
            errors: FieldErrors::default(),
        }
    }

    /// A credential that must be there; empty if it is not.
    pub(crate) fn required(&mut self, field: &AccountField) -> String {
        self.credential(field, required).unwrap_or_default()
    }

    /// A secret that must be there.
    pub(crate) fn required_secret(&mut self, field: &AccountField) -> SecretString {
        let text = self.required(field);
        // What is not there has its fault already.
        if text.is_empty() {
            return text.into();
        }
        self.long_enough(field, text)
    }

    /// A secret that may be there.
    pub(crate) fn optional_secret(&mut self, field: &AccountField) -> Option<SecretString> {
        let text = self.optional(field)?;
        Some(self.long_enough(field, text))
    }

    fn long_enough(&mut self, field: &AccountField, text: String) -> SecretString {
        if self.origin.gives_credential(field.name) && text.chars().count() < MIN_SECRET_CHARS {
            let problem = format!("Must have at least {MIN_SECRET_CHARS} characters");
            self.fault("credentials", field.name, &problem);
        }
        text.into()
    }

    /// A credential that may be there.
    pub(crate) fn optional(&mut self, field: &AccountField) -> Option<String> {
        self.credential(field, optional)
    }

    fn credential(
        &mut self,
        field: &AccountField,
        rule: fn(&TextField) -> Result<(), ValidationError>,
    ) -> Option<String> {
        let value = self.credentials.field(field.name);
        if let Err(broken) = rule(&value) {
            let problem = broken.message.as_deref().unwrap_or("Invalid");
            self.fault("credentials", field.name, problem);
            return None;
        }
        let text = value.into_text()?;
        let problem = match pasted::in_credential(field, &text) {
            Some(problem) if self.origin.gives_credential(field.name) => problem,
            _ if is_sendable(&text) => return Some(text),
            _ => "Must be printable ASCII without white space".to_owned(),
        };
        self.fault("credentials", field.name, &problem);
        None
    }

    /// A setting that may be there.
    pub(crate) fn setting(&mut self, key: &'static str) -> Option<String> {
        let field = self.settings.field(key);
        if let Err(rule) = optional(&field) {
            self.fault(
                "settings",
                key,
                rule.message.as_deref().unwrap_or("Invalid"),
            );
        }
        let text = field.into_text()?;
        if self.origin.gives_settings()
            && let Some(problem) = pasted::in_setting(&text)
        {
            self.fault("settings", key, problem);
            return None;
        }
        Some(text)
    }

    /// Tells whether a setting is absent, which one that is wrong is not.
    pub(crate) fn lacks_setting(&mut self, key: &'static str) -> bool {
        self.settings.field(key).is_absent()
    }

    /// A setting that is one of a few words; the first of them if it is absent.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let Some(text) = self.setting(key) else {
            return choices.first().map(|(_, choice)| *choice);
        };
        let chosen = choices.iter().find(|(word, _)| *word == text);
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.fault(
                "settings",
                key,
                &format!("Must be one of {}", words.join(", ")),
            );
        }
        chosen.map(|(_, choice)| *choice)
    }

    /// `settings.baseUrl`, if it is there and right; `in_call` recognizes the URL of a call, and says where to end it.
    pub(crate) fn base_url(&mut self, in_call: fn(&Url) -> Option<&'static str>) -> Option<Url> {
        let text = self.setting(BASE_URL.name)?;
        let problem = match Url::parse(&text) {
            Ok(url) => {
                let problem = in_call(&url)
                    .filter(|_| self.origin.gives_settings())
                    .or_else(|| check_provider_url(&url).err());
                match problem {
                    Some(problem) => problem,
                    None => return Some(url),
                }
            }
            Err(_) => "Must be a URL such as https://api.example.com",
        };
        self.fault("settings", BASE_URL.name, problem);
        None
    }

    /// Says what is wrong with a field.
    pub(crate) fn fault(&mut self, section: &str, key: &str, problem: &str) {
        let name = format!("{section}.{key}");
        let problems = self.errors.fields.entry(name).or_default();
        problems.push(problem.to_owned());
    }

    /// Returns the configuration if there were no faults, and all faults otherwise, including values that are too
    /// long and keys that the provider does not have.
    pub(crate) fn finish(
        mut self,
        base_url: Url,
        credentials: impl Into<Credentials>,
    ) -> Result<ChannelConfig, FieldErrors> {
        for section in [&self.credentials, &self.settings] {
            let mut fault = |key: &str, problem: String| {
                let name = format!("{}.{key}", section.name);
                self.errors.fields.entry(name).or_default().push(problem);
            };
            let origin = self.origin;
            let is_given = |key: &str| match section.name {
                "settings" => origin.gives_settings(),
                _ => origin.gives_credential(key),
            };
            for key in section.too_long().filter(|key| is_given(key)) {
                fault(key, format!("Must have at most {MAX_VALUE_BYTES} bytes"));
            }
            let known: Vec<&str> = section.asked.iter().copied().collect();
            for key in section.unknown_keys() {
                fault(key, format!("Unknown; known here: {}", known.join(", ")));
            }
        }
        if self.errors == FieldErrors::default() {
            Ok(ChannelConfig {
                base_url,
                credentials: credentials.into(),
                is_stored: !matches!(self.origin, Origin::Given),
            })
        } else {
            Err(self.errors)
        }
    }
}

/// Returns the segments of the path of a URL.
pub(crate) fn segments(url: &Url) -> Vec<&str> {
    url.path_segments().into_iter().flatten().collect()
}

/// Credentials travel in headers and paths: printable ASCII, and no path of their own.
fn is_sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic()) && !matches!(text, "." | "..")
}
