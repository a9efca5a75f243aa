//! Sends begin: messages are on disk before they leave, each with the key of its request if there is one.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use recado_core::{AgentId, ChannelId, ConversationId, MessageId};
use serde::Serialize;

use crate::costs::spending::{self, Change};
use crate::db::batch::Batchable;
use crate::db::writer::Scope;
use crate::events::append::Appended;
use crate::limits::limited::Limited;
use crate::limits::{self, Ask};
use crate::messages::begin_on_postgres;
use crate::messages::outbound::NewMessage;
use crate::prelude::*;
use crate::resources::idempotency_keys::{FirstRequest, IdempotencyKey};

impl Store {
    /// Writes a message down as `sending`; when this returns, it is on disk.
    /// Fails with [`StoreError::Conflict`] if the organization has this id, or with
    /// [`StoreError::UnknownConversation`] if the conversation was erased since it was read, or with
    /// [`StoreError::Limited`] if a limit does not allow the send yet.
    pub async fn begin_send(&self, new: &NewMessage) -> Result<()> {
        let begun = NewSend::new(self, new, None);
        match self.gather(&new.organization_id, begun).await? {
            Beginning::Stored => Ok(()),
            Beginning::NotStored => Err(StoreError::UnknownConversation),
            Beginning::Limited(limited) => Err(StoreError::Limited(limited)),
        }
    }

    /// Stores a message as [`Self::begin_send`] does, and with it the key of its request. Returns the first request
    /// under the key if there was one: then the message is not stored, and no limit is asked.
    pub async fn begin_send_once(
        &self,
        new: &NewMessage,
        key: &IdempotencyKey,
    ) -> Result<Option<FirstRequest>> {
        let organization = &new.organization_id;
        let begun = NewSend::new(self, new, Some(key));
        match self.gather(organization, begun).await? {
            Beginning::Stored => return Ok(None),
            Beginning::NotStored => {}
            Beginning::Limited(limited) => return Err(StoreError::Limited(limited)),
        }
        let first = self.first_request(Some(organization), key).await?;
        first.map(Some).ok_or(StoreError::UnknownConversation)
    }

    /// Forgets the key of a message that was not sent, so that it may be sent under the same key.
    pub async fn forget_key(
        &self,
        organization: &OrganizationId,
        message: &MessageId,
        key: &IdempotencyKey,
    ) -> Result<()> {
        let query = Query::new(
            "delete from idempotency_keys where organization_id = $1 and id = $2 and target = $3",
        )
        .id(organization)
        .bind(key.id.clone())
        .id(message);
        self.write_count(query).await.map(drop)
    }
}

#[derive(Clone, Serialize)]
pub(crate) struct NewSend {
    id: MessageId,
    conversation_id: ConversationId,
    agent_id: AgentId,
    channel_id: ChannelId,
    external: Option<String>,
    content: String,
    warnings: String,
    at: i64,
    /// The key of its request, and the hash of what the request asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
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
    fn new(store: &Store, new: &NewMessage, key: Option<&IdempotencyKey>) -> Self {
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

macro_rules! begin {
    ($from:literal, $conversations:literal, $unless:literal) => {
        concat!(
            "insert into messages (organization_id, id, conversation_id, agent_id, channel_id, \
             status, external_id, content, warnings, created_at, updated_at, server_id) \
             select $1, value ->> 'id', value ->> 'conversation_id', value ->> 'agent_id', \
             value ->> 'channel_id', 'sending', value ->> 'external', value ->> 'content', value ->> 'warnings', \
             cast(value ->> 'at' as bigint), cast(value ->> 'at' as bigint), $3 from ",
            $from,
            " where value ->> 'conversation_id' in (select c.id from ",
            $conversations,
            ")",
            $unless,
            " returning id"
        )
    };
}

/// Keeps the keys of messages; of two messages with one key, the first has it.
macro_rules! keep_keys {
    ($from:literal, $conversations:literal) => {
        concat!(
            "insert into idempotency_keys (organization_id, id, fingerprint, target, created_at) \
             select $1, value ->> 'key', value ->> 'fingerprint', value ->> 'id', \
             cast(value ->> 'at' as bigint) from ",
            $from,
            " where value ->> 'key' is not null and value ->> 'conversation_id' in (select c.id from ",
            $conversations,
            ") on conflict (organization_id, id) do nothing returning target"
        )
    };
}

const BEGIN_SQLITE: &str = begin!(
    "json_each($2)",
    "conversations c where c.organization_id = $1 and c.id = value ->> 'conversation_id'",
    ""
);

const KEEP_KEYS_SQLITE: &str = keep_keys!(
    "json_each($2)",
    "conversations c where c.organization_id = $1 and c.id = value ->> 'conversation_id'"
);

/// The outcome will need the organization lock: if it cannot be had now, nothing is sent. The conversations are locked,
/// too: PostgreSQL would otherwise still see one that was erased while the organization lock was waited for.
macro_rules! begin_postgres {
    ($keys:expr, $unless:literal) => {
        concat!(
            "with o as materialized (select id from organizations where id = $1 for no key update), \
             found as materialized (select k.id from o cross join jsonb_array_elements($2::jsonb) as n (value) \
             join conversations k on k.organization_id = o.id and k.id = n.value ->> 'conversation_id' \
             for key share of k)",
            $keys,
            " ",
            begin!(
                "o cross join jsonb_array_elements($2::jsonb) as n (value)",
                "found c",
                $unless
            )
        )
    };
}

const BEGIN_POSTGRES: &str = begin_postgres!("", "");

/// Writes only messages without a key, and those that have theirs.
pub(crate) const BEGIN_ONCE_POSTGRES: &str = begin_postgres!(
    concat!(
        ", kept as (",
        keep_keys!(
            "o cross join jsonb_array_elements($2::jsonb) as n (value)",
            "found c"
        ),
        ")"
    ),
    " and (value ->> 'key' is null or value ->> 'id' in (select target from kept))"
);

/// Finds which of the keys earlier requests have.
static KEPT_KEYS: OverList = OverList::new(
    "select k.id from (select {owner} as organization, value ->> 'key' as key from {list}) n \
     join idempotency_keys k on k.organization_id = n.organization and k.id = n.key",
);

impl Batchable for NewSend {
    type Done = Beginning;

    async fn write_all(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
    ) -> Result<Vec<Beginning>> {
        let has_keys = writes.iter().any(|write| write.key.is_some());
        let is_free = writes.iter().all(|write| write.ask.is_free());
        if is_free && (store.kind() == DatabaseKind::Postgres || !has_keys) {
            let query = begin(store, organization, writes);
            let begun = store
                .write_in_turn(organization, Scope::Statement, move |connection| {
                    Box::pin(async move { query.fetch_all(connection).await })
                })
                .await?;
            return beginnings(&begun, writes);
        }
        if store.kind() == DatabaseKind::Postgres
            && let Some(done) = begin_on_postgres::begin_all(store, organization, writes).await?
        {
            return Ok(done);
        }
        let (of, owner, all) = (store.clone(), organization.clone(), writes.to_vec());
        let (done, appended) = match store.kind() {
            DatabaseKind::Sqlite => {
                let beginning = store.transaction(move |connection| {
                    Box::pin(async move { begin_allowed(&of, &owner, &all, connection).await })
                });
                beginning.await?
            }
            DatabaseKind::Postgres => {
                // The lock: another server must not count from the same use.
                let beginning = store.under_lock(organization, move |connection| {
                    Box::pin(async move { begin_allowed(&of, &owner, &all, connection).await })
                });
                beginning.await?
            }
        };
        store.notify(organization, appended);
        Ok(done)
    }
}

/// Stores the messages that their limits allow. A message under a key that an earlier one has asks no limit.
async fn begin_allowed(
    store: &Store,
    organization: &OrganizationId,
    writes: &[NewSend],
    connection: &mut Connection,
) -> Result<(Vec<Beginning>, Appended)> {
    if writes.iter().all(|write| write.ask.is_free()) {
        let begun = begin_in(store, organization, writes, connection).await?;
        return Ok((begun, Appended::default()));
    }
    let kept = kept_keys(store.kind(), organization, writes, &mut *connection).await?;
    let firsts = first_of_keys(writes);
    let is_first = |index: &usize| match &writes[*index].key {
        Some(key) => firsts.get(key.as_str()) == Some(index) && !kept.contains(key),
        None => true,
    };
    let new: Vec<_> = (0..writes.len()).filter(is_first).collect();
    let asks: Vec<_> = new.iter().map(|index| &writes[*index].ask).collect();
    let taken = limits::take(store, organization, &asks, &mut *connection).await?;
    let mut done = vec![Beginning::NotStored; writes.len()];
    let (mut allowed, mut holds) = (Vec::with_capacity(new.len()), Vec::new());
    for (index, granted) in new.into_iter().zip(&taken.granted) {
        match granted {
            Ok(hold) => {
                holds.extend(hold.map(|hold| (&writes[index].id, hold)));
                allowed.push(index);
            }
            Err(limited) => done[index] = Beginning::Limited(*limited),
        }
    }
    let messages: Cow<'_, [NewSend]> = if allowed.len() == writes.len() {
        writes.into()
    } else {
        allowed.iter().map(|index| writes[*index].clone()).collect()
    };
    let begun = begin_in(store, organization, &messages, &mut *connection).await?;
    spending::hold(store.kind(), organization, &holds, &mut *connection).await?;
    let not_stored = messages.iter().zip(&begun);
    let not_stored = not_stored.filter(|(_, begun)| **begun == Beginning::NotStored);
    let lost = not_stored.filter_map(|(message, _)| {
        let hold = holds.iter().find(|(id, _)| **id == message.id)?.1;
        Some(Change::given_back(&message.channel_id, hold))
    });
    spending::change(store.kind(), organization, lost, &mut *connection).await?;
    for (index, begun) in allowed.into_iter().zip(begun) {
        done[index] = begun;
    }
    // The key of a message that has to wait is free: one that has it, too, waits as well.
    for (index, write) in writes.iter().enumerate() {
        let first = write.key.as_deref().and_then(|key| firsts.get(key));
        if let Some(limited @ Beginning::Limited(_)) = first.map(|first| done[*first]) {
            done[index] = limited;
        }
    }
    let at = writes
        .iter()
        .map(|write| write.at)
        .max()
        .unwrap_or_default();
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    let appended = taken
        .append(store.kind(), organization, at, connection)
        .await?;
    Ok((done, appended))
}

async fn kept_keys(
    kind: DatabaseKind,
    organization: &OrganizationId,
    writes: &[NewSend],
    connection: &mut Connection,
) -> Result<HashSet<String>> {
    let keys = writes.iter().filter_map(|write| write.key.as_ref());
    let keys: Vec<_> = keys.map(|key| HashMap::from([("key", key)])).collect();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let query = over_list(kind, &KEPT_KEYS).id(organization).json(&keys);
    column(
        &query.fetch_all(connection).await?,
        "idempotency_keys",
        "id",
    )
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

/// Stores messages and their keys. On SQLite these are two statements, because it has no `insert` within another.
async fn begin_in(
    store: &Store,
    organization: &OrganizationId,
    writes: &[NewSend],
    connection: &mut Connection,
) -> Result<Vec<Beginning>> {
    if writes.is_empty() {
        return Ok(Vec::new());
    }
    let has_keys = writes.iter().any(|write| write.key.is_some());
    let begun = if has_keys && store.kind() == DatabaseKind::Sqlite {
        let keep = Query::new(KEEP_KEYS_SQLITE).id(organization).json(&writes);
        let kept = keep.fetch_all(&mut *connection).await?;
        let kept: HashSet<MessageId> = column(&kept, "idempotency_keys", "target")?;
        let has_key = |write: &&NewSend| write.key.is_none() || kept.contains(&write.id);
        let new: Vec<_> = writes.iter().filter(has_key).cloned().collect();
        begin(store, organization, &new).fetch_all(connection).await
    } else {
        begin(store, organization, writes)
            .fetch_all(connection)
            .await
    };
    beginnings(&begun?, writes)
}

fn begin(store: &Store, organization: &OrganizationId, writes: &[NewSend]) -> Query {
    let has_keys = writes.iter().any(|write| write.key.is_some());
    let text = match (store.kind(), has_keys) {
        (DatabaseKind::Sqlite, _) => BEGIN_SQLITE,
        (DatabaseKind::Postgres, true) => BEGIN_ONCE_POSTGRES,
        (DatabaseKind::Postgres, false) => BEGIN_POSTGRES,
    };
    Query::new(text)
        .id(organization)
        .json(&writes)
        .bind(store.server_id().to_owned())
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
