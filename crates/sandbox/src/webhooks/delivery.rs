//! One call to a webhook, and what is kept of it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Client;
use serde::Serialize;
use serde_json::Value;

use super::Webhook;
use crate::provider::Provider;
use crate::received::json_or_text;

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

/// A call that is written; every attempt sends the same bytes.
pub(super) struct Post {
    pub(super) webhook: Webhook,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    pub(super) attempts: u32,
    pub(super) retry_base: Duration,
    pub(super) timeout: Duration,
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
