//! What a wuzapi server answers (wuzapi in the vendor's version, `handlers.go`).

mod multipart;
pub(super) mod webhook;

use std::fmt::Write;

use recado_core::MessageId;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::engine::errors;
use crate::channel::{Health, HealthState, Receipt};
use crate::connection::{Connection, harmless, json, text};
use crate::documented::says;
use crate::error::{ChannelError, ErrorKind};
use crate::http::client::Answer;

/// All events that are read; those that are not ordered are not sent (`wmiau.go`).
const EVENTS: [&str; 8] = [
    "Message",
    "ReadReceipt",
    "Connected",
    "Disconnected",
    "LoggedOut",
    "ConnectFailure",
    "TemporaryBan",
    "QR",
];

/// The id that the message has at WhatsApp: like the one an app would choose, and always the same for our id.
///
/// So its receipts can be matched even if the answer was lost.
pub(crate) fn message_id(id: &MessageId) -> String {
    let digest = Sha256::digest(id.as_str());
    digest[..9].iter().fold("3EB0".to_owned(), |mut id, byte| {
        let _ = write!(id, "{byte:02X}"); // Writing to a String cannot fail.
        id
    })
}

/// The envelope `{"code":200,"data":{"Id":…},"success":true}`.
pub(crate) fn receipt(
    connection: &Connection,
    answer: &Answer,
    id: &MessageId,
) -> Result<Receipt, ChannelError> {
    let body = json(answer).filter(|_| (200..300).contains(&answer.status));
    let Some(body) = body.filter(|body| body.get("success") == Some(&Value::Bool(true))) else {
        return Err(errors::refusal(connection, answer, kind));
    };
    let given = text(&body, "/data/Id").or_else(|| text(&body, "/data/id"));
    let external_id = given.map_or_else(|| message_id(id), str::to_owned);
    Ok(Receipt::new(external_id))
}

/// `GET /session/status`; its body contains the token, so nothing of it is shown.
pub(crate) fn health(connection: &Connection, answer: &Answer) -> Result<Health, ChannelError> {
    let body = json(answer).filter(|_| answer.status == 200);
    let flag = |new: &str, old: &str| {
        let body = body.as_ref()?;
        body.pointer(new).or_else(|| body.pointer(old))?.as_bool()
    };
    let connected = flag("/data/connected", "/data/Connected");
    let logged_in = flag("/data/loggedIn", "/data/LoggedIn");
    let state = match (connected, logged_in) {
        (Some(true), Some(true)) => HealthState::Connected,
        (Some(true), Some(false)) => HealthState::NeedsPairing,
        (Some(false), _) => HealthState::Disconnected,
        _ => return Connection::health_of(errors::refusal(connection, answer, kind)),
    };
    Ok(connection.health(state, None))
}

/// `POST /session/hmac/config`: from now on every webhook is signed.
pub(crate) async fn sign(
    connection: &Connection,
    endpoint: &Url,
    secret: &SecretString,
) -> Result<(), ChannelError> {
    let body = json!({"hmac_key": secret.expose_secret()});
    confirmed(connection, endpoint, &body).await
}

/// `POST /webhook` with the events that we read.
pub(crate) async fn register(
    connection: &Connection,
    endpoint: &Url,
    url: &Url,
) -> Result<(), ChannelError> {
    let body = json!({"webhookURL": url.as_str(), "events": EVENTS});
    confirmed(connection, endpoint, &body).await
}

async fn confirmed(
    connection: &Connection,
    endpoint: &Url,
    body: &Value,
) -> Result<(), ChannelError> {
    let answer = connection.order(Method::POST, endpoint, body).await?;
    match json(&answer) {
        Some(body) if answer.status == 200 && body.get("success") == Some(&true.into()) => Ok(()),
        _ => Err(harmless(errors::refusal(connection, &answer, kind))),
    }
}

/// The texts that come before anything is sent.
///
/// "websocket not connected" is not one of them: whatsmeow also says so when it sends a message for the second
/// time after a lost connection.
const NOT_CONNECTED: [&str; 3] = [
    errors::NO_SESSION,
    "error sending message: not logged in",
    "error sending message: the store doesn't contain a device JID",
];

/// Texts are compared without case, which differs between versions.
fn kind(status: u16, words: &str) -> ErrorKind {
    match status {
        400 if says(words, "could not parse phone") => ErrorKind::InvalidRecipient,
        400 => ErrorKind::ContentRefused,
        500 if NOT_CONNECTED.iter().any(|known| says(words, known)) => ErrorKind::NotConnected,
        _ => ErrorKind::from_status(status),
    }
}
