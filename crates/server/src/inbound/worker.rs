//! Applies every stored call of a provider once, in this process or after a restart in the next.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use recado_core::OrganizationId;
use recado_providers::Channel;
use recado_store::{StoreError, WebhookCall};
use tracing::Instrument as _;

use super::applying::{MAX_BYTES, MAX_CALLS, apply};
use super::claims::claimed_until;
use super::left_behind;
use super::queue::{CALL_OVERHEAD_BYTES, Taken};
use crate::api::error::ApiError;
use crate::app::App;
use crate::memory::budget::Room;
use crate::memory::lock;

/// How often calls are looked for that no process has applied.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

/// Keeps a call on disk, and has it applied. When this returns, the caller may be answered.
///
/// All of it runs in a task of its own: a provider that closes its connection early changes nothing.
pub(crate) async fn keep(
    app: &Arc<App>,
    channel: Arc<dyn Channel>,
    call: WebhookCall,
    body: Room,
) -> Result<(), ApiError> {
    let context = Arc::clone(app);
    let keeping = async move {
        let bytes = call.body.len() + CALL_OVERHEAD_BYTES;
        let room = context.intake.waiting.take(&call.organization_id, bytes);
        let until = match room {
            Some(_) => claimed_until(call.received_at),
            None => call.received_at,
        };
        if room.is_some() {
            context.intake.claims().add([call.id.clone()]);
        }
        // One large call at a time: on SQLite the writes of all organizations wait for its commit.
        let alone = if call.body.len() > MAX_BYTES {
            Some(context.intake.large_kept.lock().await)
        } else {
            None
        };
        let kept = context.store.keep_webhook_call(&call, until).await;
        drop(alone);
        if let Err(error) = kept {
            context
                .intake
                .claims()
                .remove(std::slice::from_ref(&call.id));
            // It may be there all the same, claimed for this process, which then knows of it.
            context.intake.did_not_apply(HashSet::from([call.id]));
            return Err(error);
        }
        drop(body);
        match room {
            Some(room) => hand_over(&context, channel, call, room),
            None => context.intake.look_for_left_behind(),
        }
        Ok::<_, StoreError>(())
    };
    let kept = app.intake.tasks.spawn(keeping.in_current_span()).await;
    kept.map_err(ApiError::internal)?.map_err(ApiError::from)
}

/// Puts a call into the queue of its organization, and applies the queue unless that is going on already.
fn hand_over(app: &Arc<App>, channel: Arc<dyn Channel>, call: WebhookCall, room: Room) {
    let organization = call.organization_id.clone();
    let taken = Taken {
        call,
        channel: Some(channel),
        room: Some(room),
    };
    let mut queues = lock(&app.intake.queues);
    if let Some(queue) = queues.get_mut(&organization) {
        queue.push_back(taken);
        return;
    }
    queues.insert(organization.clone(), VecDeque::from([taken]));
    drop(queues);
    let applying = apply_queue(Arc::clone(app), organization);
    app.intake.tasks.spawn(applying);
}

/// Applies the calls of one organization until its queue is empty.
async fn apply_queue(app: Arc<App>, organization: OrganizationId) {
    while let Some(calls) = next(&app, &organization) {
        let app = Arc::clone(&app);
        // In a task of its own: should it panic, the queue goes on.
        let applied = tokio::spawn(async move { apply(&app, calls).await }).await;
        if let Err(error) = applied {
            tracing::error!(%error, "applying webhook calls panicked");
        }
    }
}

/// Takes the next calls out of a queue; returns `None`, and ends the queue, if it is empty.
fn next(app: &App, organization: &OrganizationId) -> Option<Vec<Taken>> {
    let mut queues = lock(&app.intake.queues);
    let queue = queues.get_mut(organization)?;
    let (mut calls, mut bytes) = (Vec::new(), 0);
    while let Some(first) = queue.front() {
        bytes += first.call.body.len();
        if !calls.is_empty() && (bytes > MAX_BYTES || calls.len() >= MAX_CALLS) {
            break;
        }
        calls.extend(queue.pop_front());
    }
    if calls.is_empty() {
        queues.remove(organization);
        return None;
    }
    Some(calls)
}

/// Applies the calls that were left behind, and waits at the end for those that are being applied.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let mut freed = app.store.subscribe_webhook_calls();
    let mut sweep = tokio::time::interval(POLL_INTERVAL);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = sweep.tick() => {}
            () = app.intake.left_behind.notified() => {}
            () = freed.changed() => {}
            () = &mut stop => break,
        }
        apply_left_behind(&app, app.clock.now()).await;
    }
    app.intake.tasks.close();
    app.intake.tasks.wait().await;
}

/// Applies all pending calls whose claim has run out at that instant.
pub async fn apply_left_behind(app: &Arc<App>, at: Timestamp) {
    if let Err(error) = left_behind::apply_all(app, at).await {
        tracing::warn!(
            error = error.message,
            "cannot apply webhook calls that were left behind; they are tried again"
        );
    }
}
