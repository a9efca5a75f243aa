//! Deliveries: one event for one endpoint, tried until it arrives or is given up.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use recado_core::{ConversationId, OrganizationId};
use sqlx::any::AnyRow;

use crate::db::Query;
use crate::db::page::{Cursor, Listed, Page};
use crate::db::read::MAX_PAGE_BYTES;
use crate::db::row::Columns;
use crate::error::StoreError;
use crate::events::EventId;
use crate::ids::WebhookEndpointId;
use crate::store::Store;

/// What names a delivery: there is one of each event for each endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// To whom.
    pub endpoint_id: WebhookEndpointId,
    /// Of what.
    pub event_id: EventId,
}

/// One event for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What names it.
    pub key: DeliveryKey,
    /// The conversation of the event, in which deliveries go one by one.
    pub conversation_id: Option<ConversationId>,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it is tried next; none when it is finished, or waits for the one before it in its lane.
    pub next_at: Option<Timestamp>,
    /// The HTTP status of the last attempt, if there was an answer.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it arrived, or was given up.
    pub finished_at: Option<Timestamp>,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// It waits for its first or next attempt.
    Pending,
    /// It arrived.
    Delivered,
    /// It was given up.
    Failed,
    /// The format of the endpoint has no word for the event.
    NotSent,
}

/// A text that names no status of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("status is one of pending, delivered, failed, not_sent")]
pub struct UnknownDeliveryStatus;

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

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::NotSent];

    /// The name in answers and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::NotSent => "not_sent",
        }
    }
}

impl FromStr for DeliveryStatus {
    type Err = UnknownDeliveryStatus;

    fn from_str(text: &str) -> Result<Self, UnknownDeliveryStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownDeliveryStatus)
    }
}

/// The columns that [`read`] reads.
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

impl Store {
    /// Lists the deliveries of an endpoint, oldest first.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_deliveries(
        &self,
        organization: &OrganizationId,
        endpoint: &WebhookEndpointId,
        status: Option<DeliveryStatus>,
        page: &Page,
    ) -> Result<Listed<Delivery>, StoreError> {
        let (_, after) = page.start();
        let after: Option<EventId> = after.parse().ok();
        // One text for each combination: SQLite uses an index only for a filter that is always there.
        let text = match status {
            None => concat!(deliveries!(), " order by seq limit $4 + 0"),
            Some(_) => concat!(deliveries!(), " and status = $5 order by seq limit $4 + 0"),
        };
        let mut query = sqlx::query(text)
            .bind(organization.as_str())
            .bind(endpoint.as_str())
            .bind(after.map_or(0, EventId::seq))
            .bind(page.rows());
        if let Some(status) = status {
            query = query.bind(status.as_str());
        }
        let rows = self.read_list(organization, query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, delivery, |entry| {
            Cursor::new(entry.created_at, &entry.key.event_id.to_string())
        })
    }

    /// Looks a delivery up, with its attempts, oldest first.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn get_delivery(
        &self,
        key: &DeliveryKey,
    ) -> Result<Option<(Delivery, Vec<DeliveryAttempt>)>, StoreError> {
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
        Ok(Some((delivery(&row)?, attempts)))
    }
}

impl DeliveryKey {
    /// Binds the key to `$1`, `$2` and `$3`.
    pub(crate) fn bind(&self, query: Query) -> Query {
        query
            .bind(self.organization_id.as_str().to_owned())
            .bind(self.endpoint_id.as_str().to_owned())
            .bind(self.event_id.seq())
    }
}

fn delivery(row: &AnyRow) -> Result<Delivery, StoreError> {
    read(&Columns::new(row, "deliveries", "endpoint_id"))
}

/// Reads the columns that name a delivery.
pub(crate) fn read_key(columns: &Columns<'_>) -> Result<DeliveryKey, StoreError> {
    Ok(DeliveryKey {
        organization_id: columns.parse("organization_id")?,
        endpoint_id: columns.parse("endpoint_id")?,
        event_id: EventId::new(columns.get("seq")?),
    })
}

/// Reads a delivery from columns with their own names; `created_at` has the name `queued_at`.
pub(crate) fn read(columns: &Columns<'_>) -> Result<Delivery, StoreError> {
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

fn attempt(row: &AnyRow) -> Result<DeliveryAttempt, StoreError> {
    let columns = Columns::new(row, "delivery_attempts", "endpoint_id");
    Ok(DeliveryAttempt {
        at: columns.instant("at")?,
        status: http_status(&columns, "status")?,
        error: columns.get("error")?,
        duration: Duration::from_millis(number(&columns, "duration_ms")?),
    })
}

fn number<T: TryFrom<i64>>(columns: &Columns<'_>, column: &'static str) -> Result<T, StoreError> {
    let number: i64 = columns.get(column)?;
    number.try_into().map_err(|_| columns.corrupt(column))
}

fn http_status(columns: &Columns<'_>, column: &'static str) -> Result<Option<u16>, StoreError> {
    let status: Option<i64> = columns.get(column)?;
    status
        .map(u16::try_from)
        .transpose()
        .map_err(|_| columns.corrupt(column))
}
