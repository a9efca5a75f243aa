//! Webhooks: their registration, the events that follow a message, and their delivery.

pub(crate) mod arrival;
mod delivery;
mod event;
mod handshake;
mod outbox;
mod switches;
mod worker;

pub use self::delivery::Delivery;
pub(crate) use self::event::{Event, Written, sign};
pub(crate) use self::outbox::{Outbox, Parcel};
pub use self::switches::{Failure, Order, Step, WebhookSettings};

use std::{collections::BTreeMap, net::IpAddr};

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::Provider;
use crate::accounts::{APP_SECRET, VERIFY_TOKEN};

/// Where the webhooks of an account go.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Webhook {
    /// The provider.
    pub provider: Provider,
    /// Phone number id, instance id or, for wuzapi, the user id; empty is the provider's first account.
    #[serde(default)]
    pub account: String,
    /// The receiver, on this machine unless [`WebhookSettings::any_host`] is on.
    pub url: String,
    /// WhatsApp: the app secret; `ZapperHUB`: the bearer secret; wuzapi: the HMAC key; Z-API has none.
    #[serde(
        default,
        alias = "appSecret",
        alias = "secretKey",
        alias = "hmacKey",
        skip_serializing_if = "Option::is_none"
    )]
    pub secret: Option<String>,
    /// WhatsApp: what the handshake shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<String>,
    /// The events that are delivered, in the provider's words; none named is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The name of one of `ZapperHUB`'s several webhooks; the legacy one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Webhook {
    /// Makes a webhook for all events of the provider's first account.
    pub fn new(provider: Provider, url: impl Into<String>) -> Self {
        Self {
            provider,
            account: String::new(),
            url: url.into(),
            secret: None,
            verify_token: None,
            events: Vec::new(),
            name: None,
        }
    }

    fn is_of(&self, provider: Provider, account: &str) -> bool {
        self.provider == provider && self.account == account
    }

    fn wants(&self, event: &str) -> bool {
        let mut names = self.events.iter();
        let is_named = names.any(|name| name == "All" || name == event);
        !self.url.is_empty() && (self.events.is_empty() || is_named)
    }

    fn with_defaults(mut self) -> Self {
        if self.provider.verifies_webhooks() {
            self.secret.get_or_insert(APP_SECRET.to_owned());
            self.verify_token.get_or_insert(VERIFY_TOKEN.to_owned());
        }
        self
    }
}

/// Why a webhook is not registered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The URL is not an absolute `http` or `https` URL.
    #[error("the URL must be an absolute http or https URL")]
    NotAUrl,
    /// The host is another machine.
    #[error(
        "the sandbox delivers to this machine only; the setting webhooks.anyHost allows others"
    )]
    NotThisMachine,
    /// The provider does not have the account.
    #[error("the provider does not have this account")]
    UnknownAccount,
    /// The receiver did not return the challenge.
    #[error("the receiver did not answer the verification request with 200 and the challenge")]
    Handshake {
        /// The status of its answer; `None` without an answer.
        status: Option<u16>,
        /// The start of its body.
        body: String,
    },
}

pub(crate) fn check_url(url: &str, settings: &WebhookSettings) -> Result<Url, WebhookError> {
    let url = Url::parse(url).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or(WebhookError::NotAUrl)?;
    if settings.any_host || is_this_machine(&url) {
        return Ok(url);
    }
    Err(WebhookError::NotThisMachine)
}

pub(crate) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// All webhooks, by the numbers under which their deliveries queue: in the order in which they were registered.
#[derive(Default)]
pub(crate) struct Webhooks {
    count: u64,
    known: BTreeMap<u64, Webhook>,
}

impl Webhooks {
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(crate) fn list(&self) -> Vec<Webhook> {
        self.known.values().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.known.clear();
    }

    fn get(&self, id: u64) -> Option<&Webhook> {
        self.known.get(&id)
    }

    fn numbered(&self, provider: Provider, account: &str) -> impl Iterator<Item = (u64, &Webhook)> {
        let known = self.known.iter().map(|(id, webhook)| (*id, webhook));
        known.filter(move |(_, webhook)| webhook.is_of(provider, account))
    }

    pub(crate) fn of(&self, provider: Provider, account: &str) -> impl Iterator<Item = &Webhook> {
        self.numbered(provider, account).map(|(_, webhook)| webhook)
    }

    pub(crate) fn of_mut(
        &mut self,
        provider: Provider,
        account: &str,
    ) -> impl Iterator<Item = &mut Webhook> {
        let webhooks = self.known.values_mut();
        webhooks.filter(move |webhook| webhook.is_of(provider, account))
    }

    pub(crate) fn add(&mut self, webhook: Webhook) {
        self.count += 1;
        self.known.insert(self.count, webhook);
    }

    pub(crate) fn remove(
        &mut self,
        provider: Provider,
        account: &str,
        which: impl Fn(&Webhook) -> bool,
    ) {
        let is_removed = |webhook: &Webhook| webhook.is_of(provider, account) && which(webhook);
        self.known.retain(|_, webhook| !is_removed(webhook));
    }

    /// Removes the account's webhooks of this name, or all that have none, and adds this one.
    pub(crate) fn replace(&mut self, webhook: Webhook) {
        self.remove(webhook.provider, &webhook.account, |known| {
            known.name == webhook.name
        });
        self.add(webhook);
    }
}
