//! The order within conversations: the first message of each is due, and the others wait for it.

use std::collections::BTreeSet;

use recado_core::{ConversationId, MessageId};
use serde_json::json;

use crate::events::append::EventLog;
use crate::prelude::*;

/// Lets messages wait that an earlier one has come before.
static PASSED: OverList = OverList::new(
    "update outbox set next_at = null from (select {owner} as organization, value ->> 'lane' as lane from {list}) n \
     where organization_id = n.organization and conversation_id = n.lane and next_at is not null and calling = 0 \
     and message_id <> (select p.message_id from outbox p where p.organization_id = $1 \
     and p.conversation_id = n.lane order by p.send_at, p.message_id limit 1)",
);

/// Makes the first message of each conversation due.
static HEADS: OverList = OverList::new(
    "update outbox set next_at = ready_at where (organization_id, message_id) in (select {owner}, \
     (select p.message_id from outbox p where p.organization_id = $1 and p.conversation_id = value ->> 'lane' \
     order by p.send_at, p.message_id limit 1) from {list}) and calling = 0 and next_at is distinct from ready_at",
);

static LEAVE: OverList = OverList::new(
    "delete from outbox where (organization_id, message_id) in (select {owner}, value ->> 'message' from {list}) \
     returning conversation_id",
);

/// Puts the conversations in order whose messages have changed.
pub(crate) async fn order(
    conversations: &BTreeSet<ConversationId>,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<()> {
    if conversations.is_empty() {
        return Ok(());
    }
    let lanes: Vec<_> = conversations
        .iter()
        .map(|lane| json!({"lane": lane}))
        .collect();
    log.over(&PASSED, &lanes).run(&mut *connection).await?;
    log.over(&HEADS, &lanes).run(connection).await
}

/// Takes messages out that have an outcome, and makes the next ones of their conversations due. Returns whether any of
/// them was queued.
pub(crate) async fn leave(
    messages: impl Iterator<Item = &MessageId>,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<bool> {
    let messages: Vec<_> = messages.map(|id| json!({"message": id})).collect();
    if messages.is_empty() {
        return Ok(false);
    }
    let rows = log
        .over(&LEAVE, &messages)
        .fetch_all(&mut *connection)
        .await?;
    let conversations: BTreeSet<ConversationId> = column(&rows, "outbox", "conversation_id")?;
    order(&conversations, log, connection).await?;
    Ok(!conversations.is_empty())
}
