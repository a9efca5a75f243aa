//! Meta's WhatsApp Cloud API.

pub(crate) mod account;
mod encode;
mod errors;
pub(crate) mod profile;
mod webhook;

use std::sync::Arc;

use recado_core::{Capabilities, Provider, capabilities};
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use self::account::{ACCESS_TOKEN, WhatsAppAccount};
use crate::api::Api;
use crate::base_url::join;
use crate::channel::{Channel, HealthState, OutboundMessage, Receipt};
use crate::connection::{Connection, secret_header};
use crate::error::ConfigError;
use crate::http::client::{Answer, HttpClient};
use crate::lenient_json::text;
use crate::profile::Profile;
use crate::redact::Redactor;
use crate::refusal::Refusal;
use crate::webhook::call::{Admission, Received, WebhookCall, WebhookHead};
use crate::webhook::call::{WebhookRefused, WebhookUnreadable};
use crate::wire::{Endpoint, Wire};

/// One number of the Cloud API.
struct WhatsApp {
    messages: Endpoint,
    number_url: Url,
    /// What to change if Meta does not know the phone number id.
    unknown_number: &'static str,
    app_secret: Option<SecretString>,
    verify_token: Option<SecretString>,
}

pub(crate) fn connect(
    http: &HttpClient,
    base_url: &Url,
    account: &WhatsAppAccount,
) -> Result<Arc<dyn Channel>, ConfigError> {
    let number = [&*account.api_version, &*account.phone_number_id];
    let mut number_url = join(base_url, &number)?;
    let messages_url = join(&number_url, &["messages"])?;
    // Free of charge, and changes nothing (Meta, phone numbers).
    number_url.set_query(Some(
        "fields=id,display_phone_number,verified_name,quality_rating",
    ));
    let wire = WhatsApp {
        messages: messages_url.into(),
        number_url,
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
    let connection = Connection::new(Provider::WhatsApp, http, headers, redactor);
    Ok(Arc::new(Api::new(wire, connection)))
}

impl Wire for WhatsApp {
    const PROFILE: &'static Profile = &profile::PROFILE;
    const CHALLENGES: bool = true;
    type Body<'a> = encode::Body<'a>;

    fn capabilities(&self) -> &'static Capabilities {
        &capabilities::WHATSAPP
    }

    fn encode<'a>(
        &'a self,
        message: &'a OutboundMessage,
    ) -> Result<(&'a Endpoint, encode::Body<'a>), Refusal> {
        Ok((&self.messages, message.into()))
    }

    fn decode(&self, _: &OutboundMessage, answer: &Answer) -> Result<Receipt, Refusal> {
        let id = message_id(answer);
        id.map(Receipt::new)
            .ok_or_else(|| errors::refusal(answer, self.unknown_number))
    }

    fn health_url(&self) -> &Url {
        &self.number_url
    }

    fn decode_health(&self, answer: &Answer) -> Result<(HealthState, Option<String>), Refusal> {
        match answer.json().filter(|_| answer.status == 200) {
            Some(number) if text(&number, "/id").is_some() => {
                let name = text(&number, "/verified_name").map(str::to_owned);
                Ok((HealthState::Connected, name))
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

#[derive(Deserialize)]
struct Accepted {
    messages: Vec<AcceptedMessage>,
}

#[derive(Deserialize)]
struct AcceptedMessage {
    id: String,
}

/// Returns the `wamid` of an accepted message; unknown keys do not matter.
fn message_id(answer: &Answer) -> Option<String> {
    let body = answer.json().filter(|_| answer.is_success())?;
    let accepted = Accepted::deserialize(body).ok()?;
    let first = accepted.messages.into_iter().next()?;
    Some(first.id).filter(|id| !id.is_empty())
}
