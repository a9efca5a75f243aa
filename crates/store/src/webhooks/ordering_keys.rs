//! The order of deliveries: of each ordering key only the oldest pending delivery has a time to be due.
//!
//! The ordering key (column `lane`) is the conversation, or empty. Statements that change which
//! delivery is the oldest run under the organization lock: an event must not join a key between the end
//! of its last delivery and the commit, or its delivery would never be due.

use recado_core::WebhookEndpointId;
use serde::Serialize;
use serde_json::{Value, json};

use crate::events::EventId;
use crate::events::append::EventLog;
use crate::prelude::*;

#[derive(Serialize)]
pub(crate) struct Ended {
    pub(crate) endpoint: WebhookEndpointId,
    pub(crate) event: i64,
    pub(crate) at: i64,
}

/// For `status || ''`, see [`crate::webhooks::attempts`].
static PASS_TURNS: OverList = OverList::new(
    "update deliveries set next_at = n.at from (select k.organization, k.endpoint, \
     k.at, (select min(p.seq) from deliveries p where p.organization_id = $1 and p.endpoint_id = k.endpoint \
     and p.lane = k.line and p.status = 'pending') as head from (select f.organization_id as organization, \
     f.endpoint_id as endpoint, f.lane as line, max(g.at) as at \
     from (select {owner} as organization, value ->> 'endpoint' as endpoint, \
     cast(value ->> 'event' as bigint) as event, cast(value ->> 'at' as bigint) as at from {list}) g \
     join deliveries f on f.organization_id = g.organization and f.endpoint_id = g.endpoint \
     and f.seq = g.event and f.status <> 'pending' group by f.organization_id, f.endpoint_id, f.lane) k) n \
     where organization_id = n.organization and endpoint_id = n.endpoint and seq = n.head \
     and status || '' = 'pending' and next_at is null",
);

/// Makes the next delivery of each ordering key due where one has ended.
pub(crate) async fn pass_turns(
    ended: &[Ended],
    log: &EventLog,
    connection: &mut Connection,
) -> Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    log.over(&PASS_TURNS, &ended).run(connection).await
}

/// The heads of some ordering keys, before deliveries of earlier events join them.
pub(crate) struct Heads(Vec<i64>);

static HEADS: OverList = OverList::new(
    "select k.line, (select min(p.seq) from deliveries p where p.organization_id = $1 \
     and p.endpoint_id = $3 and p.lane = k.line and p.status = 'pending') as seq \
     from (select distinct coalesce(e.conversation_id, '') as line \
     from (select {owner} as organization, cast(value ->> 'seq' as bigint) as event from {list}) n \
     join events e on e.organization_id = n.organization and e.seq = n.event) k",
);

/// For `status || ''`, see [`crate::webhooks::attempts`].
static MOVE_HEADS: OverList = OverList::new(
    "update deliveries set next_at = case when seq = (select min(p.seq) \
     from deliveries p where p.organization_id = $1 and p.endpoint_id = $3 and p.lane = deliveries.lane \
     and p.status = 'pending') then coalesce(next_at, $4) end from (select {owner} as organization, \
     cast(value ->> 'seq' as bigint) as event from {list}) n where organization_id = n.organization \
     and endpoint_id = $3 and seq = n.event and status || '' = 'pending' and (next_at is not null \
     or seq = (select min(p.seq) from deliveries p where p.organization_id = $1 and p.endpoint_id = $3 \
     and p.lane = deliveries.lane and p.status = 'pending'))",
);

impl Heads {
    /// Finds the heads of the ordering keys of these events.
    pub(crate) async fn of(
        events: &[EventId],
        endpoint: &WebhookEndpointId,
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<Self> {
        let rows = log
            .over(&HEADS, &list(events.iter().map(|event| event.seq())))
            .id(endpoint)
            .fetch_all(connection)
            .await?;
        let heads: Vec<Option<i64>> = column(&rows, "deliveries", "seq")?;
        Ok(Self(heads.into_iter().flatten().collect()))
    }

    /// Makes the present heads of the keys due, and lets the others wait. Only former heads and these events can
    /// change, so that the cost does not grow with the queue.
    pub(crate) async fn moved_by(
        self,
        events: &[EventId],
        endpoint: &WebhookEndpointId,
        log: &EventLog,
        connection: &mut Connection,
    ) -> Result<()> {
        let mut concerned = self.0;
        concerned.extend(events.iter().map(|event| event.seq()));
        concerned.sort_unstable();
        concerned.dedup();
        log.over(&MOVE_HEADS, &list(concerned.into_iter()))
            .id(endpoint)
            .instant(log.at())
            .run(connection)
            .await
    }
}

fn list(events: impl Iterator<Item = i64>) -> Vec<Value> {
    events.map(|seq| json!({"seq": seq})).collect()
}
