//! Deliveries: one event for one endpoint, tried until it arrives or is given up.

use std::time::Duration;

use recado_core::{ConversationId, WebhookEndpointId, words};

use crate::db::page::Cursor;
use crate::events::EventId;
use crate::prelude::*;

/// The key of a delivery: an endpoint gets each event once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The endpoint.
    pub endpoint_id: WebhookEndpointId,
    /// The event.
    pub event_id: EventId,
}

/// One event for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its key.
    pub key: DeliveryKey,
    /// The conversation of the event, in which deliveries go one by one.
    pub conversation_id: Option<ConversationId>,
    /// Its status.
    pub status: DeliveryStatus,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it is attempted next; `None` if it is finished, or waits for an earlier one of its ordering key.
    pub next_at: Option<Timestamp>,
    /// The HTTP status of the last attempt, if there was an answer.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it arrived, or was given up.
    pub finished_at: Option<Timestamp>,
}

words! {
    /// The status of a delivery.
    pub enum DeliveryStatus: UnknownDeliveryStatus("status is one of …") {
        /// It waits for its first or next attempt.
        Pending = "pending",
        /// The endpoint accepted it.
        Delivered = "delivered",
        /// It was given up, or skipped.
        Failed = "failed",
        /// The format of the endpoint has no word for the event.
        NotSent = "not_sent",
    }
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// When it began.
    pub at: Timestamp,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took, to the millisecond.
    pub duration: Duration,
}

stored!(DeliveryStatus as text);

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAttempt {
    /// It arrived.
    Delivered,
    /// It is tried again.
    RetryAt(Timestamp),
    /// It is given up, and the next of its conversation goes.
    GiveUp,
    /// It is not sent, and the next of its conversation goes: nothing is learned about the endpoint.
    Skipped,
}

impl Row for Delivery {
    const TABLE: &'static str = "deliveries";
    /// Some columns have other names, as they are selected together with those of the event and the endpoint.
    const COLUMNS: &'static str = "organization_id, endpoint_id, seq, lane, status, attempts, next_at, \
         last_status, last_error, created_at as queued_at, finished_at";
    const TIME: &'static str = "queued_at";
    const ID: &'static str = "endpoint_id";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        let lane: &str = columns.get("lane")?;
        let conversation = (!lane.is_empty()).then(|| columns.get("lane"));
        Ok(Delivery {
            key: read_key(columns)?,
            conversation_id: conversation.transpose()?,
            status: columns.get("status")?,
            attempts: columns.get("attempts")?,
            next_at: columns.get("next_at")?,
            last_status: columns.get("last_status")?,
            last_error: columns.get("last_error")?,
            created_at: columns.get("queued_at")?,
            finished_at: columns.get("finished_at")?,
        })
    }

    fn cursor(columns: &Columns<'_>) -> Result<Cursor> {
        let event = EventId::new(columns.get("seq")?).to_string();
        Ok(Cursor::new(columns.get(Self::TIME)?, &event))
    }
}

impl Store {
    /// Lists the deliveries of an endpoint, oldest first.
    pub async fn list_deliveries(
        &self,
        organization: &OrganizationId,
        endpoint: &WebhookEndpointId,
        status: Option<DeliveryStatus>,
        page: &Page,
    ) -> Result<Listed<Delivery>> {
        let (_, after) = page.start();
        let after: Option<EventId> = after.parse().ok();
        // One text for each combination: SQLite uses an index only for a filter that is always there.
        let filter = match status {
            None => "",
            Some(_) => " and status = $5",
        };
        let mut query = Delivery::select(&format!(
            "where organization_id = $1 and endpoint_id = $2 and seq > $3{filter} order by seq limit $4"
        ))
        .id(organization)
        .id(endpoint)
        .bind(after.map_or(0, EventId::seq))
        .bind(page.rows());
        if let Some(status) = status {
            query = query.bind(status.as_str());
        }
        self.page_of_many(organization, page, query).await
    }

    /// Returns a delivery, with its attempts, oldest first.
    pub async fn get_delivery(
        &self,
        key: &DeliveryKey,
    ) -> Result<Option<(Delivery, Vec<DeliveryAttempt>)>> {
        let query =
            Delivery::select("where organization_id = $1 and endpoint_id = $2 and seq = $3");
        let Some(row) = self.read_row(key.bind(query)).await? else {
            return Ok(None);
        };
        let query = Query::new(
            "select endpoint_id, at, status, error, duration_ms from delivery_attempts \
             where organization_id = $1 and endpoint_id = $2 and seq = $3 order by number",
        );
        let attempts = self.read_rows(key.bind(query)).await?;
        let attempts = attempts.iter().map(attempt).collect::<Result<_, _>>()?;
        Ok(Some((Delivery::of(&row)?, attempts)))
    }
}

impl DeliveryKey {
    pub(crate) fn bind(&self, query: Query) -> Query {
        query
            .id(&self.organization_id)
            .id(&self.endpoint_id)
            .bind(self.event_id.seq())
    }
}

pub(crate) fn read_key(columns: &Columns<'_>) -> Result<DeliveryKey> {
    Ok(DeliveryKey {
        organization_id: columns.get("organization_id")?,
        endpoint_id: columns.get("endpoint_id")?,
        event_id: EventId::new(columns.get("seq")?),
    })
}

fn attempt(row: &RawRow) -> Result<DeliveryAttempt> {
    let columns = Columns::new(row, "delivery_attempts", "endpoint_id");
    Ok(DeliveryAttempt {
        at: columns.get("at")?,
        status: columns.get("status")?,
        error: columns.get("error")?,
        duration: Duration::from_millis(columns.get("duration_ms")?),
    })
}
