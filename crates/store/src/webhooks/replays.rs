//! Replays: deliveries of one event or of a period are made again, in portions, so that sends do not wait.

use recado_core::WebhookEndpointId;
use serde_json::json;

use crate::events::EventId;
use crate::events::append::EventLog;
use crate::prelude::*;
use crate::webhooks::deliveries::DeliveryKey;
use crate::webhooks::ordering_keys::Heads;

/// Most deliveries in one transaction.
const MAX_BATCH: usize = 500;

/// Most events that one transaction looks at, wanted or not.
const WINDOW: i64 = 5_000;

/// The events that a replay is about.
#[derive(Clone)]
struct Range {
    organization: OrganizationId,
    endpoint: WebhookEndpointId,
    from: Timestamp,
    to: Timestamp,
    at: Timestamp,
}

impl Store {
    /// Replays a delivery, whether it arrived or not, and also if the endpoint did not want it;
    /// returns whether the event and the endpoint exist.
    pub async fn replay_delivery(&self, key: &DeliveryKey, at: Timestamp) -> Result<bool> {
        let (kind, key) = (self.kind(), key.clone());
        let organization = key.organization_id.clone();
        let replayed = self
            .locked(&organization, move |connection| {
                Box::pin(async move {
                    let owner = key.organization_id.clone();
                    let Some(log) = lock(kind, owner, at, connection).await? else {
                        return Ok(false);
                    };
                    let made = make(&key.endpoint_id, &[key.event_id], &log, connection).await?;
                    Ok(made > 0)
                })
            })
            .await?;
        self.notify_deliveries();
        Ok(replayed)
    }

    /// Replays the events from `from` until before `to` that the endpoint wants, also those that it missed; returns
    /// how many.
    /// If the database does not answer, what was replayed before stays so.
    pub async fn replay_deliveries(
        &self,
        organization: &OrganizationId,
        endpoint: &WebhookEndpointId,
        from: Timestamp,
        to: Timestamp,
        at: Timestamp,
    ) -> Result<u64> {
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
            self.notify_deliveries();
            replayed += made;
            match last {
                Some(last) => after = last,
                None => return Ok(replayed),
            }
        }
    }
}

/// Takes the organization lock, which a change of ordering keys needs; returns `None` if the organization does not
/// exist.
async fn lock(
    kind: DatabaseKind,
    organization: OrganizationId,
    at: Timestamp,
    connection: &mut AnyConnection,
) -> Result<Option<EventLog>> {
    match EventLog::open(kind, organization, at, connection).await {
        Ok(log) => Ok(Some(log)),
        Err(StoreError::UnknownOrganization) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replays the next portion; returns the last event that was looked at, or `None` behind the last event, and how many
/// deliveries were made.
async fn portion(
    kind: DatabaseKind,
    range: &Range,
    after: EventId,
    connection: &mut AnyConnection,
) -> Result<(Option<EventId>, u64)> {
    let owner = range.organization.clone();
    let Some(log) = lock(kind, owner, range.at, connection).await? else {
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
    .id(&range.organization)
    .id(&range.endpoint)
    .bind(after.seq())
    .instant(range.from)
    .instant(range.to)
    .bind(until.seq())
    .fetch_all(&mut *connection)
    .await?;
    let events: Vec<i64> = column(&rows, "events", "seq")?;
    let events: Vec<_> = events.into_iter().map(EventId::new).collect();
    let made = make(&range.endpoint, &events, &log, connection).await?;
    let full = events.last().filter(|_| events.len() >= MAX_BATCH);
    Ok((Some(full.copied().unwrap_or(until)), made))
}

/// Leaves a delivery alone that is being attempted. Which delivery is due is decided afterwards.
const MAKE: &str = "insert into deliveries (organization_id, endpoint_id, seq, lane, status, attempts, \
     next_at, claimed_until, created_at) select e.organization_id, w.id, e.seq, coalesce(e.conversation_id, \
     ''), 'pending', 0, null, 0, $4 from (select {owner} as organization, cast(value ->> 'seq' as bigint) \
     as event from {list}) n join events e on e.organization_id = n.organization and e.seq = n.event join \
     webhook_endpoints w on w.organization_id = $1 and w.id = $3 where true on conflict (organization_id, \
     endpoint_id, seq) do update set status = 'pending', attempts = 0, finished_at = null, next_at = case \
     when deliveries.next_at is not null then $4 end, claimed_until = case when deliveries.status = \
     'pending' then deliveries.claimed_until else 0 end";

async fn make(
    endpoint: &WebhookEndpointId,
    events: &[EventId],
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<u64> {
    let heads = Heads::of(events, endpoint, log, connection).await?;
    let list: Vec<_> = events
        .iter()
        .map(|event| json!({"seq": event.seq()}))
        .collect();
    let made = log
        .over(MAKE, &list)
        .id(endpoint)
        .instant(log.at())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    heads.moved_by(events, endpoint, log, connection).await?;
    Ok(made)
}
