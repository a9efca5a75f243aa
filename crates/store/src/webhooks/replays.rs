//! Deliveries made anew: of one event, or of all in a time, in portions, so that no send waits for it.

use jiff::Timestamp;
use recado_core::OrganizationId;
use serde_json::json;
use sqlx::AnyConnection;

use crate::db::DatabaseKind;
use crate::db::row::{self, Columns, owner, unpacking};
use crate::error::StoreError;
use crate::events::EventId;
use crate::events::append::EventLog;
use crate::ids::WebhookEndpointId;
use crate::store::Store;
use crate::webhooks::deliveries::DeliveryKey;
use crate::webhooks::ordering_keys::Heads;

/// Most deliveries in one transaction.
const MAX_BATCH: usize = 500;

/// Most events that one transaction looks at, wanted or not.
const WINDOW: i64 = 5_000;

/// The events that a replay is about, from which the next portion is chosen.
#[derive(Clone)]
struct Range {
    organization: OrganizationId,
    endpoint: WebhookEndpointId,
    from: Timestamp,
    to: Timestamp,
    at: Timestamp,
}

impl Store {
    /// Makes a delivery anew, whether it arrived or not, and also if the endpoint did not want it;
    /// tells whether there are such an event and such an endpoint.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn replay_delivery(
        &self,
        key: &DeliveryKey,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (kind, key) = (self.kind(), key.clone());
        let organization = key.organization_id.clone();
        let replayed = self
            .locked(&organization, move |connection| {
                Box::pin(async move {
                    let owner = key.organization_id.clone();
                    let Some(log) = turn(kind, owner, at, connection).await? else {
                        return Ok(false);
                    };
                    let made = make(&key.endpoint_id, &[key.event_id], &log, connection).await?;
                    Ok(made > 0)
                })
            })
            .await?;
        self.signal_deliveries();
        Ok(replayed)
    }

    /// Makes the deliveries of all events from `from` until before `to` anew that the endpoint wants,
    /// also of those that it missed; tells how many.
    ///
    /// # Errors
    ///
    /// The database does not answer; what was made anew before stays so.
    pub async fn replay_deliveries(
        &self,
        organization: &OrganizationId,
        endpoint: &WebhookEndpointId,
        from: Timestamp,
        to: Timestamp,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let (kind, mut after, mut replayed) = (self.kind(), EventId::new(0), 0);
        let range = Range {
            organization: organization.clone(),
            endpoint: endpoint.clone(),
            from,
            to,
            at,
        };
        loop {
            let range = range.clone();
            let (last, made) = self
                .locked(organization, move |connection| {
                    Box::pin(async move { portion(kind, &range, after, connection).await })
                })
                .await?;
            self.signal_deliveries();
            replayed += made;
            match last {
                Some(last) => after = last,
                None => return Ok(replayed),
            }
        }
    }
}

/// The organization's turn, in which lanes may be changed; none if there is no such organization.
async fn turn(
    kind: DatabaseKind,
    organization: OrganizationId,
    at: Timestamp,
    connection: &mut AnyConnection,
) -> Result<Option<EventLog>, StoreError> {
    match EventLog::open(kind, organization, at, connection).await {
        Ok(log) => Ok(Some(log)),
        Err(StoreError::UnknownOrganization) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the next portion again; returns the last event that was looked at, or `None` behind the last
/// event of all, and how many deliveries were made.
async fn portion(
    kind: DatabaseKind,
    range: &Range,
    after: EventId,
    connection: &mut AnyConnection,
) -> Result<(Option<EventId>, u64), StoreError> {
    let owner = range.organization.clone();
    let Some(log) = turn(kind, owner, range.at, connection).await? else {
        return Ok((None, 0));
    };
    if after.seq() >= log.last() {
        return Ok((None, 0));
    }
    let until = EventId::new(log.last().min(after.seq().saturating_add(WINDOW)));
    let rows = sqlx::query(
        "select w.id, e.seq from webhook_endpoints w join events e \
         on e.organization_id = w.organization_id and e.seq > $3 and e.seq <= $6 \
         where w.organization_id = $1 and w.id = $2 \
         and e.created_at >= $4 and e.created_at < $5 \
         and (w.events = '[]' or w.events like '%\"' || e.type || '\"%') \
         order by e.seq limit 500",
    )
    .bind(range.organization.as_str().to_owned())
    .bind(range.endpoint.as_str().to_owned())
    .bind(after.seq())
    .bind(range.from.as_millisecond())
    .bind(range.to.as_millisecond())
    .bind(until.seq())
    .fetch_all(&mut *connection)
    .await?;
    let events = rows
        .iter()
        .map(|row| Ok(EventId::new(Columns::new(row, "events", "id").get("seq")?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let made = make(&range.endpoint, &events, &log, connection).await?;
    let full = events.last().filter(|_| events.len() >= MAX_BATCH);
    Ok((Some(full.copied().unwrap_or(until)), made))
}

/// A delivery that is under way is not begun a second time. Which one is due is settled afterwards.
macro_rules! make {
    ($each:literal) => {
        concat!(
            "insert into deliveries (organization_id, endpoint_id, seq, lane, status, attempts, \
             next_at, claimed_until, created_at) \
             select e.organization_id, w.id, e.seq, coalesce(e.conversation_id, ''), 'pending', 0, \
             null, 0, $4 from (select ",
            owner!(),
            " as organization, cast(value ->> 'seq' as bigint) as event from ",
            $each,
            ") n join events e on e.organization_id = n.organization and e.seq = n.event \
             join webhook_endpoints w on w.organization_id = $1 and w.id = $3 \
             where true on conflict (organization_id, endpoint_id, seq) do update set \
             status = 'pending', attempts = 0, finished_at = null, \
             next_at = case when deliveries.next_at is not null then $4 end, \
             claimed_until = case when deliveries.status = 'pending' \
             then deliveries.claimed_until else 0 end"
        )
    };
}

/// Makes deliveries of these events again; returns how many.
async fn make(
    endpoint: &WebhookEndpointId,
    events: &[EventId],
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<u64, StoreError> {
    let heads = Heads::of(events, endpoint, log, connection).await?;
    let list: Vec<_> = events
        .iter()
        .map(|event| json!({"seq": event.seq()}))
        .collect();
    let made = sqlx::query(unpacking!(log.kind(), make))
        .bind(log.organization().as_str().to_owned())
        .bind(row::json(&list))
        .bind(endpoint.as_str().to_owned())
        .bind(log.at().as_millisecond())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    heads.moved_by(events, endpoint, log, connection).await?;
    Ok(made)
}
