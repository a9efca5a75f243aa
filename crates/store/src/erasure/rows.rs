//! The conversations with one person alone: messages, events and their deliveries.

use super::{AfterStep, Erasure, MAX_STEP_ROWS};

use serde_json::json;

use crate::prelude::*;

/// Deletes for one endpoint at a time: with a join of the endpoints, PostgreSQL would not begin with the list.
macro_rules! delete {
    ($table:literal, $of:literal) => {
        OverList::new(concat!(
            "delete from ",
            $table,
            " where ",
            $of,
            "(organization_id, seq) in (select n.organization, n.seq from (select {owner} as organization, \
             cast(value as bigint) as seq from {list}) n)"
        ))
    };
}

static DELETE_EVENTS: OverList = delete!("events", "");
static DELETE_OF_ENDPOINT: [OverList; 2] = [
    delete!("delivery_attempts", "endpoint_id = $3 and "),
    delete!("deliveries", "endpoint_id = $3 and "),
];

impl Erasure {
    /// Removes some rows of the next conversation that is left, and when it has none, the conversation itself; returns
    /// what follows, or `None` if no conversation is left.
    pub(super) async fn remove_conversations(&mut self) -> Result<Option<AfterStep>> {
        let Some(conversation) = self.left.last().cloned() else {
            return Ok(None);
        };
        let (kind, organization) = (self.store.kind(), self.organization.as_str().to_owned());
        let removed = self
            .store
            .under_lock(&self.organization, move |connection| {
                Box::pin(async move {
                    let ids = [organization.as_str(), conversation.as_str()];
                    let events = remove_events(kind, ids, connection).await?;
                    let messages = remove_messages(kind, ids, connection).await?;
                    let conversations = if is_empty(ids, connection).await? {
                        Some(remove_conversation(ids, connection).await?)
                    } else {
                        None
                    };
                    Ok((events, messages, conversations))
                })
            });
        let (events, messages, conversations) = removed.await?;
        self.erased.events += events;
        self.erased.messages += messages;
        match conversations {
            Some(conversations) => {
                self.erased.conversations += conversations;
                self.left.pop();
            }
            None if events + messages == 0 => return Ok(Some(AfterStep::Waits)),
            None => {}
        }
        Ok(Some(AfterStep::More))
    }
}

/// Removes the newest events and their deliveries: as long as one waits, it is the oldest one, which is due. Number changes
/// go after all others: by them an erasure that was interrupted may have to find the conversation again.
async fn remove_events(
    kind: DatabaseKind,
    [organization, conversation]: [&str; 2],
    connection: &mut Connection,
) -> Result<u64> {
    let mut rows = Vec::new();
    for text in [
        "select organization_id, seq from events where organization_id = $1 and conversation_id = $2 \
         and data not like '%\"movedTo\":{%' order by seq desc limit $3",
        "select organization_id, seq from events where organization_id = $1 and conversation_id = $2 \
         order by seq desc limit $3",
    ] {
        if rows.is_empty() {
            let query = Query::new(text)
                .bind(organization.to_owned())
                .bind(conversation.to_owned())
                .bind(MAX_STEP_ROWS);
            rows = query.fetch_all(&mut *connection).await?;
        }
    }
    if rows.is_empty() {
        return Ok(0);
    }
    let events: Vec<i64> = column(&rows, "events", "seq")?;
    let list = row::json(&events);
    let endpoints = Query::new("select id from webhook_endpoints where organization_id = $1")
        .bind(organization.to_owned())
        .fetch_all(&mut *connection)
        .await?;
    for endpoint in column::<String, Vec<_>>(&endpoints, "webhook_endpoints", "id")? {
        for statement in &DELETE_OF_ENDPOINT {
            let query = over_list(kind, statement)
                .bind(organization.to_owned())
                .bind(list.clone())
                .bind(endpoint.clone());
            query.execute(&mut *connection).await?;
        }
    }
    let query = over_list(kind, &DELETE_EVENTS)
        .bind(organization.to_owned())
        .bind(list);
    query.execute(connection).await
}

/// Until they are removed, messages that are not sent any more have an outcome.
static REJECT: OverList = OverList::new(
    "update messages set status = 'rejected' where (organization_id, id) in (select {owner}, value ->> 'id' from {list}) \
     and status = 'queued'",
);

/// Removes the oldest messages, except for those that are being sent; none that waits is sent any more.
async fn remove_messages(
    kind: DatabaseKind,
    [organization, conversation]: [&str; 2],
    connection: &mut Connection,
) -> Result<u64> {
    let waiting = Query::new(
        "delete from outbox where organization_id = $1 and conversation_id = $2 and calling = 0 \
         returning message_id",
    );
    let waiting = waiting.bind(organization.to_owned());
    let waiting = waiting
        .bind(conversation.to_owned())
        .fetch_all(&mut *connection)
        .await?;
    if !waiting.is_empty() {
        let ids: Vec<String> = column(&waiting, "outbox", "message_id")?;
        let ids: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
        let reject = over_list(kind, &REJECT)
            .bind(organization.to_owned())
            .json(&ids);
        reject.run(&mut *connection).await?;
    }
    let query = Query::new(
        "delete from messages where (organization_id, id) in (select organization_id, id from messages \
         where organization_id = $1 and conversation_id = $2 and status <> 'sending' \
         order by created_at, id limit $3)",
    )
    .bind(organization.to_owned())
    .bind(conversation.to_owned())
    .bind(MAX_STEP_ROWS);
    query.execute(connection).await
}

async fn is_empty(
    [organization, conversation]: [&str; 2],
    connection: &mut Connection,
) -> Result<bool> {
    for text in [
        "select id from messages where organization_id = $1 and conversation_id = $2 limit 1",
        "select organization_id from events where organization_id = $1 and conversation_id = $2 limit 1",
    ] {
        let query = Query::new(text)
            .bind(organization.to_owned())
            .bind(conversation.to_owned());
        if query.fetch_optional(&mut *connection).await?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes an empty conversation; returns how many rows were deleted.
async fn remove_conversation(
    [organization, conversation]: [&str; 2],
    connection: &mut Connection,
) -> Result<u64> {
    let query = Query::new("delete from conversations where organization_id = $1 and id = $2")
        .bind(organization.to_owned())
        .bind(conversation.to_owned());
    query.execute(connection).await
}
