//! The names that the files of each provider use.

pub(crate) use std::sync::Arc;

pub(crate) use recado_core::capabilities::Capabilities;
pub(crate) use recado_core::inbound::ReceivedMedia;
pub(crate) use recado_core::message::Content;
pub(crate) use reqwest::Method;
pub(crate) use secrecy::{ExposeSecret, SecretString};
pub(crate) use serde_json::{Value, json};
pub(crate) use url::Url;

pub(crate) use crate::api::Api;
pub(crate) use crate::base_url::join;
pub(crate) use crate::channel::{Channel, Health, HealthState, OutboundMessage, Receipt};
pub(crate) use crate::connection::{Connection, secret_header};
pub(crate) use crate::documented::says;
pub(crate) use crate::error::{ConfigError, ErrorKind};
pub(crate) use crate::fetch::{NoMedia, fetched};
pub(crate) use crate::http::client::{Answer, HttpClient, MediaResponse};
pub(crate) use crate::lenient_json::text;
pub(crate) use crate::media::MediaDownload;
pub(crate) use crate::profile::Profile;
pub(crate) use crate::redact::{BLANK, Redactor};
pub(crate) use crate::refusal::Refusal;
pub(crate) use crate::webhook::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable, proof,
};
pub(crate) use crate::wire::{Endpoint, Wire};
