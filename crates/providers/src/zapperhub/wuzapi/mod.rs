//! wuzapi in the vendor's version, on a server of one's own.

mod answers;
mod message_id;
mod multipart;
mod webhook;

use std::borrow::Cow;

use recado_core::{Capabilities, Content, MessageId, capabilities};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use self::message_id::message_id;
use super::account::RecipientForm;
use super::engine::encode::buttons::ReplyButtons;
use super::engine::encode::recipient;
use super::profile::PROFILE;
use crate::base_url::join;
use crate::channel::{HealthState, OutboundMessage, Receipt};
use crate::connection::Connection;
use crate::error::ConfigError;
use crate::http::client::Answer;
use crate::profile::Profile;
use crate::redact::Redactor;
use crate::refusal::Refusal;
use crate::webhook::call::{Received, WebhookCall, WebhookHead};
use crate::webhook::call::{WebhookRefused, WebhookUnreadable};
use crate::webhook::proof;
use crate::wire::{Endpoint, Wire};

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

/// The header that holds the signature of a webhook.
const SIGNATURE: &str = "x-hmac-signature";

/// One user of a server.
pub(super) struct Wuzapi {
    recipient_form: RecipientForm,
    buttons: Endpoint,
    status_url: Url,
    webhook_url: Url,
    signing_key_url: Url,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Body<'a> {
    phone: Cow<'a, str>,
    id: String,
    #[serde(flatten)]
    kind: Kind<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Kind<'a> {
    Buttons(ReplyButtons<'a>),
}

impl Wuzapi {
    pub(super) fn new(base: &Url, recipient_form: RecipientForm) -> Result<Self, ConfigError> {
        Ok(Self {
            recipient_form,
            buttons: join(base, &["chat", "send", "buttons"])?.into(),
            status_url: join(base, &["session", "status"])?,
            webhook_url: join(base, &["webhook"])?,
            signing_key_url: join(base, &["session", "hmac", "config"])?,
        })
    }
}

impl Wire for Wuzapi {
    const PROFILE: &'static Profile = &PROFILE;
    type Body<'a> = Body<'a>;

    fn capabilities(&self) -> &'static Capabilities {
        &capabilities::WUZAPI_FORK
    }

    fn encode<'a>(
        &'a self,
        message: &'a OutboundMessage,
    ) -> Result<(&'a Endpoint, Body<'a>), Refusal> {
        let (endpoint, kind) = match &message.content {
            Content::Buttons(content) => (&self.buttons, Kind::Buttons(content.into())),
        };
        let phone = recipient(self.recipient_form, &message.to);
        let id = message_id(&message.id);
        Ok((endpoint, Body { phone, id, kind }))
    }

    fn decode(&self, message: &OutboundMessage, answer: &Answer) -> Result<Receipt, Refusal> {
        let given = answers::message_id(answer)?;
        Ok(Receipt::new(
            given.unwrap_or_else(|| message_id(&message.id)),
        ))
    }

    fn preset_message_id(&self, id: &MessageId) -> Option<String> {
        Some(message_id(id))
    }

    fn health_url(&self) -> &Url {
        &self.status_url
    }

    fn decode_health(&self, answer: &Answer) -> Result<(HealthState, Option<String>), Refusal> {
        answers::health(answer)
    }

    async fn register(
        &self,
        connection: &Connection,
        url: &Url,
        secret: &SecretString,
    ) -> Result<(), Refusal> {
        // First the key, so that no event goes out unsigned.
        let key = json!({"hmac_key": secret.expose_secret()});
        ordered(connection, &self.signing_key_url, &key).await?;
        let webhook = json!({"webhookURL": url.as_str(), "events": EVENTS});
        ordered(connection, &self.webhook_url, &webhook).await
    }

    fn verify_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        let signature = head.headers.get(SIGNATURE);
        WebhookRefused::unless(signature.is_some_and(|hex| proof::may_sign(hex.as_bytes())))
    }

    fn verify_body(&self, call: &WebhookCall<'_>) -> Result<(), WebhookRefused> {
        let headers = call.head.headers;
        let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let signed = webhook::signed(kind, call.body);
        let proved = headers
            .get(SIGNATURE)
            .zip(signed)
            .is_some_and(|(hex, signed)| proof::signs(hex.as_bytes(), &signed, call.head.secret));
        WebhookRefused::unless(proved)
    }

    fn parse(
        &self,
        redactor: &Redactor,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        let news = webhook::news(redactor, content_type, body)?;
        Ok(news.into_iter().map(Received::new).collect())
    }
}

async fn ordered(connection: &Connection, endpoint: &Url, body: &Value) -> Result<(), Refusal> {
    let answer = connection.order(Method::POST, endpoint, body).await?;
    match answer.json() {
        Some(body) if answer.status == 200 && body.get("success") == Some(&true.into()) => Ok(()),
        _ => Err(answers::refusal(&answer)),
    }
}
