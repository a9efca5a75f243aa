//! ZapperHUB's hosted API.

mod answers;
mod registration;
mod webhook;

use reqwest::header::AUTHORIZATION;

use super::account::RecipientForm;
use super::engine::encode;
use super::profile::PROFILE;
use crate::object::Object;
use crate::prelude::*;

/// One instance.
pub(super) struct Hosted {
    instance_id: String,
    recipient_form: RecipientForm,
    text: Endpoint,
    buttons: Endpoint,
    list: Endpoint,
    location: Endpoint,
    connection_url: Url,
    webhook_url: Url,
    webhooks_url: Url,
}

impl Hosted {
    pub(super) fn new(
        base: &Url,
        instance_id: &str,
        recipient_form: RecipientForm,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            instance_id: instance_id.to_owned(),
            recipient_form,
            text: join(base, &[instance_id, "messages", "text"])?.into(),
            buttons: join(base, &[instance_id, "messages", "buttons"])?.into(),
            location: join(base, &[instance_id, "messages", "location"])?.into(),
            list: join(base, &[instance_id, "messages", "list"])?.into(),
            connection_url: join(base, &[instance_id, "connection"])?,
            webhook_url: join(base, &[instance_id, "webhook"])?,
            webhooks_url: join(base, &[instance_id, "webhooks"])?,
        })
    }
}

impl Wire for Hosted {
    const PROFILE: &'static Profile = &PROFILE;

    /// The schema is closed: it has no place for an id of ours.
    fn encode(&self, message: &OutboundMessage) -> Option<(&Endpoint, String)> {
        let jid = encode::recipient(self.recipient_form, &message.to);
        let address = Object::new("jid", jid);
        Some(match &message.content {
            Content::Text(content) => (&self.text, encode::text::hosted(address, content)),
            Content::Buttons(content) => (&self.buttons, encode::buttons::body(address, content)),
            Content::List(content) => (&self.list, encode::list::body(address, content)),
            Content::CtaUrl(content) => (&self.buttons, encode::cta_url::body(address, content)),
            Content::Location(content) => {
                (&self.location, encode::location::hosted(address, content))
            }
            Content::LocationRequest(_) => return None,
        })
    }

    fn decode(&self, _: &OutboundMessage, answer: &Answer) -> Result<Receipt, Refusal> {
        answers::receipt(answer)
    }

    fn health_url(&self) -> &Url {
        &self.connection_url
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
        // The one registration that takes a secret (ZapperAPI, webhooks).
        let body = json!({"url": url.as_str(), "secretKey": secret.expose_secret()});
        registration::ordered(connection, Method::POST, &self.webhook_url, &body).await?;
        registration::register_updates(connection, &self.webhooks_url, url).await
    }

    /// Only a call without the header may still be proved, by what it says.
    fn verify_head(&self, head: &WebhookHead<'_>) -> Result<(), WebhookRefused> {
        WebhookRefused::unless(head.headers.get(AUTHORIZATION).is_none_or(|given| {
            bearer(given.as_bytes()).is_some_and(|given| proof::knows(given, head.secret))
        }))
    }

    /// The second webhook can carry no secret: without one, the URL alone proves what that one is told, and nothing
    /// else. A wrong one proves nothing.
    fn verify_body(&self, call: &WebhookCall<'_>) -> Result<(), WebhookRefused> {
        let has_secret = call.head.headers.contains_key(AUTHORIZATION);
        WebhookRefused::unless(has_secret || webhook::tells_updates_only(call.body))
    }

    fn parse(
        &self,
        redactor: &Redactor,
        _: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<Received>, WebhookUnreadable> {
        let news = webhook::news(redactor, &self.instance_id, body)?;
        Ok(news.into_iter().map(Received::new).collect())
    }
}

/// Returns what follows the scheme, whose case does not matter (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}
