//! Meta's WhatsApp Cloud API.

pub(crate) mod account;
mod encode;
mod errors;
mod media;
pub(crate) mod profile;
mod webhook;

use reqwest::header::AUTHORIZATION;

use self::account::{ACCESS_TOKEN, WhatsAppAccount};
use crate::prelude::*;

/// One number of the Cloud API.
struct WhatsApp {
    messages: Endpoint,
    number_url: Url,
    /// The address before the ids of numbers and files.
    version_url: Url,
    phone_number_id: String,
    /// What to change if Meta does not know the phone number id.
    unknown_number: &'static str,
    app_secret: Option<SecretString>,
    verify_token: Option<SecretString>,
}

pub(crate) fn connect(
    http: &HttpClient,
    base_url: &Url,
    account: &WhatsAppAccount,
    carries: &'static Capabilities,
) -> Result<Arc<dyn Channel>, ConfigError> {
    let version_url = join(base_url, &[&*account.api_version])?;
    let mut number_url = join(&version_url, &[&*account.phone_number_id])?;
    let messages_url = join(&number_url, &["messages"])?;
    // Free of charge, and changes nothing (Meta, phone numbers).
    number_url.set_query(Some(
        "fields=id,display_phone_number,verified_name,quality_rating",
    ));
    let wire = WhatsApp {
        messages: messages_url.into(),
        number_url,
        version_url,
        phone_number_id: account.phone_number_id.clone(),
        unknown_number: if account::resembles_a_phone_number(&account.phone_number_id) {
            account::IS_A_PHONE_NUMBER
        } else {
            "Meta knows no number with this id, or the token may not use it"
        },
        app_secret: account.app_secret.clone(),
        verify_token: account.verify_token.clone(),
    };

    let token = &account.access_token;
    let headers = secret_header(AUTHORIZATION, ACCESS_TOKEN.name, "Bearer ", token)?;
    let further = [&account.app_secret, &account.verify_token];
    let redactor = Redactor::new([token].into_iter().chain(further.into_iter().flatten()));
    let connection = Connection::new(carries.provider, http, headers, redactor);
    Ok(Arc::new(Api::new(wire, carries, connection)))
}

impl Wire for WhatsApp {
    const PROFILE: &'static Profile = &profile::PROFILE;

    fn encode(&self, message: &OutboundMessage) -> Option<(&Endpoint, String)> {
        Some((&self.messages, encode::body(message)))
    }

    fn decode(&self, _: &OutboundMessage, answer: &Answer) -> Result<Receipt, Refusal> {
        // The `wamid` of an accepted message; unknown keys do not matter.
        let body = answer.json().filter(|_| answer.is_success());
        let id = body.as_ref().and_then(|body| text(body, "/messages/0/id"));
        id.map(Receipt::new)
            .ok_or_else(|| errors::refusal(answer, self.unknown_number))
    }

    async fn media(
        &self,
        connection: &Connection,
        media: &ReceivedMedia,
    ) -> Result<MediaDownload, NoMedia> {
        media::download(&self.version_url, &self.phone_number_id, connection, media).await
    }

    fn health_url(&self) -> &Url {
        &self.number_url
    }

    fn decode_health(&self, answer: &Answer) -> Result<Health, Refusal> {
        match answer.json().filter(|_| answer.status == 200) {
            Some(number) if text(&number, "/id").is_some() => {
                let name = text(&number, "/verified_name").map(str::to_owned);
                Ok(Health::new(HealthState::Connected, name))
            }
            _ => Err(errors::refusal(answer, self.unknown_number)),
        }
    }

    fn challenge(&self, call: &WebhookCall<'_>) -> Result<Admission, WebhookRefused> {
        let token = self.verify_token.as_ref().unwrap_or(call.head.secret);
        webhook::handshake(call.query, token)
    }

    fn verify_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        webhook::verify_head(head, self.app_secret.as_ref())
    }

    fn verify_body(&self, call: &WebhookCall<'_>) -> Result<(), WebhookRefused> {
        webhook::verify_body(call, self.app_secret.as_ref())
    }

    fn parse(
        &self,
        redactor: &Redactor,
        _: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        webhook::parse(redactor, body)
    }
}
