//! One [`Channel`] trait, and behind it WhatsApp Cloud API, Z-API and ZapperHUB.
//!
//! A [`ChannelConfig`] is read with [`Credentials::parse`] and becomes a channel with [`connect`].
//! [`Channel::send`] makes exactly one HTTP request; [`send_with_retries`] repeats it only where
//! surely nothing was sent. A message whose answer was lost is [`ErrorKind::Indeterminate`] and never repeated.
//!
//! ```
//! use recado_core::{Button, ButtonsMessage, MessageId, Provider};
//! use recado_providers::{Credentials, Defaults, HttpClient, OutboundMessage, Timeouts, connect};
//! use serde_json::{Map, json};
//!
//! let credentials = json!({"instanceId": "INST-01", "instanceToken": "instance-token"});
//! let credentials = credentials.as_object().expect("an object");
//! let config = Credentials::parse(Provider::Zapi, credentials, &Map::new(), &Defaults::default())?;
//! let channel = connect(&HttpClient::new(Timeouts::default(), false)?, config)?;
//!
//! let sales = Button { id: "btn_sales".into(), title: "Sales".into() };
//! let message = OutboundMessage {
//!     id: "msg_1".parse::<MessageId>()?,
//!     to: "+55 11 90000-0001".parse()?,
//!     content: ButtonsMessage::new(None, "How can we help?".into(), None, vec![sales])?,
//! };
//! let preview = channel.preview(&message)?;
//! assert_eq!(preview.url, "https://api.z-api.io/instances/***/token/***/send-button-list");
//! assert_eq!(preview.body["phone"], "5511900000001");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
pub use http::{HttpClient, HttpClientError, PostError, Posted, Timeouts};
pub use retry::{RetryPolicy, send_with_retries};
pub use webhook::{
    Admission, MAX_ITEMS, OTHER_INSTANCE, Received, WebhookCall, WebhookHead, WebhookRefused,
    WebhookUnreadable,
};
pub use whatsapp::WhatsAppAccount;
pub use zapi::{ButtonsEndpoint, WebhookToken, ZapiAccount};
pub use zapperhub::{Dialect, RecipientForm, ZapperHubAccount};
