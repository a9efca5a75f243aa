//! The one [`Channel`] of all providers: check, encode, post, decode.

use async_trait::async_trait;
use recado_core::inbound::ReceivedMedia;
use recado_core::{Capabilities, MessageId};
use reqwest::Method;
use secrecy::SecretString;
use url::Url;

use crate::channel::{Channel, Health, HealthState, OutboundMessage, Preview, Receipt, refused};
use crate::connection::Connection;
use crate::error::{ChannelError, ErrorKind};
use crate::fetch::NoMedia;
use crate::media::{MediaDownload, MediaError};
use crate::webhook::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};
use crate::wire::{Endpoint, Wire};

/// One account at one provider.
///
/// Every message is checked, every text of the provider is cleaned, and every proof of a webhook is asked for here, so
/// that no provider can forget it.
pub(crate) struct Api<W> {
    wire: W,
    capabilities: &'static Capabilities,
    connection: Connection,
}

impl<W: Wire> Api<W> {
    pub(crate) fn new(
        wire: W,
        capabilities: &'static Capabilities,
        connection: Connection,
    ) -> Self {
        Self {
            wire,
            capabilities,
            connection,
        }
    }

    fn encode(&self, message: &OutboundMessage) -> Result<(&Endpoint, String), ChannelError> {
        message.check(self.capabilities)?;
        let kind = message.content.kind();
        let encoded = self.wire.encode(message);
        encoded.ok_or_else(|| refused(self.capabilities.unsupported(kind), self.capabilities))
    }
}

#[async_trait]
impl<W: Wire> Channel for Api<W> {
    fn capabilities(&self) -> &'static Capabilities {
        self.capabilities
    }

    fn preview(&self, message: &OutboundMessage) -> Result<Preview, ChannelError> {
        let (endpoint, body) = self.encode(message)?;
        Ok(self.connection.preview(&endpoint.shown, &body))
    }

    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError> {
        let (endpoint, body) = self.encode(message)?;
        let sent = self.connection.request(Method::POST, &endpoint.url, body);
        sent.await
            .and_then(|answer| self.wire.decode(message, &answer))
            .map_err(|refusal| self.connection.error(&refusal))
    }

    async fn cancel(&self, provider_id: &str) -> Result<(), ChannelError> {
        let canceled = self.wire.cancel(&self.connection, provider_id).await;
        canceled.map_err(|refusal| self.connection.error(&refusal.harmless()))
    }

    async fn media(&self, media: &ReceivedMedia) -> Result<MediaDownload, MediaError> {
        let begun = self.wire.media(&self.connection, media).await;
        let download = begun.map_err(|reason| match reason {
            NoMedia::Gone => MediaError::Gone,
            NoMedia::TooLarge => MediaError::TooLarge,
            NoMedia::Refused(refusal) => self.connection.error(&refusal.harmless()).into(),
        })?;
        let announced = media.mime_type.as_deref().unwrap_or_default();
        let is_page = |kind: &str| kind.trim_start().starts_with("text/html");
        if download.content_type().is_some_and(is_page) && !is_page(announced) {
            let provider = self.capabilities.provider;
            let text = "the provider answers with a page in the place of the file";
            return Err(ChannelError::new(provider, ErrorKind::Rejected, text).into());
        }
        Ok(download.expecting(media.sha256.clone()))
    }

    fn preset_message_id(&self, id: &MessageId) -> Option<String> {
        self.wire.preset_message_id(id)
    }

    async fn health(&self) -> Result<Health, ChannelError> {
        let answer = self.connection.get(self.wire.health_url()).await;
        let health = match answer.and_then(|answer| self.wire.decode_health(&answer)) {
            Ok(health) => health,
            Err(refusal) => {
                let state = match refusal.kind {
                    ErrorKind::NotConnected => HealthState::Disconnected,
                    ErrorKind::BillingBlocked => HealthState::Unpaid,
                    _ => return Err(self.connection.error(&refusal.harmless())),
                };
                Health::new(state, Some(refusal.text))
            }
        };
        let detail = health
            .detail
            .map(|text| self.connection.redactor.clean(&text));
        Ok(Health { detail, ..health })
    }

    fn verify_webhook_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        match *head.method {
            Method::GET if W::PROFILE.challenges => Ok(()),
            Method::POST if W::PROFILE.webhook_secret_in_url && !head.has_secret() => {
                Err(WebhookRefused::Forbidden)
            }
            Method::POST => self.wire.verify_head(head),
            _ => Err(WebhookRefused::Method),
        }
    }

    fn verify_webhook(&self, call: &WebhookCall<'_>) -> Result<Admission, WebhookRefused> {
        self.verify_webhook_head(&call.head)?;
        if call.head.method == Method::GET {
            return self.wire.challenge(call);
        }
        self.wire.verify_body(call)?;
        Ok(Admission::Deliver)
    }

    fn parse_webhook(
        &self,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        let redactor = &self.connection.redactor;
        self.wire.parse(redactor, content_type, body)
    }

    async fn register_webhook(&self, url: &Url, secret: &SecretString) -> Result<(), ChannelError> {
        let connection = self.connection.hiding(secret);
        if let Some((kind, text)) = W::PROFILE.registration_refusal(url) {
            // Not cleaned, which would cut what a person has to do.
            let text = connection.redactor.blank(&text);
            return Err(ChannelError::new(self.capabilities.provider, kind, text));
        }
        let registered = self.wire.register(&connection, url, secret).await;
        registered.map_err(|refusal| connection.error(&refusal.harmless()))
    }
}
