//! One [`Channel`] trait, and behind it WhatsApp Cloud API, Z-API and ZapperHUB.
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
#[cfg_attr(
    any(test, feature = "mock"),
    expect(clippy::ref_option_ref, reason = "written by the generated mock")
)]
mod channel;
mod config;
mod connection;
mod documented;
mod error;
mod fields;
mod form;
mod http;
mod lenient_json;
mod phone_numbers;
mod redact;
mod resolver;
mod retry;
mod webhook;
mod whatsapp;
mod zapi;
mod zapperhub;

pub use address::is_public;
#[cfg(any(test, feature = "mock"))]
pub use channel::MockChannel;
pub use channel::{Channel, Health, HealthState, OutboundMessage, Preview, Receipt};
pub use config::{
    ChannelConfig, ConfigError, Credentials, Defaults, DefaultsError, check_base_url, connect,
};
pub use error::{ChannelError, ErrorKind, Retry};
pub use fields::{AccountField, AccountFields, MIN_SECRET_CHARS};
pub use http::{HttpClient, HttpClientError, PostError, Posted, Timeouts};
pub use retry::{RetryPolicy, send_with_retries};
pub use webhook::{
    Admission, MAX_ITEMS, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};
pub use whatsapp::WhatsAppAccount;
pub use zapi::{ButtonsEndpoint, WebhookToken, ZapiAccount};
pub use zapperhub::{Dialect, RecipientForm, ZapperHubAccount};
