//! Credentials in, channel out: the one place that knows all providers.

use std::fmt;
use std::sync::Arc;

use recado_core::{FieldErrors, Provider};
use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use crate::account::Account;
use crate::account::fields::BASE_URL;
use crate::account::form::{Form, Origin};
use crate::channel::Channel;
use crate::defaults::Defaults;
use crate::error::ConfigError;
use crate::http::client::HttpClient;
use crate::profile::Profile;
use crate::whatsapp::account::WhatsAppAccount;
use crate::zapi::account::ZapiAccount;
use crate::zapperhub::account::ZapperHubAccount;
use crate::{whatsapp, zapi, zapperhub};

impl Profile {
    /// Returns the profile of a provider.
    pub const fn of(provider: Provider) -> &'static Self {
        match provider {
            Provider::WhatsApp => &whatsapp::profile::PROFILE,
            Provider::Zapi => &zapi::profile::PROFILE,
            Provider::ZapperHub => &zapperhub::profile::PROFILE,
        }
    }
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

macro_rules! from_accounts {
    ($($account:ident => $provider:ident),+) => {$(
        impl From<$account> for Credentials {
            fn from(account: $account) -> Self {
                Self::$provider(account)
            }
        }
    )+};
}

from_accounts!(WhatsAppAccount => WhatsApp, ZapiAccount => Zapi, ZapperHubAccount => ZapperHub);

impl Credentials {
    fn account(&self) -> (Provider, &dyn Account) {
        match self {
            Self::WhatsApp(account) => (Provider::WhatsApp, account),
            Self::Zapi(account) => (Provider::Zapi, account),
            Self::ZapperHub(account) => (Provider::ZapperHub, account),
        }
    }

    /// Reads `credentials` and `settings` as an API body has them (camelCase).
    ///
    /// Otherwise names every fault at once, by names such as `credentials.accessToken` and never with a value. Unknown
    /// keys are faults, and so are secrets of less than eight characters.
    pub fn parse(
        provider: Provider,
        credentials: &Map<String, Value>,
        settings: &Map<String, Value>,
        defaults: &Defaults,
    ) -> Result<ChannelConfig, FieldErrors> {
        read(provider, Origin::Given, credentials, settings, defaults)
    }

    /// Reads them as [`Self::parse`] does, where they were stored earlier: secrets may be shorter.
    pub fn parse_stored(
        provider: Provider,
        credentials: &Map<String, Value>,
        settings: &Map<String, Value>,
        defaults: &Defaults,
    ) -> Result<ChannelConfig, FieldErrors> {
        read(provider, Origin::Stored, credentials, settings, defaults)
    }

    /// Reads credentials and settings that were stored earlier, with changes: new credentials are added to the stored
    /// ones, and new settings take the place of all stored ones. What is new is checked as [`Self::parse`] does.
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
        let settings = new_settings.unwrap_or(settings);
        read(provider, origin, &credentials, settings, defaults)
    }
}

fn read(
    provider: Provider,
    origin: Origin<'_>,
    credentials: &Map<String, Value>,
    settings: &Map<String, Value>,
    defaults: &Defaults,
) -> Result<ChannelConfig, FieldErrors> {
    let form = &mut Form::new(Profile::of(provider), origin, credentials, settings);
    let base_url = form.base_url();
    form.check_rate();
    let credentials = match provider {
        Provider::WhatsApp => whatsapp::account::parse(form, &defaults.whatsapp_version).into(),
        Provider::Zapi => zapi::account::parse(form).into(),
        Provider::ZapperHub => zapperhub::account::parse(form, base_url.as_ref()).into(),
    };
    form.finish()?;
    Ok(ChannelConfig {
        base_url: base_url.unwrap_or_else(|| defaults.url(provider).clone()),
        credentials,
        is_stored: !matches!(origin, Origin::Given),
    })
}

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
    /// The account, and how we talk to the provider.
    pub credentials: Credentials,
    /// Whether it was read from what was stored earlier, which went through the rules of its time.
    is_stored: bool,
}

impl ChannelConfig {
    /// Creates the configuration of a channel to the provider's own address.
    ///
    /// A wuzapi server has an address of its own: set [`base_url`](Self::base_url).
    pub fn new(credentials: impl Into<Credentials>) -> Self {
        let credentials = credentials.into();
        let (provider, _) = credentials.account();
        Self {
            base_url: Defaults::default().url(provider).clone(),
            credentials,
            is_stored: false,
        }
    }

    /// Reads the configuration as [`Credentials::parse`] does: fields may have been set by hand.
    fn checked(self) -> Result<Self, FieldErrors> {
        let (provider, account) = self.credentials.account();
        let mut written = account.written();
        let base_url = self.base_url.as_str().into();
        written.settings.insert(BASE_URL.name.to_owned(), base_url);
        let origin = if self.is_stored {
            Origin::Stored
        } else {
            Origin::Given
        };
        let (credentials, settings) = (&written.credentials, &written.settings);
        let defaults = Defaults::default();
        read(provider, origin, credentials, settings, &defaults)
    }

    /// Returns the provider of the account.
    pub fn provider(&self) -> Provider {
        let (provider, _) = self.credentials.account();
        provider
    }

    /// Checks that the client lets credentials be sent to the base URL.
    ///
    /// A channel of a configuration that fails here reads webhooks all the same; its requests are refused.
    pub fn check(&self, http: &HttpClient) -> Result<(), ConfigError> {
        http.check_allowed(&self.base_url)
    }

    /// Returns a text that two channels share if they connect the same number.
    ///
    /// It is a secret: the server of a `wuzapi` channel knows its users by their tokens alone.
    pub fn number(&self) -> SecretString {
        let (_, account) = self.credentials.account();
        account.number(&self.base_url).into()
    }
}

impl fmt::Debug for ChannelConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelConfig")
            .field("base_url", &self.base_url.origin().ascii_serialization())
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

/// Makes the channel of a configuration, unless an account that was made or changed by hand has what
/// [`Credentials::parse`] refuses. No IO.
pub fn connect(http: &HttpClient, config: ChannelConfig) -> Result<Arc<dyn Channel>, ConfigError> {
    let config = config.checked()?;
    let (provider, account) = config.credentials.account();
    let settings = account.written().settings.into();
    let carries = Profile::of(provider).capabilities(&settings);
    let base_url = &config.base_url;
    match &config.credentials {
        Credentials::WhatsApp(account) => whatsapp::connect(http, base_url, account, carries),
        Credentials::Zapi(account) => zapi::connect(http, base_url, account, carries),
        Credentials::ZapperHub(account) => zapperhub::connect(http, base_url, account, carries),
    }
}
