//! Z-API, an unofficial API on a linked device.

pub(crate) mod account;
mod errors;
mod wire;

use async_trait::async_trait;
use recado_core::{Capabilities, Provider, capabilities};
use reqwest::header::{HeaderMap, HeaderName};
use secrecy::ExposeSecret;
use url::Url;

pub use account::{ButtonsEndpoint, ZapiAccount};

use crate::channel::{Channel, Health, HealthState, OutboundMessage, Preview, Receipt};
use crate::config::{ConfigError, join};
use crate::connection::{Connection, check, json, secret_header, text};
use crate::error::ChannelError;
use crate::http::HttpClient;
use crate::redact::{BLANK, Redactor};

/// One instance of Z-API.
pub(crate) struct Zapi {
    connection: Connection,
    buttons_endpoint: ButtonsEndpoint,
    list: Endpoint,
    actions: Endpoint,
    status_url: Url,
}

/// The URL of a method: Z-API's credentials are part of it.
struct Endpoint {
    url: Url,
    shown: Url,
}

impl Zapi {
    pub(crate) fn new(
        http: &HttpClient,
        base_url: &Url,
        account: &ZapiAccount,
    ) -> Result<Self, ConfigError> {
        let id = account.instance_id.expose_secret();
        let token = account.instance_token.expose_secret();
        let url = |id, token, method| join(base_url, &["instances", id, "token", token, method]);
        let endpoint = |method| {
            Ok(Endpoint {
                url: url(id, token, method)?,
                shown: url(BLANK, BLANK, method)?,
            })
        };
        let headers = match &account.client_token {
            Some(secret) => secret_header(
                HeaderName::from_static("client-token"),
                "clientToken",
                "",
                secret,
            )?,
            None => HeaderMap::new(),
        };
        let secrets = [Some(&account.instance_id), Some(&account.instance_token)];
        let secrets = secrets.into_iter().chain([account.client_token.as_ref()]);
        let redactor = Redactor::new(secrets.flatten());
        Ok(Self {
            connection: Connection::new(Provider::Zapi, http, headers, redactor),
            buttons_endpoint: account.buttons_endpoint,
            list: endpoint("send-button-list")?,
            actions: endpoint("send-button-actions")?,
            status_url: url(id, token, "status")?,
        })
    }

    /// Where the message goes, and in which form.
    fn request<'a>(
        &self,
        message: &'a OutboundMessage,
    ) -> Result<(&Endpoint, wire::Request<'a>), ChannelError> {
        check(self.capabilities(), message)?;
        Ok(if self.buttons_endpoint.has_title_for(&message.content) {
            (&self.actions, wire::actions(message))
        } else {
            (&self.list, wire::list(message)?)
        })
    }
}

#[async_trait]
impl Channel for Zapi {
    fn capabilities(&self) -> &'static Capabilities {
        &capabilities::ZAPI
    }

    fn preview(&self, message: &OutboundMessage) -> Result<Preview, ChannelError> {
        let (endpoint, body) = self.request(message)?;
        self.connection.preview(&endpoint.shown, &body)
    }

    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError> {
        let (endpoint, body) = self.request(message)?;
        let answer = self.connection.post(&endpoint.url, &body).await?;
        match wire::accepted(&answer) {
            Some(receipt) => Ok(receipt),
            None => Err(errors::refusal(&self.connection, &answer)),
        }
    }

    async fn health(&self) -> Result<Health, ChannelError> {
        let answer = self.connection.get(&self.status_url).await?;
        let status = json(&answer).filter(|_| answer.status == 200);
        // `error` is filled even on success ("You are already connected."): `connected` alone decides.
        let connected = status
            .as_ref()
            .and_then(|body| body.get("connected")?.as_bool());
        let (Some(status), Some(connected)) = (status, connected) else {
            return Connection::health_of(errors::refusal(&self.connection, &answer));
        };
        let phone_offline = status.get("smartphoneConnected") == Some(&false.into());
        Ok(match connected {
            true if phone_offline => {
                let detail = Some("the phone is offline");
                self.connection.health(HealthState::Connected, detail)
            }
            true => self.connection.health(HealthState::Connected, None),
            false => {
                let detail = text(&status, "/error");
                self.connection.health(HealthState::Disconnected, detail)
            }
        })
    }
}
