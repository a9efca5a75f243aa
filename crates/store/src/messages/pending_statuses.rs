//! Statuses that came before the answer to their send, and wait for it.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use recado_core::{ChannelId, Status};
use serde::Serialize;
use sqlx::AnyConnection;

use crate::db::row::{self, Columns, owner, unpacking};
use crate::error::StoreError;
use crate::events::append::EventLog;
use crate::inbound::item::Effect;
use crate::messages::transition::{Progress, Step};

/// An id under which a status waits.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
struct Place {
    channel: ChannelId,
    sought: String,
}

/// A status that waits, as both databases unpack it.
#[derive(Serialize)]
struct Orphan {
    #[serde(flatten)]
    place: Place,
    status: Status,
    external: Option<String>,
    failure: Option<String>,
    pricing: Option<String>,
    at: i64,
}

/// The statuses that wait under certain ids, and those that begin to.
#[derive(Default)]
pub(crate) struct Orphans {
    known: HashSet<(Place, Status)>,
    fresh: Vec<Orphan>,
}

macro_rules! look_up {
    ($each:literal) => {
        concat!(
            "select channel_id, sought, status from orphan_statuses \
             where (organization_id, channel_id, sought) in (select ",
            owner!(),
            ", value ->> 'channel', value ->> 'sought' from ",
            $each,
            ")"
        )
    };
}

macro_rules! insert {
    ($each:literal) => {
        concat!(
            "insert into orphan_statuses (organization_id, channel_id, sought, status, \
             external_id, error, pricing, created_at) \
             select $1, value ->> 'channel', value ->> 'sought', value ->> 'status', \
             value ->> 'external', value ->> 'failure', value ->> 'pricing', \
             cast(value ->> 'at' as bigint) from ",
            $each,
            // Without a condition, SQLite takes what follows for a join.
            " where true on conflict do nothing"
        )
    };
}

macro_rules! take {
    ($each:literal) => {
        concat!(
            "delete from orphan_statuses where (organization_id, channel_id, sought) in (select ",
            owner!(),
            ", value ->> 'channel', value ->> 'sought' from ",
            $each,
            ") returning channel_id, sought, status, external_id, error, pricing"
        )
    };
}

impl Orphans {
    /// Those that wait under these ids already.
    pub(crate) async fn load(
        sought: impl Iterator<Item = (ChannelId, String)>,
        log: &EventLog,
        connection: &mut AnyConnection,
    ) -> Result<Self, StoreError> {
        let places: Vec<_> = sought
            .map(|(channel, sought)| Place { channel, sought })
            .collect();
        let rows = sqlx::query(unpacking!(log.kind(), look_up))
            .bind(log.organization().as_str().to_owned())
            .bind(row::json(&places))
            .fetch_all(connection)
            .await?;
        let mut orphans = Self::default();
        for row in &rows {
            let columns = Columns::new(row, "orphan_statuses", "sought");
            let known = (place(&columns)?, columns.parse("status")?);
            orphans.known.insert(known);
        }
        Ok(orphans)
    }

    /// Keeps a status under every id that it goes by.
    pub(crate) fn keep(
        &mut self,
        ids: &[String],
        step: &Step,
        channel: &ChannelId,
        at: Timestamp,
    ) -> Effect {
        let mut effect = Effect::Duplicate;
        for id in ids {
            let place = Place {
                channel: channel.clone(),
                sought: id.clone(),
            };
            if !self.known.insert((place.clone(), step.status)) {
                continue;
            }
            effect = Effect::Orphaned;
            self.fresh.push(Orphan {
                place,
                status: step.status,
                external: step.external_id.clone(),
                failure: step.error.as_ref().map(row::json),
                pricing: step.pricing.as_ref().map(row::json),
                at: at.as_millisecond(),
            });
        }
        effect
    }

    /// Writes down those that began to wait since the last time.
    pub(crate) async fn save(
        &mut self,
        log: &EventLog,
        connection: &mut AnyConnection,
    ) -> Result<(), StoreError> {
        let fresh = std::mem::take(&mut self.fresh);
        if fresh.is_empty() {
            return Ok(());
        }
        sqlx::query(unpacking!(log.kind(), insert))
            .bind(log.organization().as_str().to_owned())
            .bind(row::json(&fresh))
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// Statuses whose messages have their outcome now.
#[derive(Default)]
pub(crate) struct Waiting(HashMap<Place, Vec<Step>>);

impl Waiting {
    /// Takes what waits for these messages; nothing is told of one that was refused.
    pub(crate) async fn take(
        messages: &[Progress],
        log: &EventLog,
        connection: &mut AnyConnection,
    ) -> Result<Self, StoreError> {
        let places: Vec<_> = messages
            .iter()
            .filter(|message| message.status != Status::Rejected)
            .flat_map(places)
            .collect();
        let mut waiting = Self::default();
        if places.is_empty() {
            return Ok(waiting);
        }
        let rows = sqlx::query(unpacking!(log.kind(), take))
            .bind(log.organization().as_str().to_owned())
            .bind(row::json(&places))
            .fetch_all(connection)
            .await?;
        for row in &rows {
            let columns = Columns::new(row, "orphan_statuses", "sought");
            waiting.0.entry(place(&columns)?).or_default().push(Step {
                status: columns.parse("status")?,
                external_id: columns.get("external_id")?,
                error: columns.optional_json("error")?,
                pricing: columns.optional_json("pricing")?,
            });
        }
        Ok(waiting)
    }

    /// Applies what waited for a message, in the order of the ladder; tells whether it came further.
    pub(crate) fn apply(&mut self, message: &mut Progress, log: &mut EventLog) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let mut steps: Vec<_> = places(message)
            .iter()
            .filter_map(|place| self.0.remove(place))
            .flatten()
            .collect();
        steps.sort_by_key(|step| Status::ALL.iter().position(|status| *status == step.status));
        let mut climbed = false;
        for step in steps {
            climbed |= message.price(&step);
            climbed |= message.climb(step, log);
        }
        climbed
    }
}

/// Where the statuses of a message wait.
fn places(message: &Progress) -> Vec<Place> {
    let own = message.id.to_string();
    let ids = [&message.external_id, &message.provider_id];
    let ids = ids.into_iter().flatten().cloned();
    std::iter::once(own)
        .chain(ids)
        .map(|sought| Place {
            channel: message.channel_id.clone(),
            sought,
        })
        .collect()
}

fn place(columns: &Columns<'_>) -> Result<Place, StoreError> {
    Ok(Place {
        channel: columns.parse("channel_id")?,
        sought: columns.get("sought")?,
    })
}
