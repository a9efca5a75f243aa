//! What sends and checks teach of a channel: it is paused while it does not work, and resumed when it works again.

use std::sync::Arc;
use std::time::Duration;

use recado_core::message::MessageError;
use recado_core::{ChannelId, OrganizationId, Outcome};
use recado_providers::{ChannelError, ErrorKind, HealthState, Receipt, Retry};
use recado_store as store;
use tokio::task::{JoinError, JoinSet};

use crate::app::App;
use crate::lifecycle::failures::Failures;

/// How often channels are looked for whose providers are to be asked.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Pauses the channel if it does not work, or resumes it if it works again, by what its provider said to a send. If
/// that cannot be stored, the next send tells it.
pub(crate) async fn learn(
    app: &App,
    (organization, id): (&OrganizationId, &ChannelId),
    is_paused: bool,
    sent: &Result<Receipt, ChannelError>,
) {
    match sent {
        Ok(_) if is_paused => resume(app, organization, id).await,
        // The channel works, and this message does not.
        Err(error) if is_paused && is_of_message(error) => resume(app, organization, id).await,
        // It may have been refused here, and was to try the channel: another one does.
        Err(error) if is_paused && error.kind == ErrorKind::ContentRefused => {
            try_again(app, (organization, id), false).await;
        }
        Err(error) if !is_paused && is_of_channel(error) => {
            pause(app, organization, id, error).await;
        }
        Ok(_) | Err(_) => {}
    }
}

/// Whether every message of the channel fails like this, until the channel works again.
fn is_of_channel(error: &ChannelError) -> bool {
    error.kind.retry() == Retry::OnceChannelWorks
}

/// Whether the provider has looked at the message, and refused it for good.
fn is_of_message(error: &ChannelError) -> bool {
    let kind = error.kind;
    // What a message may have is checked before the provider is asked, too.
    let may_be_ours = kind == ErrorKind::ContentRefused;
    kind.retry() == Retry::Never && kind.outcome() == Outcome::Rejected && !may_be_ours
}

async fn pause(app: &App, organization: &OrganizationId, id: &ChannelId, error: &ChannelError) {
    let error = MessageError {
        reason: error.kind.reason().to_owned(),
        code: error.code,
        message: error.message.clone(),
    };
    let (store, now) = (&app.store, app.clock.now());
    match store
        .pause_failing_channel(organization, id, &error, now)
        .await
    {
        Ok(false) => {}
        Ok(true) => {
            tracing::warn!(channel_id = %id, reason = error.reason, "the channel does not work: its queued messages wait");
        }
        Err(error) => {
            tracing::warn!(channel_id = %id, %error, "a channel that does not work could not be paused");
        }
    }
}

/// Longest that one provider is waited for, so that it does not hold up the others.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks providers whether channels work again, until it is dropped. None waits for the answer of another one.
pub(crate) async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(POLL_INTERVAL);
    let mut failures = Failures::default();
    let mut checks = JoinSet::new();
    loop {
        ticks.tick().await;
        while let Some(checked) = checks.try_join_next() {
            // It ends the server, as a panic of this task does.
            if let Err(Ok(panic)) = checked.map_err(JoinError::try_into_panic) {
                std::panic::resume_unwind(panic);
            }
        }
        let due = app.store.channels_to_check(app.clock.now()).await;
        let due = failures.log(due, "cannot look for channels to ask about");
        for channel in due.unwrap_or_default() {
            let app = Arc::clone(&app);
            checks.spawn(async move { check_one(&app, &channel).await });
        }
    }
}

async fn check_one(app: &App, channel: &store::Channel) {
    let Ok(ready) = app.channels().ready(channel) else {
        return;
    };
    let asked = tokio::time::timeout(CHECK_TIMEOUT, ready.health()).await;
    let works = match asked {
        Ok(Ok(health)) if health.state == HealthState::Connected => true,
        // Some tokens may send and not ask.
        Ok(Err(error)) if is_of_channel(&error) && error.kind != ErrorKind::NotConnected => false,
        _ => return,
    };
    try_again(app, (&channel.organization_id, &channel.id), works).await;
}

/// Lets a queued message try a channel that may work again.
pub(crate) async fn try_again(
    app: &App,
    (organization, id): (&OrganizationId, &ChannelId),
    works: bool,
) {
    let now = app.clock.now();
    if let Err(error) = app.store.try_channel(organization, id, works, now).await {
        tracing::warn!(channel_id = %id, %error, "a channel that may work again could not be tried");
    }
}

/// Resumes a channel that works again.
async fn resume(app: &App, organization: &OrganizationId, id: &ChannelId) {
    let (store, now) = (&app.store, app.clock.now());
    let resumed = store.resume_working_channel(organization, id, now);
    match resumed.await {
        Ok(false) => {}
        Ok(true) => tracing::info!(channel_id = %id, "the channel works again"),
        Err(error) => {
            tracing::warn!(channel_id = %id, %error, "a channel that works again could not be resumed");
        }
    }
}
