//! ZapperHUB, also called ZapperAPI: its hosted API, and the wuzapi dialect of the engine behind it.

pub(crate) mod account;
mod errors;
mod v2;
mod wire;
mod wuzapi;

use async_trait::async_trait;
use recado_core::{Capabilities, Provider, capabilities};
use reqwest::header::HeaderName;
use url::Url;

pub use account::{Dialect, RecipientForm, ZapperHubAccount};

use crate::channel::{Channel, Health, OutboundMessage, Preview, Receipt};
use crate::config::{ConfigError, join};
use crate::connection::{Connection, check, secret_header};
use crate::error::ChannelError;
use crate::http::HttpClient;
use crate::redact::Redactor;

/// One instance of ZapperHUB, or one user of a wuzapi server.
pub(crate) struct ZapperHub {
    connection: Connection,
    dialect: Dialect,
    recipient_form: RecipientForm,
    buttons_url: Url,
    status_url: Url,
}

impl ZapperHub {
    pub(crate) fn new(
        http: &HttpClient,
        base_url: &Url,
        account: ZapperHubAccount,
    ) -> Result<Self, ConfigError> {
        let (buttons, status) = match &account.dialect {
            Dialect::ZapperApiV2 { instance_id } => (
                join(base_url, &[instance_id, "messages", "buttons"])?,
                join(base_url, &[instance_id, "connection"])?,
            ),
            Dialect::Wuzapi => (
                join(base_url, &["chat", "send", "buttons"])?,
                join(base_url, &["session", "status"])?,
            ),
        };
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
            buttons_url: buttons,
            status_url: status,
        })
    }

    fn request<'a>(&self, message: &'a OutboundMessage) -> Result<wire::Request<'a>, ChannelError> {
        check(self.capabilities(), message)?;
        Ok(wire::Request::new(
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
        self.connection.preview(&self.buttons_url, &body)
    }

    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError> {
        let body = self.request(message)?;
        let answer = self.connection.post(&self.buttons_url, &body).await?;
        match self.dialect {
            Dialect::ZapperApiV2 { .. } => v2::receipt(&self.connection, &answer),
            Dialect::Wuzapi => wuzapi::receipt(&self.connection, &answer, &message.id),
        }
    }

    async fn health(&self) -> Result<Health, ChannelError> {
        let answer = self.connection.get(&self.status_url).await?;
        match self.dialect {
            Dialect::ZapperApiV2 { .. } => v2::health(&self.connection, &answer),
            Dialect::Wuzapi => wuzapi::health(&self.connection, &answer),
        }
    }
}
