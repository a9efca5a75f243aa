//! Messages of sends that begin, and the statements that store them.

use std::collections::{HashMap, HashSet};

use recado_core::{AgentId, ChannelId, ConversationId, MessageId};
use serde::Serialize;

use crate::limits::Ask;
use crate::limits::limited::Limited;
use crate::messages::sends::NewMessage;
use crate::prelude::*;
use crate::resources::idempotency_keys::IdempotencyKey;

#[derive(Clone, Serialize)]
pub(crate) struct NewSend {
    pub(crate) id: MessageId,
    pub(super) conversation_id: ConversationId,
    pub(super) agent_id: AgentId,
    pub(crate) channel_id: ChannelId,
    pub(super) external: Option<String>,
    pub(super) content: String,
    pub(super) warnings: String,
    pub(crate) at: i64,
    /// The key of its request, and the hash of what the request asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fingerprint: Option<String>,
    #[serde(skip)]
    pub(crate) ask: Ask,
}

/// What came of the beginning of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// The message is stored.
    Stored,
    /// Its conversation does not exist, or an earlier request has its key.
    NotStored,
    /// A limit does not allow it yet.
    Limited(Limited),
}

impl NewSend {
    pub(crate) fn new(store: &Store, new: &NewMessage, key: Option<&IdempotencyKey>) -> Self {
        Self {
            id: new.id.clone(),
            conversation_id: new.conversation_id.clone(),
            agent_id: new.agent_id.clone(),
            channel_id: new.channel_id.clone(),
            external: new.external_id.as_deref().map(row::provider_id),
            content: row::json(&new.content),
            warnings: row::json(&new.warnings),
            at: new.created_at.as_millisecond(),
            key: key.map(|key| key.id.clone()),
            fingerprint: key.map(|key| key.fingerprint.clone()),
            ask: Ask::new(store, &new.channel_id, &new.limits, new.created_at),
        }
    }
}

macro_rules! kept_keys {
    ($owner:literal, $list:literal) => {
        concat!(
            "select k.id from (select ",
            $owner,
            " as organization, value ->> 'key' as key from ",
            $list,
            ") n join idempotency_keys k on k.organization_id = n.organization and k.id = n.key"
        )
    };
}

/// Finds which of the keys earlier requests have.
pub(crate) static KEPT_KEYS: OverList = OverList::new(kept_keys!("{owner}", "{list}"));

/// The same for messages that have them.
pub(crate) const KEPT_KEYS_POSTGRES: &str = kept_keys!(
    "case when value is not null then $1 end",
    "jsonb_array_elements($2::jsonb)"
);

/// The outcome will need the organization lock: if it cannot be had now, nothing is sent. The conversations are locked,
/// too: PostgreSQL would otherwise still see one that was erased while the organization lock was waited for.
macro_rules! begin_postgres {
    ($keys:literal, $unless:literal) => {
        concat!(
            "with o as materialized (select id from organizations where id = $1 for no key update), \
             found as materialized (select k.id from o cross join jsonb_array_elements($2::jsonb) as n (value) \
             join conversations k on k.organization_id = o.id and k.id = n.value ->> 'conversation_id' \
             for key share of k)",
            $keys,
            " insert into messages (organization_id, id, conversation_id, agent_id, channel_id, \
             status, external_id, content, warnings, created_at, updated_at, server_id) \
             select $1, value ->> 'id', value ->> 'conversation_id', value ->> 'agent_id', \
             value ->> 'channel_id', 'sending', value ->> 'external', value ->> 'content', value ->> 'warnings', \
             cast(value ->> 'at' as bigint), cast(value ->> 'at' as bigint), $3 \
             from o cross join jsonb_array_elements($2::jsonb) as n (value) \
             where value ->> 'conversation_id' in (select id from found)",
            $unless,
            " returning id"
        )
    };
}

const BEGIN_POSTGRES: &str = begin_postgres!("", "");

/// Writes only messages without a key, and those that have theirs: of two messages with one key, the first has it.
pub(crate) const BEGIN_ONCE_POSTGRES: &str = begin_postgres!(
    ", kept as (insert into idempotency_keys (organization_id, id, fingerprint, target, created_at) \
     select $1, value ->> 'key', value ->> 'fingerprint', value ->> 'id', cast(value ->> 'at' as bigint) \
     from o cross join jsonb_array_elements($2::jsonb) as n (value) \
     where value ->> 'key' is not null and value ->> 'conversation_id' in (select id from found) \
     on conflict (organization_id, id) do nothing returning target)",
    " and (value ->> 'key' is null or value ->> 'id' in (select target from kept))"
);

/// Makes the statement that stores messages on PostgreSQL, and their keys.
pub(crate) fn begin(store: &Store, organization: &OrganizationId, writes: &[NewSend]) -> Query {
    let has_keys = writes.iter().any(|write| write.key.is_some());
    let text = if has_keys {
        BEGIN_ONCE_POSTGRES
    } else {
        BEGIN_POSTGRES
    };
    Query::new(text)
        .id(organization)
        .json(&writes)
        .bind(store.server_id().to_owned())
}

/// Returns the first message of each key.
pub(crate) fn first_of_keys(writes: &[NewSend]) -> HashMap<&str, usize> {
    let mut firsts = HashMap::new();
    for (index, write) in writes.iter().enumerate() {
        if let Some(key) = &write.key {
            firsts.entry(key.as_str()).or_insert(index);
        }
    }
    firsts
}

/// Tells which of the messages are stored, by the rows that were written.
pub(crate) fn beginnings(rows: &[RawRow], writes: &[NewSend]) -> Result<Vec<Beginning>> {
    let stored: HashSet<MessageId> = column(rows, "messages", "id")?;
    let beginning = |write: &NewSend| {
        if stored.contains(&write.id) {
            Beginning::Stored
        } else {
            Beginning::NotStored
        }
    };
    Ok(writes.iter().map(beginning).collect())
}
