//! One [`Channel`] trait, and behind it WhatsApp Cloud API, Z-API and ZapperHUB.
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

/// The code in the book, so that it is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/library.md")]
struct Book;

mod account;
mod api;
mod base_url;
#[cfg_attr(
    feature = "mock",
    expect(clippy::ref_option_ref, reason = "written by the generated mock")
)]
mod channel;
mod connection;
mod defaults;
mod documented;
mod error;
mod fetch;
mod http;
mod lenient_json;
mod media;
mod object;
mod prelude;
mod profile;
mod redact;
mod refusal;
mod registry;
mod retry;
mod webhook;
mod whatsapp;
mod wire;
mod zapi;
mod zapperhub;

pub use account::fields::{AccountField, MIN_SECRET_CHARS};
pub use account::rate::messages_per_second;
pub use base_url::check_base_url;
#[cfg(feature = "mock")]
pub use channel::MockChannel;
pub use channel::{Channel, Health, HealthState, OutboundMessage, Preview, Receipt};
pub use defaults::{Defaults, DefaultsError};
pub use error::{
    BUTTON_TERMS_NOT_ACCEPTED, CHANNEL_WIDE_REASONS, ChannelError, ConfigError, ErrorKind,
    RESTRICTED, Retry,
};
pub use http::client::{HttpClient, HttpClientError, PostError, Posted, Timeouts};
pub use http::public_address::is_public;
pub use media::{MAX_MEDIA_BYTES, MediaDownload, MediaError};
pub use profile::{Profile, Registration, SharedWebhook};
pub use registry::{ChannelConfig, Credentials, connect};
pub use retry::{RetryPolicy, send_with_retries};
pub use webhook::{
    Admission, MAX_ITEMS, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};
pub use whatsapp::account::{PairRateCheck, WhatsAppAccount};
pub use zapi::account::{ButtonsEndpoint, WebhookToken, ZapiAccount};
pub use zapperhub::account::{Dialect, RecipientForm, ZapperHubAccount};

// What other crates add to this one's, so that no user has to guess their versions.
pub use async_trait::async_trait;
pub use bytes::Bytes;
#[cfg(feature = "mock")]
pub use mockall;
pub use recado_core;
pub use reqwest::Method;
pub use reqwest::header::{self, HeaderMap};
pub use secrecy::{ExposeSecret, SecretString};
pub use serde_json::{Map, Value, json};
pub use url::Url;
