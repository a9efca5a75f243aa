//! Sends begin: messages are on disk before they leave, each with the key of its request if there is one.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

use recado_core::MessageId;

use crate::costs::spending::{self, Change};
use crate::db::DEADLINE;
use crate::db::batched_write::BatchedWrite;
use crate::db::writer::Scope;
use crate::events::append::{Appended, EventLog};
use crate::limits;
use crate::messages::new_send::{Beginning, KEPT_KEYS, NewSend, begin, beginnings, first_of_keys};
use crate::messages::sends::NewMessage;
use crate::messages::{begin_on_postgres, begin_on_sqlite};
use crate::prelude::*;
use crate::resources::idempotency_keys::{FirstRequest, IdempotencyKey};

impl Store {
    /// Writes a message down as `sending`; when this returns, it is on disk.
    /// Fails with [`StoreError::Conflict`] if the organization has this id, or with
    /// [`StoreError::UnknownConversation`] if the conversation was erased since it was read, or with
    /// [`StoreError::Limited`] if a limit does not allow the send yet.
    pub async fn begin_send(&self, new: &NewMessage) -> Result<()> {
        let begun = NewSend::new(self, new, None);
        match self.write_together(&new.organization_id, begun).await? {
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
        match self.write_together(organization, begun).await? {
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

impl BatchedWrite for NewSend {
    type Done = Beginning;

    async fn write_in(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
        connection: &mut Connection,
    ) -> Result<(Vec<Beginning>, Appended)> {
        if store.kind() == DatabaseKind::Postgres {
            // The lock: another server must not count from the same use.
            EventLog::of(store, organization, connection).await?;
        }
        begin_allowed(store, organization, writes, connection).await
    }

    async fn write_on_postgres(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
    ) -> Result<Option<Vec<Beginning>>> {
        if writes.iter().all(|write| write.ask.is_free()) {
            let query = begin(store, organization, writes);
            let begun = store
                .write_in_turn(organization, Scope::Statement, move |connection| {
                    Box::pin(async move { query.fetch_all(connection).await })
                })
                .await?;
            return beginnings(&begun, writes).map(Some);
        }
        let asked = Instant::now();
        let done = begin_on_postgres::begin_all(store, organization, writes).await?;
        // Their callers have given up, and would have to take back what is stored later.
        if done.is_none() && asked.elapsed() >= DEADLINE {
            return Err(StoreError::Busy);
        }
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

/// Stores messages and their keys.
async fn begin_in(
    store: &Store,
    organization: &OrganizationId,
    writes: &[NewSend],
    connection: &mut Connection,
) -> Result<Vec<Beginning>> {
    if writes.is_empty() {
        return Ok(Vec::new());
    }
    if store.kind() == DatabaseKind::Sqlite {
        return begin_on_sqlite::begin_all(store, organization, writes, connection).await;
    }
    let query = begin(store, organization, writes);
    beginnings(&query.fetch_all(connection).await?, writes)
}
