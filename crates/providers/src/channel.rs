//! The trait that every provider implements, and what goes in and out of it.

use std::fmt;

use async_trait::async_trait;
use recado_core::{ButtonsMessage, Capabilities, MessageId, Recipient};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::error::ChannelError;
use crate::webhook::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};

/// One WhatsApp number at one provider.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
#[async_trait]
pub trait Channel: Send + Sync {
    /// What this channel carries.
    fn capabilities(&self) -> &'static Capabilities;

    /// The exact request that [`send`](Self::send) would make, with its secrets blanked. No IO.
    ///
    /// # Errors
    ///
    /// The message breaks a limit.
    fn preview(&self, message: &OutboundMessage) -> Result<Preview, ChannelError>;

    /// Hands one message to the provider, with exactly one HTTP request, or none if a limit is broken.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind): only `Indeterminate` leaves open whether the message goes out.
    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError>;

    /// The id that a message of ours has at WhatsApp even if the answer is lost, where we choose it. No IO.
    fn preset_message_id(&self, id: &MessageId) -> Option<String>;

    /// Asks whether the number is connected and able to send.
    ///
    /// # Errors
    ///
    /// The provider could not be asked, or refuses the credentials.
    async fn health(&self) -> Result<Health, ChannelError>;

    /// Checks the proofs of a webhook call that stand in its URL and its headers, before its body is read. No IO, no
    /// clock.
    ///
    /// # Errors
    ///
    /// A proof that they must hold is missing, or wrong whatever the body is.
    #[expect(
        clippy::elidable_lifetime_names,
        reason = "the generated mock needs the name"
    )]
    fn verify_webhook_head<'a>(&self, head: &WebhookHead<'a>) -> Result<(), WebhookRefused>;

    /// Proves that a webhook call comes from the provider, by its URL, its headers and its raw bytes. No IO, no
    /// clock.
    ///
    /// # Errors
    ///
    /// A proof is wrong, missing or impossible.
    #[expect(
        clippy::elidable_lifetime_names,
        reason = "the generated mock needs the name"
    )]
    fn verify_webhook<'a>(&self, call: &WebhookCall<'a>) -> Result<Admission, WebhookRefused>;

    /// What the body of a verified call says: every item of every batch, in order. No IO, no clock.
    ///
    /// # Errors
    ///
    /// The body is not in a form that this provider uses; what is new in a known form is no error.
    fn parse_webhook<'a>(
        &self,
        content_type: Option<&'a str>,
        body: &'a [u8],
    ) -> Result<Vec<Received>, WebhookUnreadable>;

    /// Tells the provider to send its webhooks to `url`, and to prove them with `secret` where it can.
    ///
    /// # Errors
    ///
    /// The provider takes no such order, refuses it, or could not be reached; it may be given again.
    async fn register_webhook(&self, url: &Url, secret: &SecretString) -> Result<(), ChannelError>;
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundMessage {
    /// Our id, which comes back in the provider's status where it can carry one.
    pub id: MessageId,
    /// Whom it goes to.
    pub to: Recipient,
    /// What it says.
    pub content: ButtonsMessage,
}

/// A request as it would be made, with its secrets blanked; its `Debug` does not show the body.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers that matter to the provider.
    pub headers: Vec<(String, String)>,
    /// The JSON body.
    pub body: Value,
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// What the provider gave for a message that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The message's id at WhatsApp, if the provider says it.
    pub external_id: Option<String>,
    /// The provider's own id: Z-API's `zaapId`, ZapperHUB's `jobId`.
    pub provider_id: Option<String>,
}

/// Whether a number can send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The state of the connection.
    pub state: HealthState,
    /// What the provider says about it.
    pub detail: Option<String>,
}

/// The states of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HealthState {
    /// Able to send.
    Connected,
    /// Known, but not connected to WhatsApp.
    Disconnected,
    /// A phone must be paired first.
    NeedsPairing,
    /// The account at the provider is not paid for.
    Unpaid,
}
