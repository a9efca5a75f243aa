//! Webhooks: their registration, the events that follow a message, and their delivery.

pub(crate) mod arrival;
mod delivery;
mod event;
mod handshake;
mod outbox;
mod switches;
mod worker;

pub use self::delivery::Delivery;
pub(crate) use self::event::{Event, Written};
pub(crate) use self::outbox::{Outbox, Parcel};
pub use self::switches::{Failure, Order, Step, WebhookSettings};

use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::accounts::{APP_SECRET, VERIFY_TOKEN};
use crate::provider::Provider;

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

    fn wants(&self, event: &str) -> bool {
        let all = self.events.is_empty() || self.events.iter().any(|name| name == "All");
        !self.url.is_empty() && (all || self.events.iter().any(|name| name == event))
    }

    fn with_defaults(mut self) -> Self {
        if self.provider == Provider::Whatsapp {
            self.secret.get_or_insert_with(|| APP_SECRET.to_owned());
            self.verify_token
                .get_or_insert_with(|| VERIFY_TOKEN.to_owned());
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

/// Checks that deliveries to `url` are allowed.
pub(crate) fn check_url(url: &str, any_host: bool) -> Result<Url, WebhookError> {
    let url = Url::parse(url).map_err(|_| WebhookError::NotAUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(WebhookError::NotAUrl);
    }
    if any_host || is_this_machine(&url) {
        return Ok(url);
    }
    Err(WebhookError::NotThisMachine)
}

/// Returns whether the URL's host is this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = address
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    is_loopback || host == "localhost"
}

/// A webhook with the number under which its deliveries queue.
#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) id: u64,
    pub(crate) webhook: Webhook,
}

#[derive(Default)]
pub(crate) struct Webhooks {
    count: u64,
    list: Vec<Registered>,
}

impl Webhooks {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn list(&self) -> Vec<Webhook> {
        let webhooks = self.list.iter();
        webhooks
            .map(|registered| registered.webhook.clone())
            .collect()
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    fn get(&self, id: u64) -> Option<&Webhook> {
        let found = self.list.iter().find(|registered| registered.id == id);
        found.map(|registered| &registered.webhook)
    }

    pub(crate) fn of<'a>(
        &'a self,
        provider: Provider,
        account: &'a str,
    ) -> impl Iterator<Item = &'a Registered> {
        let theirs = move |registered: &&Registered| {
            registered.webhook.provider == provider && registered.webhook.account == account
        };
        self.list.iter().filter(theirs)
    }

    pub(crate) fn of_mut<'a>(
        &'a mut self,
        provider: Provider,
        account: &'a str,
    ) -> impl Iterator<Item = &'a mut Webhook> {
        let webhooks = self.list.iter_mut().map(|known| &mut known.webhook);
        webhooks.filter(move |webhook| webhook.provider == provider && webhook.account == account)
    }

    pub(crate) fn add(&mut self, webhook: Webhook) {
        self.count += 1;
        let id = self.count;
        self.list.push(Registered { id, webhook });
    }

    /// Removes the webhooks of an account that `which` picks.
    pub(crate) fn remove(
        &mut self,
        provider: Provider,
        account: &str,
        which: impl Fn(&Webhook) -> bool,
    ) {
        self.list.retain(|Registered { webhook, .. }| {
            webhook.provider != provider || webhook.account != account || !which(webhook)
        });
    }

    /// Removes the account's webhooks of this name, or all that have none, and adds this one.
    pub(crate) fn replace(&mut self, webhook: Webhook) {
        self.remove(webhook.provider, &webhook.account, |known| {
            known.name == webhook.name
        });
        self.add(webhook);
    }
}
