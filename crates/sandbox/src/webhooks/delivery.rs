//! One call to a webhook, and what is kept of it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;
use serde::Serialize;
use serde_json::Value;

use super::event::{Header, Written};
use super::{Webhook, switches::WebhookSettings};
use crate::{Provider, received::json_or_text};

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
    /// The attempts so far.
    pub attempts: u32,
    /// The receiver's last status; `None` without an answer.
    pub status: Option<u16>,
    /// The body: JSON, or its text if it is a form.
    pub body: Value,
}

/// A delivery whose body is parsed when it is listed.
pub(super) struct RawDelivery {
    pub(super) delivery: Delivery,
    body: Bytes,
}

impl RawDelivery {
    pub(super) fn parsed(&self) -> Delivery {
        Delivery {
            body: json_or_text(&self.body),
            ..self.delivery.clone()
        }
    }
}

/// A call that is written; every attempt sends the same bytes.
pub(super) struct Post {
    pub(super) provider: Provider,
    account: String,
    url: String,
    headers: Vec<Header>,
    body: Bytes,
    pub(super) retry_base: Duration,
    timeout: Duration,
}

impl Post {
    pub(super) fn new(webhook: &Webhook, written: Written, settings: &WebhookSettings) -> Self {
        Self {
            provider: webhook.provider,
            account: webhook.account.clone(),
            url: webhook.url.clone(),
            headers: written.headers,
            body: written.body.into(),
            retry_base: Duration::from_millis(settings.retry_base_ms),
            timeout: Duration::from_millis(settings.timeout_ms),
        }
    }

    /// Posts once, and returns the status, or `None` without an answer in time.
    pub(super) async fn send(&self, client: &Client) -> Option<u16> {
        let mut request = client.post(&self.url).timeout(self.timeout);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.body(self.body.clone()).send().await.ok()?;
        let status = response.status().as_u16();
        // Read to its end, so that the connection can be used again.
        response.bytes().await.ok();
        Some(status)
    }

    pub(super) fn kept(&self, order: u64) -> RawDelivery {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.find('/').map_or("/", |start| &rest[start..]);
        RawDelivery {
            delivery: Delivery {
                order,
                provider: self.provider,
                account: self.account.clone(),
                path: path.to_owned(),
                attempts: 0,
                status: None,
                body: Value::Null,
            },
            body: self.body.clone(),
        }
    }
}
