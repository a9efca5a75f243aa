//! Sends begin: messages are on disk before they leave, each with the key of its request if there is one.

use std::collections::HashSet;

use recado_core::{AgentId, ChannelId, ConversationId, MessageId};
use serde::Serialize;

use crate::db::batch::Batchable;
use crate::db::writer::Scope;
use crate::messages::outbound::NewMessage;
use crate::prelude::*;
use crate::resources::idempotency_keys::{FirstRequest, IdempotencyKey};

impl Store {
    /// Writes a message down as `sending`; when this returns, it is on disk.
    /// Fails with [`StoreError::Conflict`] if the organization has this id, or with
    /// [`StoreError::UnknownConversation`] if the conversation was erased since it was read.
    pub async fn begin_send(&self, new: &NewMessage) -> Result<()> {
        let is_stored = self.gather(&new.organization_id, Begun::from(new)).await?;
        is_stored
            .then_some(())
            .ok_or(StoreError::UnknownConversation)
    }

    /// Stores a message as [`Self::begin_send`] does, and with it the key of its request. Returns the first request
    /// under the key if there was one: then the message is not stored.
    pub async fn begin_send_once(
        &self,
        new: &NewMessage,
        key: &IdempotencyKey,
    ) -> Result<Option<FirstRequest>> {
        let organization = &new.organization_id;
        let begun = Begun {
            key: Some(key.id.clone()),
            fingerprint: Some(key.fingerprint.clone()),
            ..Begun::from(new)
        };
        if self.gather(organization, begun).await? {
            return Ok(None);
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
pub(crate) struct Begun {
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
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

impl From<&NewMessage> for Begun {
    fn from(new: &NewMessage) -> Self {
        Self {
            id: new.id.clone(),
            conversation_id: new.conversation_id.clone(),
            agent_id: new.agent_id.clone(),
            channel_id: new.channel_id.clone(),
            external: new.external_id.as_deref().map(row::provider_id),
            content: row::json(&new.content),
            warnings: row::json(&new.warnings),
            at: new.created_at.as_millisecond(),
            key: None,
            fingerprint: None,
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
const BEGIN_ONCE_POSTGRES: &str = begin_postgres!(
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

impl Batchable for Begun {
    /// Whether the message is stored: `false` if its conversation does not exist, or if an earlier request has its key.
    type Done = bool;

    async fn write_all(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
    ) -> Result<Vec<bool>> {
        let has_keys = writes.iter().any(|write| write.key.is_some());
        let text = match (store.kind(), has_keys) {
            (DatabaseKind::Sqlite, true) => {
                return begin_once_on_sqlite(store, organization, writes).await;
            }
            (DatabaseKind::Sqlite, false) => BEGIN_SQLITE,
            (DatabaseKind::Postgres, true) => BEGIN_ONCE_POSTGRES,
            (DatabaseKind::Postgres, false) => BEGIN_POSTGRES,
        };
        let query = begin(text, store, organization, writes);
        let begun = store
            .write_in_turn(organization, Scope::Statement, move |connection| {
                Box::pin(async move { query.fetch_all(connection).await })
            })
            .await?;
        stored(&begun, writes)
    }
}

/// Keeps the keys and stores the messages in two statements, because SQLite has no `insert` within another.
async fn begin_once_on_sqlite(
    store: &Store,
    organization: &OrganizationId,
    writes: &[Begun],
) -> Result<Vec<bool>> {
    let keep = Query::new(KEEP_KEYS_SQLITE).id(organization).json(&writes);
    let (of, organization, all) = (store.clone(), organization.clone(), writes.to_vec());
    let begun = store
        .transaction(move |connection| {
            Box::pin(async move {
                let kept = keep.fetch_all(&mut *connection).await?;
                let kept: HashSet<MessageId> = column(&kept, "idempotency_keys", "target")?;
                let mut new = all;
                new.retain(|write| write.key.is_none() || kept.contains(&write.id));
                let query = begin(BEGIN_SQLITE, &of, &organization, &new);
                query.fetch_all(connection).await
            })
        })
        .await?;
    stored(&begun, writes)
}

fn begin(
    text: &'static str,
    store: &Store,
    organization: &OrganizationId,
    writes: &[Begun],
) -> Query {
    Query::new(text)
        .id(organization)
        .json(&writes)
        .bind(store.server_id().to_owned())
}

/// Tells which of the messages are stored, by the rows that were written.
fn stored(rows: &[RawRow], writes: &[Begun]) -> Result<Vec<bool>> {
    let stored: HashSet<MessageId> = column(rows, "messages", "id")?;
    let writes = writes.iter();
    Ok(writes.map(|write| stored.contains(&write.id)).collect())
}
