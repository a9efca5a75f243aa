//! The order within conversations: the first message of each is due, and the others wait for it.

use std::collections::BTreeSet;

use recado_core::{ConversationId, MessageId};
use serde_json::json;

use crate::events::append::EventLog;
use crate::prelude::*;

/// Clears `next_at` of messages that are not the first of their conversation.
static PASSED: OverList = OverList::new(
    "update outbox set next_at = null from (select {owner} as organization, value ->> 'conversation' as conversation from {list}) n \
     where organization_id = n.organization and conversation_id = n.conversation and next_at is not null and calling = 0 \
     and message_id <> (select p.message_id from outbox p where p.organization_id = $1 \
     and p.conversation_id = n.conversation order by p.send_at, p.message_id limit 1)",
);

/// Makes the first message of each conversation due, unless another one is under way: it is when that ends.
static HEADS: OverList = OverList::new(
    "update outbox set next_at = ready_at where (organization_id, message_id) in (select {owner}, \
     (select p.message_id from outbox p where p.organization_id = $1 and p.conversation_id = value ->> 'conversation' \
     order by p.send_at, p.message_id limit 1) from {list}) and calling = 0 and next_at is distinct from ready_at \
     and not exists (select 1 from outbox c where c.organization_id = outbox.organization_id \
     and c.conversation_id = outbox.conversation_id and c.next_at is not null and c.calling = 1)",
);

static LEAVE: OverList = OverList::new(
    "delete from outbox where (organization_id, message_id) in (select {owner}, value ->> 'message' from {list}) \
     returning conversation_id",
);

/// Puts the conversations in order whose messages have changed.
pub(crate) async fn restore(
    conversations: &BTreeSet<ConversationId>,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<()> {
    if conversations.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = conversations
        .iter()
        .map(|id| json!({"conversation": id}))
        .collect();
    log.over(&PASSED, &list).run(&mut *connection).await?;
    log.over(&HEADS, &list).run(connection).await
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
    restore(&conversations, log, connection).await?;
    Ok(!conversations.is_empty())
}
