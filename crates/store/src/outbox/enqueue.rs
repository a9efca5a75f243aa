//! Messages join the outbox, each with the key of its request if there is one.

use std::collections::{BTreeSet, HashSet};

use recado_core::{AgentId, ChannelId, ConversationId, MessageId, Status};
use serde::Serialize;

use crate::db::batched_write::BatchedWrite;
use crate::events::append::{Appended, EventLog};
use crate::messages::Message;
use crate::messages::sends::NewMessage;
use crate::messages::transition::MessageState;
use crate::outbox::{ChannelQueue, SendTime, order};
use crate::prelude::*;
use crate::resources::idempotency_keys::{FirstRequest, IdempotencyKey};

/// What the rows of a message, its event and its place in the outbox take beside its texts, about.
const ROW_BYTES: u64 = 1_000;

/// What became of a message that was to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueue {
    /// It is queued.
    Queued(Box<Message>),
    /// An earlier request has its key, and it is not stored.
    Repeated(FirstRequest),
}

impl Store {
    /// Stores a message as `queued`, with the key of its request if there is one, and appends the event.
    /// Fails with [`StoreError::Conflict`] if the organization has this id, or with
    /// [`StoreError::UnknownConversation`] if the conversation was erased since it was read.
    pub async fn enqueue(
        &self,
        new: &NewMessage,
        time: SendTime,
        key: Option<&IdempotencyKey>,
    ) -> Result<Enqueue> {
        let organization = &new.organization_id;
        let enqueued = Enqueued::new(new, time, key);
        if self.write_together(organization, enqueued).await? {
            let mut message = new.stored(Status::Queued);
            message.send_at = Some(time.send_at).filter(|at| *at != new.created_at);
            return Ok(Enqueue::Queued(Box::new(message)));
        }
        let first = match key {
            Some(key) => self.first_request(Some(organization), key).await?,
            None => None,
        };
        let first = first.map(Enqueue::Repeated);
        first.ok_or(StoreError::UnknownConversation)
    }

    /// Returns how many bytes the queued messages of an organization take.
    pub async fn queued_bytes(&self, organization: &OrganizationId) -> Result<u64> {
        let text = "select cast(coalesce(sum(bytes), 0) as bigint) as bytes from outbox where organization_id = $1";
        // There may be many: it is not read on the thread of the caller.
        let rows = self.read_rows(Query::new(text).id(organization)).await?;
        let bytes = rows.first();
        let bytes = bytes.map(|row| Columns::new(row, "outbox", "bytes").get("bytes"));
        bytes.unwrap_or(Ok(0))
    }
}

impl NewMessage {
    /// Returns how many bytes the message takes in the database while it waits, with its rows in tables and indexes.
    pub fn queued_bytes(&self) -> u64 {
        let texts = row::json(&self.content).len() + row::json(&self.warnings).len();
        ROW_BYTES + u64::try_from(texts).unwrap_or(u64::MAX / 2)
    }
}

#[derive(Clone, Serialize)]
pub(crate) struct Enqueued {
    id: MessageId,
    conversation_id: ConversationId,
    agent_id: AgentId,
    channel_id: ChannelId,
    queue: String,
    external: Option<String>,
    content: String,
    warnings: String,
    at: i64,
    send_at: i64,
    expires_at: i64,
    key: Option<String>,
    fingerprint: Option<String>,
    bytes: u64,
}

impl Enqueued {
    fn new(new: &NewMessage, time: SendTime, key: Option<&IdempotencyKey>) -> Self {
        let queue = ChannelQueue {
            organization_id: new.organization_id.clone(),
            channel_id: new.channel_id.clone(),
            api_key_id: new.limits.api_key.as_ref().map(|(id, _)| id.clone()),
        };
        Self {
            id: new.id.clone(),
            conversation_id: new.conversation_id.clone(),
            agent_id: new.agent_id.clone(),
            channel_id: new.channel_id.clone(),
            queue: queue.to_string(),
            external: new.external_id.as_deref().map(row::provider_id),
            content: row::json(&new.content),
            warnings: row::json(&new.warnings),
            at: new.created_at.as_millisecond(),
            send_at: time.send_at.as_millisecond(),
            expires_at: time.expires_at.as_millisecond(),
            key: key.map(|key| key.id.clone()),
            fingerprint: key.map(|key| key.fingerprint.clone()),
            bytes: new.queued_bytes(),
        }
    }

    /// Returns the state of the message, from which its event is made.
    fn state(&self) -> MessageState {
        MessageState {
            id: self.id.clone(),
            conversation_id: self.conversation_id.clone(),
            agent_id: self.agent_id.clone(),
            channel_id: self.channel_id.clone(),
            status: Status::Queued,
            external_id: self.external.clone(),
            provider_id: None,
            error: None,
            pricing: None,
            degraded: Vec::new(),
            at: Timestamp::from_millisecond(self.at).unwrap_or_default(),
            charged_at: None,
            channel_failure: None,
            hold: None,
            was_spent: false,
        }
    }
}

/// Keeps the keys of messages; of two messages with one key, the first has it.
static KEEP_KEYS: OverList = OverList::new(
    "insert into idempotency_keys (organization_id, id, fingerprint, target, created_at) \
     select $1, value ->> 'key', value ->> 'fingerprint', value ->> 'id', cast(value ->> 'at' as bigint) from {list} \
     where value ->> 'key' is not null and exists (select 1 from conversations c where c.organization_id = {owner} \
     and c.id = value ->> 'conversation_id') on conflict (organization_id, id) do nothing returning target",
);

static INSERT: OverList = OverList::new(
    "insert into messages (organization_id, id, conversation_id, agent_id, channel_id, status, external_id, content, \
     warnings, created_at, updated_at, send_at) \
     select $1, value ->> 'id', value ->> 'conversation_id', value ->> 'agent_id', value ->> 'channel_id', 'queued', \
     value ->> 'external', value ->> 'content', value ->> 'warnings', cast(value ->> 'at' as bigint), \
     cast(value ->> 'at' as bigint), nullif(cast(value ->> 'send_at' as bigint), cast(value ->> 'at' as bigint)) \
     from {list} where exists (select 1 from conversations c where c.organization_id = {owner} \
     and c.id = value ->> 'conversation_id') returning id",
);

static JOIN: OverList = OverList::new(
    "insert into outbox (organization_id, message_id, conversation_id, queue, send_at, ready_at, expires_at, bytes) \
     select $1, value ->> 'id', value ->> 'conversation_id', value ->> 'queue', cast(value ->> 'send_at' as bigint), \
     cast(value ->> 'send_at' as bigint), cast(value ->> 'expires_at' as bigint), \
     cast(value ->> 'bytes' as bigint) from {list}",
);

impl BatchedWrite for Enqueued {
    /// Whether the message is stored: `false` if its conversation does not exist, or if an earlier request has its key.
    type Done = bool;

    async fn write_in(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
        connection: &mut Connection,
    ) -> Result<(Vec<bool>, Appended)> {
        let log = EventLog::of(store, organization, connection).await?;
        let (stored, appended) = enqueue_all(writes.to_vec(), log, connection).await?;
        let appended = Appended {
            queued: !stored.is_empty(),
            ..appended
        };
        let stored = writes.iter().map(|write| stored.contains(&write.id));
        Ok((stored.collect(), appended))
    }
}

async fn enqueue_all(
    mut all: Vec<Enqueued>,
    mut log: EventLog,
    connection: &mut Connection,
) -> Result<(HashSet<MessageId>, Appended)> {
    if all.iter().any(|write| write.key.is_some()) {
        let kept = log
            .over(&KEEP_KEYS, &all)
            .fetch_all(&mut *connection)
            .await?;
        let kept: HashSet<MessageId> = column(&kept, "idempotency_keys", "target")?;
        all.retain(|write| write.key.is_none() || kept.contains(&write.id));
    }
    let rows = log.over(&INSERT, &all).fetch_all(&mut *connection).await?;
    let stored: HashSet<MessageId> = column(&rows, "messages", "id")?;
    all.retain(|write| stored.contains(&write.id));
    log.over(&JOIN, &all).run(&mut *connection).await?;
    let conversations: BTreeSet<_> = all
        .iter()
        .map(|write| write.conversation_id.clone())
        .collect();
    order::restore(&conversations, &log, connection).await?;
    for write in &all {
        let state = write.state();
        log.set_time(state.at);
        log.append(state.event());
    }
    let appended = log.write(connection).await?;
    Ok((stored, appended))
}
