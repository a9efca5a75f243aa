//! Claims of due deliveries.

use serde_json::{Value, json};

use crate::events::{self, Event};
use crate::prelude::*;
use crate::webhooks::attempts::Attempted;
use crate::webhooks::deliveries::{self, AfterAttempt, Delivery, DeliveryAttempt, DeliveryKey};
use crate::webhooks::endpoints::WebhookEndpoint;

/// A delivery to be made now.
#[derive(Debug, Clone)]
pub struct DueDelivery {
    /// The delivery, without its attempts.
    pub delivery: Delivery,
    /// The event.
    pub event: Event,
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
}

/// How much one claim takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimLimits {
    /// Most deliveries in all.
    pub total: u32,
    /// Most deliveries of one endpoint, together with those that are claimed already; an endpoint that
    /// fails or is slow has one.
    pub per_endpoint: u32,
    /// Most deliveries of one organization, together with those that are claimed already.
    pub per_organization: u32,
}

/// Selects what is due: the heads of the ordering keys whose time has come, as many as their endpoint
/// and their organization have places left; the first of each organization before the second of any,
/// and within it the first of each endpoint before the second of any.
///
/// `busy` steps from one organization that has pending deliveries to the next, each step one search in
/// an index. Deliveries of organizations that are suspended or deleted wait. Only the head of an ordering
/// key has a `next_at`. So the cost grows with the organizations that wait, and not with what waits.
///
/// For `status || ''`, see [`crate::webhooks::attempts`].
macro_rules! due {
    ($join:literal, $heads:literal, $claimed:literal, $suffix:literal) => {
        concat!(
            "with recursive busy (organization_id) as (select cast('' as text) union all select (\
             select min(p.organization_id) from deliveries p where p.status = 'pending' \
             and p.next_at is not null and p.organization_id > busy.organization_id) \
             from busy where busy.organization_id is not null) \
             select d.organization_id, d.endpoint_id, d.seq, d.lane, d.status, d.attempts, \
             d.next_at, d.last_status, d.last_error, d.created_at as queued_at, d.finished_at, \
             e.type, e.agent_id, e.channel_id, e.conversation_id, e.data, \
             e.created_at as happened_at, w.url, w.events, w.format, w.key_id, w.secrets, \
             w.disabled_at, w.failing_since, w.accepted_at, w.created_at, w.updated_at \
             from (select f.organization_id, f.endpoint_id, f.seq, row_number() over (\
             partition by f.organization_id order by f.place, f.next_at, f.seq) + (\
             select count(*) from deliveries c",
            $claimed,
            " where c.organization_id = f.organization_id and c.status = 'pending' \
             and c.claimed_until > 0 \
             and not (c.server_id = $5 and c.claimed_until <= $1)) as place \
             from (select h.organization_id, h.endpoint_id, h.seq, h.next_at, o.slow, \
             row_number() over (partition by h.organization_id, h.endpoint_id \
             order by h.next_at, h.seq) + (select count(*) from deliveries c",
            $claimed,
            " where c.organization_id = h.organization_id and c.endpoint_id = h.endpoint_id \
             and c.status = 'pending' and c.claimed_until > 0 \
             and not (c.server_id = $5 and c.claimed_until <= $1)) as place \
             from busy",
            $join,
            "organizations g on g.id = busy.organization_id and g.suspended_at is null \
             and g.deleted_at is null",
            $join,
            "webhook_endpoints o on o.organization_id = busy.organization_id ",
            $heads,
            " where o.disabled_at is null) f \
             where f.place <= case when f.slow = 1 then 1 else $3 end) due",
            $join,
            "deliveries d on d.organization_id = due.organization_id \
             and d.endpoint_id = due.endpoint_id and d.seq = due.seq",
            $join,
            "events e on e.organization_id = d.organization_id and e.seq = d.seq",
            $join,
            "webhook_endpoints w on w.organization_id = d.organization_id \
             and w.id = d.endpoint_id \
             where due.place <= $4 and d.status || '' = 'pending' \
             and (d.claimed_until = 0 or d.claimed_until <= $1 and d.server_id = $5) \
             order by due.place, d.next_at, d.seq limit $2",
            $suffix
        )
    };
}

/// `cross join` keeps SQLite's planner to the order of the text: it knows no row counts, and would
/// begin with all pending deliveries. For the same reason the index of the claimed ones is named.
const DUE_SQLITE: &str = due!(
    " cross join ",
    "cross join deliveries h on h.organization_id = o.organization_id and h.endpoint_id = o.id \
     and h.seq in (select q.seq from deliveries q where q.organization_id = o.organization_id \
     and q.endpoint_id = o.id and q.status = 'pending' and q.next_at <= $1 \
     and (q.claimed_until = 0 or q.claimed_until <= $1 and q.server_id = $5) \
     order by q.next_at, q.seq limit $3)",
    " indexed by deliveries_claimed",
    ""
);

const DUE_POSTGRES: &str = due!(
    " join ",
    "cross join lateral (select q.organization_id, q.endpoint_id, q.seq, q.next_at \
     from deliveries q where q.organization_id = o.organization_id \
     and q.endpoint_id = o.id and q.status = 'pending' and q.next_at <= $1 \
     and (q.claimed_until = 0 or q.claimed_until <= $1 and q.server_id = $5) \
     order by q.next_at, q.seq limit $3) h",
    "",
    " for update of d skip locked"
);

impl Store {
    /// Claims what is due: of each endpoint and conversation the oldest, for no two servers the same.
    ///
    /// A server's own claim runs out by its own clock; those of others end when they are dead.
    pub async fn claim_deliveries(
        &self,
        now: Timestamp,
        claimed_until: Timestamp,
        limits: ClaimLimits,
    ) -> Result<Vec<DueDelivery>> {
        let kind = self.kind();
        let text = match kind {
            DatabaseKind::Sqlite => DUE_SQLITE,
            DatabaseKind::Postgres => DUE_POSTGRES,
        };
        let query = Query::new(text)
            .instant(now)
            .bind(i64::from(limits.total))
            .bind(i64::from(limits.per_endpoint))
            .bind(i64::from(limits.per_organization))
            .bind(self.server_id().to_owned());
        let server = self.server_id().to_owned();
        self.transaction(move |connection| {
            Box::pin(async move {
                let rows = query.fetch_all(&mut *connection).await?;
                let keys = rows.iter().map(key).collect::<Result<Vec<_>, _>>()?;
                claim(kind, &keys, claimed_until, server, connection).await?;
                Ok(rows.iter().filter_map(readable).collect())
            })
        })
        .await
    }

    pub(crate) async fn free_deliveries(&self, server: Option<&str>) -> Result<u64> {
        let query = Query::new(
            "update deliveries set claimed_until = 0 where status = 'pending' and claimed_until > 0 \
             and (cast($1 as text) is null or server_id = $1)",
        )
        .bind(server.map(str::to_owned));
        self.write_count(query).await
    }

    /// Writes an attempt and what follows from it down, and ends the claim; gives since when the
    /// endpoint has failed.
    pub async fn record_attempt(
        &self,
        key: &DeliveryKey,
        attempt: DeliveryAttempt,
        after: AfterAttempt,
    ) -> Result<Option<Timestamp>> {
        self.write_together(&key.organization_id, Attempted::new(key, &attempt, after))
            .await
    }
}

static CLAIM: OverList = OverList::new(
    "update deliveries set claimed_until = $1, server_id = $3 \
     from (select value ->> 'organization' as organization, value ->> 'endpoint' as endpoint, \
     cast(value ->> 'seq' as bigint) as event from {list}) n \
     where organization_id = n.organization and endpoint_id = n.endpoint and seq = n.event",
);

async fn claim(
    kind: DatabaseKind,
    claimed: &[DeliveryKey],
    until: Timestamp,
    server: String,
    connection: &mut Connection,
) -> Result<()> {
    if claimed.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = claimed.iter().map(named).collect();
    over_list(kind, &CLAIM)
        .instant(until)
        .json(&keys)
        .bind(server)
        .run(connection)
        .await
}

/// Returns what is due, or `None` if the row cannot be read: a newer server may have written an event that
/// this one does not know. Its claim keeps it from taking the place of the others all the time.
fn readable(row: &RawRow) -> Option<DueDelivery> {
    due(row)
        .inspect_err(|error| tracing::error!(%error, "a delivery cannot be read; it waits"))
        .ok()
}

fn key(row: &RawRow) -> Result<DeliveryKey> {
    deliveries::read_key(&Columns::new(row, "deliveries", "endpoint_id"))
}

pub(crate) fn named(key: &DeliveryKey) -> Value {
    json!({
        "organization": key.organization_id,
        "endpoint": key.endpoint_id,
        "seq": key.event_id.seq(),
    })
}

fn due(row: &RawRow) -> Result<DueDelivery> {
    let columns = Columns::new(row, "deliveries", "endpoint_id");
    Ok(DueDelivery {
        delivery: Delivery::read(&columns)?,
        event: events::read(&columns, "happened_at")?,
        endpoint: WebhookEndpoint::read(&columns)?,
    })
}
