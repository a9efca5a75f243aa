//! Z-API, an unofficial API on a linked device.

pub(crate) mod account;
mod encode;
mod errors;
pub(crate) mod profile;
mod webhook;

use async_trait::async_trait;
use recado_core::inbound::{Ignored, Inbound};
use recado_core::{Capabilities, Provider, capabilities};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;

pub use account::{ButtonsEndpoint, WebhookToken, ZapiAccount};

use crate::base_url::join;
use crate::channel::{Channel, Health, HealthState, OutboundMessage, Preview, Receipt};
use crate::connection::{Connection, harmless, json, secret_header, text};
use crate::error::ConfigError;
use crate::error::{ChannelError, ErrorKind};
use crate::http::client::HttpClient;
use crate::redact::{BLANK, Redactor};
use crate::webhook::call::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};
use crate::webhook::proof;
use crate::webhook::reading::object;

/// One instance of Z-API.
pub(crate) struct Zapi {
    connection: Connection,
    buttons_endpoint: ButtonsEndpoint,
    list: Endpoint,
    actions: Endpoint,
    status_url: Url,
    webhooks_url: Url,
    instance_id: SecretString,
    instance_token: SecretString,
    webhook_token: WebhookToken,
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
            Ok::<_, ConfigError>(Endpoint {
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
            webhooks_url: url(id, token, "update-every-webhooks")?,
            instance_id: account.instance_id.clone(),
            instance_token: account.instance_token.clone(),
            webhook_token: account.webhook_token,
        })
    }

    /// Where the message goes, and in which form.
    fn request<'a>(
        &self,
        message: &'a OutboundMessage,
    ) -> Result<(&Endpoint, encode::buttons::Request<'a>), ChannelError> {
        message.check(self.capabilities())?;
        Ok(if self.buttons_endpoint.has_title_for(&message.content) {
            (&self.actions, encode::buttons::actions(message))
        } else {
            (&self.list, encode::buttons::list(message)?)
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
        match encode::buttons::accepted(&answer) {
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

    /// Z-API signs nothing: that the caller knows the URL, secret and all, is the proof (Z-API docs, webhooks).
    fn verify_webhook_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        if head.method != Method::POST {
            return Err(WebhookRefused::Method);
        }
        let token = head.headers.get("z-api-token");
        let known = token.is_some_and(|given| proof::knows(given.as_bytes(), &self.instance_token));
        let allowed = known || self.webhook_token == WebhookToken::Ignored;
        proof::delivered(head.has_secret() && allowed).map(drop)
    }

    fn verify_webhook(&self, call: &WebhookCall<'_>) -> Result<Admission, WebhookRefused> {
        self.verify_webhook_head(&call.head)?;
        Ok(Admission::Deliver)
    }

    fn parse_webhook(
        &self,
        _: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        let body = object(body)?;
        let instance = text(&body, "/instanceId");
        let ours = instance.is_none_or(|id| proof::knows(id.as_bytes(), &self.instance_id));
        let news = if ours {
            webhook::news(&self.connection, &body)
        } else {
            vec![Inbound::Ignored(Ignored::OtherInstance)]
        };
        Ok(news.into_iter().map(Received::new).collect())
    }

    async fn register_webhook(&self, url: &Url, secret: &SecretString) -> Result<(), ChannelError> {
        let connection = self.connection.hiding(secret);
        if url.scheme() != "https" {
            let text = "Z-API sends webhooks to https addresses only";
            return Err(connection.error(ErrorKind::Misconfigured, text));
        }
        let body = json!({"value": url.as_str(), "notifySentByMe": true});
        let answer = connection
            .order(Method::PUT, &self.webhooks_url, &body)
            .await?;
        match json(&answer) {
            Some(body) if answer.status == 200 && body.get("value") == Some(&true.into()) => Ok(()),
            // An instance that is not connected answers so to an operation that it cannot do (observed).
            Some(body) if answer.status == 200 && body.get("value") == Some(&false.into()) => {
                Err(connection.error(ErrorKind::NotConnected, "the instance is not connected"))
            }
            _ => Err(harmless(errors::refusal(&connection, &answer))),
        }
    }
}
