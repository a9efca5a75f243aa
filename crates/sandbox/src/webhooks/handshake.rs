//! Registering a webhook, for WhatsApp with the verification request (Meta, create a webhook endpoint).

use std::time::Duration;

use reqwest::Url;

use super::{Webhook, WebhookError, check_url};
use crate::{Sandbox, ids};

const SHOWN: usize = 300;

impl Sandbox {
    /// Registers a webhook in place of the account's earlier ones; WhatsApp first asks the receiver to verify it.
    pub async fn register_webhook(&self, webhook: Webhook) -> Result<Webhook, WebhookError> {
        let mut webhook = webhook.with_defaults();
        let (url, timeout) = {
            let state = self.state();
            let settings = &state.settings.webhooks;
            let account = state.accounts.find(webhook.provider, &webhook.account);
            webhook.account = account.ok_or(WebhookError::UnknownAccount)?;
            let timeout = Duration::from_millis(settings.timeout_ms);
            (check_url(&webhook.url, settings)?, timeout)
        };
        if webhook.provider.verifies_webhooks() {
            let token = webhook.verify_token.as_deref().unwrap_or_default();
            self.verify(url, token, timeout).await?;
        }
        self.state().webhooks.replace(webhook.clone());
        Ok(webhook)
    }

    async fn verify(
        &self,
        mut url: Url,
        token: &str,
        timeout: Duration,
    ) -> Result<(), WebhookError> {
        let challenge = ids::challenge();
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.verify_token", token)
            .append_pair("hub.challenge", &challenge);
        let client = self.state().outbox.client();
        let answered = async {
            let response = client?.get(url).timeout(timeout).send().await.ok()?;
            let status = response.status().as_u16();
            Some((status, response.text().await.unwrap_or_default()))
        };
        let (status, body) = answered.await.unzip();
        let body = body.unwrap_or_default();
        if status == Some(200) && body == challenge {
            return Ok(());
        }
        let body = body.chars().take(SHOWN).collect();
        Err(WebhookError::Handshake { status, body })
    }
}
