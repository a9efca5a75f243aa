//! Where the items of a call go: one call of a provider such as Meta may be for several numbers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use recado_core::inbound::{AlertSeverity, Ignored, Inbound, InboundContent};
use recado_core::{ChannelId, ConversationId, MessageId, OrganizationId, Provider};
use recado_providers::{CHANNEL_WIDE_REASONS, Profile, Received};
use recado_store::{FreshIds, Routed};

use crate::api::error::ApiError;
use crate::app::App;

/// Finds the channels of items.
pub(super) struct Routes<'a> {
    app: &'a App,
    /// The numbers that each called channel speaks for.
    numbers: HashMap<ChannelId, Vec<(String, ChannelId)>>,
}

impl<'a> Routes<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Self {
            app,
            numbers: HashMap::new(),
        }
    }

    /// Finds each item's channel: the called one, or that of the item's number among those that share the secret.
    pub(super) async fn route(
        &mut self,
        organization: &OrganizationId,
        called: &ChannelId,
        items: impl ExactSizeIterator<Item = Received> + Send,
    ) -> Result<Vec<Routed>, ApiError> {
        let mut routed = Vec::with_capacity(items.len());
        for Received { number, what, .. } in items {
            if is_noted(called, &what) {
                continue;
            }
            let channel_id = match number {
                None => Some(called.clone()),
                Some(number) => self.channel_of(organization, called, &number).await?,
            };
            match channel_id {
                Some(channel_id) => routed.push(Routed {
                    channel_id,
                    item: what,
                    ids: fresh_ids(self.app),
                }),
                None => {
                    tracing::warn!(channel_id = %called, "a provider webhook is for a number that is not a channel here");
                }
            }
        }
        Ok(routed)
    }

    async fn channel_of(
        &mut self,
        organization: &OrganizationId,
        called: &ChannelId,
        number: &str,
    ) -> Result<Option<ChannelId>, ApiError> {
        let numbers = match self.numbers.entry(called.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(numbers_of(self.app, organization, called).await?),
        };
        let found = numbers.iter().find(|(known, _)| known == number);
        Ok(found.map(|(_, channel)| channel.clone()))
    }
}

/// Counts or logs what an operator should see, and returns whether the store has no use for it.
fn is_noted(called: &ChannelId, what: &Inbound) -> bool {
    match what {
        Inbound::Ignored(reason) => {
            metrics::counter!("recado_webhook_ignored_total", "what" => reason.as_str())
                .increment(1);
            if *reason == Ignored::OtherInstance {
                tracing::warn!(channel_id = %called, "ignored an item of another instance: the URL of this channel's webhook is set there");
            }
            true
        }
        Inbound::AccountAlert(alert) => {
            let severity = alert.severity.as_str();
            metrics::counter!("recado_webhook_account_alerts_total", "severity" => severity)
                .increment(1);
            if alert.severity != AlertSeverity::Info {
                tracing::warn!(channel_id = %called, severity, field = alert.field, code = alert.code, "the provider sent an account alert for the channel");
            }
            false
        }
        Inbound::Message(message) => {
            if matches!(&message.content, InboundContent::Other { kind, .. } if kind == "unknown") {
                metrics::counter!("recado_webhook_unknown_total").increment(1);
            }
            false
        }
        Inbound::Status(news) => {
            let reason = news
                .error
                .as_ref()
                .map_or("", |error| error.reason.as_str());
            if CHANNEL_WIDE_REASONS.contains(&reason) {
                tracing::warn!(channel_id = %called, reason, "messages of the channel fail until its owner acts at the provider");
            }
            false
        }
        Inbound::Call(_) | Inbound::OwnMessage(_) | Inbound::Connection(_) => false,
    }
}

fn fresh_ids(app: &App) -> FreshIds {
    FreshIds {
        message: MessageId::from_uuid(app.uuid()),
        conversation: ConversationId::from_uuid(app.uuid()),
    }
}

/// Returns the numbers whose channels share the secret that verified this call.
async fn numbers_of(
    app: &App,
    organization: &OrganizationId,
    called: &ChannelId,
) -> Result<Vec<(String, ChannelId)>, ApiError> {
    for provider in Provider::ALL {
        let Some(shared) = Profile::of(provider).shared_webhook else {
            continue;
        };
        let channels = app
            .store
            .channels_of_provider(organization, provider)
            .await?;
        let mut known = Vec::with_capacity(channels.len());
        for channel in channels {
            let credentials = app.store.secrets(&channel)?.credentials;
            let text = |name| credentials.get(name)?.as_str().map(str::to_owned);
            known.push((channel.id, text(shared.number), text(shared.secret)));
        }
        let Some((.., proof)) = known.iter().find(|(id, ..)| id == called).cloned() else {
            continue;
        };
        return Ok(known
            .into_iter()
            .filter(|(.., secret)| *secret == proof)
            .filter_map(|(id, number, _)| Some((number?, id)))
            .collect());
    }
    Ok(Vec::new())
}
