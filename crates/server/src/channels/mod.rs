//! Stored channels as connected ones, and the numbers that they connect.

pub(crate) mod numbers;
pub(crate) mod pauses;

use std::sync::Arc;

use jiff::Timestamp;
use recado_core::{ChannelId, FieldErrors, OrganizationId, Provider};
use recado_providers::{Channel, ChannelConfig, Credentials, Defaults, HttpClient, connect};
use recado_store::{self as store, Store};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::api::error::{ApiError, Reason};

/// Connected channels kept ready; more are connected again when they are used.
const CHANNELS_KEPT: u64 = 10_000;

/// Turns stored channels into connected ones, and keeps them while they do not change.
pub struct Channels {
    store: Store,
    http: HttpClient,
    defaults: Defaults,
    ready: moka::sync::Cache<ChannelKey, Arc<dyn Channel>>,
}

/// A channel as it was when it was connected: any change makes another key, on every server at once.
type ChannelKey = (OrganizationId, ChannelId, i64, Timestamp);

/// Returns the error of a stored channel that this server does not allow.
fn unusable(errors: &FieldErrors) -> ApiError {
    let message =
        format!("The settings of the channel do not fit this server; change them: {errors}");
    ApiError::new(Reason::ChannelMisconfigured, message)
}

impl Channels {
    pub(crate) fn new(store: Store, http: HttpClient, defaults: Defaults) -> Self {
        Self {
            store,
            http,
            defaults,
            ready: moka::sync::Cache::new(CHANNELS_KEPT),
        }
    }

    /// The channel, ready to send.
    ///
    /// Errors: the stored credentials cannot be read, or the server does not allow the base URL any more.
    pub fn ready(&self, channel: &store::Channel) -> Result<Arc<dyn Channel>, ApiError> {
        let key = (
            channel.organization_id.clone(),
            channel.id.clone(),
            channel.version,
            channel.created_at,
        );
        if let Some(ready) = self.ready.get(&key) {
            return Ok(ready);
        }
        let secrets = self.store.secrets(channel)?;
        if secrets.credentials.is_empty() {
            return Err(ApiError::new(
                Reason::ChannelUnauthorized,
                "The channel has no credentials any more, as the master key was lost: give it new ones",
            ));
        }
        let (credentials, settings) = (&secrets.credentials, &channel.settings);
        let (provider, defaults) = (channel.provider, &self.defaults);
        let config = Credentials::parse_stored(provider, credentials, settings, defaults);
        let ready = config
            .and_then(|config| Ok(connect(&self.http, config)?))
            .map_err(|errors| unusable(&errors))?;
        self.ready.insert(key, Arc::clone(&ready));
        Ok(ready)
    }

    /// Checks a channel that a client wants to store; returns the number that it connects. No IO.
    pub fn check(
        &self,
        provider: Provider,
        credentials: &Map<String, Value>,
        settings: &Map<String, Value>,
    ) -> Result<SecretString, FieldErrors> {
        self.connectable(Credentials::parse(
            provider,
            credentials,
            settings,
            &self.defaults,
        )?)
    }

    /// Checks the credentials and settings of a stored channel with new ones, as [`Self::check`] does.
    pub fn check_change(
        &self,
        provider: Provider,
        stored: (&Map<String, Value>, &Map<String, Value>),
        new: (&Map<String, Value>, Option<&Map<String, Value>>),
    ) -> Result<SecretString, FieldErrors> {
        let config = Credentials::parse_changed(provider, stored, new, &self.defaults)?;
        self.connectable(config)
    }

    /// Connects a channel that is not stored, to ask its provider about it.
    pub fn connect(
        &self,
        provider: Provider,
        credentials: &Map<String, Value>,
        settings: &Map<String, Value>,
    ) -> Result<Arc<dyn Channel>, FieldErrors> {
        let config = Credentials::parse(provider, credentials, settings, &self.defaults)?;
        Ok(connect(&self.http, config)?)
    }

    fn connectable(&self, config: ChannelConfig) -> Result<SecretString, FieldErrors> {
        let number = config.number();
        config.check(&self.http).map_err(|error| {
            let problem = format!("{error}; RECADO_ALLOW_PRIVATE_NETWORKS=true allows it");
            FieldErrors::field("settings.baseUrl", &problem)
        })?;
        connect(&self.http, config)?;
        Ok(number)
    }

    pub fn number(&self, channel: &store::Channel) -> anyhow::Result<SecretString> {
        let credentials = self.store.secrets(channel)?.credentials;
        let config = Credentials::parse_stored(
            channel.provider,
            &credentials,
            &channel.settings,
            &self.defaults,
        );
        // What is wrong with a field may quote it.
        let config = config.map_err(|_| anyhow::anyhow!("its credentials are not complete"))?;
        Ok(config.number())
    }
}
