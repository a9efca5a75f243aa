//! The rows of conversations with one person alone: messages, events and their deliveries.

use recado_core::ConversationId;
use sqlx::AnyConnection;

use super::{Emptied, Erasure, MAX_STEP_ROWS};
use crate::columns::{self, Columns, owner, unpacking};
use crate::error::StoreError;
use crate::store::DatabaseKind;

/// Of one endpoint at a time: PostgreSQL would not begin with the list if it were joined with the endpoints.
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
    /// Removes some rows of the first of these conversations, and the conversation when it has none.
    pub(super) async fn empty(
        &mut self,
        mut left: Vec<ConversationId>,
    ) -> Result<Emptied, StoreError> {
        let Some(conversation) = left.first().cloned() else {
            return Ok(Emptied::All);
        };
        let (kind, organization) = (self.store.kind(), self.organization.as_str().to_owned());
        let emptied = self
            .store
            .under_lock(&self.organization, move |connection| {
                Box::pin(async move {
                    let place = [organization.as_str(), conversation.as_str()];
                    let events = remove_events(kind, place, connection).await?;
                    let messages = remove_messages(place, connection).await?;
                    let gone = remove_conversation(place, connection).await?;
                    Ok((events, messages, gone))
                })
            });
        let (events, messages, gone) = emptied.await?;
        self.erased.events += events;
        self.erased.messages += messages;
        match gone {
            Some(conversations) => {
                self.erased.conversations += conversations;
                left.remove(0);
            }
            None if events + messages == 0 => return Ok(Emptied::Waits),
            None => {}
        }
        Ok(Emptied::Left(left))
    }
}

/// Removes the newest events and their deliveries: as long as one waits, it is the oldest one, which is due.
async fn remove_events(
    kind: DatabaseKind,
    [organization, conversation]: [&str; 2],
    connection: &mut AnyConnection,
) -> Result<u64, StoreError> {
    let rows = sqlx::query(
        "select organization_id, seq from events where organization_id = $1 and conversation_id = $2 \
         order by seq desc limit $3 + 0",
    )
    .bind(organization.to_owned())
    .bind(conversation.to_owned())
    .bind(MAX_STEP_ROWS)
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let events = rows
        .iter()
        .map(|row| Columns::new(row, "events", "organization_id").get("seq"))
        .collect::<Result<Vec<i64>, _>>()?;
    let list = columns::json(&events);
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
) -> Result<u64, StoreError> {
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

/// Removes the conversation if it is empty; returns how many conversations that were, or `None` if it is not empty.
async fn remove_conversation(
    [organization, conversation]: [&str; 2],
    connection: &mut AnyConnection,
) -> Result<Option<u64>, StoreError> {
    for text in [
        "select id from messages where organization_id = $1 and conversation_id = $2 limit 1",
        "select organization_id from events where organization_id = $1 and conversation_id = $2 limit 1",
    ] {
        let query = sqlx::query(text)
            .bind(organization.to_owned())
            .bind(conversation.to_owned());
        if query.fetch_optional(&mut *connection).await?.is_some() {
            return Ok(None);
        }
    }
    let query = sqlx::query("delete from conversations where organization_id = $1 and id = $2")
        .bind(organization.to_owned())
        .bind(conversation.to_owned());
    Ok(Some(query.execute(connection).await?.rows_affected()))
}
