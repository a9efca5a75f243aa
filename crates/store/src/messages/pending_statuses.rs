//! Pending statuses: they arrived before the outcome of their send was stored.

use std::collections::{HashMap, HashSet};

use recado_core::{ChannelId, Status};
use serde::Serialize;

use crate::events::append::EventLog;
use crate::inbound::item::Effect;
use crate::messages::transition::{MessageState, StatusReport};
use crate::prelude::*;

#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct PendingKey {
    channel: ChannelId,
    sought: String,
}

#[derive(Serialize)]
struct PendingStatus {
    #[serde(flatten)]
    key: PendingKey,
    status: Status,
    external: Option<String>,
    failure: Option<String>,
    pricing: Option<String>,
    at: i64,
}

/// The pending statuses of some external ids.
#[derive(Default)]
pub(crate) struct PendingStatuses {
    known: HashSet<(PendingKey, Status)>,
    fresh: Vec<PendingStatus>,
}

static LOOK_UP: OverList = OverList::new(
    "select channel_id, sought, status from orphan_statuses where (organization_id, \
     channel_id, sought) in (select {owner}, value ->> 'channel', value ->> 'sought' from {list})",
);

// Without a condition, SQLite takes what follows for a join.
static INSERT: OverList = OverList::new(
    "insert into orphan_statuses (organization_id, channel_id, sought, status, \
     external_id, error, pricing, created_at) select $1, value ->> 'channel', value ->> 'sought', \
     value ->> 'status', value ->> 'external', value ->> 'failure', value ->> 'pricing', \
     cast(value ->> 'at' as bigint) from {list} where true on conflict do nothing",
);

const HAS_PENDING: &str = "\
     select 1 from orphan_statuses where organization_id = $1 and channel_id = $2 and sought = $3 limit 1";

static TAKE: OverList = OverList::new(
    "delete from orphan_statuses where (organization_id, channel_id, sought) \
     in (select {owner}, value ->> 'channel', value ->> 'sought' from {list}) \
     returning channel_id, sought, status, external_id, error, pricing",
);

impl PendingStatuses {
    pub(crate) async fn load(
        sought: impl Iterator<Item = (ChannelId, String)>,
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<Self> {
        let keys: Vec<_> = sought
            .map(|(channel, sought)| PendingKey { channel, sought })
            .collect();
        let rows = log.over(&LOOK_UP, &keys).fetch_all(connection).await?;
        let mut pending = Self::default();
        for row in &rows {
            let columns = Columns::new(row, "orphan_statuses", "sought");
            let known = (key(&columns)?, columns.get("status")?);
            pending.known.insert(known);
        }
        Ok(pending)
    }

    /// Keeps a status under every id of its message.
    pub(crate) fn keep(
        &mut self,
        ids: &[String],
        step: &StatusReport,
        channel: &ChannelId,
        at: Timestamp,
    ) -> Effect {
        let mut effect = Effect::Duplicate;
        for id in ids {
            let key = PendingKey {
                channel: channel.clone(),
                sought: id.clone(),
            };
            if !self.known.insert((key.clone(), step.status)) {
                continue;
            }
            effect = Effect::Pending;
            self.fresh.push(PendingStatus {
                key,
                status: step.status,
                external: step.external_id.clone(),
                failure: step.error.as_ref().map(row::json),
                pricing: step.pricing.as_ref().map(row::json),
                at: at.as_millisecond(),
            });
        }
        effect
    }

    /// Writes those that were kept since the last call.
    pub(crate) async fn save(&mut self, log: &EventLog, connection: &mut Connection) -> Result<()> {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh.is_empty() {
            return Ok(());
        }
        log.over(&INSERT, &fresh).run(connection).await
    }
}

/// Pending statuses of messages that have their outcome now.
#[derive(Default)]
pub(crate) struct TakenStatuses(HashMap<PendingKey, Vec<StatusReport>>);

impl TakenStatuses {
    /// Takes the pending statuses of these messages. Those of a rejected message are dropped.
    pub(crate) async fn take(
        messages: &[MessageState],
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<Self> {
        let keys: Vec<_> = messages
            .iter()
            .filter(|message| message.status != Status::Rejected)
            .flat_map(keys)
            .collect();
        let mut waiting = Self::default();
        if keys.is_empty() || !may_wait(&keys, log, &mut *connection).await? {
            return Ok(waiting);
        }
        let rows = log.over(&TAKE, &keys).fetch_all(connection).await?;
        for row in &rows {
            let columns = Columns::new(row, "orphan_statuses", "sought");
            waiting
                .0
                .entry(key(&columns)?)
                .or_default()
                .push(StatusReport {
                    status: columns.get("status")?,
                    external_id: columns.get("external_id")?,
                    error: columns.get("error")?,
                    pricing: columns.get("pricing")?,
                });
        }
        Ok(waiting)
    }

    /// Applies the pending statuses of a message in their order; returns whether its status advanced.
    pub(crate) fn apply(&mut self, message: &mut MessageState, log: &mut EventLog) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let mut steps: Vec<_> = keys(message)
            .iter()
            .filter_map(|key| self.0.remove(key))
            .flatten()
            .collect();
        steps.sort_by_key(|step| Status::ALL.iter().position(|status| *status == step.status));
        let mut advanced = false;
        for step in steps {
            advanced |= message.price(&step);
            advanced |= message.advance(step, log);
        }
        advanced
    }
}

/// Returns whether one of the keys may have pending statuses. They are rare, and SQLite finds out sooner with values that
/// are bound than it unpacks a list.
async fn may_wait(
    keys: &[PendingKey],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<bool> {
    if log.kind() == DatabaseKind::Postgres {
        return Ok(true);
    }
    for PendingKey { channel, sought } in keys {
        let query = Query::new(HAS_PENDING).id(log.organization());
        let query = query.id(channel).bind(sought.as_str());
        if query.fetch_optional(&mut *connection).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(crate) fn keys(message: &MessageState) -> Vec<PendingKey> {
    let own = message.id.to_string();
    let ids = [&message.external_id, &message.provider_id];
    let ids = ids.into_iter().flatten().cloned();
    std::iter::once(own)
        .chain(ids)
        .map(|sought| PendingKey {
            channel: message.channel_id.clone(),
            sought,
        })
        .collect()
}

fn key(columns: &Columns<'_>) -> Result<PendingKey> {
    Ok(PendingKey {
        channel: columns.get("channel_id")?,
        sought: columns.get("sought")?,
    })
}
