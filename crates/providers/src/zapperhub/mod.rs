//! ZapperHUB, also called ZapperAPI: its hosted API, and the wuzapi dialect of the engine behind it.

pub(crate) mod account;
mod engine;
mod hosted;
pub(crate) mod profile;
mod webhook;
mod wuzapi;

use async_trait::async_trait;
use recado_core::{Capabilities, MessageId, Provider, capabilities};
use reqwest::header::HeaderName;
use secrecy::SecretString;
use url::Url;

pub use account::{Dialect, RecipientForm, ZapperHubAccount};

use crate::base_url::join;
use crate::channel::{Channel, Health, OutboundMessage, Preview, Receipt};
use crate::connection::{Connection, secret_header};
use crate::error::ChannelError;
use crate::error::ConfigError;
use crate::http::client::HttpClient;
use crate::redact::Redactor;
use crate::webhook::call::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};

/// One instance of ZapperHUB, or one user of a wuzapi server.
pub(crate) struct ZapperHub {
    connection: Connection,
    dialect: Dialect,
    recipient_form: RecipientForm,
    urls: Urls,
}

/// Where the methods of a dialect are.
struct Urls {
    buttons: Url,
    status: Url,
    webhook: Url,
    /// What a registration needs besides: the hosted API's further webhooks, wuzapi's signing key.
    besides: Url,
}

impl Urls {
    fn new(base: &Url, dialect: &Dialect) -> Result<Self, ConfigError> {
        Ok(match dialect {
            Dialect::ZapperApiV2 { instance_id } => Self {
                buttons: join(base, &[instance_id, "messages", "buttons"])?,
                status: join(base, &[instance_id, "connection"])?,
                webhook: join(base, &[instance_id, "webhook"])?,
                besides: join(base, &[instance_id, "webhooks"])?,
            },
            Dialect::Wuzapi => Self {
                buttons: join(base, &["chat", "send", "buttons"])?,
                status: join(base, &["session", "status"])?,
                webhook: join(base, &["webhook"])?,
                besides: join(base, &["session", "hmac", "config"])?,
            },
        })
    }
}

impl ZapperHub {
    pub(crate) fn new(
        http: &HttpClient,
        base_url: &Url,
        account: ZapperHubAccount,
    ) -> Result<Self, ConfigError> {
        let urls = Urls::new(base_url, &account.dialect)?;
        let header = HeaderName::from_static(match account.dialect {
            Dialect::ZapperApiV2 { .. } => "x-api-key",
            Dialect::Wuzapi => "token",
        });
        let headers = secret_header(header, "apiKey", "", &account.api_key)?;
        let redactor = Redactor::new([&account.api_key]);
        Ok(Self {
            connection: Connection::new(Provider::ZapperHub, http, headers, redactor),
            dialect: account.dialect,
            recipient_form: account.recipient_form,
            urls,
        })
    }

    fn request<'a>(
        &self,
        message: &'a OutboundMessage,
    ) -> Result<engine::encode::buttons::Request<'a>, ChannelError> {
        message.check(self.capabilities())?;
        Ok(engine::encode::buttons::Request::new(
            &self.dialect,
            self.recipient_form,
            message,
        ))
    }
}

#[async_trait]
impl Channel for ZapperHub {
    fn capabilities(&self) -> &'static Capabilities {
        match self.dialect {
            Dialect::ZapperApiV2 { .. } => &capabilities::ZAPPERAPI_V2,
            Dialect::Wuzapi => &capabilities::WUZAPI_FORK,
        }
    }

    fn preview(&self, message: &OutboundMessage) -> Result<Preview, ChannelError> {
        let body = self.request(message)?;
        self.connection.preview(&self.urls.buttons, &body)
    }

    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError> {
        let body = self.request(message)?;
        let answer = self.connection.post(&self.urls.buttons, &body).await?;
        match self.dialect {
            Dialect::ZapperApiV2 { .. } => hosted::receipt(&self.connection, &answer),
            Dialect::Wuzapi => wuzapi::receipt(&self.connection, &answer, &message.id),
        }
    }

    fn preset_message_id(&self, id: &MessageId) -> Option<String> {
        match self.dialect {
            Dialect::ZapperApiV2 { .. } => None,
            Dialect::Wuzapi => Some(wuzapi::message_id(id)),
        }
    }

    async fn health(&self) -> Result<Health, ChannelError> {
        let answer = self.connection.get(&self.urls.status).await?;
        match self.dialect {
            Dialect::ZapperApiV2 { .. } => hosted::health(&self.connection, &answer),
            Dialect::Wuzapi => wuzapi::health(&self.connection, &answer),
        }
    }

    fn verify_webhook_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        webhook::verify_head(&self.dialect, head)
    }

    fn verify_webhook(&self, call: &WebhookCall<'_>) -> Result<Admission, WebhookRefused> {
        webhook::verify(&self.dialect, call)
    }

    fn parse_webhook(
        &self,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        webhook::parse(&self.dialect, &self.connection, content_type, body)
    }

    async fn register_webhook(&self, url: &Url, secret: &SecretString) -> Result<(), ChannelError> {
        let connection = self.connection.hiding(secret);
        match self.dialect {
            Dialect::ZapperApiV2 { .. } => {
                hosted::register(&connection, &self.urls.webhook, url, secret).await?;
                hosted::register_updates(&connection, &self.urls.besides, url).await
            }
            Dialect::Wuzapi => {
                // First the key, so that no event goes out unsigned.
                wuzapi::sign(&connection, &self.urls.besides, secret).await?;
                wuzapi::register(&connection, &self.urls.webhook, url).await
            }
        }
    }
}
