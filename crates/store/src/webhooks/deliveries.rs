//! Deliveries: one event for one endpoint, tried until it arrives or is given up.

use std::time::Duration;

use jiff::Timestamp;
use recado_core::{ConversationId, OrganizationId, words};
use sqlx::any::AnyRow;

use crate::db::Query;
use crate::db::bind::Bind as _;
use crate::db::noun::Row;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::row::Columns;
use crate::error::Result;
use crate::events::EventId;
use crate::ids::WebhookEndpointId;
use crate::store::Store;

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
    pub enum DeliveryStatus: UnknownDeliveryStatus("status is one of pending, delivered, failed, not_sent") {
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

macro_rules! delivery_columns {
    () => {
        "organization_id, endpoint_id, seq, lane, status, attempts, next_at, last_status, \
         last_error, created_at as queued_at, finished_at"
    };
}

macro_rules! deliveries {
    () => {
        concat!(
            "select ",
            delivery_columns!(),
            " from deliveries where organization_id = $1 and endpoint_id = $2 and seq > $3"
        )
    };
}

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
    const ID: &'static str = "endpoint_id";

    fn read(columns: &Columns<'_>) -> Result<Self> {
        let lane: &str = columns.get("lane")?;
        let conversation = (!lane.is_empty()).then(|| columns.parse("lane"));
        Ok(Delivery {
            key: read_key(columns)?,
            conversation_id: conversation.transpose()?,
            status: columns.parse("status")?,
            attempts: number(columns, "attempts")?,
            next_at: columns.optional_instant("next_at")?,
            last_status: http_status(columns, "last_status")?,
            last_error: columns.get("last_error")?,
            created_at: columns.instant("queued_at")?,
            finished_at: columns.optional_instant("finished_at")?,
        })
    }

    fn cursor(&self) -> Cursor {
        Cursor::new(self.created_at, &self.key.event_id.to_string())
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
        let text = match status {
            None => concat!(deliveries!(), " order by seq limit $4 + 0"),
            Some(_) => concat!(deliveries!(), " and status = $5 order by seq limit $4 + 0"),
        };
        let mut query = sqlx::query(text)
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
        let query = sqlx::query(concat!(
            "select ",
            delivery_columns!(),
            " from deliveries where organization_id = $1 and endpoint_id = $2 and seq = $3"
        ));
        let Some(row) = self.read_row(key.bind(query)).await? else {
            return Ok(None);
        };
        let query = sqlx::query(
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
        organization_id: columns.parse("organization_id")?,
        endpoint_id: columns.parse("endpoint_id")?,
        event_id: EventId::new(columns.get("seq")?),
    })
}

fn attempt(row: &AnyRow) -> Result<DeliveryAttempt> {
    let columns = Columns::new(row, "delivery_attempts", "endpoint_id");
    Ok(DeliveryAttempt {
        at: columns.instant("at")?,
        status: http_status(&columns, "status")?,
        error: columns.get("error")?,
        duration: Duration::from_millis(number(&columns, "duration_ms")?),
    })
}

fn number<T: TryFrom<i64>>(columns: &Columns<'_>, column: &'static str) -> Result<T> {
    let number: i64 = columns.get(column)?;
    number.try_into().map_err(|_| columns.corrupt(column))
}

fn http_status(columns: &Columns<'_>, column: &'static str) -> Result<Option<u16>> {
    let status: Option<i64> = columns.get(column)?;
    status
        .map(u16::try_from)
        .transpose()
        .map_err(|_| columns.corrupt(column))
}
