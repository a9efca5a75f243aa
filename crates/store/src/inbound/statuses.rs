//! Statuses, each applied to its message: those of one transaction are looked up, moved and written
//! down together, for a provider tells of fifty in one call.

use std::collections::{BTreeSet, HashMap};

use recado_core::event::MessageError;
use recado_core::inbound::StatusNews;
use recado_core::{ChannelId, MessageId, Status};
use serde::Serialize;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::db::row::{self, Columns, owner, unpacking};
use crate::error::StoreError;
use crate::events::append::EventLog;
use crate::inbound::item::Effect;
use crate::messages::pending_statuses::Orphans;
use crate::messages::transition::{self, Progress, Step};

/// The messages that statuses are about, and the statuses that wait for theirs.
#[derive(Default)]
pub(crate) struct Statuses {
    messages: Vec<Progress>,
    by_id: HashMap<MessageId, usize>,
    by_external_id: HashMap<Address, usize>,
    by_provider_id: HashMap<Address, usize>,
    /// The places of those that have come further.
    moved: BTreeSet<usize>,
    orphans: Orphans,
}

/// A provider's id of a message.
pub(crate) type Address = (ChannelId, String);

/// An id that a status goes by, as both databases unpack it.
#[derive(Serialize)]
struct StatusKey<'a> {
    channel: &'a ChannelId,
    own: Option<&'a MessageId>,
    external: Option<String>,
}

/// Each of the look-ups has an index; `cross join` keeps SQLite from going through all messages.
macro_rules! look_up {
    ($each:literal) => {
        concat!(
            "with sought as (select ",
            owner!(),
            " as organization, value ->> 'channel' as channel, value ->> 'own' as own, \
             value ->> 'external' as external from ",
            $each,
            "), found as (\
             select organization, own as id from sought where own is not null union \
             select m.organization_id, m.id from sought s cross join messages m \
             where m.organization_id = s.organization and m.channel_id = s.channel \
             and m.external_id = s.external union \
             select m.organization_id, m.id from sought s cross join messages m \
             where m.organization_id = s.organization and m.channel_id = s.channel \
             and m.provider_id = s.external) \
             select m.id, m.conversation_id, m.agent_id, m.channel_id, m.status, m.external_id, \
             m.provider_id, m.error, m.pricing, m.updated_at from found f cross join messages m \
             where m.organization_id = f.organization and m.id = f.id \
             and m.direction = 'outbound' order by m.created_at, m.id"
        )
    };
}

impl Statuses {
    /// Looks up the messages of all statuses.
    pub(crate) async fn load(
        news: &[(ChannelId, StatusNews)],
        log: &EventLog,
        connection: &mut AnyConnection,
    ) -> Result<Self, StoreError> {
        let mut statuses = Self::default();
        if news.is_empty() {
            return Ok(statuses);
        }
        let sought: Vec<_> = news.iter().flat_map(sought).collect();
        let rows = sqlx::query(unpacking!(log.kind(), look_up))
            .bind(log.organization().as_str().to_owned())
            .bind(row::json(&sought))
            .fetch_all(&mut *connection)
            .await?;
        // The newest comes last, and takes an id that several messages share.
        for row in &rows {
            statuses.know(read(row)?);
        }
        let waits = |(channel, news): &&(ChannelId, StatusNews)| {
            statuses
                .find(news, &ids(news), channel)
                .is_none_or(|place| statuses.messages[place].status == Status::Sending)
        };
        if news.iter().any(|news| waits(&news)) {
            statuses.orphans = Orphans::load(
                news.iter()
                    .filter(waits)
                    .flat_map(|(channel, news)| addresses(channel, news)),
                log,
                connection,
            )
            .await?;
        }
        Ok(statuses)
    }

    fn know(&mut self, message: Progress) {
        let place = self.messages.len();
        self.by_id.insert(message.id.clone(), place);
        if let Some(id) = &message.external_id {
            let address = (message.channel_id.clone(), id.clone());
            self.by_external_id.insert(address, place);
        }
        if let Some(id) = &message.provider_id {
            let address = (message.channel_id.clone(), id.clone());
            self.by_provider_id.insert(address, place);
        }
        self.messages.push(message);
    }

    /// Applies a status to its message; if the message is not there yet, the status waits.
    pub(crate) fn apply(
        &mut self,
        news: &StatusNews,
        channel: &ChannelId,
        log: &mut EventLog,
    ) -> Effect {
        let ids = ids(news);
        let step = Step {
            status: news.status,
            external_id: ids.first().cloned(),
            error: news.error.as_ref().map(MessageError::from),
            pricing: news.pricing.clone(),
        };
        let Some(place) = self.find(news, &ids, channel) else {
            return self.orphans.keep(&ids, &step, channel, log.at());
        };
        let message = &mut self.messages[place];
        if message.status == Status::Sending {
            // A tap may quote the message before its outcome is stored.
            if message.external_id.is_none()
                && let Some(id) = ids.first()
            {
                message.external_id = Some(id.clone());
                let address = (message.channel_id.clone(), id.clone());
                self.by_external_id.entry(address).or_insert(place);
                self.moved.insert(place);
            }
            // Its outcome comes first: the send waits for the provider's answer at this moment.
            let own_id = [message.id.to_string()];
            return self.orphans.keep(&own_id, &step, channel, log.at());
        }
        if message.price(&step) {
            self.moved.insert(place);
        }
        if !message.climb(step, log) {
            return Effect::Duplicate;
        }
        if let Some(id) = &message.external_id {
            let address = (message.channel_id.clone(), id.clone());
            self.by_external_id.entry(address).or_insert(place);
        }
        self.moved.insert(place);
        Effect::Told
    }

    /// Applies a proof that a message arrived, if it is in doubt or was reported as failed.
    ///
    /// Any other message keeps its status: an answer says nothing new of it.
    pub(crate) fn settle(&mut self, proof: &StatusNews, channel: &ChannelId, log: &mut EventLog) {
        let status = self
            .find(proof, &[], channel)
            .map(|place| self.messages[place].status);
        if let Some(Status::Sending | Status::Unknown | Status::Failed) = status {
            self.apply(proof, channel, log);
        }
    }

    /// The message that a status is about: by our id, else by the provider's ids in their order.
    fn find(&self, news: &StatusNews, ids: &[String], channel: &ChannelId) -> Option<usize> {
        let own = news.message_id.as_ref().and_then(|id| self.by_id.get(id));
        let own = own.filter(|place| self.messages[**place].channel_id == *channel);
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

    /// Whether a message of ours goes by this id of the provider.
    pub(crate) fn knows(&self, channel: &ChannelId, external_id: &str) -> bool {
        let address = (channel.clone(), row::provider_id(external_id));
        self.named(&address).is_some()
    }

    /// Returns the message of ours that has this id of the provider.
    pub(crate) fn named(&self, address: &Address) -> Option<&Progress> {
        let place = self.by_external_id.get(address)?;
        Some(&self.messages[*place])
    }

    /// Writes down what was applied since the last time.
    pub(crate) async fn save(
        &mut self,
        log: &EventLog,
        connection: &mut AnyConnection,
    ) -> Result<(), StoreError> {
        let moved = std::mem::take(&mut self.moved);
        let moved = moved.iter().map(|place| &self.messages[*place]);
        transition::save(moved, log, connection).await?;
        self.orphans.save(log, connection).await
    }
}

fn ids(news: &StatusNews) -> Vec<String> {
    news.external_ids
        .iter()
        .map(|id| row::provider_id(id))
        .collect()
}

/// Everything that a status goes by.
fn sought((channel, news): &(ChannelId, StatusNews)) -> Vec<StatusKey<'_>> {
    let by_own_id = news.message_id.as_ref().map(|own| StatusKey {
        channel,
        own: Some(own),
        external: None,
    });
    let by_ids = ids(news).into_iter().map(|external| StatusKey {
        channel,
        own: None,
        external: Some(external),
    });
    by_own_id.into_iter().chain(by_ids).collect()
}

/// The ids under which a status may wait.
fn addresses(channel: &ChannelId, news: &StatusNews) -> Vec<Address> {
    let own = news.message_id.as_ref().map(ToString::to_string);
    let ids = ids(news).into_iter().chain(own);
    ids.map(|id| (channel.clone(), id)).collect()
}

fn read(row: &AnyRow) -> Result<Progress, StoreError> {
    let columns = Columns::new(row, "messages", "id");
    Ok(Progress {
        id: columns.parse("id")?,
        conversation_id: columns.parse("conversation_id")?,
        agent_id: columns.parse("agent_id")?,
        channel_id: columns.parse("channel_id")?,
        status: columns.parse("status")?,
        external_id: columns.get("external_id")?,
        provider_id: columns.get("provider_id")?,
        error: columns.optional_json("error")?,
        pricing: columns.optional_json("pricing")?,
        at: columns.instant("updated_at")?,
    })
}
