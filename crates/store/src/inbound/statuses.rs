//! Statuses, each applied to its message: those of one transaction are looked up, moved and written
//! down together, for a provider tells of fifty in one call.

use std::collections::{BTreeSet, HashMap};

use recado_core::inbound::StatusUpdate;
use recado_core::{ChannelId, MessageId, Status};
use serde::Serialize;

use crate::events::append::EventLog;
use crate::inbound::item::Effect;
use crate::messages;
use crate::messages::pending_statuses::PendingStatuses;
use crate::messages::transition::{self, MessageState, StatusReport};
use crate::outbox::order;
use crate::prelude::*;

/// The messages that statuses are about, and the pending statuses.
#[derive(Default)]
pub(crate) struct Statuses {
    messages: Vec<MessageState>,
    by_id: HashMap<MessageId, usize>,
    by_external_id: HashMap<Address, usize>,
    by_provider_id: HashMap<Address, usize>,
    /// The indexes of the messages whose status has advanced.
    moved: BTreeSet<usize>,
    /// The messages among them that were queued: the provider has what we believed was not sent.
    queued: Vec<MessageId>,
    pending: PendingStatuses,
}

pub(crate) type Address = (ChannelId, String);

#[derive(Serialize)]
struct StatusKey<'a> {
    channel: &'a ChannelId,
    own: Option<&'a MessageId>,
    external: Option<String>,
}

/// Each of the look-ups has an index; `cross join` keeps SQLite from going through all messages.
static LOOK_UP: OverList = OverList::new(
    "with sought as (select {owner} as organization, value ->> 'channel' as channel, \
     value ->> 'own' as own, value ->> 'external' as external from {list}), found as (select organization, \
     own as id from sought where own is not null union select m.organization_id, m.id from sought s \
     cross join messages m where m.organization_id = s.organization and m.channel_id = s.channel \
     and m.external_id = s.external union select m.organization_id, m.id from sought s \
     cross join messages m where m.organization_id = s.organization and m.channel_id = s.channel \
     and m.provider_id = s.external) select m.id, m.conversation_id, m.agent_id, m.channel_id, m.status, \
     m.external_id, m.provider_id, m.error, m.pricing, m.budget_month, m.budget_price, m.updated_at from found f cross join messages m \
     where m.organization_id = f.organization and m.id = f.id and m.direction = 'outbound' \
     order by m.created_at, m.id",
);

impl Statuses {
    pub(crate) async fn load(
        updates: &[(ChannelId, StatusUpdate)],
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<Self> {
        let mut statuses = Self::default();
        if updates.is_empty() {
            return Ok(statuses);
        }
        let sought: Vec<_> = updates.iter().flat_map(sought).collect();
        let rows = log
            .over(&LOOK_UP, &sought)
            .fetch_all(&mut *connection)
            .await?;
        // The newest comes last, and takes an id that several messages share.
        for row in &rows {
            statuses.know(read(row)?);
        }
        let waits = |(channel, update): &&(ChannelId, StatusUpdate)| {
            statuses
                .find(update, &ids(update), channel)
                .is_none_or(|index| statuses.messages[index].status == Status::Sending)
        };
        if updates.iter().any(|update| waits(&update)) {
            statuses.pending = PendingStatuses::load(
                updates
                    .iter()
                    .filter(waits)
                    .flat_map(|(channel, update)| addresses(channel, update)),
                log,
                connection,
            )
            .await?;
        }
        Ok(statuses)
    }

    fn know(&mut self, message: MessageState) {
        let index = self.messages.len();
        self.by_id.insert(message.id.clone(), index);
        for (indexes, id) in [
            (&mut self.by_external_id, &message.external_id),
            (&mut self.by_provider_id, &message.provider_id),
        ] {
            let address = id.clone().map(|id| (message.channel_id.clone(), id));
            indexes.extend(address.map(|address| (address, index)));
        }
        self.messages.push(message);
    }

    /// Applies a status to its message, or keeps it as pending if the message is not stored yet.
    pub(crate) fn apply(
        &mut self,
        update: &StatusUpdate,
        channel: &ChannelId,
        log: &mut EventLog,
    ) -> Effect {
        let ids = ids(update);
        let step = StatusReport {
            status: update.status,
            external_id: ids.first().cloned(),
            error: update.error.clone(),
            pricing: update.pricing.clone(),
        };
        let Some(index) = self.find(update, &ids, channel) else {
            return self.pending.keep(&ids, &step, channel, log.at());
        };
        let message = &mut self.messages[index];
        if message.status == Status::Sending {
            // A tap may quote the message before its outcome is stored.
            if message.external_id.is_none()
                && let Some(id) = ids.first()
            {
                message.external_id = Some(id.clone());
                let address = (message.channel_id.clone(), id.clone());
                self.by_external_id.entry(address).or_insert(index);
                self.moved.insert(index);
            }
            // Its outcome comes first: the send waits for the provider's answer at this moment.
            let own_id = [message.id.to_string()];
            return self.pending.keep(&own_id, &step, channel, log.at());
        }
        if message.price(&step) {
            self.moved.insert(index);
        }
        if message.status == Status::Queued {
            self.queued.push(message.id.clone());
        }
        if !message.advance(step, log) {
            return Effect::Duplicate;
        }
        if let Some(id) = &message.external_id {
            let address = (message.channel_id.clone(), id.clone());
            self.by_external_id.entry(address).or_insert(index);
        }
        self.moved.insert(index);
        Effect::Told
    }

    /// Applies the proof that a message arrived, if it is `unknown` or `failed`. Any other message keeps its status.
    pub(crate) fn settle(&mut self, proof: &StatusUpdate, channel: &ChannelId, log: &mut EventLog) {
        let status = self
            .find(proof, &[], channel)
            .map(|index| self.messages[index].status);
        let is_open = |status| {
            let open = [
                Status::Queued,
                Status::Sending,
                Status::Unknown,
                Status::Failed,
            ];
            open.contains(&status)
        };
        if status.is_some_and(is_open) {
            self.apply(proof, channel, log);
        }
    }

    /// Finds the message by our id, or else by the provider's ids in their order.
    fn find(&self, update: &StatusUpdate, ids: &[String], channel: &ChannelId) -> Option<usize> {
        let own = update.message_id.as_ref().and_then(|id| self.by_id.get(id));
        let own = own.filter(|index| self.messages[**index].channel_id == *channel);
        own.copied().or_else(|| {
            ids.iter().find_map(|id| {
                let address = (channel.clone(), id.clone());
                let external = self.by_external_id.get(&address);
                external
                    .or_else(|| self.by_provider_id.get(&address))
                    .copied()
            })
        })
    }

    pub(crate) fn knows(&self, channel: &ChannelId, external_id: &str) -> bool {
        let address = (channel.clone(), row::provider_id(external_id));
        self.named(&address).is_some()
    }

    pub(crate) fn named(&self, address: &Address) -> Option<&MessageState> {
        let index = self.by_external_id.get(address)?;
        Some(&self.messages[*index])
    }

    /// Writes what was applied since the last call.
    pub(crate) async fn save(
        &mut self,
        log: &mut EventLog,
        connection: &mut Connection,
    ) -> Result<()> {
        let moved = std::mem::take(&mut self.moved);
        let states = moved.iter().map(|index| &self.messages[*index]);
        transition::save(states, log, connection).await?;
        let states = (0..).zip(&mut self.messages);
        let states = states.filter(|(index, _)| moved.contains(index));
        transition::follow_up(states.map(|(_, state)| state), log, connection).await?;
        let queued = std::mem::take(&mut self.queued);
        order::leave(queued.iter(), log, connection).await?;
        self.pending.save(log, connection).await
    }
}

fn ids(update: &StatusUpdate) -> Vec<String> {
    update
        .external_ids
        .iter()
        .map(|id| row::provider_id(id))
        .collect()
}

fn sought((channel, update): &(ChannelId, StatusUpdate)) -> Vec<StatusKey<'_>> {
    let by_own_id = update.message_id.as_ref().map(|own| StatusKey {
        channel,
        own: Some(own),
        external: None,
    });
    let by_ids = ids(update).into_iter().map(|external| StatusKey {
        channel,
        own: None,
        external: Some(external),
    });
    by_own_id.into_iter().chain(by_ids).collect()
}

fn addresses(channel: &ChannelId, update: &StatusUpdate) -> Vec<Address> {
    let own = update.message_id.as_ref().map(ToString::to_string);
    let ids = ids(update).into_iter().chain(own);
    ids.map(|id| (channel.clone(), id)).collect()
}

fn read(row: &RawRow) -> Result<MessageState> {
    let columns = Columns::new(row, "messages", "id");
    let mut state = MessageState {
        id: columns.get("id")?,
        conversation_id: columns.get("conversation_id")?,
        agent_id: columns.get("agent_id")?,
        channel_id: columns.get("channel_id")?,
        status: columns.get("status")?,
        external_id: columns.get("external_id")?,
        provider_id: columns.get("provider_id")?,
        error: columns.get("error")?,
        pricing: columns.get("pricing")?,
        degraded: Vec::new(),
        at: columns.get("updated_at")?,
        charged_at: None,
        channel_failure: None,
        hold: messages::hold(&columns)?,
        was_spent: false,
    };
    state.was_spent = state.is_spent();
    Ok(state)
}
