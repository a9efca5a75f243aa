//! Applying what webhooks say, once, in the order in which it is told.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use recado_core::inbound::{ConnectionNews, Inbound, StatusNews};
use recado_core::{AgentId, ChannelId, ConversationId, MessageId, OrganizationId, Provider};
use serde_json::json;
use sqlx::AnyConnection;
use tokio::task::JoinSet;

use crate::batch::Batchable;
use crate::columns::{self, Columns, unpacking};
use crate::error::StoreError;
use crate::event_log::{Appended, EventLog, NewEvent};
use crate::events::EventKind;
use crate::statuses::Statuses;
use crate::store::{DatabaseKind, Store};
use crate::{contacts, echoes, received};

/// What one webhook call says, or a part of that, ready to be applied.
#[derive(Debug, Clone)]
pub struct Application {
    /// The call, which counts as applied after its last part.
    pub call_id: String,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What it says, in its own order.
    pub items: Vec<Routed>,
    /// Now.
    pub at: Timestamp,
    /// Whether this is all, or the last part; a call whose other parts follow is not applied yet.
    pub completes: bool,
}

/// One thing that a webhook says, and which channel it is about.
#[derive(Debug, Clone)]
pub struct Routed {
    /// The channel; the item has no effect if the organization has no such channel.
    pub channel_id: ChannelId,
    /// What is said.
    pub item: Inbound,
    /// Ids for what may have to be created.
    pub ids: FreshIds,
}

/// Ids that nothing has yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshIds {
    /// For the message.
    pub message: MessageId,
    /// For the conversation that it may open.
    pub conversation: ConversationId,
}

/// What came of one application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Events that were appended.
    pub events: usize,
    /// Items that told nothing new.
    pub duplicates: usize,
    /// Statuses that wait for their message.
    pub orphans: usize,
    /// Items about nothing that is kept, and those of a channel that is gone.
    pub ignored: usize,
    /// Somebody new wrote and the organization has no agent: the call stays unapplied.
    pub no_agent: bool,
}

/// What came of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Told,
    Duplicate,
    Orphaned,
    Ignored,
    NoAgent,
}

/// What the items of a channel have to know of it.
pub(crate) struct KnownChannel {
    pub(crate) id: ChannelId,
    pub(crate) provider: Provider,
    pub(crate) agent: Option<AgentId>,
    connected: Option<bool>,
}

/// The channels that the items of one transaction named, and whether they are there.
type Channels = HashMap<ChannelId, Option<KnownChannel>>;

impl Store {
    /// Applies what calls say; each call whole or not at all, the results in the order of the calls.
    ///
    /// A call that was not kept, or was applied before, has no effect: its items are duplicates.
    /// A call that fails stays unapplied, and does not keep the others from being applied.
    /// What was applied all the same, though the database did not answer, is a duplicate the next time.
    pub async fn apply_webhooks(
        &self,
        applications: Vec<Application>,
    ) -> Vec<Result<Applied, StoreError>> {
        let count = applications.len();
        let mut tasks = JoinSet::new();
        for (organization, applications) in by_organization(applications) {
            let store = self.clone();
            tasks.spawn(async move { store.apply_of_one(organization, applications).await });
        }
        let mut results: Vec<_> = (0..count).map(|_| None).collect();
        while let Some(joined) = tasks.join_next().await {
            for (place, result) in joined.unwrap_or_default() {
                results[place] = Some(result);
            }
        }
        results
            .into_iter()
            .map(|result| result.unwrap_or(Err(StoreError::NotCommitted)))
            .collect()
    }

    async fn apply_of_one(
        &self,
        organization: OrganizationId,
        applications: Vec<(usize, Application)>,
    ) -> Vec<(usize, Result<Applied, StoreError>)> {
        let (places, applications): (Vec<_>, Vec<_>) = applications.into_iter().unzip();
        let results = self.together(&organization, &applications).await;
        places.into_iter().zip(results).collect()
    }
}

impl Batchable for Application {
    type Done = Applied;

    async fn write_all(
        store: &Store,
        organization: &OrganizationId,
        writes: &[Self],
    ) -> Result<Vec<Applied>, StoreError> {
        let (kind, owner, applications) = (store.kind(), organization.clone(), writes.to_vec());
        let (applied, appended) = store
            .transaction(move |connection| {
                Box::pin(async move { apply_all(kind, owner, &applications, connection).await })
            })
            .await?;
        store.signal(organization, appended);
        Ok(applied)
    }
}

/// The applications with their places, by whose they are.
fn by_organization(
    applications: Vec<Application>,
) -> HashMap<OrganizationId, Vec<(usize, Application)>> {
    let mut sorted: HashMap<_, Vec<_>> = HashMap::new();
    for (place, application) in applications.into_iter().enumerate() {
        sorted
            .entry(application.organization_id.clone())
            .or_default()
            .push((place, application));
    }
    sorted
}

async fn apply_all(
    kind: DatabaseKind,
    organization: OrganizationId,
    applications: &[Application],
    connection: &mut AnyConnection,
) -> Result<(Vec<Applied>, Appended), StoreError> {
    let log = EventLog::open(kind, organization, Timestamp::UNIX_EPOCH, connection).await?;
    let mut fresh = mark_applied(applications, &log, connection).await?;
    let applications: Vec<_> = applications
        .iter()
        // A call that stands here twice is fresh once.
        .map(|application| (application, fresh.remove(&application.call_id)))
        .collect();
    let news = statuses_of(&applications);
    let mut applying = Applying {
        statuses: Statuses::load(&news, &log, connection).await?,
        news,
        channels: HashMap::new(),
        log,
        connection,
    };
    let mut results = Vec::with_capacity(applications.len());
    for (application, fresh) in applications {
        results.push(if fresh {
            applying.call(application).await?
        } else {
            Applied {
                duplicates: application.items.len(),
                ..Applied::default()
            }
        });
    }
    let appended = applying.finish().await?;
    Ok((results, appended))
}

/// The statuses that the fresh calls tell, those of echoes and of answers among them.
fn statuses_of(applications: &[(&Application, bool)]) -> Vec<(ChannelId, StatusNews)> {
    let fresh = applications.iter().filter(|(_, fresh)| *fresh);
    fresh
        .flat_map(|(application, _)| &application.items)
        .filter_map(|routed| {
            let news = match &routed.item {
                Inbound::Status(news) => news.clone(),
                Inbound::Echo(echo) => echoes::status(echo),
                Inbound::Message(message) => received::proof(message)?,
                _ => return None,
            };
            Some((routed.channel_id.clone(), news))
        })
        .collect()
}

macro_rules! mark_applied {
    ($each:literal) => {
        concat!(
            "update webhook_calls set applied_at = n.at \
             from (select value ->> 'call' as call, \
             cast(value ->> 'at' as bigint) as at from ",
            $each,
            ") n where organization_id = $1 and id = n.call and applied_at is null returning id"
        )
    };
}

/// Marks calls as applied that are complete, and gives all that were there and were not applied.
async fn mark_applied(
    applications: &[Application],
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<HashSet<String>, StoreError> {
    let calls: Vec<_> = applications
        .iter()
        .map(|application| {
            json!({
                "call": columns::text(&application.call_id),
                "at": application.completes.then(|| application.at.as_millisecond()),
            })
        })
        .collect();
    let rows = sqlx::query(unpacking!(log.kind(), mark_applied))
        .bind(log.organization().as_str().to_owned())
        .bind(columns::json(&calls))
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Columns::new(row, "webhook_calls", "id").get("id"))
        .collect()
}

/// One transaction, and what it knows so far.
struct Applying<'c> {
    statuses: Statuses,
    /// Everything that the statuses were loaded for.
    news: Vec<(ChannelId, StatusNews)>,
    channels: Channels,
    log: EventLog,
    connection: &'c mut AnyConnection,
}

impl Applying<'_> {
    async fn call(&mut self, application: &Application) -> Result<Applied, StoreError> {
        self.log.set_time(application.at);
        let told = self.log.len();
        let mut applied = Applied::default();
        for routed in &application.items {
            match self.item(routed).await? {
                Effect::Told => {}
                Effect::Duplicate => applied.duplicates += 1,
                Effect::Orphaned => applied.orphans += 1,
                Effect::Ignored => applied.ignored += 1,
                Effect::NoAgent => applied.no_agent = true,
            }
        }
        if applied.no_agent {
            self.leave_unapplied(application).await?;
        }
        applied.events = self.log.len() - told;
        Ok(applied)
    }

    async fn item(&mut self, routed: &Routed) -> Result<Effect, StoreError> {
        let (log, connection) = (&mut self.log, &mut *self.connection);
        let channel = match self.channels.entry(routed.channel_id.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                place.insert(find_channel(&routed.channel_id, log, connection).await?)
            }
        };
        let Some(channel) = channel else {
            return Ok(Effect::Ignored);
        };
        match &routed.item {
            Inbound::Message(message) => {
                // It may answer a message whose id a status has just told.
                self.statuses.save(log, connection).await?;
                let statuses = &mut self.statuses;
                received::apply(message, &routed.ids, channel, statuses, log, connection).await
            }
            Inbound::Status(news) => Ok(self.statuses.apply(news, &channel.id, log)),
            Inbound::Echo(echo) => {
                self.statuses.save(log, connection).await?;
                if echoes::bind(echo, &channel.id, log, connection).await? {
                    self.statuses = Statuses::load(&self.news, log, connection).await?;
                }
                let sent = echoes::status(echo);
                Ok(self.statuses.apply(&sent, &channel.id, log))
            }
            Inbound::Call(call) => contacts::called(call, channel, log, connection).await,
            Inbound::Connection(news) => connect(news, channel, log, connection).await,
            Inbound::Trouble(_) | Inbound::Ignored(_) => Ok(Effect::Ignored),
        }
    }

    /// What the call says of nobody's customer is tried again.
    async fn leave_unapplied(&mut self, application: &Application) -> Result<(), StoreError> {
        sqlx::query(
            "update webhook_calls set applied_at = null, attempts = 0 \
             where organization_id = $1 and id = $2",
        )
        .bind(self.log.organization().as_str().to_owned())
        .bind(columns::text(&application.call_id).into_owned())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    async fn finish(mut self) -> Result<Appended, StoreError> {
        self.statuses.save(&self.log, self.connection).await?;
        self.log.write(self.connection).await
    }
}

async fn find_channel(
    id: &ChannelId,
    log: &EventLog,
    connection: &mut AnyConnection,
) -> Result<Option<KnownChannel>, StoreError> {
    let row = sqlx::query(
        "select id, provider, default_agent_id, connected from channels \
         where organization_id = $1 and id = $2",
    )
    .bind(log.organization().as_str().to_owned())
    .bind(id.as_str().to_owned())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let columns = Columns::new(&row, "channels", "id");
    Ok(Some(KnownChannel {
        id: columns.parse("id")?,
        provider: columns.parse("provider")?,
        agent: columns.parse_optional("default_agent_id")?,
        connected: columns
            .get::<Option<i64>>("connected")?
            .map(|connected| connected != 0),
    }))
}

/// Tells that a number was connected or cut off, when that is news.
async fn connect(
    news: &ConnectionNews,
    channel: &mut KnownChannel,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Effect, StoreError> {
    if channel.connected == Some(news.connected) {
        return Ok(Effect::Duplicate);
    }
    sqlx::query("update channels set connected = $3 where organization_id = $1 and id = $2")
        .bind(log.organization().as_str().to_owned())
        .bind(channel.id.as_str().to_owned())
        .bind(i64::from(news.connected))
        .execute(connection)
        .await?;
    channel.connected = Some(news.connected);
    log.append(NewEvent {
        kind: if news.connected {
            EventKind::ChannelConnected
        } else {
            EventKind::ChannelDisconnected
        },
        agent: None,
        channel: Some(channel.id.clone()),
        conversation: None,
        data: json!({ "detail": news.detail }),
    });
    Ok(Effect::Told)
}
