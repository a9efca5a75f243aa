//! The conversations with one person alone: messages, events and their deliveries.

use sqlx::AnyConnection;

use super::{AfterStep, Erasure, MAX_STEP_ROWS};
use crate::db::DatabaseKind;
use crate::db::row::{self, Columns, owner, unpacking};
use crate::error::Result;

/// Deletes for one endpoint at a time: with a join of the endpoints, PostgreSQL would not begin with the list.
macro_rules! delete_of_endpoint {
    ($table:literal, $each:literal) => {
        concat!(
            "delete from ",
            $table,
            " where endpoint_id = $3 and (organization_id, seq) in (\
             select n.organization, n.seq from (select ",
            owner!(),
            " as organization, cast(value as bigint) as seq from ",
            $each,
            ") n)"
        )
    };
}

macro_rules! delete_attempts {
    ($each:literal) => {
        delete_of_endpoint!("delivery_attempts", $each)
    };
}

macro_rules! delete_deliveries {
    ($each:literal) => {
        delete_of_endpoint!("deliveries", $each)
    };
}

macro_rules! delete_events {
    ($each:literal) => {
        concat!(
            "delete from events where (organization_id, seq) in (select n.organization, n.seq from (select ",
            owner!(),
            " as organization, cast(value as bigint) as seq from ",
            $each,
            ") n)"
        )
    };
}

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
                    let messages = remove_messages(ids, connection).await?;
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
    connection: &mut AnyConnection,
) -> Result<u64> {
    let mut rows = Vec::new();
    for text in [
        "select organization_id, seq from events where organization_id = $1 and conversation_id = $2 \
         and data not like '%\"movedTo\":{%' order by seq desc limit $3 + 0",
        "select organization_id, seq from events where organization_id = $1 and conversation_id = $2 \
         order by seq desc limit $3 + 0",
    ] {
        if rows.is_empty() {
            let query = sqlx::query(text)
                .bind(organization.to_owned())
                .bind(conversation.to_owned())
                .bind(MAX_STEP_ROWS);
            rows = query.fetch_all(&mut *connection).await?;
        }
    }
    if rows.is_empty() {
        return Ok(0);
    }
    let events = rows
        .iter()
        .map(|row| Columns::new(row, "events", "organization_id").get("seq"))
        .collect::<Result<Vec<i64>, _>>()?;
    let list = row::json(&events);
    let endpoints = sqlx::query("select id from webhook_endpoints where organization_id = $1")
        .bind(organization.to_owned())
        .fetch_all(&mut *connection)
        .await?;
    for row in &endpoints {
        let endpoint: String = Columns::new(row, "webhook_endpoints", "id").get("id")?;
        for text in [
            unpacking!(kind, delete_attempts),
            unpacking!(kind, delete_deliveries),
        ] {
            let query = sqlx::query(text)
                .bind(organization.to_owned())
                .bind(list.clone())
                .bind(endpoint.clone());
            query.execute(&mut *connection).await?;
        }
    }
    let query = sqlx::query(unpacking!(kind, delete_events))
        .bind(organization.to_owned())
        .bind(list);
    Ok(query.execute(connection).await?.rows_affected())
}

/// Removes the oldest messages, except for those that are being sent.
async fn remove_messages(
    [organization, conversation]: [&str; 2],
    connection: &mut AnyConnection,
) -> Result<u64> {
    let query = sqlx::query(
        "delete from messages where (organization_id, id) in (select organization_id, id from messages \
         where organization_id = $1 and conversation_id = $2 and status <> 'sending' \
         order by created_at, id limit $3 + 0)",
    )
    .bind(organization.to_owned())
    .bind(conversation.to_owned())
    .bind(MAX_STEP_ROWS);
    Ok(query.execute(connection).await?.rows_affected())
}

async fn is_empty(
    [organization, conversation]: [&str; 2],
    connection: &mut AnyConnection,
) -> Result<bool> {
    for text in [
        "select id from messages where organization_id = $1 and conversation_id = $2 limit 1",
        "select organization_id from events where organization_id = $1 and conversation_id = $2 limit 1",
    ] {
        let query = sqlx::query(text)
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
    connection: &mut AnyConnection,
) -> Result<u64> {
    let query = sqlx::query("delete from conversations where organization_id = $1 and id = $2")
        .bind(organization.to_owned())
        .bind(conversation.to_owned());
    Ok(query.execute(connection).await?.rows_affected())
}
