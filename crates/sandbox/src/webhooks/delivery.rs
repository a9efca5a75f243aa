//! One call to a webhook: how each provider writes it, and what is kept of it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;
use serde::Serialize;
use serde_json::Value;

use super::Webhook;
use super::arrival::Event;
use super::switches::WebhookSettings;
use crate::provider::Provider;
use crate::received::json_or_text;
use crate::settings::WebhookFormat;
use crate::simulators::{whatsapp, wuzapi, zapi, zapperhub};
use crate::state::State;

/// How often wuzapi tries a delivery (the fork's source code).
const WUZAPI_ATTEMPTS: u32 = 5;

/// One call to a webhook.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Counts all deliveries from 1, in the order of their first attempts.
    pub order: u64,
    /// The provider.
    pub provider: Provider,
    /// Phone number id, instance id or, for wuzapi, the user id.
    pub account: String,
    /// Path and query of the URL.
    pub path: String,
    /// How often it was tried, so far.
    pub attempts: u32,
    /// What the receiver answered last; `None` is no answer.
    pub status: Option<u16>,
    /// The body: JSON, or its text when it is a form.
    pub body: Value,
}

/// A delivery as it is kept: the body stays raw until somebody asks.
pub(super) struct Kept {
    pub(super) order: u64,
    pub(super) provider: Provider,
    account: String,
    path: String,
    pub(super) attempts: u32,
    pub(super) status: Option<u16>,
    body: Bytes,
}

impl From<&Kept> for Delivery {
    fn from(kept: &Kept) -> Self {
        Self {
            order: kept.order,
            provider: kept.provider,
            account: kept.account.clone(),
            path: kept.path.clone(),
            attempts: kept.attempts,
            status: kept.status,
            body: json_or_text(&kept.body),
        }
    }
}

/// A call that is still to be written: what its writing needs of the state.
pub(super) struct Draft {
    webhook: Webhook,
    /// WhatsApp: the number as shown; Z-API: the instance's token; otherwise empty.
    detail: String,
    format: WebhookFormat,
    settings: WebhookSettings,
}

impl Draft {
    pub(super) fn new(state: &State, webhook: Webhook) -> Self {
        let settings = state.settings();
        let accounts = &state.accounts;
        let detail = match webhook.provider {
            Provider::Whatsapp => accounts.display_number(&webhook.account),
            Provider::Zapi if settings.webhooks.zapi_token => {
                let instance = accounts.zapi.get(&webhook.account);
                instance.map(|instance| instance.token.clone())
            }
            _ => None,
        };
        Self {
            detail: detail.unwrap_or_default(),
            format: settings.wuzapi.webhook_format,
            settings: settings.webhooks.clone(),
            webhook,
        }
    }

    /// Writes the events, of which the others join the first, into one call.
    pub(super) fn write(self, event: Event, others: Vec<Event>) -> Post {
        let webhook = &self.webhook;
        let event = event.body;
        let others: Vec<_> = others.into_iter().map(|event| event.body).collect();
        let (account, secret) = (&webhook.account, webhook.secret.as_deref());
        let Written { headers, body } = match webhook.provider {
            Provider::Whatsapp => whatsapp::write(event, others, account, &self.detail, secret),
            Provider::Zapi => zapi::write(event, others, &self.detail),
            Provider::Zapperhub => zapperhub::write(event, others, secret),
            Provider::Wuzapi => wuzapi::write(event, &others, self.format, secret),
        };
        Post {
            headers,
            body: body.into(),
            attempts: match webhook.provider {
                Provider::Whatsapp => self.settings.attempts,
                // Neither vendor documents a retry, so there is none (inferred).
                Provider::Zapi | Provider::Zapperhub => 1,
                Provider::Wuzapi => WUZAPI_ATTEMPTS,
            },
            retry_base: Duration::from_millis(self.settings.retry_base_ms),
            timeout: Duration::from_millis(self.settings.timeout_ms),
            webhook: self.webhook,
        }
    }
}

/// Whether the provider's format can hold both events in one call.
pub(super) fn joins(provider: Provider, one: &Event, other: &Event) -> bool {
    match provider {
        Provider::Whatsapp | Provider::Zapperhub => true,
        Provider::Zapi => zapi::joins(one, other),
        Provider::Wuzapi => wuzapi::joins(one, other),
    }
}

/// The headers and the body of a call.
pub(crate) struct Written {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Written {
    /// A JSON body with its content type.
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        let content_type = ("content-type", "application/json".to_owned());
        Self {
            headers: vec![content_type],
            body: body.into(),
        }
    }
}

/// A call that is written; every attempt sends the same bytes.
pub(super) struct Post {
    webhook: Webhook,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    pub(super) attempts: u32,
    pub(super) retry_base: Duration,
    timeout: Duration,
}

impl Post {
    /// Posts once: the status, or `None` without an answer in time.
    pub(super) async fn send(&self, client: &Client) -> Option<u16> {
        let request = client.post(&self.webhook.url).timeout(self.timeout);
        let headers = self.headers.iter();
        let request = headers.fold(request, |request, (name, value)| {
            request.header(*name, value)
        });
        let response = request.body(self.body.clone()).send().await.ok()?;
        let status = response.status().as_u16();
        // Read to its end, so that the connection can be used again.
        response.bytes().await.ok();
        Some(status)
    }

    /// Whether the provider counts this status as delivered (Meta: only 200; wuzapi: any 2xx; others inferred).
    pub(super) fn is_success(&self, status: u16) -> bool {
        match self.webhook.provider {
            Provider::Whatsapp => status == 200,
            _ => (200..300).contains(&status),
        }
    }

    pub(super) fn kept(&self, order: u64) -> Kept {
        Kept {
            order,
            provider: self.webhook.provider,
            account: self.webhook.account.clone(),
            path: path_and_query(&self.webhook.url),
            attempts: 0,
            status: None,
            body: self.body.clone(),
        }
    }
}

fn path_and_query(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    path.to_owned()
}
