//! One transaction of a provider's webhooks: what it needs is read together, applied in memory in the order in
//! which it was told, and written together, for a round trip to the database costs more than a row does.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use recado_core::inbound::{Inbound, InboundMessage, StatusUpdate};
use recado_core::{ChannelId, ContentKind};
use serde_json::json;

use crate::events::append::{Appended, EventLog};
use crate::inbound::alerts;
use crate::inbound::item::{Application, Applied, Effect, Routed};
use crate::inbound::known_channels::{self, KnownChannels};
use crate::inbound::messages::{self, Received};
use crate::inbound::own_messages;
use crate::inbound::resolve::Arrival;
use crate::inbound::statuses::Statuses;
use crate::prelude::*;
use crate::resources::contacts::Contacts;

/// Applies calls in one transaction; `working` is set as soon as it has the organization lock.
pub(crate) async fn apply_all(
    kind: DatabaseKind,
    organization: OrganizationId,
    applications: &[Application],
    working: &AtomicBool,
    connection: &mut Connection,
) -> Result<(Vec<Applied>, Appended)> {
    let log = EventLog::open(kind, organization, Timestamp::UNIX_EPOCH, connection).await?;
    working.store(true, Ordering::Relaxed);
    let mut fresh = mark_applied(applications, &log, connection).await?;
    let applications: Vec<_> = applications
        .iter()
        // A call that stands here twice is fresh once.
        .map(|application| (application, fresh.remove(&application.call_id)))
        .collect();
    let mut applying = Applying::load(&applications, log, connection).await?;
    let mut results = Vec::with_capacity(applications.len());
    for (application, fresh) in applications {
        results.push(if fresh {
            applying.call(application).await?
        } else {
            Applied {
                duplicates: application.items.len(),
                ..Applied::default()
            }
        });
    }
    let appended = applying.finish().await?;
    Ok((results, appended))
}

static MARK_APPLIED: OverList = OverList::new(
    "update webhook_calls set applied_at = n.at \
     from (select {owner} as organization, value ->> 'call' as call, \
     cast(value ->> 'at' as bigint) as at from {list}) n \
     where organization_id = n.organization and id = n.call and applied_at is null returning id",
);

/// Marks complete calls as applied; returns the ids of all stored calls that were not applied before.
async fn mark_applied(
    applications: &[Application],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<HashSet<String>> {
    let calls: Vec<_> = applications
        .iter()
        .map(|application| {
            json!({
                "call": row::text(&application.call_id),
                "at": application.completes.then(|| application.at.as_millisecond()),
            })
        })
        .collect();
    let rows = log
        .over(&MARK_APPLIED, &calls)
        .fetch_all(connection)
        .await?;
    column(&rows, "webhook_calls", "id")
}

/// Returns the statuses that the items report, also by own messages and by answers.
fn statuses_of(items: &[&Routed]) -> Vec<(ChannelId, StatusUpdate)> {
    let statuses = items.iter().filter_map(|routed| {
        let update = match &routed.item {
            Inbound::Status(update) => update.clone(),
            Inbound::OwnMessage(own_message) => own_messages::status(own_message),
            Inbound::Message(message) => messages::proof(message)?,
            _ => return None,
        };
        Some((routed.channel_id.clone(), update))
    });
    statuses.collect()
}

fn messages_of<'a>(items: &[&'a Routed]) -> Vec<(&'a ChannelId, &'a InboundMessage)> {
    let messages = items.iter().filter_map(|routed| match &routed.item {
        Inbound::Message(message) => Some((&routed.channel_id, message)),
        _ => None,
    });
    messages.collect()
}

struct Applying<'c> {
    channels: KnownChannels,
    statuses: Statuses,
    updates: Vec<(ChannelId, StatusUpdate)>,
    received: Received,
    contacts: Contacts,
    log: EventLog,
    connection: &'c mut Connection,
}

impl<'c> Applying<'c> {
    /// Loads everything that the fresh calls need.
    async fn load(
        applications: &[(&Application, bool)],
        log: EventLog,
        connection: &'c mut Connection,
    ) -> Result<Self> {
        let fresh = applications.iter().filter(|(_, fresh)| *fresh);
        let items: Vec<_> = fresh.flat_map(|(call, _)| &call.items).collect();
        let named = items.iter().map(|routed| routed.channel_id.as_str());
        let updates = statuses_of(&items);
        let messages = messages_of(&items);
        let addresses = items.iter().flat_map(|routed| routed.addresses());
        Ok(Self {
            channels: KnownChannels::load(named.collect(), &log, connection).await?,
            statuses: Statuses::load(&updates, &log, connection).await?,
            updates,
            received: Received::load(&messages, &log, connection).await?,
            contacts: Contacts::load(addresses, &log, connection).await?,
            log,
            connection,
        })
    }

    async fn call(&mut self, application: &Application) -> Result<Applied> {
        self.log.set_time(application.at);
        let told = self.log.len();
        let mut applied = Applied::default();
        for routed in &application.items {
            applied.count(self.item(routed).await?);
        }
        if applied.no_agent {
            self.leave_unapplied(application).await?;
        }
        applied.events = self.log.len() - told;
        Ok(applied)
    }

    async fn item(&mut self, routed: &Routed) -> Result<Effect> {
        let (log, connection) = (&mut self.log, &mut *self.connection);
        let Some(channel) = self.channels.get_mut(&routed.channel_id) else {
            return Ok(Effect::Ignored);
        };
        match &routed.item {
            Inbound::Message(message) => {
                let (contacts, statuses) = (&mut self.contacts, &mut self.statuses);
                let arrival = Arrival {
                    message,
                    ids: &routed.ids,
                    channel,
                };
                let received = &mut self.received;
                received
                    .apply(arrival, statuses, contacts, log, connection)
                    .await
            }
            Inbound::Status(update) => Ok(self.statuses.apply(update, &channel.id, log)),
            Inbound::OwnMessage(own_message) => {
                if !self.statuses.knows(&channel.id, &own_message.external_id) {
                    self.contacts.save(log, connection).await?;
                    self.statuses.save(log, connection).await?;
                    if own_messages::bind(own_message, &channel.id, log, connection).await? {
                        self.statuses = Statuses::load(&self.updates, log, connection).await?;
                    } else if own_message.kind == ContentKind::Text {
                        // It was typed on the phone, as most are; of what is sent here the provider reports the
                        // statuses too.
                        return Ok(Effect::Ignored);
                    }
                }
                let sent = own_messages::status(own_message);
                Ok(self.statuses.apply(&sent, &channel.id, log))
            }
            Inbound::Call(call) => {
                self.contacts.called(call, channel, log.at());
                Ok(Effect::Ignored)
            }
            Inbound::Connection(update) => {
                known_channels::connect(update, channel, log, connection).await
            }
            Inbound::AccountAlert(alert) => alerts::tell(alert, &channel.id, log, connection).await,
            Inbound::Ignored(_) => Ok(Effect::Ignored),
        }
    }

    /// Leaves a call pending because the organization has no agent for a new customer.
    async fn leave_unapplied(&mut self, application: &Application) -> Result<()> {
        Query::new(
            "update webhook_calls set applied_at = null, attempts = 0, server_id = '' \
             where organization_id = $1 and id = $2",
        )
        .id(self.log.organization())
        .text(&application.call_id)
        .run(&mut *self.connection)
        .await
    }

    async fn finish(mut self) -> Result<Appended> {
        self.contacts.save(&self.log, self.connection).await?;
        self.received.save(&self.log, self.connection).await?;
        let (statuses, log) = (&mut self.statuses, &mut self.log);
        statuses.save(log, self.connection).await?;
        self.log.write(self.connection).await
    }
}
