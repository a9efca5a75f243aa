//! A call to a webhook that is still to be written: how each provider writes it.

use std::time::Duration;

use super::Webhook;
use super::delivery::Post;
use super::event::{Event, Written};
use super::switches::WebhookSettings;
use crate::provider::Provider;
use crate::settings::WebhookFormat;
use crate::simulators::{whatsapp, wuzapi, zapi, zapperhub};
use crate::state::State;

/// How often wuzapi tries a delivery (the fork's source code).
const WUZAPI_ATTEMPTS: u32 = 5;

/// A call that is still to be written: what its writing needs of the state.
pub(super) struct Draft {
    webhook: Webhook,
    /// WhatsApp: the number as shown; Z-API: the instance's token; otherwise empty.
    detail: String,
    format: WebhookFormat,
    settings: WebhookSettings,
}

impl Draft {
    pub(super) fn new(state: &State, webhook: Webhook) -> Self {
        let settings = state.settings();
        let accounts = &state.accounts;
        let detail = match webhook.provider {
            Provider::Whatsapp => accounts.display_number(&webhook.account),
            Provider::Zapi if settings.webhooks.zapi_token => {
                let instance = accounts.zapi.get(&webhook.account);
                instance.map(|instance| instance.token.clone())
            }
            _ => None,
        };
        Self {
            detail: detail.unwrap_or_default(),
            format: settings.wuzapi.webhook_format,
            settings: settings.webhooks.clone(),
            webhook,
        }
    }

    /// Writes the events, of which the others join the first, into one call.
    pub(super) fn write(self, event: Event, others: Vec<Event>) -> Post {
        let webhook = &self.webhook;
        let event = event.body;
        let others: Vec<_> = others.into_iter().map(|event| event.body).collect();
        let (account, secret) = (&webhook.account, webhook.secret.as_deref());
        let Written { headers, body } = match webhook.provider {
            Provider::Whatsapp => whatsapp::write(event, others, account, &self.detail, secret),
            Provider::Zapi => zapi::write(event, others, &self.detail),
            Provider::Zapperhub => zapperhub::write(event, others, secret),
            Provider::Wuzapi => wuzapi::write(event, &others, self.format, secret),
        };
        Post {
            headers,
            body: body.into(),
            attempts: match webhook.provider {
                Provider::Whatsapp => self.settings.attempts,
                // Neither vendor documents a retry, so there is none (inferred).
                Provider::Zapi | Provider::Zapperhub => 1,
                Provider::Wuzapi => WUZAPI_ATTEMPTS,
            },
            retry_base: Duration::from_millis(self.settings.retry_base_ms),
            timeout: Duration::from_millis(self.settings.timeout_ms),
            webhook: self.webhook,
        }
    }
}
