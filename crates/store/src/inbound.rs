//! Applying what webhooks say, once, in the order in which it is told.

use std::collections::HashMap;

use jiff::Timestamp;
use recado_core::inbound::{ConnectionNews, Inbound};
use recado_core::{AgentId, ChannelId, ConversationId, MessageId, OrganizationId, Provider};
use serde_json::json;
use sqlx::{AnyConnection, Connection};
use tokio::task::JoinSet;

use crate::columns::Columns;
use crate::error::StoreError;
use crate::event_log::{EventLog, NewEvent};
use crate::events::EventKind;
use crate::store::{DatabaseKind, Store};
use crate::{received, statuses};

/// Everything that one webhook call says, ready to be applied.
#[derive(Debug, Clone)]
pub struct Application {
    /// The call, which counts as applied afterwards.
    pub call_id: String,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// What it says, in its own order.
    pub items: Vec<Routed>,
    /// Now.
    pub at: Timestamp,
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
    ///
    /// # Errors
    ///
    /// The database does not answer; what was applied all the same is a duplicate the next time.
    pub async fn apply_webhooks(
        &self,
        applications: Vec<Application>,
    ) -> Result<Vec<Result<Applied, StoreError>>, StoreError> {
        let count = applications.len();
        let mut tasks = JoinSet::new();
        for (organization, applications) in by_organization(applications) {
            let store = self.clone();
            tasks.spawn(async move { store.apply_of_one(organization, applications).await });
        }
        let mut results: Vec<_> = (0..count).map(|_| None).collect();
        while let Some(joined) = tasks.join_next().await {
            for (place, result) in joined.unwrap_or(Err(StoreError::NotCommitted))? {
                results[place] = Some(result);
            }
        }
        Ok(results
            .into_iter()
            .map(|result| result.unwrap_or(Err(StoreError::NotCommitted)))
            .collect())
    }

    async fn apply_of_one(
        &self,
        organization: OrganizationId,
        applications: Vec<(usize, Application)>,
    ) -> Result<Vec<(usize, Result<Applied, StoreError>)>, StoreError> {
        let (kind, owner) = (self.kind(), organization.clone());
        let results = self
            .transaction(move |connection| {
                Box::pin(async move { apply_all(kind, owner, applications, connection).await })
            })
            .await?;
        let told = |(_, result): &(usize, Result<Applied, StoreError>)| {
            result.as_ref().is_ok_and(|applied| applied.events > 0)
        };
        if results.iter().any(told) {
            self.signal_events(&organization);
        }
        Ok(results)
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
    applications: Vec<(usize, Application)>,
    connection: &mut AnyConnection,
) -> Result<Vec<(usize, Result<Applied, StoreError>)>, StoreError> {
    let mut results = Vec::with_capacity(applications.len());
    let mut log = EventLog::open(kind, organization, Timestamp::UNIX_EPOCH, connection).await?;
    let mut channels = Channels::new();
    for (place, application) in applications {
        let told = log.len();
        let mut savepoint = connection.begin().await?;
        let result = apply_call(&application, &mut channels, &mut log, &mut savepoint).await;
        if let Err(error) = &result {
            savepoint.rollback().await?;
            log.truncate(told);
            channels.clear();
            // On PostgreSQL a savepoint undoes whatever failed.
            if kind == DatabaseKind::Sqlite && !error.concerns_one_write() {
                return Err(StoreError::NotCommitted);
            }
        } else {
            savepoint.commit().await?;
        }
        results.push((place, result));
    }
    log.write(connection).await?;
    Ok(results)
}

async fn apply_call(
    application: &Application,
    channels: &mut Channels,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Applied, StoreError> {
    log.set_time(application.at);
    let told = log.len();
    let mut applied = Applied::default();
    if !mark_applied(application, Some(application.at), connection).await? {
        applied.duplicates = application.items.len();
        return Ok(applied);
    }
    for routed in &application.items {
        match apply_item(routed, channels, log, connection).await? {
            Effect::Told => {}
            Effect::Duplicate => applied.duplicates += 1,
            Effect::Orphaned => applied.orphans += 1,
            Effect::Ignored => applied.ignored += 1,
            Effect::NoAgent => applied.no_agent = true,
        }
    }
    if applied.no_agent {
        mark_applied(application, None, connection).await?;
    }
    applied.events = log.len() - told;
    Ok(applied)
}

/// Tells whether the call was there and changed.
async fn mark_applied(
    application: &Application,
    at: Option<Timestamp>,
    connection: &mut AnyConnection,
) -> Result<bool, StoreError> {
    let result = sqlx::query(
        "update webhook_calls set applied_at = $3 where organization_id = $1 and id = $2 \
         and (applied_at is null or $3 is null)",
    )
    .bind(application.organization_id.as_str().to_owned())
    .bind(crate::columns::text(&application.call_id).into_owned())
    .bind(at.map(Timestamp::as_millisecond))
    .execute(connection)
    .await?;
    Ok(result.rows_affected() > 0)
}

async fn apply_item(
    routed: &Routed,
    channels: &mut Channels,
    log: &mut EventLog,
    connection: &mut AnyConnection,
) -> Result<Effect, StoreError> {
    if matches!(routed.item, Inbound::Trouble(_) | Inbound::Ignored(_)) {
        return Ok(Effect::Ignored);
    }
    if !channels.contains_key(&routed.channel_id) {
        let found = find_channel(&routed.channel_id, log, connection).await?;
        channels.insert(routed.channel_id.clone(), found);
    }
    let Some(Some(channel)) = channels.get_mut(&routed.channel_id) else {
        return Ok(Effect::Ignored);
    };
    match &routed.item {
        Inbound::Message(message) => {
            received::apply(message, &routed.ids, channel, log, connection).await
        }
        Inbound::Status(news) => statuses::apply(news, &channel.id, log, connection).await,
        Inbound::Connection(news) => connect(news, channel, log, connection).await,
        Inbound::Trouble(_) | Inbound::Ignored(_) => Ok(Effect::Ignored),
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
