//! Reads back from the database what is not applied, one organization after the other.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use recado_core::OrganizationId;
use recado_store::{Backlog, SetAsideReason, StoreError, WebhookCall};
use tokio::task::JoinSet;

use super::applying::{apply, set_aside};
use super::claims::claimed_until;
use super::queue::Taken;
use crate::api::error::ApiError;
use crate::app::App;

/// Organizations whose calls are read back at once.
const MAX_ORGANIZATIONS: usize = 4;

/// Calls that are claimed at once.
const MAX_CLAIMED_CALLS: u32 = 64;

/// Bytes of the calls that are claimed at once; one that is larger is claimed alone.
const MAX_CLAIMED_BYTES: u32 = 256 * 1024;

/// Attempts to apply a call after which it is set aside, if the process ended during each.
const MAX_ATTEMPTS: i64 = 3;

/// How long an organization rests whose calls another server is claiming.
const REST: Duration = Duration::from_millis(100);

/// Applies all pending calls whose claim has run out at that instant.
///
/// The organizations take turns: each turn claims a bounded number of calls and bytes.
pub(crate) async fn apply_all(app: &Arc<App>, at: Timestamp) -> Result<(), ApiError> {
    app.intake.end_attempts(&app.store).await?;
    free_lost(app, at).await?;
    let mut waiting = VecDeque::<Backlog>::new();
    let mut running = HashSet::<OrganizationId>::new();
    let mut turns = JoinSet::new();
    let mut failure = None;
    loop {
        let now = at.max(app.clock.now());
        if failure.is_none() && !app.stopping.is_cancelled() {
            let known: HashSet<_> = (waiting.iter())
                .map(|backlog| backlog.organization_id.clone())
                .collect();
            match app.store.organizations_with_webhook_calls(now).await {
                Ok(backlogs) => waiting.extend(backlogs.into_iter().filter(|backlog| {
                    let id = &backlog.organization_id;
                    !running.contains(id) && !known.contains(id)
                })),
                Err(error) => failure = Some(ApiError::from(error)),
            }
        }
        if app.stopping.is_cancelled() {
            // The next start finds them again.
            waiting.clear();
        }
        while turns.len() < MAX_ORGANIZATIONS
            && let Some(backlog) = waiting.pop_front()
        {
            running.insert(backlog.organization_id.clone());
            let app = Arc::clone(app);
            turns.spawn(async move {
                let result = turn(&app, &backlog, now).await;
                (backlog.organization_id, result)
            });
        }
        match turns.join_next().await {
            None => return failure.map_or(Ok(()), Err),
            Some(Ok((organization, result))) => {
                running.remove(&organization);
                // The others' turns come to their end first.
                failure = failure.or(result.err());
            }
            Some(Err(panic)) => failure = Some(ApiError::internal(panic)),
        }
    }
}

/// Claims and applies some calls of one organization.
async fn turn(app: &App, backlog: &Backlog, now: Timestamp) -> Result<(), ApiError> {
    let organization = &backlog.organization_id;
    let mut found = false;
    if backlog.batched {
        let calls = app
            .store
            .claim_webhook_calls(
                organization,
                now,
                claimed_until(now),
                MAX_CLAIMED_CALLS,
                MAX_CLAIMED_BYTES,
            )
            .await?;
        found |= !calls.is_empty();
        apply_again(app, calls).await;
    }
    if backlog.doubtful {
        found |= apply_doubtful(app, organization, now).await?;
    }
    if !found {
        tokio::time::sleep(REST).await;
    }
    Ok(())
}

/// Applies a call during which the process ended twice: one such call at a time, so that no other is
/// blamed should the process end again.
async fn apply_doubtful(
    app: &App,
    organization: &OrganizationId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let _alone = app.intake.doubtful.lock().await;
    let claimed = app
        .store
        .claim_doubtful_webhook_call(organization, now, claimed_until(now))
        .await?;
    let Some((call, attempts)) = claimed else {
        return Ok(false);
    };
    if attempts > MAX_ATTEMPTS {
        set_aside(app, &call, SetAsideReason::Crashed).await;
    } else {
        apply_again(app, vec![call]).await;
    }
    Ok(true)
}

async fn apply_again(app: &App, calls: Vec<WebhookCall>) {
    let mut taken = Vec::with_capacity(calls.len());
    for call in calls {
        match channel(app, &call).await {
            Ok(channel) => taken.push(Taken {
                call,
                channel,
                room: None,
            }),
            Err(error) => {
                tracing::warn!(error = error.message, "cannot read a webhook call again");
                app.intake.did_not_apply(HashSet::from([call.id]));
            }
        }
    }
    if !taken.is_empty() {
        apply(app, taken).await;
    }
}

async fn channel(
    app: &App,
    call: &WebhookCall,
) -> Result<Option<Arc<dyn recado_providers::Channel>>, ApiError> {
    let channel = app.store.get_channel_by_id(&call.channel_id).await?;
    channel.map(|it| app.channels().ready(&it)).transpose()
}

/// Ends lost claims, so that their calls are applied.
async fn free_lost(app: &App, at: Timestamp) -> Result<(), StoreError> {
    let claimed = app.store.claimed_webhook_calls().await?;
    let lost = app.intake.claims().lost(claimed, at);
    if !lost.is_empty() {
        let calls = lost.len();
        tracing::info!(calls, "webhook calls whose claim was lost are applied now");
        app.store.free_lost_webhook_calls(&lost).await?;
    }
    Ok(())
}
