//! What every handler works with, put together once.

pub(crate) mod clock;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use recado_core::{ChannelId, FieldErrors, OrganizationId, Provider};
use recado_providers::{
    Channel, ChannelConfig, Credentials, Defaults, HttpClient, RetryPolicy, connect,
};
use recado_store::{self as store, Retention, Store};
use secrecy::SecretString;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use crate::api::error::{ApiError, Reason};
use crate::api::streams::Streams;
use crate::database::readiness::Readiness;
use crate::database::until_stored::Repeated;
use crate::inbound::worker::Intake;
use crate::memory::Memory;
use crate::send::places::SendPlaces;
use crate::sign_in::passwords::Passwords;

pub use crate::app::clock::Clock;

/// Sends that may be in flight at once; beyond it a caller is asked to come back.
pub const MAX_SENDS_IN_FLIGHT: usize = 1024;

/// How often a stream of events says that it lives, where nothing else is asked for.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// Webhook endpoints of an organization, where nothing else is asked for.
pub const MAX_WEBHOOK_ENDPOINTS: u32 = 20;

/// Connected channels kept ready; more are connected again when they are used.
const CHANNELS_KEPT: u64 = 10_000;

/// The parts that differ between a server, the demo and a test.
pub struct AppParts {
    pub store: Store,
    pub http: HttpClient,
    pub defaults: Defaults,
    pub public_url: Url,
    pub clock: Clock,
    pub retry: RetryPolicy,
    pub max_sends_in_flight: usize,
    /// How often a stream of events says that it lives.
    pub heartbeat: Duration,
    /// Most webhook endpoints of an organization.
    pub max_webhook_endpoints: u32,
    /// The name of this server, under which the next run takes over at once what this one leaves.
    pub server_name: Option<String>,
    /// How long rows are kept.
    pub retention: Retention,
}

/// The running gateway.
pub struct App {
    pub store: Store,
    pub public_url: Url,
    pub clock: Clock,
    pub retry: RetryPolicy,
    /// Calls providers and receivers.
    pub http: HttpClient,
    pub sends: TaskTracker,
    pub send_places: SendPlaces,
    pub heartbeat: Duration,
    pub max_webhook_endpoints: u32,
    /// The name of this server, if it has one.
    pub server_name: Option<String>,
    pub(crate) retention: Retention,
    /// Whether the database takes writes.
    pub(crate) readiness: Readiness,
    /// What the providers told us and is not applied yet.
    pub intake: Intake,
    /// The outcomes that the database has not taken yet.
    pub(crate) repeated: Repeated,
    /// What requests and answers may hold in memory.
    pub memory: Memory,
    /// Hashes the passwords of people.
    pub passwords: Passwords,
    /// Who follows the events.
    pub(crate) streams: Streams,
    /// The deliveries that are being made.
    pub(crate) deliveries: TaskTracker,
    /// The contacts that are being erased.
    pub(crate) erasures: TaskTracker,
    /// Cancelled when the server is asked to stop: it goes on serving, and is not ready any more.
    pub(crate) draining: CancellationToken,
    /// Cancelled when the server is about to stop: long waits end.
    pub stopping: CancellationToken,
    /// Cancelled when the process ends: writes that are not stored yet are given up.
    pub ending: CancellationToken,
    channels: Channels,
}

impl App {
    #[must_use]
    pub fn new(parts: AppParts) -> Arc<Self> {
        Arc::new(Self {
            http: parts.http.clone(),
            channels: Channels {
                store: parts.store.clone(),
                http: parts.http,
                defaults: parts.defaults,
                ready: moka::sync::Cache::new(CHANNELS_KEPT),
            },
            streams: Streams::new(parts.store.clone(), parts.clock.clone()),
            store: parts.store,
            public_url: parts.public_url,
            clock: parts.clock,
            retry: parts.retry,
            sends: TaskTracker::new(),
            heartbeat: parts.heartbeat,
            send_places: SendPlaces::new(parts.max_sends_in_flight),
            max_webhook_endpoints: parts.max_webhook_endpoints,
            server_name: parts.server_name,
            retention: parts.retention,
            readiness: Readiness::default(),
            intake: Intake::default(),
            repeated: Repeated::default(),
            memory: Memory::default(),
            passwords: Passwords::default(),
            deliveries: TaskTracker::new(),
            erasures: TaskTracker::new(),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
            ending: CancellationToken::new(),
        })
    }

    /// The channels, ready to send.
    #[must_use]
    pub const fn channels(&self) -> &Channels {
        &self.channels
    }

    /// A fresh id, sortable by time.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

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
    /// The channel, ready to send.
    ///
    /// # Errors
    ///
    /// The stored credentials cannot be read, or the server does not allow the base URL any more.
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
    ///
    /// # Errors
    ///
    /// Every credential and setting that is missing, unknown, malformed or not allowed here.
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
    ///
    /// # Errors
    ///
    /// As [`Self::check`].
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
    ///
    /// # Errors
    ///
    /// As [`Self::check`].
    pub fn connect(
        &self,
        provider: Provider,
        credentials: &Map<String, Value>,
        settings: &Map<String, Value>,
    ) -> Result<Arc<dyn Channel>, FieldErrors> {
        let config = Credentials::parse(provider, credentials, settings, &self.defaults)?;
        Ok(connect(&self.http, config)?)
    }

    /// Returns the number of a channel that this server can connect.
    fn connectable(&self, config: ChannelConfig) -> Result<SecretString, FieldErrors> {
        let number = config.number();
        config.check(&self.http).map_err(|error| {
            let problem = format!("{error}; RECADO_ALLOW_PRIVATE_NETWORKS=true allows it");
            FieldErrors::field("settings.baseUrl", &problem)
        })?;
        connect(&self.http, config)?;
        Ok(number)
    }

    /// Returns the number that a stored channel connects.
    ///
    /// # Errors
    ///
    /// The secrets do not open, or are not complete.
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
