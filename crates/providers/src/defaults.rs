//! Where the providers answer if a channel does not say otherwise.

use recado_core::Provider;
use url::Url;

use crate::base_url::check_provider_url;
use crate::error::ConfigError;
use crate::http::client::HttpClient;
use crate::profile::Profile;
use crate::whatsapp;

/// Where the providers answer if a channel does not say otherwise; [`Default`] has their own addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Defaults {
    urls: [Url; Provider::ALL.len()],
    /// The Graph version, such as `v25.0`.
    pub whatsapp_version: String,
}

impl Default for Defaults {
    fn default() -> Self {
        let known =
            |provider| Url::parse(Profile::of(provider).base_url).expect("a URL of a profile");
        Self {
            urls: Provider::ALL.map(known),
            whatsapp_version: whatsapp::account::DEFAULT_VERSION.to_owned(),
        }
    }
}

/// A default that no channel could be made with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
#[non_exhaustive]
pub struct DefaultsError {
    /// The name of the field.
    pub setting: String,
    /// What to change.
    pub problem: &'static str,
    /// Whether a client that allows private networks takes the default as it is.
    pub is_private: bool,
}

impl Defaults {
    /// Returns the URL of one provider.
    pub const fn url(&self, provider: Provider) -> &Url {
        &self.urls[provider as usize]
    }

    /// Returns the URL of one provider, to change it.
    pub const fn url_mut(&mut self, provider: Provider) -> &mut Url {
        &mut self.urls[provider as usize]
    }

    /// Checks that channels can be made with these defaults, and stops at the first with which every channel would fail.
    pub fn check(&self, http: &HttpClient) -> Result<(), DefaultsError> {
        for provider in Provider::ALL {
            let url = self.url(provider);
            let wrong = |problem, is_private| DefaultsError {
                setting: format!("{provider}_url"),
                problem,
                is_private,
            };
            check_provider_url(url).map_err(|problem| wrong(problem, false))?;
            http.check_allowed(url).map_err(|error| match error {
                ConfigError::NotHttps => wrong("Must begin with https://", true),
                _ => wrong("Leads to a private, loopback or reserved address", true),
            })?;
        }
        if whatsapp::account::is_version(&self.whatsapp_version) {
            Ok(())
        } else {
            Err(DefaultsError {
                setting: "whatsapp_version".to_owned(),
                problem: "Must be a Graph version such as v25.0",
                is_private: false,
            })
        }
    }
}
