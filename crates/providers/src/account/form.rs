//! Reads the credentials and settings of a channel from JSON, and names every fault at once.

use std::mem;

use recado_core::FieldErrors;
use recado_core::fields::{TextField, optional, required};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::fields::{AccountField, BASE_URL, MESSAGES_PER_SECOND, MIN_SECRET_CHARS};
use super::{pasted, rate};
use crate::base_url::check_provider_url;
use crate::profile::Profile;

/// Most bytes of a credential or a setting; Meta's tokens have a few hundred.
const MAX_VALUE_BYTES: usize = 4096;

/// Where credentials and settings come from. What was stored earlier went through the rules of its time.
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

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Credentials,
    Settings,
}

/// The two JSON objects of a channel, and what is wrong with them.
pub(crate) struct Form<'a> {
    profile: &'static Profile,
    origin: Origin<'a>,
    credentials: &'a Map<String, Value>,
    settings: &'a Map<String, Value>,
    errors: FieldErrors,
}

impl<'a> Form<'a> {
    pub(crate) fn new(
        profile: &'static Profile,
        origin: Origin<'a>,
        credentials: &'a Map<String, Value>,
        settings: &'a Map<String, Value>,
    ) -> Self {
        Self {
            profile,
            origin,
            credentials,
            settings,
            errors: FieldErrors::default(),
        }
    }

    /// Returns a credential if it is there and right; a required one has to be there.
    pub(crate) fn credential(&mut self, field: &AccountField) -> Option<String> {
        let value = self.value(Section::Credentials, field);
        let rule = if field.required { required } else { optional };
        if let Err(broken) = rule(&value) {
            let problem = broken.message.as_deref().unwrap_or("Invalid");
            self.fault(Section::Credentials, field, problem);
            return None;
        }
        let text = value.into_text()?;
        let pasted = pasted::in_credential(field, &text);
        let problem = match pasted.filter(|_| self.gives(Section::Credentials, field.name)) {
            Some(problem) => problem,
            None if is_sendable(&text) => return Some(text),
            None => "Must be printable ASCII without white space".to_owned(),
        };
        self.fault(Section::Credentials, field, &problem);
        None
    }

    /// Returns a secret credential if it is there and right.
    pub(crate) fn secret(&mut self, field: &AccountField) -> Option<SecretString> {
        let text = self.credential(field)?;
        if text.chars().count() < MIN_SECRET_CHARS && self.gives(Section::Credentials, field.name) {
            let problem = format!("Must have at least {MIN_SECRET_CHARS} characters");
            self.fault(Section::Credentials, field, &problem);
        }
        Some(text.into())
    }

    /// Returns a setting if it is there and right.
    pub(crate) fn setting(&mut self, field: &AccountField) -> Option<String> {
        let value = self.value(Section::Settings, field);
        if let Err(broken) = optional(&value) {
            let problem = broken.message.as_deref().unwrap_or("Invalid");
            self.fault(Section::Settings, field, problem);
        }
        let text = value.into_text()?;
        match pasted::in_setting(&text).filter(|_| self.gives(Section::Settings, field.name)) {
            None => Some(text),
            Some(problem) => {
                self.fault(Section::Settings, field, problem);
                None
            }
        }
    }

    /// Tells whether a setting is absent, which one that is wrong is not.
    pub(crate) fn lacks_setting(&self, field: &AccountField) -> bool {
        self.value(Section::Settings, field).is_absent()
    }

    /// Returns the choice that a setting names, or the default if it names none.
    pub(crate) fn choice<T: Default + ToString, const N: usize>(
        &mut self,
        field: &AccountField,
        choices: [T; N],
    ) -> T {
        let Some(text) = self.setting(field) else {
            return T::default();
        };
        let words = choices.each_ref().map(T::to_string);
        let mut choices = choices.into_iter().zip(&words);
        if let Some((choice, _)) = choices.find(|(_, word)| **word == text) {
            return choice;
        }
        let problem = format!("Must be one of {}", words.join(", "));
        self.fault(Section::Settings, field, &problem);
        T::default()
    }

    /// Returns `settings.baseUrl` if it is there and right.
    pub(crate) fn base_url(&mut self) -> Option<Url> {
        let text = self.setting(&BASE_URL)?;
        let is_given = self.gives(Section::Settings, BASE_URL.name);
        let problem = match Url::parse(&text) {
            Ok(url) => {
                let mistaken = (self.profile.mistaken_base_url)(&url).filter(|_| is_given);
                match mistaken.map_or_else(|| check_provider_url(&url), Err) {
                    Ok(()) => return Some(url),
                    Err(problem) => problem,
                }
            }
            Err(_) => "Must be a URL such as https://api.example.com",
        };
        self.fault(Section::Settings, &BASE_URL, problem);
        None
    }

    /// Checks `settings.messagesPerSecond`, which only the server reads.
    pub(crate) fn check_rate(&mut self) {
        if let Some(value) = self.settings.get(MESSAGES_PER_SECOND.name)
            && !value.is_null()
            && rate::read(value).is_none()
        {
            let quoted = value.as_str().map(str::trim).and_then(pasted::in_setting);
            let rate = "Must be a whole number from 1 to 100000, or a number from 0.001 to 1";
            let problem = quoted.unwrap_or(rate);
            self.fault(Section::Settings, &MESSAGES_PER_SECOND, problem);
        }
    }

    pub(crate) fn fault(&mut self, section: Section, field: &AccountField, problem: &str) {
        self.push(section, field.name, problem.to_owned());
    }

    /// Succeeds if there were no faults, values that are too long, or keys that the provider does not have.
    pub(crate) fn finish(&mut self) -> Result<(), FieldErrors> {
        for section in [Section::Credentials, Section::Settings] {
            let (_, values, fields) = self.section(section);
            let mut known: Vec<&str> = fields.iter().map(|field| field.name).collect();
            known.sort_unstable();
            for (key, value) in values {
                let is_long = value.as_str().is_some_and(|it| it.len() > MAX_VALUE_BYTES);
                if is_long && self.gives(section, key) {
                    let problem = format!("Must have at most {MAX_VALUE_BYTES} bytes");
                    self.push(section, key, problem);
                }
                if !known.contains(&key.as_str()) {
                    let problem = format!("Unknown; known here: {}", known.join(", "));
                    self.push(section, key, problem);
                }
            }
        }
        match mem::take(&mut self.errors) {
            errors if errors == FieldErrors::default() => Ok(()),
            errors => Err(errors),
        }
    }

    fn push(&mut self, section: Section, key: &str, problem: String) {
        let (section, ..) = self.section(section);
        let name = format!("{section}.{key}");
        self.errors.fields.entry(name).or_default().push(problem);
    }

    /// Returns the name of a section, its values, and the fields that the provider has there.
    fn section(
        &self,
        section: Section,
    ) -> (
        &'static str,
        &'a Map<String, Value>,
        &'static [AccountField],
    ) {
        match section {
            Section::Credentials => ("credentials", self.credentials, self.profile.credentials),
            Section::Settings => ("settings", self.settings, self.profile.settings),
        }
    }

    fn value(&self, section: Section, field: &AccountField) -> TextField {
        let (_, values, _) = self.section(section);
        match values.get(field.name).map(TextField::deserialize) {
            Some(Ok(TextField::Text(text))) => text.trim().into(),
            Some(Ok(field)) => field,
            Some(Err(_)) | None => TextField::Absent,
        }
    }

    /// Tells whether a caller gives the value now.
    pub(crate) fn gives(&self, section: Section, key: &str) -> bool {
        match (self.origin, section) {
            (Origin::Given, _) => true,
            (Origin::Stored, _) => false,
            (Origin::Changed { credentials, .. }, Section::Credentials) => {
                credentials.contains_key(key)
            }
            (Origin::Changed { settings, .. }, Section::Settings) => settings.is_some(),
        }
    }
}

/// Credentials travel in headers and paths: printable ASCII, and no path of their own.
fn is_sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic()) && !matches!(text, "." | "..")
}
