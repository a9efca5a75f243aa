//! What a channel needs to know, read from JSON, and the one place that makes channels of it.

use std::fmt;
use std::sync::Arc;

use recado_core::{FieldErrors, Provider};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use url::Url;

use crate::account::fields::BASE_URL;
use crate::account::form::{Form, Origin};
use crate::channel::Channel;
use crate::http::client::HttpClient;
use crate::http::public_address;
use crate::whatsapp::{self, WhatsApp, WhatsAppAccount};
use crate::zapi::{self, Zapi, ZapiAccount};
use crate::zapperhub::{self, Dialect, ZapperHub, ZapperHubAccount};

/// Everything that makes a channel.
///
/// ```
/// use recado_providers::{ChannelConfig, SecretString, ZapiAccount};
///
/// let token = SecretString::from("instance-token");
/// let config = ChannelConfig::new(ZapiAccount::new("INST-01", token));
/// assert_eq!(config.base_url.as_str(), "https://api.z-api.io/");
/// ```
///
/// Its `Debug` shows no more of the base URL than scheme, host and port.
#[derive(Clone)]
#[non_exhaustive]
pub struct ChannelConfig {
    /// Where the provider answers; its path is kept.
    pub base_url: Url,
    /// Who we are there, and how we talk to it.
    pub credentials: Credentials,
    /// Whether it was read from what was stored earlier, which went through the rules of its time.
    pub(crate) is_stored: bool,
}

/// The account at one of the providers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// Meta's WhatsApp Cloud API.
    WhatsApp(WhatsAppAccount),
    /// Z-API.
    Zapi(ZapiAccount),
    /// ZapperHUB, in either dialect.
    ZapperHub(ZapperHubAccount),
}

/// Where the providers answer if a channel does not say otherwise; [`Default`] has their own addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Defaults {
    /// Meta's Graph API.
    pub whatsapp_url: Url,
    /// The Graph version, such as `v25.0`.
    pub whatsapp_version: String,
    /// Z-API.
    pub zapi_url: Url,
    /// ZapperHUB's hosted API.
    pub zapperhub_url: Url,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            whatsapp_url: known("https://graph.facebook.com"),
            whatsapp_version: whatsapp::account::DEFAULT_VERSION.to_owned(),
            zapi_url: known("https://api.z-api.io"),
            zapperhub_url: known("https://api.zapperapi.com"),
        }
    }
}

/// A default that no channel could be made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
#[non_exhaustive]
pub struct DefaultsError {
    /// The name of the field.
    pub setting: &'static str,
    /// What to change.
    pub problem: &'static str,
    /// Whether a client that allows private networks takes the default as it is.
    pub is_private: bool,
}

impl Defaults {
    /// Checks that channels can be made with these defaults.
    ///
    /// # Errors
    ///
    /// The first default with which every channel would fail.
    pub fn check(&self, http: &HttpClient) -> Result<(), DefaultsError> {
        for (setting, url) in [
            ("whatsapp_url", &self.whatsapp_url),
            ("zapi_url", &self.zapi_url),
            ("zapperhub_url", &self.zapperhub_url),
        ] {
            let wrong = |problem, is_private| DefaultsError {
                setting,
                problem,
                is_private,
            };
            check_provider_url(url).map_err(|problem| wrong(problem, false))?;
            check_allowed(http, url).map_err(|error| match error {
                ConfigError::NotHttps => wrong("Must begin with https://", true),
                _ => wrong("Leads to a private, loopback or reserved address", true),
            })?;
        }
        if whatsapp::account::is_version(&self.whatsapp_version) {
            Ok(())
        } else {
            Err(DefaultsError {
                setting: "whatsapp_version",
                problem: "Must be a Graph version such as v25.0",
                is_private: false,
            })
        }
    }
}

/// Checks that paths can be appended to a URL.
///
/// # Errors
///
/// A sentence that says what to change.
pub fn check_base_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        Err("Must begin with http:// or https://")
    } else if url.query().is_some() || url.fragment().is_some() {
        Err("Must not have a query or fragment")
    } else {
        Ok(())
    }
}

/// Checks that credentials can be sent to a URL, as [`check_base_url`] does, and that it has none of its own: errors
/// and previews show it.
pub(crate) fn check_provider_url(url: &Url) -> Result<(), &'static str> {
    check_base_url(url)?;
    if url.username().is_empty() && url.password().is_none() {
        Ok(())
    } else {
        Err("Must not contain a user name or password")
    }
}

fn known(url: &str) -> Url {
    Url::parse(url).expect("a URL written in this file")
}

/// A configuration that cannot make a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The base URL is an address that only insiders should reach.
    #[error(
        "the base URL leads to a private, loopback or reserved address, and private networks are not allowed"
    )]
    PrivateAddress,
    /// The base URL sends credentials unencrypted.
    #[error(
        "the base URL is not https: the credentials would travel unencrypted, and private networks are not allowed"
    )]
    NotHttps,
    /// What [`Credentials::parse`] would say about the account and its settings, by the names that they have there.
    #[error(transparent)]
    Fields(#[from] FieldErrors),
}

impl From<ConfigError> for FieldErrors {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Fields(errors) => errors,
            ConfigError::PrivateAddress | ConfigError::NotHttps => {
                Self::field("settings.baseUrl", &error.to_string())
            }
        }
    }
}

impl ChannelConfig {
    /// Creates the configuration of a channel to the provider's own address.
    ///
    /// A wuzapi server has an address of its own: set [`base_url`](Self::base_url).
    #[must_use]
    pub fn new(credentials: impl Into<Credentials>) -> Self {
        let (credentials, defaults) = (credentials.into(), Defaults::default());
        let base_url = match credentials {
            Credentials::WhatsApp(_) => defaults.whatsapp_url,
            Credentials::Zapi(_) => defaults.zapi_url,
            Credentials::ZapperHub(_) => defaults.zapperhub_url,
        };
        Self {
            base_url,
            credentials,
            is_stored: false,
        }
    }

    /// Reads the configuration as [`Credentials::parse`] does: fields may have been set by hand.
    fn checked(self) -> Result<Self, FieldErrors> {
        let (credentials, mut settings) = match &self.credentials {
            Credentials::WhatsApp(account) => account.written(),
            Credentials::Zapi(account) => account.written(),
            Credentials::ZapperHub(account) => account.written(),
        };
        settings.set(&BASE_URL, self.base_url.as_str());
        let origin = if self.is_stored {
            Origin::Stored
        } else {
            Origin::Given
        };
        let form = Form::new(origin, &credentials.0, &settings.0);
        Credentials::read(self.provider(), form, &Defaults::default())
    }

    /// Whose account it is.
    #[must_use]
    pub const fn provider(&self) -> Provider {
        match self.credentials {
            Credentials::WhatsApp(_) => Provider::WhatsApp,
            Credentials::Zapi(_) => Provider::Zapi,
            Credentials::ZapperHub(_) => Provider::ZapperHub,
        }
    }

    /// Checks that the client lets credentials be sent to the base URL.
    ///
    /// A channel of a configuration that fails here reads webhooks all the same; its requests are refused.
    ///
    /// # Errors
    ///
    /// [`ConfigError::PrivateAddress`] or [`ConfigError::NotHttps`].
    pub fn check(&self, http: &HttpClient) -> Result<(), ConfigError> {
        check_allowed(http, &self.base_url)
    }

    /// Returns a text that two channels share if they connect the same number.
    ///
    /// It is a secret: the server of a `wuzapi` channel knows its users by their tokens alone.
    #[must_use]
    pub fn number(&self) -> SecretString {
        match &self.credentials {
            // The vendors' ids are unique wherever the base URL leads.
            Credentials::WhatsApp(account) => format!("whatsapp {}", account.phone_number_id),
            Credentials::Zapi(account) => format!("zapi {}", account.instance_id.expose_secret()),
            Credentials::ZapperHub(account) => match &account.dialect {
                Dialect::ZapperApiV2 { instance_id } => format!("zapperhub {instance_id}"),
                Dialect::Wuzapi => format!(
                    "wuzapi {} {}",
                    self.base_url.origin().ascii_serialization(),
                    account.api_key.expose_secret()
                ),
            },
        }
        .into()
    }
}

impl Credentials {
    /// Reads `credentials` and `settings` as an API body has them (camelCase).
    ///
    /// # Errors
    ///
    /// Every fault at once, by names such as `credentials.accessToken`; never a value. Unknown keys are faults,
    /// and so are secrets of less than eight characters.
    pub fn parse(
        provider: Provider,
        credentials: &Map<String, Value>,
        settings: &Map<String, Value>,
        defaults: &Defaults,
    ) -> Result<ChannelConfig, FieldErrors> {
        Self::read(
            provider,
            Form::new(Origin::Given, credentials, settings),
            defaults,
        )
    }

    /// Reads them as [`Self::parse`] does, where they were stored earlier: secrets may be shorter.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn parse_stored(
        provider: Provider,
        credentials: &Map<String, Value>,
        settings: &Map<String, Value>,
        defaults: &Defaults,
    ) -> Result<ChannelConfig, FieldErrors> {
        let form = Form::new(Origin::Stored, credentials, settings);
        Self::read(provider, form, defaults)
    }

    /// Reads credentials and settings that were stored earlier, with changes: new credentials are added to the stored
    /// ones, and new settings take the place of all stored ones.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`] for what is new, and as [`Self::parse_stored`] for the rest.
    pub fn parse_changed(
        provider: Provider,
        (credentials, settings): (&Map<String, Value>, &Map<String, Value>),
        (new_credentials, new_settings): (&Map<String, Value>, Option<&Map<String, Value>>),
        defaults: &Defaults,
    ) -> Result<ChannelConfig, FieldErrors> {
        let mut credentials = credentials.clone();
        credentials.extend(new_credentials.clone());
        let origin = Origin::Changed {
            credentials: new_credentials,
            settings: new_settings,
        };
        let form = Form::new(origin, &credentials, new_settings.unwrap_or(settings));
        Self::read(provider, form, defaults)
    }

    fn read(
        provider: Provider,
        form: Form<'_>,
        defaults: &Defaults,
    ) -> Result<ChannelConfig, FieldErrors> {
        match provider {
            Provider::WhatsApp => whatsapp::account::parse(form, defaults),
            Provider::Zapi => zapi::account::parse(form, defaults),
            Provider::ZapperHub => zapperhub::account::parse(form, defaults),
        }
    }
}

/// Makes the channel of a configuration. No IO.
///
/// # Errors
///
/// [`ConfigError::Fields`] if an account that was made or changed by hand has what [`Credentials::parse`] refuses.
pub fn connect(http: &HttpClient, config: ChannelConfig) -> Result<Arc<dyn Channel>, ConfigError> {
    let ChannelConfig {
        base_url,
        credentials,
        ..
    } = config.checked()?;
    Ok(match credentials {
        Credentials::WhatsApp(account) => Arc::new(WhatsApp::new(http, &base_url, &account)?),
        Credentials::Zapi(account) => Arc::new(Zapi::new(http, &base_url, &account)?),
        Credentials::ZapperHub(account) => Arc::new(ZapperHub::new(http, &base_url, account)?),
    })
}

/// Checks that credentials may be sent to a URL.
pub(crate) fn check_allowed(http: &HttpClient, base_url: &Url) -> Result<(), ConfigError> {
    if !http.is_guarded() {
        Ok(())
    } else if !public_address::literal_is_public(base_url) {
        // Names are checked when they are resolved; an IP address never passes the resolver.
        Err(ConfigError::PrivateAddress)
    } else if base_url.scheme() != "https" {
        Err(ConfigError::NotHttps)
    } else {
        Ok(())
    }
}

/// The base URL with `segments` appended to its path, each percent-encoded.
pub(crate) fn join(base: &Url, segments: &[&str]) -> Result<Url, ConfigError> {
    // The URL parser drops such segments, and the path would be another one.
    if segments.iter().any(|it| matches!(*it, "" | "." | "..")) {
        let problem = "An id or a token is empty, or consists of dots";
        return Err(FieldErrors::field("credentials", problem).into());
    }
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| FieldErrors::field("settings.baseUrl", "Cannot carry a path"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

impl fmt::Debug for ChannelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelConfig")
            .field("base_url", &self.base_url.origin().ascii_serialization())
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
