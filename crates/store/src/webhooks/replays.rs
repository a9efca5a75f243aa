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

#[derive(Clone)]
struct Range {
    endpoint: WebhookEndpointId,
    from: Timestamp,
    to: Timestamp,
}

impl Store {
    /// Replays a delivery, whether it arrived or not, and also if the endpoint did not want it;
    /// returns whether the event and the endpoint exist.
    pub async fn replay_delivery(&self, key: &DeliveryKey, at: Timestamp) -> Result<bool> {
        let (endpoint, event) = (key.endpoint_id.clone(), key.event_id);
        let replaying = self.with_log(&key.organization_id, at, move |log, connection| {
            Box::pin(async move { make(&endpoint, &[event], &log, connection).await })
        });
        let replayed = unless_unknown(replaying.await)?.is_some_and(|made| made > 0);
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
        let (mut after, mut replayed) = (EventId::new(0), 0);
        let range = Range {
            endpoint: endpoint.clone(),
            from,
            to,
        };
        loop {
            let range = range.clone();
            let replaying = self.with_log(organization, at, move |log, connection| {
                Box::pin(async move { portion(&range, after, &log, connection).await })
            });
            let (last, made) = unless_unknown(replaying.await)?.unwrap_or_default();
            self.notify_deliveries();
            replayed += made;
            match last {
                Some(last) => after = last,
                None => return Ok(replayed),
            }
        }
    }
}

/// Returns `None` if the organization does not exist.
fn unless_unknown<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(StoreError::UnknownOrganization) => Ok(None),
        result => result.map(Some),
    }
}

/// Replays the next portion; returns the last event that was looked at, or `None` behind the last event, and how many
/// deliveries were made.
async fn portion(
    range: &Range,
    after: EventId,
    log: &EventLog,
    connection: &mut Connection,
) -> Result<(Option<EventId>, u64)> {
    if after.seq() >= log.last() {
        return Ok((None, 0));
    }
    let until = EventId::new(log.last().min(after.seq().saturating_add(WINDOW)));
    let rows = Query::new(
        "select w.id, e.seq from webhook_endpoints w join events e \
         on e.organization_id = w.organization_id and e.seq > $3 and e.seq <= $6 \
         where w.organization_id = $1 and w.id = $2 \
         and e.created_at >= $4 and e.created_at < $5 \
         and (w.events = '[]' or w.events like '%\"' || e.type || '\"%') \
         order by e.seq limit 500",
    )
    .id(log.organization())
    .id(&range.endpoint)
    .bind(after.seq())
    .instant(range.from)
    .instant(range.to)
    .bind(until.seq())
    .fetch_all(&mut *connection)
    .await?;
    let events: Vec<i64> = column(&rows, "events", "seq")?;
    let events: Vec<_> = events.into_iter().map(EventId::new).collect();
    let made = make(&range.endpoint, &events, log, connection).await?;
    let full = events.last().filter(|_| events.len() >= MAX_BATCH);
    Ok((Some(full.copied().unwrap_or(until)), made))
}

/// Leaves a delivery alone that is being attempted. Which delivery is due is decided afterwards.
static MAKE: OverList = OverList::new(
    "insert into deliveries (organization_id, endpoint_id, seq, lane, status, attempts, \
     next_at, claimed_until, created_at) \
     select e.organization_id, w.id, e.seq, coalesce(e.conversation_id, ''), 'pending', 0, null, 0, $4 \
     from (select {owner} as organization, cast(value ->> 'seq' as bigint) as event from {list}) n \
     join events e on e.organization_id = n.organization and e.seq = n.event \
     join webhook_endpoints w on w.organization_id = $1 and w.id = $3 where true \
     on conflict (organization_id, endpoint_id, seq) do update set status = 'pending', attempts = 0, \
     finished_at = null, next_at = case when deliveries.next_at is not null then $4 end, \
     claimed_until = case when deliveries.status = 'pending' then deliveries.claimed_until else 0 end",
);

async fn make(
    endpoint: &WebhookEndpointId,
    events: &[EventId],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<u64> {
    let heads = Heads::of(events, endpoint, log, connection).await?;
    let list: Vec<_> = events
        .iter()
        .map(|event| json!({"seq": event.seq()}))
        .collect();
    let made = log
        .over(&MAKE, &list)
        .id(endpoint)
        .instant(log.at())
        .execute(&mut *connection)
        .await?;
    heads.moved_by(events, endpoint, log, connection).await?;
    Ok(made)
}
