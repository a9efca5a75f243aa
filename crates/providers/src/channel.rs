//! The trait that every provider implements, and what goes in and out of it.

use async_trait::async_trait;
use recado_core::inbound::ReceivedMedia;
use recado_core::{Capabilities, Content, MessageId, Recipient, Violation};
use reqwest::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::error::{ChannelError, ErrorKind};
use crate::media::{MediaDownload, MediaError};
use crate::webhook::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};

/// Why a provider without a queue cancels no message.
pub(crate) const NO_QUEUE: &str = "the provider takes back no message that it has accepted";

/// One WhatsApp number at one provider.
///
/// [`connect`](crate::connect) makes the channels of the providers that this crate knows. To add one of your own,
/// implement the trait, with `#[recado_providers::async_trait]` above the `impl`: the example `custom_channel` does.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Channel: Send + Sync {
    /// What this channel carries.
    fn capabilities(&self) -> &'static Capabilities;

    /// The exact request that [`send`](Self::send) would make, with its secrets blanked. No IO.
    ///
    /// It is the complete check of a message: if this is `Ok`, the message keeps every limit of this channel. The
    /// address of the provider is checked by [`ChannelConfig::check`](crate::ChannelConfig::check).
    fn preview(&self, message: &OutboundMessage) -> Result<Preview, ChannelError>;

    /// Hands one message to the provider with exactly one HTTP request. Makes no request if a limit is broken, or if the
    /// provider's address is not allowed. Of the errors, only [`ErrorKind::Indeterminate`] leaves open whether the message
    /// goes out.
    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError>;

    /// Takes a message that waits at the provider out of the provider's queue, so that it is not sent; `provider_id` is
    /// the one of its [`Receipt`].
    ///
    /// Unless a provider has such a queue, it is refused. The order may be given again: then the provider may not know
    /// the message any more, which is an error.
    async fn cancel(&self, provider_id: &str) -> Result<(), ChannelError> {
        let _ = provider_id;
        let provider = self.capabilities().provider;
        Err(ChannelError::new(provider, ErrorKind::Rejected, NO_QUEUE))
    }

    /// Begins to fetch a customer's file. Credentials go to the provider's own addresses only.
    ///
    /// The default returns [`MediaError::Gone`], for providers that give no files.
    async fn media(&self, media: &ReceivedMedia) -> Result<MediaDownload, MediaError> {
        let _ = media;
        Err(MediaError::Gone)
    }

    /// The id that a message of ours has at WhatsApp even if the answer is lost, where we choose it. No IO.
    ///
    /// Returns `None` unless the provider lets us choose the id.
    fn preset_message_id(&self, id: &MessageId) -> Option<String> {
        let _ = id;
        None
    }

    /// Asks whether the number is connected and able to send. It fails if the provider could not be asked, or refuses the
    /// credentials.
    async fn health(&self) -> Result<Health, ChannelError>;

    /// Checks the proofs of a webhook call that stand in its URL and its headers, before its body is read. No IO, no
    /// clock.
    ///
    /// It saves the work of reading what cannot be proved, and replaces no call of
    /// [`verify_webhook`](Self::verify_webhook); unless a provider has such proofs, everything passes. A refusal says that a
    /// proof is missing, or wrong whatever the body is.
    #[expect(
        clippy::elidable_lifetime_names,
        reason = "the generated mock needs the name"
    )]
    fn verify_webhook_head<'a>(&self, head: &WebhookHead<'a>) -> Result<(), WebhookRefused> {
        let _ = head;
        Ok(())
    }

    /// Proves that a webhook call comes from the provider, by its URL, its headers and its raw bytes. No IO, no
    /// clock.
    #[expect(
        clippy::elidable_lifetime_names,
        reason = "the generated mock needs the name"
    )]
    fn verify_webhook<'a>(&self, call: &WebhookCall<'a>) -> Result<Admission, WebhookRefused>;

    /// What the body of a verified call says: every item of every batch, in order. No IO, no clock. A form that the
    /// provider does not use is an error; an unknown item in a known form is none.
    fn parse_webhook<'a>(
        &self,
        content_type: Option<&'a str>,
        body: &'a [u8],
    ) -> Result<Vec<Received>, WebhookUnreadable>;

    /// Tells the provider to send its webhooks to `url`, and to prove them with `secret` where it can.
    ///
    /// Unless a provider takes such an order, it is refused. The order may be given again.
    async fn register_webhook(&self, url: &Url, secret: &SecretString) -> Result<(), ChannelError> {
        let _ = (url, secret);
        let provider = self.capabilities().provider;
        let text = "the provider does not let its webhook be set by a program";
        Err(ChannelError::new(provider, ErrorKind::Rejected, text))
    }
}

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboundMessage {
    /// Our id, which comes back in the provider's status where it can carry one. Every message needs another one:
    /// wuzapi makes WhatsApp's id of it.
    pub id: MessageId,
    /// Whom it goes to.
    pub to: Recipient,
    /// What it says.
    pub content: Content,
}

impl OutboundMessage {
    /// Creates a message.
    pub fn new(id: MessageId, to: Recipient, content: impl Into<Content>) -> Self {
        let content = content.into();
        Self { id, to, content }
    }

    /// Checks that the message keeps the published limits, as every [`Channel`] does before it sends; the error is
    /// [`ErrorKind::ContentRefused`] with the code that WhatsApp would give.
    ///
    /// A channel may have limits of its own besides: [`Channel::preview`] checks all of them.
    pub fn check(&self, capabilities: &Capabilities) -> Result<(), ChannelError> {
        let checked = capabilities.check(&self.content, &self.to).map(drop);
        checked.map_err(|violation| refused(violation, capabilities))
    }
}

pub(crate) fn refused(violation: Violation, capabilities: &Capabilities) -> ChannelError {
    let refusal = violation.refuse(capabilities.title, ToString::to_string);
    ChannelError::content_refused(capabilities.provider, refusal.to_string())
}

/// A request as it would be made, with its secrets blanked; its `Debug` does not show the body.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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

impl Preview {
    /// Creates a preview without headers.
    pub fn new(method: &Method, url: &Url, body: Value) -> Self {
        Self {
            method: method.to_string(),
            url: url.to_string(),
            headers: Vec::new(),
            body,
        }
    }
}

recado_core::shows_only!(Preview {
    method,
    url,
    headers
});

/// What the provider gave for a message that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The message's id at WhatsApp, if the provider says it.
    pub external_id: Option<String>,
    /// The provider's own id: Z-API's `zaapId`, ZapperHUB's `jobId`.
    pub provider_id: Option<String>,
}

impl Receipt {
    /// Creates a receipt with the message's id at WhatsApp.
    pub fn new(external_id: impl Into<String>) -> Self {
        Self {
            external_id: Some(external_id.into()),
            provider_id: None,
        }
    }
}

/// Whether a number can send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The state of the connection.
    pub state: HealthState,
    /// What the provider says about it.
    pub detail: Option<String>,
}

impl Health {
    /// Creates a state, with what the provider says about it.
    pub const fn new(state: HealthState, detail: Option<String>) -> Self {
        Self { state, detail }
    }
}

/// The states of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
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
