//! Names and describes the credentials and settings of each provider, for documents, forms and help texts.

use recado_core::Provider;

use crate::{whatsapp, zapi, zapperhub};

/// The credentials and settings of a provider's channels.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AccountFields {
    /// The credentials: the account at the provider.
    pub credentials: &'static [AccountField],
    /// The settings: how the provider is talked to.
    pub settings: &'static [AccountField],
}

/// One credential or setting.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AccountField {
    /// The key in JSON.
    pub name: &'static str,
    /// A sentence for people who connect a number.
    pub description: &'static str,
    /// Whether no channel can be without it.
    pub required: bool,
    /// Whether it is a secret, which has at least [`MIN_SECRET_CHARS`] characters.
    pub secret: bool,
    /// The values that it may have; empty if it may have any.
    pub words: &'static [&'static str],
    /// The part that it is of a URL of the provider, for those who paste a whole URL.
    pub(crate) in_url: &'static str,
    /// Whether a person chooses the value: it may look like a URL.
    pub(crate) is_own_choice: bool,
    /// Says what to write instead of what looks like another value.
    pub(crate) mistaken: fn(&str) -> Option<&'static str>,
}

/// Shortest secret that a channel gets. Shorter ones can be guessed, and cannot be hidden in texts without
/// hiding half of the text.
pub const MIN_SECRET_CHARS: usize = 8;

/// `settings.baseUrl`, which all providers have.
pub(crate) const BASE_URL: AccountField = AccountField::new(
    "baseUrl",
    "The URL at which the provider answers, if it is not the provider's own.",
);

impl AccountFields {
    /// Returns the fields of a provider.
    #[must_use]
    pub const fn of(provider: Provider) -> Self {
        match provider {
            Provider::WhatsApp => whatsapp::account::FIELDS,
            Provider::Zapi => zapi::account::FIELDS,
            Provider::ZapperHub => zapperhub::account::FIELDS,
        }
    }
}

impl AccountField {
    pub(crate) const fn new(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            required: false,
            secret: false,
            words: &[],
            in_url: "the value itself",
            is_own_choice: false,
            mistaken: |_| None,
        }
    }

    pub(crate) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    pub(crate) const fn secret(self) -> Self {
        Self {
            secret: true,
            ..self
        }
    }

    pub(crate) const fn words(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    pub(crate) const fn in_url(self, in_url: &'static str) -> Self {
        Self { in_url, ..self }
    }

    pub(crate) const fn own_choice(self) -> Self {
        Self {
            is_own_choice: true,
            ..self
        }
    }

    pub(crate) const fn mistaken(self, mistaken: fn(&str) -> Option<&'static str>) -> Self {
        Self { mistaken, ..self }
    }
}

/// Returns the words of the choices of a setting.
pub(crate) const fn words<T: Copy, const N: usize>(
    choices: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut words = [""; N];
    let mut index = 0;
    while index < N {
        words[index] = choices[index].0;
        index += 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Map, Value};

    use super::*;
    use crate::registry::{Credentials, Defaults};

    /// The faults of a channel that has nothing but an unknown credential and an unknown setting.
    fn faults(provider: Provider) -> recado_core::FieldErrors {
        let unknown = Map::from_iter([("other".to_owned(), Value::from("x"))]);
        Credentials::parse(provider, &unknown, &unknown, &Defaults::default())
            .expect_err("unknown fields")
    }

    #[rstest]
    #[case(Provider::WhatsApp)]
    #[case(Provider::Zapi)]
    #[case(Provider::ZapperHub)]
    fn the_described_fields_are_those_that_a_channel_is_read_from(#[case] provider: Provider) {
        let (fields, faults) = (AccountFields::of(provider), faults(provider));
        for (section, fields) in [
            ("credentials", fields.credentials),
            ("settings", fields.settings),
        ] {
            let mut names: Vec<_> = fields.iter().map(|field| field.name).collect();
            names.sort_unstable();
            let known = format!("Unknown; known here: {}", names.join(", "));
            assert_eq!(faults.fields[&format!("{section}.other")], [known]);
        }
    }

    #[rstest]
    #[case(Provider::WhatsApp)]
    #[case(Provider::Zapi)]
    #[case(Provider::ZapperHub)]
    fn a_field_is_required_if_no_channel_is_made_without_it(#[case] provider: Provider) {
        let faults = faults(provider);
        for field in AccountFields::of(provider).credentials {
            let missing = faults
                .fields
                .contains_key(&format!("credentials.{}", field.name));
            // A wuzapi server has no instances.
            let by_dialect = provider == Provider::ZapperHub && field.name == "instanceId";
            assert_eq!(missing, field.required || by_dialect, "{}", field.name);
        }
    }
}
