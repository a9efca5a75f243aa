//! Meta's WhatsApp Cloud API.

pub(crate) mod account;
mod encode;
mod errors;
pub(crate) mod profile;
mod webhook;

use async_trait::async_trait;
use recado_core::{Capabilities, Provider, capabilities};
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;
use url::Url;

pub use account::WhatsAppAccount;

use crate::base_url::join;
use crate::channel::{Channel, Health, HealthState, OutboundMessage, Preview, Receipt};
use crate::connection::{Connection, json, secret_header, text};
use crate::error::ConfigError;
use crate::error::{ChannelError, ErrorKind};
use crate::http::client::HttpClient;
use crate::redact::Redactor;
use crate::webhook::call::{
    Admission, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};

/// One number of the Cloud API.
pub(crate) struct WhatsApp {
    connection: Connection,
    messages_url: Url,
    number_url: Url,
    /// What to change if Meta does not know the phone number id.
    unknown_number: &'static str,
    app_secret: Option<SecretString>,
    verify_token: Option<SecretString>,
}

impl WhatsApp {
    pub(crate) fn new(
        http: &HttpClient,
        base_url: &Url,
        account: &WhatsAppAccount,
    ) -> Result<Self, ConfigError> {
        let number = [&*account.api_version, &*account.phone_number_id];
        let mut number_url = join(base_url, &number)?;
        let messages_url = join(&number_url, &["messages"])?;
        // Free of charge, and changes nothing (Meta, phone numbers).
        number_url.set_query(Some(
            "fields=id,display_phone_number,verified_name,quality_rating",
        ));

        let token = &account.access_token;
        let headers = secret_header(AUTHORIZATION, "accessToken", "Bearer ", token)?;
        let secrets = [
            Some(token),
            account.app_secret.as_ref(),
            account.verify_token.as_ref(),
        ];
        let redactor = Redactor::new(secrets.into_iter().flatten());
        Ok(Self {
            connection: Connection::new(Provider::WhatsApp, http, headers, redactor),
            messages_url,
            number_url,
            unknown_number: if account::resembles_a_phone_number(&account.phone_number_id) {
                account::IS_A_PHONE_NUMBER
            } else {
                "Meta knows no number with this id, or the token may not use it"
            },
            app_secret: account.app_secret.clone(),
            verify_token: account.verify_token.clone(),
        })
    }
}

#[async_trait]
impl Channel for WhatsApp {
    fn capabilities(&self) -> &'static Capabilities {
        &capabilities::WHATSAPP
    }

    fn preview(&self, message: &OutboundMessage) -> Result<Preview, ChannelError> {
        message.check(self.capabilities())?;
        let body = encode::buttons::Request::from(message);
        self.connection.preview(&self.messages_url, &body)
    }

    async fn send(&self, message: &OutboundMessage) -> Result<Receipt, ChannelError> {
        message.check(self.capabilities())?;
        let body = encode::buttons::Request::from(message);
        let answer = self.connection.post(&self.messages_url, &body).await?;
        match encode::buttons::message_id(&answer) {
            Some(id) => Ok(Receipt::new(id)),
            None => Err(errors::refusal(
                &self.connection,
                &answer,
                self.unknown_number,
            )),
        }
    }

    async fn health(&self) -> Result<Health, ChannelError> {
        let answer = self.connection.get(&self.number_url).await?;
        match json(&answer).filter(|_| answer.status == 200) {
            Some(number) if text(&number, "/id").is_some() => {
                let name = text(&number, "/verified_name");
                Ok(self.connection.health(HealthState::Connected, name))
            }
            _ => Connection::health_of(errors::refusal(
                &self.connection,
                &answer,
                self.unknown_number,
            )),
        }
    }

    fn verify_webhook_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        webhook::verify_head(head, self.app_secret.as_ref())
    }

    fn verify_webhook(&self, call: &WebhookCall<'_>) -> Result<Admission, WebhookRefused> {
        webhook::verify(call, self.app_secret.as_ref(), self.verify_token.as_ref())
    }

    fn parse_webhook(
        &self,
        _: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        webhook::parse(&self.connection, body)
    }

    /// One callback serves a whole Meta app, so it is the app's owner who sets it (Meta, webhooks set-up).
    async fn register_webhook(&self, _: &Url, _: &SecretString) -> Result<(), ChannelError> {
        let text = "Meta takes the webhook in its App Dashboard only: WhatsApp, Configuration; \
                    set callback URL and verify token there, and subscribe to the field messages";
        Err(self.connection.error(ErrorKind::Rejected, text))
    }
}
