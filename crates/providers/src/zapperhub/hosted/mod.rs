//! What the hosted API answers; it publishes no schema, so everything here is tolerant (inferred).

pub(super) mod webhook;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::engine::errors;
use crate::base_url::join;
use crate::channel::{Health, HealthState, Receipt};
use crate::connection::{Connection, harmless, json, text};
use crate::documented::says;
use crate::error::{ChannelError, ErrorKind};
use crate::http::client::Answer;
use crate::webhook::reading::items;
use webhook::UPDATES;

/// Where callers of the API have found the message's id; the first that is there counts.
const MESSAGE_ID: [&str; 8] = [
    "/key/id",
    "/key",
    "/data/key/id",
    "/data/Id",
    "/Id",
    "/messageId",
    "/message_id",
    "/id",
];

/// The id of the job that sends the message, which is not the message's.
const JOB_ID: [&str; 2] = ["/jobId", "/job/id"];

/// A 200 means that the message was queued, even if no id comes with it.
pub(crate) fn receipt(connection: &Connection, answer: &Answer) -> Result<Receipt, ChannelError> {
    if !(200..300).contains(&answer.status) {
        return Err(errors::refusal(connection, answer, v2_kind));
    }
    if answer.body.trim_ascii().is_empty() {
        return Ok(Receipt::default());
    }
    let body = json(answer).ok_or_else(|| connection.unreadable(answer.status))?;
    let receipt = Receipt {
        external_id: MESSAGE_ID
            .iter()
            .find_map(|path| text(&body, path))
            .map(str::to_owned),
        provider_id: JOB_ID.iter().find_map(|path| given_id(body.pointer(path)?)),
    };
    if receipt == Receipt::default() && contradicts(&body) {
        return Err(connection.unreadable(answer.status));
    }
    Ok(receipt)
}

/// `GET /connection`: `open` is Baileys' word, `close` the documented one.
pub(crate) fn health(connection: &Connection, answer: &Answer) -> Result<Health, ChannelError> {
    let body = json(answer).filter(|_| answer.status == 200);
    let Some((body, status)) = body
        .as_ref()
        .and_then(|body| Some((body, text(body, "/status")?)))
    else {
        return Connection::health_of(errors::refusal(connection, answer, v2_kind));
    };
    let state = match status {
        "open" => HealthState::Connected,
        _ if text(body, "/qrCode").is_some() => HealthState::NeedsPairing,
        _ => HealthState::Disconnected,
    };
    let detail = match state {
        HealthState::Connected => text(body, "/user/name"),
        _ => Some(status),
    };
    Ok(connection.health(state, detail))
}

/// The name of our webhook among an instance's several.
const NAME: &str = "recado";

/// `POST /webhook`, the one registration that takes a secret (ZapperAPI, webhooks).
pub(crate) async fn register(
    connection: &Connection,
    endpoint: &Url,
    url: &Url,
    secret: &SecretString,
) -> Result<(), ChannelError> {
    let body = json!({"url": url.as_str(), "secretKey": secret.expose_secret()});
    ordered(connection, Method::POST, endpoint, &body).await
}

/// `POST /webhooks` for the statuses, which the one above is not promised to be told (ZapperAPI, webhooks).
///
/// Ours is changed if it is there, so that an order given again does not make another.
pub(crate) async fn register_updates(
    connection: &Connection,
    endpoint: &Url,
    url: &Url,
) -> Result<(), ChannelError> {
    let body = json!({"name": NAME, "url": url.as_str(), "subscriptions": UPDATES});
    let known = known_webhook(connection, endpoint).await?;
    let ours = known.and_then(|id| join(endpoint, &[&id]).ok());
    match ours {
        Some(ours) => ordered(connection, Method::PUT, &ours, &body).await,
        None => ordered(connection, Method::POST, endpoint, &body).await,
    }
}

/// The id of our webhook in `GET /webhooks`.
async fn known_webhook(
    connection: &Connection,
    endpoint: &Url,
) -> Result<Option<String>, ChannelError> {
    let answer = connection.get(endpoint).await?;
    if !(200..300).contains(&answer.status) {
        return Err(harmless(errors::refusal(connection, &answer, v2_kind)));
    }
    let listed = json(&answer).unwrap_or_default();
    let ours = items(&listed, "webhooks")
        .iter()
        .find(|webhook| text(webhook, "/name") == Some(NAME));
    Ok(ours.and_then(|webhook| given_id(webhook.get("id")?)))
}

async fn ordered(
    connection: &Connection,
    method: Method,
    endpoint: &Url,
    body: &Value,
) -> Result<(), ChannelError> {
    let answer = connection.order(method, endpoint, body).await?;
    let contradicted = json(&answer).is_some_and(|body| contradicts(&body));
    if (200..300).contains(&answer.status) && !contradicted {
        Ok(())
    } else {
        Err(harmless(errors::refusal(connection, &answer, v2_kind)))
    }
}

/// The id of a job or a webhook may be a number.
fn given_id(id: &Value) -> Option<String> {
    match id {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An "accepted" that says it is none.
fn contradicts(body: &Value) -> bool {
    body.get("success") == Some(&Value::Bool(false))
        || body.get("error").is_some_and(|error| !error.is_null())
}

/// The one code of the vendor that says that nothing was taken; any other 503 may be a proxy's.
const UNAVAILABLE: &str = "PROVIDER_UNAVAILABLE";

/// What the hosted API's statuses mean.
fn v2_kind(status: u16, words: &str) -> ErrorKind {
    match status {
        400 | 413 | 415 | 422 => ErrorKind::ContentRefused,
        409 | 412 | 428 => ErrorKind::NotConnected,
        500 if says(words, errors::NO_SESSION) => ErrorKind::NotConnected,
        503 if words.trim() == UNAVAILABLE => ErrorKind::Unavailable,
        _ => ErrorKind::from_status(status),
    }
}
