//! What the providers told us, applied: every kept call once, in this process or after a restart in the next.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::inbound::{Inbound, InboundContent};
use recado_core::{ChannelId, ConversationId, MessageId, OrganizationId, Provider};
use recado_providers::Received;
use recado_store::{self as store, Application, DatabaseKind, FreshIds, Routed, WebhookCall};
use tokio::sync::mpsc;

use crate::app::App;
use crate::error::ApiError;

/// Calls that are applied in one transaction at most.
const GROUP: usize = 64;

/// Calls that wait to be applied; beyond it a provider waits for its 200.
const WAITING: usize = 1024;

/// How long a call is this process's to apply; after that any process may.
const CLAIM: Duration = Duration::from_mins(1);

/// How often calls are looked for that nobody has applied.
const SWEEP: Duration = Duration::from_secs(30);

/// Items that are applied in one transaction at most, so that it ends in time on a slow database too.
const ITEMS: usize = 200;

/// Why every message of a channel fails for now, and not just one (Z-API, queue errors).
const UNTIL_SOMEBODY_ACTS: [&str; 2] = ["button_terms_not_accepted", "restricted"];

/// How long a provider waits for room in the queue.
const PATIENCE: Duration = Duration::from_secs(2);

/// A call that was kept, and what it says.
pub struct Taken {
    pub call_id: String,
    pub organization_id: OrganizationId,
    pub channel_id: ChannelId,
    pub items: Vec<Received>,
}

/// The queue between the webhook routes and the worker.
pub struct Intake {
    waiting: mpsc::Sender<Taken>,
    queue: Mutex<Option<mpsc::Receiver<Taken>>>,
}

impl Default for Intake {
    fn default() -> Self {
        let (waiting, queue) = mpsc::channel(WAITING);
        Self {
            waiting,
            queue: Mutex::new(Some(queue)),
        }
    }
}

impl Intake {
    /// Hands a kept call to the worker; if that is gone or has too much to do, the call is found in the
    /// database when its claim has run out.
    pub async fn take(&self, taken: Taken) {
        if self.waiting.send_timeout(taken, PATIENCE).await.is_err() {
            tracing::warn!("a webhook call is applied later: too many wait");
        }
    }
}

/// When a call that is claimed now may be claimed by others.
#[must_use]
pub fn claimed_until(now: Timestamp) -> Timestamp {
    now.checked_add(CLAIM).unwrap_or(Timestamp::MAX)
}

/// Applies calls as they come, and those that were left behind.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let queue = app
        .intake
        .queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let Some(mut queue) = queue else { return };
    if app.store.kind() == DatabaseKind::Sqlite {
        // The file has one server: what is still claimed was claimed by one that is gone.
        if let Err(error) = app.store.end_webhook_call_claims(None).await {
            tracing::warn!(%error, "webhook calls of the last run wait until their claims run out");
        }
    }
    let mut sweep = tokio::time::interval(SWEEP);
    let mut group = Vec::with_capacity(GROUP);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = queue.recv_many(&mut group, GROUP) => apply(&app, group.drain(..)).await,
            _ = sweep.tick() => apply_left_behind(&app, app.clock.now()).await,
            () = &mut stop => break,
        }
    }
    queue.close();
    while queue.recv_many(&mut group, GROUP).await > 0 {
        apply(&app, group.drain(..)).await;
    }
}

/// Claims what nobody has applied and is nobody's at that instant, and applies it.
pub async fn apply_left_behind(app: &App, at: Timestamp) {
    loop {
        let calls = match app
            .store
            .claim_webhook_calls(at, claimed_until(at), 100)
            .await
        {
            Ok(calls) => calls,
            Err(error) => {
                return tracing::warn!(%error, "cannot look for webhook calls that were left behind");
            }
        };
        if calls.is_empty() {
            return;
        }
        let mut taken = Vec::with_capacity(calls.len());
        for call in calls {
            match read_again(app, call).await {
                Ok(read) => taken.push(read),
                Err(error) => {
                    tracing::warn!(error = error.message, "cannot read a webhook call again");
                }
            }
        }
        if taken.is_empty() {
            return;
        }
        apply(app, taken.into_iter()).await;
    }
}

async fn read_again(app: &App, call: WebhookCall) -> Result<Taken, ApiError> {
    let items = match app.store.get_channel_by_id(&call.channel_id).await? {
        Some(channel) => {
            let ready = app.channels().ready(&channel)?;
            ready
                .receive(call.content_type.as_deref(), &call.body)
                .unwrap_or_default()
        }
        // A deleted channel says nothing any more.
        None => Vec::new(),
    };
    Ok(Taken {
        call_id: call.id,
        organization_id: call.organization_id,
        channel_id: call.channel_id,
        items,
    })
}

async fn apply(app: &App, taken: impl Iterator<Item = Taken>) {
    let mut routes = Routes::new(app);
    let mut parts = Vec::new();
    for taken in taken {
        let call_id = taken.call_id.clone();
        match routes.parts(taken).await {
            Ok(of_call) => parts.extend(of_call),
            Err(error) => tracing::warn!(
                call.id = call_id,
                error = error.message,
                "cannot route a webhook call"
            ),
        }
    }
    let mut unfinished = HashSet::new();
    for mut group in groups(parts) {
        for part in &mut group {
            part.completes &= !unfinished.contains(&part.call_id);
        }
        let ids: Vec<_> = group.iter().map(|part| part.call_id.clone()).collect();
        for (id, applied) in ids.into_iter().zip(app.store.apply_webhooks(group).await) {
            count(&applied);
            if applied.is_err() || applied.is_ok_and(|applied| applied.no_agent) {
                unfinished.insert(id);
            }
        }
    }
}

/// Parts in their order, as many together as one transaction has room for.
fn groups(parts: Vec<Application>) -> Vec<Vec<Application>> {
    let mut groups: Vec<Vec<Application>> = Vec::new();
    let mut room = 0;
    for part in parts {
        match groups.last_mut() {
            Some(group) if part.items.len() <= room => {
                room -= part.items.len();
                group.push(part);
            }
            _ => {
                room = ITEMS.saturating_sub(part.items.len());
                groups.push(vec![part]);
            }
        }
    }
    groups
}

fn count(applied: &Result<store::Applied, store::StoreError>) {
    match applied {
        Ok(applied) => {
            metrics::counter!("recado_webhook_events_total").increment(applied.events as u64);
            metrics::counter!("recado_webhook_duplicates_total")
                .increment(applied.duplicates as u64);
            if applied.no_agent {
                tracing::warn!(
                    "a customer wrote, but the organization has no agent; make one, and the message is taken in"
                );
            }
        }
        Err(error) => tracing::error!(%error, "a webhook call was not applied; it is tried again"),
    }
}

/// Where the items of a group of calls go.
struct Routes<'a> {
    app: &'a App,
    /// The numbers that each called channel speaks for.
    numbers: HashMap<ChannelId, Vec<(String, ChannelId)>>,
}

impl<'a> Routes<'a> {
    fn new(app: &'a App) -> Self {
        Self {
            app,
            numbers: HashMap::new(),
        }
    }

    /// The call in parts that one transaction has room for; the last one completes it.
    async fn parts(&mut self, taken: Taken) -> Result<Vec<Application>, ApiError> {
        let Taken {
            call_id,
            organization_id,
            channel_id,
            items,
        } = taken;
        let mut routed = self.route(&organization_id, &channel_id, items).await?;
        let mut parts = Vec::new();
        loop {
            let rest = routed.split_off(routed.len().min(ITEMS));
            let completes = rest.is_empty();
            parts.push(Application {
                call_id: call_id.clone(),
                organization_id: organization_id.clone(),
                items: routed,
                at: self.app.clock.now(),
                completes,
            });
            if completes {
                return Ok(parts);
            }
            routed = rest;
        }
    }

    /// Finds each item's channel: its own, or for Meta that of the number among those that share the
    /// app's secret.
    async fn route(
        &mut self,
        organization: &OrganizationId,
        called: &ChannelId,
        items: Vec<Received>,
    ) -> Result<Vec<Routed>, ApiError> {
        let mut routed = Vec::with_capacity(items.len());
        for Received { number, what } in items {
            if is_noted(called, &what) {
                continue;
            }
            let channel_id = match number {
                None => Some(called.clone()),
                Some(number) => self.channel_of(organization, called, &number).await?,
            };
            match channel_id {
                Some(channel_id) => routed.push(Routed {
                    channel_id,
                    item: what,
                    ids: fresh_ids(self.app),
                }),
                None => {
                    tracing::warn!(channel.id = %called, "a webhook is for a number that is no channel here");
                }
            }
        }
        Ok(routed)
    }

    async fn channel_of(
        &mut self,
        organization: &OrganizationId,
        called: &ChannelId,
        number: &str,
    ) -> Result<Option<ChannelId>, ApiError> {
        let numbers = match self.numbers.entry(called.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(numbers_of(self.app, organization, called).await?),
        };
        let found = numbers.iter().find(|(known, _)| known == number);
        Ok(found.map(|(_, channel)| channel.clone()))
    }
}

/// Counts or logs what somebody should look at, and tells whether it is of no use to the store.
fn is_noted(called: &ChannelId, what: &Inbound) -> bool {
    match what {
        Inbound::Ignored(label) => {
            metrics::counter!("recado_webhook_ignored_total", "what" => *label).increment(1);
            true
        }
        Inbound::Trouble(trouble) => {
            metrics::counter!("recado_webhook_troubles_total").increment(1);
            tracing::warn!(channel.id = %called, code = trouble.code, "the provider tells of trouble with the channel");
            true
        }
        Inbound::Message(message) => {
            if matches!(&message.content, InboundContent::Other { kind, .. } if kind == "unknown") {
                metrics::counter!("recado_webhook_unknown_total").increment(1);
            }
            false
        }
        Inbound::Status(news) => {
            let reason = news
                .error
                .as_ref()
                .map_or("", |error| error.reason.as_str());
            if UNTIL_SOMEBODY_ACTS.contains(&reason) {
                tracing::warn!(channel.id = %called, reason, "messages of the channel fail until somebody acts at the provider");
            }
            false
        }
        Inbound::Call(_) | Inbound::Echo(_) | Inbound::Connection(_) => false,
    }
}

fn fresh_ids(app: &App) -> FreshIds {
    FreshIds {
        message: MessageId::from_uuid(app.uuid()),
        conversation: ConversationId::from_uuid(app.uuid()),
    }
}

/// The numbers whose channels share the secret that proved this call, and no others.
async fn numbers_of(
    app: &App,
    organization: &OrganizationId,
    called: &ChannelId,
) -> Result<Vec<(String, ChannelId)>, ApiError> {
    let channels = app
        .store
        .channels_of_provider(organization, Provider::WhatsApp)
        .await?;
    let mut known = Vec::with_capacity(channels.len());
    for channel in channels {
        let credentials = app.store.secrets(&channel)?.credentials;
        let text = |name: &str| {
            credentials
                .get(name)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
        };
        known.push((channel.id, text("phoneNumberId"), text("appSecret")));
    }
    let proved_by = known
        .iter()
        .find(|(id, ..)| id == called)
        .and_then(|(_, _, secret)| secret.clone());
    Ok(known
        .into_iter()
        .filter(|(_, _, secret)| *secret == proved_by)
        .filter_map(|(id, number, _)| Some((number?, id)))
        .collect())
}
