//! Simulators of the WhatsApp Cloud API, Z-API and ZapperHUB (both dialects) on one server.
//!
//! Each checks what it receives in the order and with the words of the real provider, keeps it, and answers.
//! What is accepted appears on a phone ([`Sandbox::phone_messages`]), which can be used:
//! [`Sandbox::tap`], [`Sandbox::say`], [`Sandbox::pick`], [`Sandbox::send_file`], [`Sandbox::send_location`],
//! [`Sandbox::react`] and [`Sandbox::read`].
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
//! use recado_sandbox::{Effect, Fault, Provider, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let sandbox = Sandbox::new();
//! sandbox.fail_next(Fault::new(Provider::Zapi, Effect::ResetAfter), 1);
//! let urls = sandbox.serve_on_free_port().await?;
//! // … register a webhook, send something to `urls.of(Provider::Zapi)` …
//! for message in sandbox.phone_messages() {
//!     sandbox.tap(&message.message_id, 0, None).ok();
//! }
//! sandbox.settled().await;
//! assert!(sandbox.deliveries().is_empty());
//! # assert!(urls.of(Provider::Zapi).ends_with("/zapi"));
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
mod dispatch;
pub mod drawing;
mod faults;
mod files;
mod ids;
pub mod listen;
mod phone;
mod provider;
mod received;
mod sandbox;
mod serve;
mod settings;
mod simulators;
mod state;
pub mod terminal;
mod urls;
mod webhooks;

pub(crate) use answer::Outcome;
pub(crate) use call::Call;
pub(crate) use state::State;

pub use accounts::{Account, TokenState};
pub use answer::Answer;
pub use faults::{Effect, Fault, PlannedFault};
pub use phone::{
    Buttons, Choice, Content, FileKind, List, ListRow, Location, Menu, PhoneButton, PhoneError,
    PhoneFile, PhoneMessage, Section, Shape,
};
pub use provider::{Provider, UnknownProvider};
pub use received::{Answered, KEPT, ReceivedRequest};
pub use sandbox::Sandbox;
pub use settings::{
    BsuidMode, Connection, MessageTimestamp, ResponseShape, Session, Settings, TimestampShape,
    WebhookFormat, WhatsappSettings, WindowMode, WuzapiSettings, ZapiSettings, ZapperhubSettings,
};
pub use urls::{DEFAULT_ADDRESS, Urls, base_urls};
pub use webhooks::{Delivery, Failure, Order, Step, Webhook, WebhookError, WebhookSettings};
