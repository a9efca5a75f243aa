//! What all providers share of credentials and settings.

pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod pasted;
pub(crate) mod rate;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use url::Url;

use self::fields::AccountField;

/// The account at one provider, as a channel is made of it.
pub(crate) trait Account {
    /// Returns the credentials and settings that the account is read from.
    fn written(&self) -> Written;

    /// Returns a text that two channels share if they connect the same number.
    fn number(&self, base_url: &Url) -> String;
}

/// Credentials and settings in JSON.
pub(crate) struct Written {
    pub(crate) credentials: Map<String, Value>,
    pub(crate) settings: Map<String, Value>,
}

impl Written {
    pub(crate) fn new<'a>(
        credentials: impl IntoIterator<Item = (&'a AccountField, Option<&'a str>)>,
        settings: impl IntoIterator<Item = (&'a AccountField, Option<&'a str>)>,
    ) -> Self {
        Self {
            credentials: object(credentials),
            settings: object(settings),
        }
    }
}

/// Returns a secret credential in text.
pub(crate) fn secret<'a>(
    field: &'a AccountField,
    secret: impl Into<Option<&'a SecretString>>,
) -> (&'a AccountField, Option<&'a str>) {
    (field, secret.into().map(SecretString::expose_secret))
}

fn object<'a>(
    values: impl IntoIterator<Item = (&'a AccountField, Option<&'a str>)>,
) -> Map<String, Value> {
    let values = values.into_iter();
    values
        .filter_map(|(field, value)| Some((field.name.to_owned(), value?.into())))
        .collect()
}
