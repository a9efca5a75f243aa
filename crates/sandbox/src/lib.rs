//! Simulators of the WhatsApp Cloud API, Z-API and ZapperHUB (both dialects) on one server.
//!
//! Each checks what it receives in the order and with the words of the real provider, keeps it, and answers.
//! What is accepted appears on a phone ([`Sandbox::phone_messages`]), which can be used:
//! [`Sandbox::tap`], [`Sandbox::say`], [`Sandbox::pick`] and [`Sandbox::read`].
//! Faults ([`Sandbox::fail_next`]) and switches ([`Settings`]) make the providers misbehave as the real ones do.
//! Everything can also be reached over HTTP under `/_sandbox`; `GET /` lists the routes.
//!
//! What happens to a message, and what the customer does, goes to the account's webhook in the provider's own format,
//! signed and tried again as the provider does it.
//! A webhook is registered with [`Sandbox::register_webhook`], or over the provider's own routes, for receivers on this machine.
//! [`WebhookSettings`] can fail, double, reorder, batch or drop what is told; [`Sandbox::settled`] waits until all is delivered.
//!
//! The newest [`KEPT`] requests, phone messages and deliveries are kept, older ones are forgotten.
//! The sandbox belongs to one developer: paths are shown with the secrets that Z-API puts into them.
//!
//! ```
//! use recado_sandbox::{Effect, Fault, Provider, Sandbox, base_urls};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let urls = base_urls(listener.local_addr()?);
//! let sandbox = Sandbox::new();
//! sandbox.fail_next(Fault::new(Provider::Zapi, Effect::ResetAfter), 1);
//! tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
//! // … register a webhook, send something to `urls.zapi` …
//! for message in sandbox.phone_messages() {
//!     sandbox.tap(&message.message_id, 0, None).ok();
//! }
//! sandbox.settled().await;
//! assert!(sandbox.deliveries().is_empty());
//! # assert!(urls.zapi.ends_with("/zapi"));
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]

mod accounts;
mod address;
mod answer;
mod call;
mod clock;
mod control;
pub mod drawing;
mod faults;
mod ids;
pub mod listen;
mod phone;
mod provider;
mod received;
mod serve;
mod settings;
mod signature;
mod simulators;
mod state;
pub mod terminal;
mod webhooks;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;

pub use accounts::{Account, TokenState};
pub use answer::Answer;
pub use faults::{Effect, Fault, PlannedFault};
pub use phone::{Choice, ListRow, PhoneError, Shape};
pub use provider::Provider;
pub use received::{Answered, KEPT, PhoneButton, PhoneMessage, ReceivedRequest};
pub use settings::{
    BsuidMode, Connection, MessageTimestamp, ResponseShape, Session, Settings, TimestampShape,
    WebhookFormat, WhatsappSettings, WindowMode, WuzapiSettings, ZapiSettings, ZapperhubSettings,
};
pub use webhooks::{Delivery, Failure, Order, Step, Webhook, WebhookError, WebhookSettings};

use state::State;

/// Where a sandbox listens, and where the commands of its phones look for it.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090);

/// The simulated providers with everything they know; clones share one state.
#[derive(Clone, Default)]
pub struct Sandbox {
    state: Arc<Mutex<State>>,
}

impl Sandbox {
    /// A sandbox with the default accounts, no limits and no faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves all providers and the control API on `listener` until `shutdown` resolves.
    ///
    /// # Errors
    ///
    /// Fails when the listener does.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        serve::serve(self, listener, shutdown).await
    }

    /// Every request the providers received, refused ones too, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state().received.requests(None)
    }

    /// What the customers' phones show, oldest first: accepted messages only.
    #[must_use]
    pub fn phone_messages(&self) -> Vec<PhoneMessage> {
        self.state().received.phone_messages(None)
    }

    /// Makes the next `times` matching requests fail; faults are used up in the order they were given.
    pub fn fail_next(&self, fault: Fault, times: u32) {
        self.state().faults.plan(fault, times);
    }

    /// The faults that are still to come.
    #[must_use]
    pub fn faults(&self) -> Vec<PlannedFault> {
        self.state().faults.planned()
    }

    /// Forgets all faults that are still to come.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Forgets all received requests, phone messages and deliveries; accounts, webhooks, settings and faults stay.
    pub fn clear(&self) {
        let mut state = self.state();
        state.received.clear();
        state.outbox.forget();
    }

    /// The webhooks that are registered, with their secrets.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.state().webhooks.list()
    }

    /// Removes all webhooks; what still waits for one is not delivered any more.
    pub fn clear_webhooks(&self) {
        self.state().webhooks.clear();
    }

    /// The accounts that may be used, with their secrets.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        self.state().accounts.list()
    }

    /// Adds an account, or replaces the one with the same identity.
    pub fn add_account(&self, account: Account) {
        self.state().accounts.add(account);
    }

    /// The switches as they stand.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.state().settings().clone()
    }

    /// Changes the switches.
    pub fn set_settings(&self, settings: Settings) {
        let parcels = self.state().apply(settings);
        self.dispatch(parcels);
    }

    /// Moves the sandbox's clock forward, for rate limits and time stamps.
    pub fn advance(&self, by: Duration) {
        self.state().clock.advance(by);
    }

    /// Stops the clock that rate limits count by: it moves only by [`Sandbox::advance`] from now on.
    pub fn stop_clock(&self) {
        self.state().clock.stop();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while holding the lock cannot leave the state half changed in a way that matters here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The base URLs of the four providers of one sandbox, without a final slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Urls {
    /// WhatsApp Cloud API, in place of `https://graph.facebook.com`.
    pub whatsapp: String,
    /// Z-API, in place of `https://api.z-api.io`.
    pub zapi: String,
    /// ZapperHUB v2, in place of `https://api.zapperapi.com`.
    pub zapperhub: String,
    /// A wuzapi server, the dialect of ZapperHUB's engine.
    pub wuzapi: String,
}

/// The base URLs of the sandbox that listens on `addr`.
#[must_use]
pub fn base_urls(addr: SocketAddr) -> Urls {
    let url = |provider: Provider| format!("http://{addr}/{}", provider.as_str());
    Urls {
        whatsapp: url(Provider::Whatsapp),
        zapi: url(Provider::Zapi),
        zapperhub: url(Provider::Zapperhub),
        wuzapi: url(Provider::Wuzapi),
    }
}
