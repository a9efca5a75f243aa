//! Results of delivery attempts: stores them, and makes the next delivery of each ordering key due.
//!
//! Statements that name a delivery write `status || ''` where they compare its status: PostgreSQL then uses the
//! primary key. With `status` alone it may read all pending deliveries, because there were few when it last counted.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use recado_core::WebhookEndpointId;
use serde::Serialize;
use serde_json::json;

use crate::db::batched_write::BatchedWrite;
use crate::events::append::{Appended, EventLog};
use crate::prelude::*;
use crate::webhooks::deliveries::{AfterAttempt, DeliveryAttempt, DeliveryKey, DeliveryStatus};
use crate::webhooks::ordering_keys::{Ended, pass_turns};

#[derive(Clone, Serialize)]
pub(crate) struct Attempted {
    endpoint: WebhookEndpointId,
    event: i64,
    reached: &'static str,
    next: Option<i64>,
    finished: Option<i64>,
    at: i64,
    answer: Option<i64>,
    failure: Option<String>,
    duration: i64,
    /// The result for the endpoint; `None` if nothing was sent.
    #[serde(skip)]
    said: Option<Answer>,
}

#[derive(Clone, Copy)]
struct Answer {
    arrived: bool,
    slow: bool,
}

/// An endpoint that takes longer gets one call at a time until it is quick again.
const QUICK: Duration = Duration::from_secs(2);

/// How exact `accepted_at` is: writing it at each success would cost one more page in every commit.
const ACCEPTED_AT_STEP: Duration = Duration::from_mins(1);

impl Attempted {
    pub(crate) fn new(key: &DeliveryKey, attempt: &DeliveryAttempt, after: AfterAttempt) -> Self {
        let (status, next) = match after {
            AfterAttempt::Delivered => (DeliveryStatus::Delivered, None),
            AfterAttempt::Skipped => (DeliveryStatus::NotSent, None),
            AfterAttempt::RetryAt(at) => (DeliveryStatus::Pending, Some(at)),
            AfterAttempt::GiveUp => (DeliveryStatus::Failed, None),
        };
        let at = attempt.at.as_millisecond();
        let failure = attempt.error.as_deref();
        let arrived = after == AfterAttempt::Delivered;
        let said = Answer {
            arrived,
            slow: !arrived || attempt.duration > QUICK,
        };
        Self {
            endpoint: key.endpoint_id.clone(),
            event: key.event_id.seq(),
            reached: status.as_str(),
            next: next.map(Timestamp::as_millisecond),
            finished: (status != DeliveryStatus::Pending).then_some(at),
            at,
            answer: attempt.status.map(i64::from),
            failure: failure.map(|failure| row::text(failure).into_owned()),
            duration: i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX),
            said: (after != AfterAttempt::Skipped).then_some(said),
        }
    }
}

impl BatchedWrite for Attempted {
    /// Since when the endpoint has accepted no event.
    type Done = Option<Timestamp>;

    async fn write_in(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
        connection: &mut Connection,
    ) -> Result<(Vec<Option<Timestamp>>, Appended)> {
        // The organization lock: an event that joins an ordering key between the end of its last delivery and this
        // commit would never become due.
        let log = EventLog::of(store, organization, connection).await?;
        let failing = record_all(writes, &log, connection).await?;
        Ok((failing, Appended::default()))
    }
}

async fn record_all(
    attempts: &[Attempted],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<Vec<Option<Timestamp>>> {
    let pending = advance(attempts, log, connection).await?;
    let keys: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt.endpoint.clone(), attempt.event))
        .collect();
    let counted: Vec<_> = attempts
        .iter()
        .filter(|attempt| pending.contains(&(attempt.endpoint.clone(), attempt.event)))
        .collect();
    if counted.is_empty() {
        return Ok(vec![None; keys.len()]);
    }
    keep(&counted, log, connection).await?;
    let ended: Vec<_> = counted
        .iter()
        .filter(|attempt| attempt.finished.is_some())
        .map(|attempt| Ended {
            endpoint: attempt.endpoint.clone(),
            event: attempt.event,
            at: attempt.at,
        })
        .collect();
    pass_turns(&ended, log, connection).await?;
    let failing = note_health(&counted, log, connection).await?;
    Ok(keys
        .iter()
        .map(|key| {
            failing
                .get(&key.0)
                .copied()
                .filter(|_| pending.contains(key))
        })
        .collect())
}

static ADVANCE: OverList = OverList::new(
    "update deliveries set status = n.reached, attempts = attempts + 1, \
     claimed_until = 0, next_at = n.next, last_status = n.answer, last_error = n.failure, \
     finished_at = n.finished from (select {owner} as organization, value ->> 'endpoint' as endpoint, \
     cast(value ->> 'event' as bigint) as event, value ->> 'reached' as reached, \
     cast(value ->> 'next' as bigint) as next, cast(value ->> 'answer' as bigint) as answer, \
     value ->> 'failure' as failure, cast(value ->> 'finished' as bigint) as finished from {list}) n \
     where organization_id = n.organization and endpoint_id = n.endpoint and seq = n.event \
     and status || '' = 'pending' returning endpoint_id, seq",
);

/// Writes the new statuses of deliveries; returns those that were pending.
async fn advance(
    attempts: &[Attempted],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<HashSet<(WebhookEndpointId, i64)>> {
    let rows = log.over(&ADVANCE, &attempts).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let columns = Columns::new(row, "deliveries", "endpoint_id");
            Ok((columns.get("endpoint_id")?, columns.get("seq")?))
        })
        .collect()
}

/// The number goes on over replays, which count their attempts from one.
static KEEP: OverList = OverList::new(
    "insert into delivery_attempts (organization_id, endpoint_id, seq, number, at, status, \
     error, duration_ms) select $1, n.endpoint, n.event, (select coalesce(max(p.number), 0) \
     from delivery_attempts p where p.organization_id = $1 and p.endpoint_id = n.endpoint \
     and p.seq = n.event) + 1, n.at, n.answer, n.failure, n.duration \
     from (select value ->> 'endpoint' as endpoint, cast(value ->> 'event' as bigint) as event, \
     cast(value ->> 'at' as bigint) as at, cast(value ->> 'answer' as bigint) as answer, \
     value ->> 'failure' as failure, cast(value ->> 'duration' as bigint) as duration from {list}) n",
);

async fn keep(attempts: &[&Attempted], log: &EventLog, connection: &mut Connection) -> Result<()> {
    log.over(&KEEP, &attempts).run(connection).await
}

static NOTE_HEALTH: OverList = OverList::new(
    "update webhook_endpoints set failing_since = case when n.arrived = 1 then null \
     else coalesce(failing_since, n.at) end, accepted_at = case when n.arrived = 1 then n.at \
     else accepted_at end, slow = n.is_slow from (select {owner} as organization, \
     value ->> 'endpoint' as endpoint, cast(value ->> 'arrived' as bigint) as arrived, \
     cast(value ->> 'slow' as bigint) as is_slow, cast(value ->> 'at' as bigint) as at, \
     cast(value ->> 'stale' as bigint) as stale from {list}) n where organization_id = n.organization \
     and id = n.endpoint and (n.arrived = 0 or failing_since is not null or slow <> n.is_slow \
     or coalesce(accepted_at, 0) <= n.stale) returning id, failing_since",
);

/// Writes the health of the endpoints; returns since when the failing ones fail.
async fn note_health(
    attempts: &[&Attempted],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<HashMap<WebhookEndpointId, Timestamp>> {
    let mut endpoints: HashMap<_, (Answer, i64)> = HashMap::new();
    for (attempt, said) in attempts
        .iter()
        .filter_map(|attempt| attempt.said.map(|said| (attempt, said)))
    {
        let (known, at) = endpoints
            .entry(&attempt.endpoint)
            .or_insert((said, attempt.at));
        known.arrived |= said.arrived;
        known.slow |= said.slow;
        *at = attempt.at.min(*at);
    }
    if endpoints.is_empty() {
        return Ok(HashMap::new());
    }
    let step = i64::try_from(ACCEPTED_AT_STEP.as_millis()).unwrap_or(i64::MAX);
    let endpoints: Vec<_> = endpoints
        .into_iter()
        .map(|(endpoint, (Answer { arrived, slow }, at))| {
            json!({
                "endpoint": endpoint, "arrived": i64::from(arrived), "slow": i64::from(slow),
                "at": at, "stale": at.saturating_sub(step),
            })
        })
        .collect();
    let rows = log
        .over(&NOTE_HEALTH, &endpoints)
        .fetch_all(connection)
        .await?;
    let mut failing = HashMap::new();
    for row in &rows {
        let columns = Columns::new(row, "webhook_endpoints", "id");
        if let Some(since) = columns.get("failing_since")? {
            failing.insert(columns.get("id")?, since);
        }
    }
    Ok(failing)
}
