//! What every handler works with, put together once.

pub(crate) mod clock;

use std::sync::Arc;
use std::time::Duration;

use recado_providers::{Defaults, HttpClient, RetryPolicy};
use recado_store::{Retention, Store};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;
use uuid::Uuid;

use crate::api::streams::Streams;
use crate::channels::Channels;
use crate::costs::rates::Rates;
use crate::database::readiness::Readiness;
use crate::database::unstored::Unstored;
use crate::inbound::queue::Intake;
use crate::memory::Memory;
use crate::queue::room::QueueRoom;
use crate::send::places::SendPlaces;
use crate::sign_in::passwords::Passwords;

pub use crate::app::clock::Clock;

/// Sends that may be in flight at once; beyond it a caller is asked to come back.
pub const MAX_SENDS_IN_FLIGHT: usize = 1024;

/// Attempts of queued messages at once, in all; organizations and channels share them.
pub const MAX_ATTEMPTS_IN_FLIGHT: usize = 512;

/// Customers' files that are fetched at once; wuzapi's take up to 60 MiB of memory each.
const MAX_DOWNLOADS: usize = 16;

/// How often a stream of events says that it lives, where nothing else is asked for.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// Webhook endpoints of an organization, where nothing else is asked for.
pub const MAX_WEBHOOK_ENDPOINTS: u32 = 20;

/// What may wait in the queue of an organization, where nothing else is asked for: 1 GiB.
pub const MAX_QUEUED_MIB: u32 = 1024;

/// The parts that differ between a server, the demo and a test.
pub struct AppParts {
    pub store: Store,
    pub http: HttpClient,
    pub defaults: Defaults,
    pub public_url: Url,
    pub clock: Clock,
    pub retry: RetryPolicy,
    pub max_sends_in_flight: usize,
    pub max_attempts_in_flight: usize,
    /// How often a stream of events says that it lives.
    pub heartbeat: Duration,
    /// Most webhook endpoints of an organization.
    pub max_webhook_endpoints: u32,
    /// Most mebibytes that the queued messages of an organization take.
    pub max_queued_mib: u32,
    /// The name of this server, under which the next run takes over at once what this one leaves.
    pub server_name: Option<String>,
    /// How long rows are kept.
    pub retention: Retention,
    /// The prices for messages, if the operator keeps any.
    pub rates: Option<Arc<Rates>>,
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
    /// The places of the attempts of queued messages, so that a full queue takes none from callers who wait.
    pub(crate) queue_places: SendPlaces,
    pub(crate) queue_room: QueueRoom,
    pub heartbeat: Duration,
    pub max_webhook_endpoints: u32,
    pub server_name: Option<String>,
    pub(crate) retention: Retention,
    pub(crate) rates: Option<Arc<Rates>>,
    /// Whether the database takes writes.
    pub(crate) readiness: Readiness,
    /// The calls of the providers that are not applied yet.
    pub intake: Intake,
    /// The outcomes that the database has not taken yet.
    pub(crate) unstored: Unstored,
    /// What requests and answers may hold in memory.
    pub memory: Memory,
    /// Hashes the passwords of people.
    pub passwords: Passwords,
    /// Who follows the events.
    pub(crate) streams: Streams,
    /// The places of customers' files that are being fetched.
    pub(crate) download_places: SendPlaces,
    pub(crate) deliveries: TaskTracker,
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
    pub fn new(parts: AppParts) -> Arc<Self> {
        let ending = CancellationToken::new();
        Arc::new(Self {
            http: parts.http.clone(),
            channels: Channels::new(parts.store.clone(), parts.http, parts.defaults),
            streams: Streams::new(parts.store.clone(), parts.clock.clone()),
            store: parts.store,
            public_url: parts.public_url,
            clock: parts.clock,
            retry: parts.retry,
            sends: TaskTracker::new(),
            heartbeat: parts.heartbeat,
            send_places: SendPlaces::new(parts.max_sends_in_flight),
            queue_places: SendPlaces::new(parts.max_attempts_in_flight),
            queue_room: QueueRoom::new(u64::from(parts.max_queued_mib) << 20),
            max_webhook_endpoints: parts.max_webhook_endpoints,
            server_name: parts.server_name,
            retention: parts.retention,
            rates: parts.rates,
            readiness: Readiness::default(),
            intake: Intake::default(),
            unstored: Unstored::new(ending.clone()),
            memory: Memory::default(),
            passwords: Passwords::default(),
            download_places: SendPlaces::new(MAX_DOWNLOADS),
            deliveries: TaskTracker::new(),
            erasures: TaskTracker::new(),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
            ending,
        })
    }

    pub const fn channels(&self) -> &Channels {
        &self.channels
    }

    /// A fresh id, sortable by time.
    pub fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
