//! Delivering: what is due is claimed, tried, and written down.

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::columns::{self, Columns};
use crate::deliveries::{self, Delivery, DeliveryAttempt, DeliveryKey, DeliveryStatus};
use crate::error::StoreError;
use crate::events::{self, Event};
use crate::store::{DatabaseKind, Store};
use crate::webhook_endpoints::{self, WebhookEndpoint};

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAttempt {
    /// It arrived.
    Delivered,
    /// It is tried again.
    RetryAt(Timestamp),
    /// It is given up, and the next of its conversation goes.
    GiveUp,
}

/// A delivery to be made now.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// The delivery, without its attempts.
    pub delivery: Delivery,
    /// What is delivered.
    pub event: Event,
    /// To whom.
    pub endpoint: WebhookEndpoint,
}

/// How much one claim takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimLimits {
    /// Most deliveries in all.
    pub total: u32,
    /// Most deliveries of one endpoint, together with those that are claimed already.
    pub per_endpoint: u32,
}

/// The oldest pending delivery of every lane that is due, as many of each endpoint as it has places
/// left, the first of every endpoint before the second of any.
///
/// An endpoint and the end of a claim are expressions there: with the columns themselves SQLite would
/// go through the whole queue by another index, instead of looking for what is due.
macro_rules! due {
    ($suffix:literal) => {
        concat!(
            "select d.organization_id, d.endpoint_id, d.seq, d.lane, d.status, d.attempts, \
             d.next_at, d.last_status, d.last_error, d.created_at as queued_at, d.finished_at, \
             e.type, e.agent_id, e.channel_id, e.conversation_id, e.data, \
             e.created_at as happened_at, w.url, w.events, w.format, w.key_id, w.secrets, \
             w.disabled_at, w.failing_since, w.created_at, w.updated_at \
             from (select h.organization_id, h.endpoint_id, h.seq, \
             h.organization_id || '/' || h.endpoint_id as endpoint, row_number() over (\
             partition by h.organization_id || '/' || h.endpoint_id \
             order by h.next_at, h.seq) as place \
             from deliveries h join webhook_endpoints o \
             on o.organization_id = h.organization_id and o.id = h.endpoint_id \
             where h.status = 'pending' and h.next_at <= $1 and h.claimed_until + 0 <= $1 \
             and o.disabled_at is null and not exists (select 1 from deliveries before \
             where before.organization_id = h.organization_id \
             and before.endpoint_id = h.endpoint_id and before.lane = h.lane \
             and before.seq < h.seq and before.status = 'pending')) due \
             left join (select organization_id || '/' || endpoint_id as endpoint, \
             count(*) as claims from deliveries \
             where status = 'pending' and claimed_until > $1 \
             group by organization_id || '/' || endpoint_id) busy on busy.endpoint = due.endpoint \
             join deliveries d on d.organization_id = due.organization_id \
             and d.endpoint_id = due.endpoint_id and d.seq = due.seq \
             join events e on e.organization_id = d.organization_id and e.seq = d.seq \
             join webhook_endpoints w on w.organization_id = d.organization_id \
             and w.id = d.endpoint_id \
             where due.place + coalesce(busy.claims, 0) <= $3 \
             and d.status = 'pending' and d.claimed_until <= $1 \
             order by due.place, d.next_at, d.seq limit $2",
            $suffix
        )
    };
}

impl Store {
    /// Claims what is due: of each endpoint and conversation the oldest, for no two servers the same.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn claim_deliveries(
        &self,
        now: Timestamp,
        claimed_until: Timestamp,
        limits: ClaimLimits,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let text = match self.kind() {
            DatabaseKind::Sqlite => due!(""),
            DatabaseKind::Postgres => due!(" for update of d skip locked"),
        };
        let query = sqlx::query(text)
            .bind(now.as_millisecond())
            .bind(i64::from(limits.total))
            .bind(i64::from(limits.per_endpoint));
        self.transaction(move |connection| {
            Box::pin(async move {
                let rows = query.fetch_all(&mut *connection).await?;
                let claimed = rows.iter().map(due).collect::<Result<Vec<_>, _>>()?;
                for due in &claimed {
                    claim(&due.delivery.key, claimed_until, connection).await?;
                }
                Ok(claimed)
            })
        })
        .await
    }

    /// Writes an attempt and what follows from it down, and ends the claim; gives since when the
    /// endpoint has failed.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn record_attempt(
        &self,
        key: &DeliveryKey,
        attempt: DeliveryAttempt,
        after: AfterAttempt,
    ) -> Result<Option<Timestamp>, StoreError> {
        let key = key.clone();
        self.transaction(move |connection| {
            Box::pin(async move {
                let Some(lane) = advance(&key, &attempt, after, connection).await? else {
                    return Ok(None);
                };
                insert(&key, &attempt, connection).await?;
                if let AfterAttempt::RetryAt(at) = after {
                    postpone(&key, lane, at, connection).await?;
                }
                failing_since(&key, attempt.at, after, connection).await
            })
        })
        .await
    }
}

async fn claim(
    key: &DeliveryKey,
    until: Timestamp,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    let query = sqlx::query(
        "update deliveries set claimed_until = $4 \
         where organization_id = $1 and endpoint_id = $2 and seq = $3",
    );
    key.bind(query)
        .bind(until.as_millisecond())
        .execute(connection)
        .await?;
    Ok(())
}

/// Brings a delivery further and gives its lane; none if it is gone or finished already.
async fn advance(
    key: &DeliveryKey,
    attempt: &DeliveryAttempt,
    after: AfterAttempt,
    connection: &mut AnyConnection,
) -> Result<Option<String>, StoreError> {
    let (status, next_at) = match after {
        AfterAttempt::Delivered => (DeliveryStatus::Delivered, None),
        AfterAttempt::RetryAt(at) => (DeliveryStatus::Pending, Some(at)),
        AfterAttempt::GiveUp => (DeliveryStatus::Failed, None),
    };
    let finished_at = (status != DeliveryStatus::Pending).then_some(attempt.at);
    let query = sqlx::query(
        "update deliveries set status = $4, attempts = attempts + 1, claimed_until = 0, \
         next_at = $5, last_status = $6, last_error = $7, finished_at = $8 \
         where organization_id = $1 and endpoint_id = $2 and seq = $3 and status = 'pending' \
         returning endpoint_id, lane",
    );
    let row = key
        .bind(query)
        .bind(status.as_str())
        .bind(next_at.map(Timestamp::as_millisecond))
        .bind(attempt.status.map(i64::from))
        .bind(attempt.bound_error())
        .bind(finished_at.map(Timestamp::as_millisecond))
        .fetch_optional(connection)
        .await?;
    row.map(|row| Columns::new(&row, "deliveries", "endpoint_id").get("lane"))
        .transpose()
}

async fn insert(
    key: &DeliveryKey,
    attempt: &DeliveryAttempt,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    // The number goes on over replays, which begin to count anew.
    let query = sqlx::query(
        "insert into delivery_attempts (organization_id, endpoint_id, seq, number, at, status, \
         error, duration_ms) select $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7 \
         from delivery_attempts where organization_id = $1 and endpoint_id = $2 and seq = $3",
    );
    key.bind(query)
        .bind(attempt.at.as_millisecond())
        .bind(attempt.status.map(i64::from))
        .bind(attempt.bound_error())
        .bind(i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets those behind wait as long, so that a claim does not look at them in vain.
async fn postpone(
    key: &DeliveryKey,
    lane: String,
    at: Timestamp,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    let query = sqlx::query(
        "update deliveries set next_at = $5 where organization_id = $1 and endpoint_id = $2 \
         and seq > $3 and lane = $4 and status = 'pending' and next_at < $5",
    );
    key.bind(query)
        .bind(lane)
        .bind(at.as_millisecond())
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps and gives since when nothing has arrived at the endpoint.
async fn failing_since(
    key: &DeliveryKey,
    at: Timestamp,
    after: AfterAttempt,
    connection: &mut AnyConnection,
) -> Result<Option<Timestamp>, StoreError> {
    let delivered = after == AfterAttempt::Delivered;
    let text = if delivered {
        "update webhook_endpoints set failing_since = null \
         where organization_id = $1 and id = $2 and failing_since is not null"
    } else {
        "update webhook_endpoints set failing_since = $3 \
         where organization_id = $1 and id = $2 and failing_since is null"
    };
    let query = sqlx::query(text)
        .bind(key.organization_id.as_str().to_owned())
        .bind(key.endpoint_id.as_str().to_owned());
    if delivered {
        query.execute(connection).await?;
        return Ok(None);
    }
    query
        .bind(at.as_millisecond())
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query(
        "select id, failing_since from webhook_endpoints where organization_id = $1 and id = $2",
    )
    .bind(key.organization_id.as_str().to_owned())
    .bind(key.endpoint_id.as_str().to_owned())
    .fetch_optional(connection)
    .await?;
    match row {
        Some(row) => {
            Columns::new(&row, "webhook_endpoints", "id").optional_instant("failing_since")
        }
        None => Ok(None),
    }
}

impl DeliveryAttempt {
    fn bound_error(&self) -> Option<String> {
        self.error
            .as_deref()
            .map(|error| columns::text(error).into_owned())
    }
}

fn due(row: &AnyRow) -> Result<DueDelivery, StoreError> {
    let columns = Columns::new(row, "deliveries", "endpoint_id");
    Ok(DueDelivery {
        delivery: deliveries::read(&columns)?,
        event: events::read(&columns, "happened_at")?,
        endpoint: webhook_endpoints::read(&columns)?,
    })
}
