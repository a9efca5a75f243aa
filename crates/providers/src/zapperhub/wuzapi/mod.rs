//! wuzapi in the vendor's version, on a server of one's own.

mod answers;
mod media;
mod multipart;
mod webhook;

use recado_core::MessageId;
use reqwest::header::CONTENT_TYPE;
use sha2::{Digest, Sha256};

use super::account::RecipientForm;
use super::engine::encode;
use super::profile::PROFILE;
use crate::object::Object;
use crate::prelude::*;

/// All events that are read; those that are not ordered are not sent (`wmiau.go`).
const EVENTS: [&str; 9] = [
    "Message",
    "UndecryptableMessage",
    "ReadReceipt",
    "Connected",
    "Disconnected",
    "LoggedOut",
    "ConnectFailure",
    "TemporaryBan",
    "QR",
];

const SIGNATURE: &str = "x-hmac-signature";

/// One user of a server.
pub(super) struct Wuzapi {
    recipient_form: RecipientForm,
    text: Endpoint,
    buttons: Endpoint,
    list: Endpoint,
    location: Endpoint,
    chat: Url,
    status_url: Url,
    webhook_url: Url,
    signing_key_url: Url,
}

impl Wuzapi {
    pub(super) fn new(base: &Url, recipient_form: RecipientForm) -> Result<Self, ConfigError> {
        Ok(Self {
            recipient_form,
            text: join(base, &["chat", "send", "text"])?.into(),
            buttons: join(base, &["chat", "send", "buttons"])?.into(),
            location: join(base, &["chat", "send", "location"])?.into(),
            list: join(base, &["chat", "send", "list"])?.into(),
            chat: join(base, &["chat"])?,
            status_url: join(base, &["session", "status"])?,
            webhook_url: join(base, &["webhook"])?,
            signing_key_url: join(base, &["session", "hmac", "config"])?,
        })
    }
}

impl Wire for Wuzapi {
    const PROFILE: &'static Profile = &PROFILE;

    fn encode(&self, message: &OutboundMessage) -> Option<(&Endpoint, String)> {
        let phone = encode::recipient(self.recipient_form, &message.to);
        let address = Object::new("Phone", phone).with("Id", message_id(&message.id));
        Some(match &message.content {
            Content::Text(content) => (&self.text, encode::text::wuzapi(address, content)),
            Content::Buttons(content) => (&self.buttons, encode::buttons::body(address, content)),
            Content::List(content) => (&self.list, encode::list::body(address, content)),
            Content::CtaUrl(content) => (&self.buttons, encode::cta_url::body(address, content)),
            Content::Location(content) => {
                (&self.location, encode::location::wuzapi(address, content))
            }
            Content::LocationRequest(_) => return None,
        })
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

    async fn media(
        &self,
        connection: &Connection,
        media: &ReceivedMedia,
    ) -> Result<MediaDownload, NoMedia> {
        media::download(&self.chat, connection, media).await
    }

    fn health_url(&self) -> &Url {
        &self.status_url
    }

    fn decode_health(&self, answer: &Answer) -> Result<Health, Refusal> {
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

/// Returns an id like the one an app would choose, and always the same for our id.
///
/// So its receipts can be matched even if the answer was lost.
fn message_id(id: &MessageId) -> String {
    let digest = Sha256::digest(id.as_str());
    format!("3EB0{}", hex::encode_upper(&digest[..9]))
}
