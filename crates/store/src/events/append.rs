//! Appending events, within the transaction that makes them true.

use recado_core::event::EventData;
use recado_core::{AgentId, ChannelId, ConversationId};
use serde::Serialize;

use crate::db::writer::{Running, Work};
use crate::prelude::*;
use crate::resources::conversations::Conversation;

/// The organization lock of a transaction, and the events that it appends. On PostgreSQL, the lock keeps the numbers
/// of events in the order of the commits.
///
/// A transaction that changes what events report takes the lock before its first statement: one order of locks
/// excludes deadlocks.
pub(crate) struct EventLog {
    kind: DatabaseKind,
    organization: OrganizationId,
    last: i64,
    at: Timestamp,
    entries: Vec<Entry>,
}

/// What to publish after the commit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Appended {
    pub(crate) events: bool,
    pub(crate) deliveries: bool,
    /// Whether messages have joined the outbox.
    pub(crate) queued: bool,
}

impl Appended {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            events: self.events || other.events,
            deliveries: self.deliveries || other.deliveries,
            queued: self.queued || other.queued,
        }
    }
}

/// An event without its id.
pub(crate) struct NewEvent {
    pub(crate) agent: Option<AgentId>,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) data: EventData,
}

impl NewEvent {
    pub(crate) fn of(conversation: &Conversation, data: EventData) -> Self {
        Self {
            agent: Some(conversation.agent_id.clone()),
            channel: Some(conversation.channel_id.clone()),
            conversation: Some(conversation.id.clone()),
            data,
        }
    }
}

/// An event as a row.
#[derive(Serialize)]
pub(crate) struct Entry {
    seq: i64,
    #[serde(rename = "type")]
    event_type: &'static str,
    agent_id: Option<AgentId>,
    channel_id: Option<ChannelId>,
    conversation_id: Option<ConversationId>,
    data: String,
    created_at: i64,
}

impl Entry {
    pub(crate) fn new(seq: i64, event: NewEvent, at: Timestamp) -> Self {
        Self {
            seq,
            event_type: event.data.event_type().as_str(),
            agent_id: event.agent,
            channel_id: event.channel,
            conversation_id: event.conversation,
            data: row::json(&event.data),
            created_at: at.as_millisecond(),
        }
    }

    /// Binds all but the data.
    fn bind(&self, query: Query) -> Query {
        query
            .bind(self.seq)
            .bind(self.event_type)
            .optional_id(self.agent_id.as_ref())
            .optional_id(self.channel_id.as_ref())
            .optional_id(self.conversation_id.as_ref())
            .bind(self.created_at)
    }
}

/// Inserts one delivery for each endpoint that wants an event of `e`. The first of an ordering key without pending
/// deliveries is due; the others wait for it.
///
/// `min` looks into an index, each time; for `exists` PostgreSQL may read all pending deliveries at once.
macro_rules! queue_deliveries {
    () => {
        "insert into deliveries (organization_id, endpoint_id, seq, lane, status, attempts, \
         next_at, claimed_until, created_at) \
         select w.organization_id, w.id, e.seq, coalesce(e.conversation_id, ''), 'pending', 0, \
         case when row_number() over (\
         partition by w.id, coalesce(e.conversation_id, '') order by e.seq) = 1 \
         and (select min(p.seq) from deliveries p \
         where p.organization_id = w.organization_id and p.endpoint_id = w.id \
         and p.lane = coalesce(e.conversation_id, '') and p.status = 'pending') is null \
         then e.created_at end, 0, e.created_at from e \
         join webhook_endpoints w on w.organization_id = $1 \
         where w.disabled_at is null \
         and (w.events = '[]' or w.events like '%\"' || e.type || '\"%')"
    };
}

pub(crate) use queue_deliveries;

/// SQLite gets one event after the other: values that are bound cost less than a list in JSON.
const APPEND_SQLITE: &str = "\
     insert into events (organization_id, seq, type, agent_id, channel_id, conversation_id, \
     created_at, data) values ($1, $2, $3, $4, $5, $6, $7, $8)";

/// The deliveries of that event, as PostgreSQL inserts them for many.
const QUEUE_SQLITE: &str = "\
     insert into deliveries (organization_id, endpoint_id, seq, lane, status, attempts, next_at, claimed_until, \
     created_at) select $1, w.id, $2, coalesce($6, ''), 'pending', 0, case when (select min(p.seq) from deliveries p \
     where p.organization_id = $1 and p.endpoint_id = w.id and p.lane = coalesce($6, '') and p.status = 'pending') \
     is null then $7 end, 0, $7 from webhook_endpoints w where w.organization_id = $1 and w.disabled_at is null \
     and (w.events = '[]' or w.events like '%\"' || $3 || '\"%')";

/// All three statements in one: each round trip costs more than they do.
const APPEND_POSTGRES: &str = concat!(
    "with e as (\
     insert into events (organization_id, seq, type, agent_id, channel_id, conversation_id, data, \
     created_at) \
     select $1, n.seq, n.type, n.agent_id, n.channel_id, n.conversation_id, n.data, n.created_at \
     from jsonb_to_recordset($2::jsonb) as n (seq bigint, type text, agent_id text, \
     channel_id text, conversation_id text, data text, created_at bigint) \
     returning organization_id, seq, type, conversation_id, created_at), queued as (",
    queue_deliveries!(),
    " returning seq), counted as (update organizations set last_event = $3 where id = $1) \
     select seq from queued limit 1"
);

impl Store {
    /// Runs several writing statements, all or none, under the organization lock.
    pub(crate) async fn under_lock<T: Send + 'static>(
        &self,
        organization: &OrganizationId,
        work: impl Work<T>,
    ) -> Result<T> {
        self.with_log(organization, Timestamp::UNIX_EPOCH, |_, connection| {
            work(connection)
        })
        .await
    }

    /// Runs several writing statements, all or none, under the organization lock, with a log for their events.
    pub(crate) async fn with_log<T: Send + 'static>(
        &self,
        organization: &OrganizationId,
        at: Timestamp,
        work: impl for<'c> FnOnce(EventLog, &'c mut Connection) -> Running<'c, Result<T>>
        + Send
        + 'static,
    ) -> Result<T> {
        let (kind, owner) = (self.kind(), organization.clone());
        self.locked(organization, move |connection| {
            Box::pin(async move {
                let log = EventLog::open(kind, owner, at, connection).await?;
                work(log, connection).await
            })
        })
        .await
    }
}

impl EventLog {
    /// Takes the organization lock; each event is given its time.
    pub(crate) async fn of(
        store: &Store,
        organization: &OrganizationId,
        connection: &mut Connection,
    ) -> Result<Self> {
        let (kind, owner) = (store.kind(), organization.clone());
        Self::open(kind, owner, Timestamp::UNIX_EPOCH, connection).await
    }

    /// Takes the organization lock.
    pub(crate) async fn open(
        kind: DatabaseKind,
        organization: OrganizationId,
        at: Timestamp,
        connection: &mut Connection,
    ) -> Result<Self> {
        let text = match kind {
            // SQLite has one writer at a time.
            DatabaseKind::Sqlite => "select id, last_event from organizations where id = $1",
            DatabaseKind::Postgres => {
                "select id, last_event from organizations where id = $1 for no key update"
            }
        };
        let row = Query::new(text)
            .id(&organization)
            .fetch_optional(connection)
            .await?
            .ok_or(StoreError::UnknownOrganization)?;
        let last = Columns::new(&row, "organizations", "id").get("last_event")?;
        Ok(Self {
            kind,
            organization,
            last,
            at,
            entries: Vec::new(),
        })
    }

    /// Makes a statement over a list: `$1` is the organization, and `$2` the list.
    pub(crate) fn over(&self, statement: &'static OverList, list: &impl Serialize) -> Query {
        over_list(self.kind, statement)
            .id(&self.organization)
            .json(list)
    }

    pub(crate) fn kind(&self) -> DatabaseKind {
        self.kind
    }

    pub(crate) fn organization(&self) -> &OrganizationId {
        &self.organization
    }

    /// Returns the number of the last event before this transaction.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// Returns the time of the events that are appended now.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    pub(crate) fn set_time(&mut self, at: Timestamp) {
        self.at = at;
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Appends an event; [`write`](Self::write) stores it.
    pub(crate) fn append(&mut self, event: NewEvent) {
        let before = self.entries.last().map_or(self.last, |entry| entry.seq);
        self.entries.push(Entry::new(before + 1, event, self.at));
    }

    /// Stores the events and their deliveries.
    pub(crate) async fn write(self, connection: &mut Connection) -> Result<Appended> {
        let Some(newest) = self.entries.last().map(|entry| entry.seq) else {
            return Ok(Appended::default());
        };
        let query = |text| Query::new(text).id(&self.organization);
        let deliveries = match self.kind {
            DatabaseKind::Sqlite => {
                let mut deliveries = 0;
                for entry in &self.entries {
                    let event = entry.bind(query(APPEND_SQLITE)).bind(entry.data.as_str());
                    event.run(&mut *connection).await?;
                    let queued = entry.bind(query(QUEUE_SQLITE));
                    deliveries += queued.execute(&mut *connection).await?;
                }
                let counter = query("update organizations set last_event = $2 where id = $1");
                counter.bind(newest).run(connection).await?;
                deliveries > 0
            }
            DatabaseKind::Postgres => {
                let all = query(APPEND_POSTGRES).json(&self.entries).bind(newest);
                !all.fetch_all(connection).await?.is_empty()
            }
        };
        Ok(Appended {
            events: true,
            deliveries,
            queued: false,
        })
    }
}
