//! Backlogs: what waits in the database, for those who watch a server.
//!
//! They are counted in indexes, up to [`COUNTED`] entries, and on connections that no send waits for.

use std::time::Duration;

use recado_core::Provider;

use crate::db::read::MAX_PAGE_BYTES;
use crate::prelude::*;

/// Most entries of a backlog that are counted; a longer one is reported with this length.
pub const COUNTED: u32 = 100_000;

/// How far back messages of an unknown outcome are counted; older ones are history.
pub const UNKNOWN_COUNTED: Duration = Duration::from_hours(7 * 24);

/// The backlogs in the database, of all servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlogs {
    /// Messages in the outbox, and since when the longest overdue one is due.
    pub queued: Queue,
    /// Messages that are being sent.
    pub sending: u32,
    /// Messages of the last [`UNKNOWN_COUNTED`] whose outcome is unknown.
    pub unknown: u32,
    /// Calls of providers that are not applied and not set aside.
    pub webhook_calls: Queue,
    /// Deliveries that are pending, except those that have to wait: their organization is suspended or deleted, or
    /// their endpoint is disabled.
    pub deliveries: Queue,
}

/// One backlog.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queue {
    /// How many wait.
    pub waiting: u32,
    /// Since when the oldest one waits.
    pub oldest: Option<Timestamp>,
}

/// The channels of one provider that are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelCount {
    /// The provider.
    pub provider: Provider,
    /// Whether the numbers are connected, as far as the provider has said.
    pub connected: Option<bool>,
    /// How many channels.
    pub channels: u32,
}

/// The paused channels of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PausedCount {
    /// The provider.
    pub provider: Provider,
    /// How many a request paused.
    pub by_request: u32,
    /// How many do not work.
    pub failing: u32,
}

const MESSAGES: &str = "select (select count(*) from (\
     select 1 from messages where status = 'sending' limit $1) s) as sending, (select count(*) from (\
     select 1 from messages where status = 'unknown' and created_at >= $2 limit $1) u) as unknown";

/// Steps from one queue that has messages to the next; of each, the first row is due first.
const OUTBOX: &str = "with recursive busy (queue) as (select cast('' as text) union all select (\
     select min(o.queue) from outbox o where o.next_at is not null and o.calling = 0 and o.queue > busy.queue) \
     from busy where busy.queue is not null) \
     select (select count(*) from (select 1 from outbox where organization_id > '' limit $1) n) as waiting, \
     (select min(f.next_at) from (select (select h.next_at from outbox h where h.queue = busy.queue \
     and h.next_at is not null and h.calling = 0 order by h.next_at limit 1) as next_at from busy) f) as oldest";

/// Every id is greater than an empty one: so the condition changes nothing but how the index is read.
const WEBHOOK_CALLS: &str = "select count(*) as waiting, min(received_at) as oldest from (\
     select received_at from webhook_calls where organization_id > '' and applied_at is null \
     and set_aside is null limit $1) w";

/// Steps from one organization that has pending deliveries to the next, as a claim does, and looks at its endpoints.
///
/// The oldest delivery of an endpoint has the smallest number.
macro_rules! deliveries {
    ($join:literal, $pending:literal) => {
        concat!(
            "with recursive busy (organization_id) as (select cast('' as text) union all select (\
             select min(p.organization_id) from deliveries p where p.status = 'pending' \
             and p.next_at is not null and p.organization_id > busy.organization_id) \
             from busy where busy.organization_id is not null), \
             active (organization_id, id) as (select o.organization_id, o.id from busy",
            $join,
            "organizations g on g.id = busy.organization_id and g.suspended_at is null \
             and g.deleted_at is null",
            $join,
            "webhook_endpoints o on o.organization_id = busy.organization_id \
             where o.disabled_at is null) \
             select (select count(*) from (select 1 from active a ",
            $pending,
            " limit $1) n) as waiting, (select min(f.created_at) from (select (\
             select h.created_at from deliveries h where h.organization_id = a.organization_id \
             and h.endpoint_id = a.id and h.status = 'pending' order by h.seq limit 1) \
             as created_at from active a) f) as oldest"
        )
    };
}

/// `cross join` keeps SQLite's planner to the order of the text; otherwise it would begin with all that is pending.
const DELIVERIES_SQLITE: &str = deliveries!(
    " cross join ",
    "cross join deliveries d on d.organization_id = a.organization_id and d.endpoint_id = a.id \
     and d.status = 'pending'"
);

/// So does the limit of each endpoint on PostgreSQL.
const DELIVERIES_POSTGRES: &str = deliveries!(
    " join ",
    "cross join lateral (select 1 from deliveries p where p.organization_id = a.organization_id \
     and p.endpoint_id = a.id and p.status = 'pending' limit $1) d"
);

const CHANNELS: &str = "select provider, connected, count(*) as channels from channels \
     where provider in ($1, $2, $3) group by provider, connected";

const PAUSED: &str = "select provider, count(case when pause_error is null then 1 end) as by_request, \
     count(pause_error) as failing from channels where paused_at is not null and provider in ($1, $2, $3) \
     group by provider";

impl Store {
    /// Counts what waits.
    pub async fn backlogs(&self, now: Timestamp) -> Result<Backlogs> {
        let since = now.checked_sub(UNKNOWN_COUNTED).unwrap_or(Timestamp::MIN);
        let messages = Query::new(MESSAGES).bind(i64::from(COUNTED)).instant(since);
        let deliveries = match self.kind() {
            DatabaseKind::Sqlite => DELIVERIES_SQLITE,
            DatabaseKind::Postgres => DELIVERIES_POSTGRES,
        };
        let messages = self.count(messages).await?;
        let messages = Columns::new(&messages, "messages", "sending");
        Ok(Backlogs {
            queued: self.queue("outbox", OUTBOX).await?,
            sending: messages.get("sending")?,
            unknown: messages.get("unknown")?,
            webhook_calls: self.queue("webhook_calls", WEBHOOK_CALLS).await?,
            deliveries: self.queue("deliveries", deliveries).await?,
        })
    }

    /// Counts the channels of each provider by their state; a state that no channel is in is left out.
    pub async fn channel_counts(&self) -> Result<Vec<ChannelCount>> {
        let page = self
            .read_page(of_providers(CHANNELS), MAX_PAGE_BYTES)
            .await?;
        page.rows.iter().map(channel_count).collect()
    }

    /// Counts the paused channels of each provider that has any.
    pub async fn paused_counts(&self) -> Result<Vec<PausedCount>> {
        let page = self.read_page(of_providers(PAUSED), MAX_PAGE_BYTES).await?;
        page.rows.iter().map(paused_count).collect()
    }

    async fn queue(&self, table: &'static str, text: &'static str) -> Result<Queue> {
        let row = self
            .count(Query::new(text).bind(i64::from(COUNTED)))
            .await?;
        let columns = Columns::new(&row, table, "waiting");
        Ok(Queue {
            waiting: columns.get("waiting")?,
            oldest: columns.get("oldest")?,
        })
    }

    /// Runs a statement that returns one row, where lists are read: it may take a moment.
    async fn count(&self, query: Query) -> Result<RawRow> {
        let mut page = self.read_page(query, MAX_PAGE_BYTES).await?;
        page.rows
            .pop()
            .ok_or_else(|| sqlx::Error::RowNotFound.into())
    }
}

fn channel_count(row: &RawRow) -> Result<ChannelCount> {
    let columns = Columns::new(row, "channels", "provider");
    Ok(ChannelCount {
        provider: columns.get("provider")?,
        connected: columns.get("connected")?,
        channels: columns.get("channels")?,
    })
}

fn paused_count(row: &RawRow) -> Result<PausedCount> {
    let columns = Columns::new(row, "channels", "provider");
    Ok(PausedCount {
        provider: columns.get("provider")?,
        by_request: columns.get("by_request")?,
        failing: columns.get("failing")?,
    })
}

/// Returns a statement whose parameters are the names of the providers.
fn of_providers(text: &'static str) -> Query {
    let providers = Provider::ALL.map(Provider::as_str).into_iter();
    providers.fold(Query::new(text), Query::bind)
}
