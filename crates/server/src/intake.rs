//! What the providers told us, applied: every kept call once, in this process or after a restart in the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use recado_core::inbound::Inbound;
use recado_core::{ChannelId, ConversationId, MessageId, Provider};
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

/// A call that was kept, and what it says.
pub struct Taken {
    pub call: WebhookCall,
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
    /// Hands a kept call to the worker; if that is gone, the next process finds it in the database.
    pub async fn take(&self, taken: Taken) {
        if self.waiting.send(taken).await.is_err() {
            tracing::debug!("a webhook call is left to the next start");
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
        apply_left_behind(&app, claimed_until(app.clock.now())).await;
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
    Ok(Taken { call, items })
}

async fn apply(app: &App, taken: impl Iterator<Item = Taken>) {
    let mut applications = Vec::new();
    for Taken { call, items } in taken {
        match route(app, &call, items).await {
            Ok(items) => applications.push(Application {
                call_id: call.id,
                organization_id: call.organization_id,
                items,
                at: app.clock.now(),
            }),
            Err(error) => tracing::warn!(
                call.id = call.id,
                error = error.message,
                "cannot route a webhook call"
            ),
        }
    }
    for applied in app.store.apply_webhooks(applications).await {
        count(&applied);
    }
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

/// Finds each item's channel: its own, or for Meta that of the number among those that share the app's secret.
async fn route(
    app: &App,
    call: &WebhookCall,
    items: Vec<Received>,
) -> Result<Vec<Routed>, ApiError> {
    let mut numbers: Option<Vec<(String, ChannelId)>> = None;
    let mut routed = Vec::with_capacity(items.len());
    for Received { number, what } in items {
        if let Inbound::Ignored(label) = &what {
            metrics::counter!("recado_webhook_ignored_total", "what" => *label).increment(1);
            continue;
        }
        let channel_id = match number {
            None => Some(call.channel_id.clone()),
            Some(number) => {
                if numbers.is_none() {
                    numbers = Some(numbers_of(app, call).await?);
                }
                let known = numbers.iter().flatten().find(|(known, _)| *known == number);
                known.map(|(_, channel)| channel.clone())
            }
        };
        match channel_id {
            Some(channel_id) => routed.push(Routed {
                channel_id,
                item: what,
                ids: fresh_ids(app),
            }),
            None => {
                tracing::warn!(channel.id = %call.channel_id, "a webhook is for a number that is no channel here");
            }
        }
    }
    Ok(routed)
}

fn fresh_ids(app: &App) -> FreshIds {
    FreshIds {
        message: MessageId::from_uuid(app.uuid()),
        conversation: ConversationId::from_uuid(app.uuid()),
    }
}

/// The numbers whose channels share the secret that proved this call, and no others.
async fn numbers_of(app: &App, call: &WebhookCall) -> Result<Vec<(String, ChannelId)>, ApiError> {
    let channels = app
        .store
        .channels_of_provider(&call.organization_id, Provider::WhatsApp)
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
        .find(|(id, ..)| *id == call.channel_id)
        .and_then(|(_, _, secret)| secret.clone());
    Ok(known
        .into_iter()
        .filter(|(_, _, secret)| *secret == proved_by)
        .filter_map(|(id, number, _)| Some((number?, id)))
        .collect())
}
