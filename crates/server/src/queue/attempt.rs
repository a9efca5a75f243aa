//! One attempt of a queued message: the last checks, the provider, and what came of it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use recado_core::message::MessageError;
use recado_providers::{ChannelError, OutboundMessage, Receipt, RetryPolicy, send_with_retries};
use recado_store::{self as store, Attempt, MessageContent, Postponed, SendResult};

use super::allowances::Reply;
use super::waits::{self, CHANNEL_PAUSE};
use crate::api::error::{ApiError, Reason};
use crate::app::App;
use crate::app::clock::later;
use crate::channels::pauses;
use crate::costs::budget;
use crate::send::outcome::{SendOutcome, panicked, refused, result_of};
use crate::send::{is_closed, window_closed};
use crate::telemetry;

/// What followed from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The message has an outcome.
    Settled {
        /// Whether the provider was asked.
        was_asked: bool,
    },
    /// What became of it is known to this server alone, and is not stored: the message stays `sending`.
    Unstored,
    /// It is tried again.
    Again {
        at: Timestamp,
        /// Whether all messages of the channel have to wait.
        holds_channel: bool,
    },
}

/// An attempt that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) after: After,
    /// `None` if the provider was not asked.
    pub(super) reply: Option<Reply>,
}

/// What an attempt says, before that is stored, and what the provider said if it was asked.
struct Said {
    next: Next,
    sent: Option<(Result<Receipt, ChannelError>, Reply)>,
}

enum Next {
    Outcome(SendResult),
    /// The message is refused before the provider is asked.
    Refused(SendResult),
    Postponed(Postponed, bool),
}

/// Makes an attempt over the channel, which is `None` if it was deleted.
pub(super) async fn attempt(app: &App, attempt: Attempt, channel: Option<&store::Channel>) -> Made {
    let said = AssertUnwindSafe(said(app, &attempt, channel)).catch_unwind();
    let said = said.await.unwrap_or_else(|_| {
        tracing::error!(message_id = %attempt.message.id, "an attempt of a queued message panicked");
        Next::Outcome(panicked()).into()
    });
    let is_refused = matches!(said.next, Next::Refused(_));
    let after = match said.next {
        Next::Outcome(result) => settle(app, &attempt, result, true).await,
        Next::Refused(result) => settle(app, &attempt, result, false).await,
        Next::Postponed(postponed, holds_channel) => {
            postpone(app, &attempt, postponed, holds_channel).await
        }
    };
    // Then: the message is stored first, for the server may end.
    let message = &attempt.message;
    let of_channel = (&message.organization_id, &message.channel_id);
    let is_paused = channel.is_some_and(|channel| channel.paused.is_some());
    if let Some((sent, _)) = &said.sent {
        pauses::learn(app, of_channel, is_paused, sent).await;
    } else if is_paused && is_refused && attempt.expires_at > app.clock.now() {
        // It was to try the channel, and did not: another one does.
        pauses::try_again(app, of_channel, false).await;
    }
    let reply = said.sent.map(|(_, reply)| reply);
    Made { after, reply }
}

impl From<After> for Made {
    fn from(after: After) -> Self {
        Self { after, reply: None }
    }
}

impl From<Next> for Said {
    fn from(next: Next) -> Self {
        Self { next, sent: None }
    }
}

async fn settle(app: &App, attempt: &Attempt, result: SendResult, was_asked: bool) -> After {
    let outcome = SendOutcome {
        organization_id: attempt.message.organization_id.clone(),
        id: attempt.message.id.clone(),
        result,
        begun: None,
        is_queued: true,
    };
    match outcome.store(app).await {
        Ok(_) => After::Settled { was_asked },
        // It is logged there.
        Err(_) => After::Unstored,
    }
}

async fn postpone(
    app: &App,
    attempt: &Attempt,
    postponed: Postponed,
    holds_channel: bool,
) -> After {
    let message = &attempt.message;
    let write = || {
        let at = app.clock.now();
        app.store.postpone(attempt, &postponed, at)
    };
    match app
        .unstored
        .write(Some(&message.organization_id), write)
        .await
    {
        Ok(true) => After::Again {
            at: postponed.ready_at,
            holds_channel,
        },
        // Another server took this one for dead; the message is unknown, and surely was not sent.
        Ok(false) => {
            let error = postponed.error.clone();
            let result = SendResult {
                error,
                ..refused(&ApiError::new(Reason::Unavailable, "nothing was sent"))
            };
            settle(app, attempt, result, false).await
        }
        Err(error) => {
            tracing::error!(message_id = %message.id, %error, "a message that was not sent could not be queued again; it will be unknown");
            After::Unstored
        }
    }
}

async fn said(app: &App, attempt: &Attempt, stored: Option<&store::Channel>) -> Said {
    let now = app.clock.now();
    let ready = match ready(app, attempt, stored, now) {
        Ok(ready) => ready,
        Err(error) if waits_for_channel(&error) && attempt.expires_at > now => {
            return Next::Postponed(held(&error, now), true).into();
        }
        // Prices and budgets may be changed.
        Err(error) if error.reason == Reason::ChannelOverBudget && attempt.expires_at > now => {
            return Next::Postponed(held(&error, now), false).into();
        }
        Err(error) => return Next::Refused(refused(&error)).into(),
    };
    let (channel, outbound) = ready;
    let begun = Instant::now();
    let once = RetryPolicy {
        max_attempts: 1,
        ..app.retry
    };
    let sent = send_with_retries(channel.as_ref(), &outbound, &once).await;
    let took = begun.elapsed();
    let message = &attempt.message;
    telemetry::sent(
        (&message.id, &message.conversation_id, &message.channel_id),
        channel.capabilities().provider,
        &sent,
        took,
    );
    let reply = Reply::of(&sent, took, once.budget);
    Said {
        next: judge(app, attempt, &sent),
        sent: Some((sent, reply)),
    }
}

/// Says whether a message is tried again whose attempt came to this.
fn judge(app: &App, attempt: &Attempt, sent: &Result<Receipt, ChannelError>) -> Next {
    let Err(error) = sent else {
        return Next::Outcome(result_of(sent));
    };
    let random = getrandom::u32().unwrap_or_default();
    let wait = waits::wait(attempt.attempts.saturating_add(1), error, random);
    let again = wait.map(|wait| (wait, later(app.clock.now(), wait.pause)));
    match again.filter(|(_, at)| *at < attempt.expires_at) {
        None => Next::Outcome(result_of(sent)),
        Some((wait, ready_at)) => {
            let postponed = Postponed {
                ready_at,
                counts: wait.counts,
                error: result_of(sent).error,
            };
            Next::Postponed(postponed, wait.holds_channel)
        }
    }
}

/// Makes the last checks of a message that was checked when it was queued.
fn ready(
    app: &App,
    attempt: &Attempt,
    stored: Option<&store::Channel>,
    now: Timestamp,
) -> Result<(Arc<dyn recado_providers::Channel>, OutboundMessage), ApiError> {
    if now >= attempt.expires_at {
        let sentence = "the message could not be sent in time; nothing was sent";
        return Err(ApiError::new(Reason::MessageExpired, sentence));
    }
    let stored = stored.ok_or_else(|| {
        let sentence = "the conversation's channel was deleted; nothing was sent";
        ApiError::new(Reason::UnsupportedChannel, sentence)
    })?;
    if is_closed(stored, attempt.window_expires_at, now) {
        return Err(window_closed());
    }
    let channel = app.channels().ready(stored)?;
    let MessageContent::Outbound(content) = &attempt.message.content else {
        return Err(ApiError::internal(
            "a message of a customer is in the outbox",
        ));
    };
    // Its part of the budget was taken when the attempt began, unless the budget never allows it.
    budget::of_send(
        app.rates.as_deref(),
        stored,
        &attempt.recipient,
        content.kind(),
    )?;
    let id = attempt.message.id.clone();
    let outbound = OutboundMessage::new(id, attempt.recipient.clone(), content.clone());
    Ok((channel, outbound))
}

/// Whether a message waits that cannot be sent for now for this reason.
fn waits_for_channel(error: &ApiError) -> bool {
    matches!(
        error.reason,
        Reason::ChannelUnauthorized | Reason::ChannelMisconfigured | Reason::Unavailable
    )
}

fn held(error: &ApiError, now: Timestamp) -> Postponed {
    Postponed {
        ready_at: later(now, CHANNEL_PAUSE),
        counts: false,
        error: Some(MessageError::new(error.reason.as_str(), &*error.message)),
    }
}
