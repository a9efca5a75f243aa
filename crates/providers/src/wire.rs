//! What a provider implements: its JSON, both ways. [`Api`](crate::api::Api) makes a [`Channel`](crate::Channel) of it.

use std::future::{Future, ready};

use recado_core::MessageId;
use recado_core::inbound::ReceivedMedia;
use secrecy::SecretString;
use url::Url;

use crate::channel::{Health, NO_QUEUE, OutboundMessage, Receipt};
use crate::connection::Connection;
use crate::error::ErrorKind;
use crate::fetch::{NoMedia, from_url};
use crate::http::client::Answer;
use crate::media::MediaDownload;
use crate::profile::Profile;
use crate::redact::Redactor;
use crate::refusal::Refusal;
use crate::webhook::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};

/// The JSON of one account at one provider.
///
/// Limits, secrets in texts, and the general proofs of a webhook call are checked before and after these functions.
pub(crate) trait Wire: Send + Sync + 'static {
    const PROFILE: &'static Profile;

    /// Returns where a message goes, and the text of its JSON, or `None` for a kind that the provider does not carry;
    /// the message keeps the limits of the channel.
    fn encode(&self, message: &OutboundMessage) -> Option<(&Endpoint, String)>;

    fn decode(&self, message: &OutboundMessage, answer: &Answer) -> Result<Receipt, Refusal>;

    fn preset_message_id(&self, _: &MessageId) -> Option<String> {
        None
    }

    /// Takes a message out of the provider's queue, by the provider's own id of it.
    fn cancel(&self, _: &Connection, _: &str) -> impl Future<Output = Result<(), Refusal>> + Send {
        ready(Err(Refusal::new(ErrorKind::Rejected, NO_QUEUE)))
    }

    /// Begins to fetch a customer's file; most providers name an address that needs no key.
    fn media(
        &self,
        connection: &Connection,
        media: &ReceivedMedia,
    ) -> impl Future<Output = Result<MediaDownload, NoMedia>> + Send {
        async {
            let url = media.provider_url.as_deref().ok_or(NoMedia::Gone)?;
            from_url(connection, url, self.health_url()).await
        }
    }

    /// Returns the URL that tells the state of the number.
    fn health_url(&self) -> &Url;

    /// Reads the state of the number, and what the provider says about it in its own words.
    fn decode_health(&self, answer: &Answer) -> Result<Health, Refusal>;

    /// Tells the provider where its webhooks go, if its profile says that a program does that.
    fn register(
        &self,
        _: &Connection,
        _: &Url,
        _: &SecretString,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let text = "the provider does not let its webhook be set by a program";
        ready(Err(Refusal::new(ErrorKind::Rejected, text)))
    }

    /// Answers the GET of a provider whose profile says `challenges`.
    fn challenge(&self, _: &WebhookCall<'_>) -> Result<Admission, WebhookRefused> {
        Err(WebhookRefused::Method)
    }

    /// Checks the proofs in the headers of a POST, whose URL carries the secret if the profile says so.
    fn verify_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused>;

    /// Checks the proofs that cover the body of a POST.
    fn verify_body(&self, call: &WebhookCall<'_>) -> Result<(), WebhookRefused>;

    /// Reads the body of a verified call; `redactor` cleans the provider's words in it.
    fn parse(
        &self,
        redactor: &Redactor,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable>;
}

/// The URL of a method.
pub(crate) struct Endpoint {
    pub(crate) url: Url,
    /// The URL with its secrets blanked.
    pub(crate) shown: Url,
}

impl From<Url> for Endpoint {
    /// Creates the endpoint of a URL without secrets.
    fn from(url: Url) -> Self {
        Self {
            shown: url.clone(),
            url,
        }
    }
}
