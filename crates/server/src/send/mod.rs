//! One send, step by step: the order of checks, the message on disk, the provider, the outcome.

mod again;
mod cancel;
mod check;
pub(crate) mod limits;
pub(crate) mod outcome;
pub(crate) mod places;
mod repeats;
pub(crate) mod timing;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use recado_core::capabilities::SendLimit;
use recado_core::request::SendRequest;
use recado_core::{MessageId, OrganizationId, Outcome, Recipient, Warning};
use recado_providers::{ChannelError, OutboundMessage, Receipt, send_with_retries};
use recado_store::{
    Enqueue, FirstRequest, IdempotencyKey, NewMessage, SendResult, SendTime, StoreError,
};
use tracing::Instrument as _;

use crate::api::error::{ApiError, Reason};
use crate::api::idempotency::{checked, first_request};
use crate::app::App;
use crate::app::clock::later;
use crate::channels::pauses;
use crate::costs::budget;
use crate::costs::estimate::Chargeable;
use crate::telemetry;
use limits::KeyRate;
use outcome::{SendOutcome, Sent, forget_key, not_sent, panicked, result_of, unknown};
use timing::Timing;

pub(crate) use again::again;
pub(crate) use cancel::cancel;
pub(crate) use check::{check, is_closed, window_closed};

/// Longest that a caller waits for the outcome: clients give up after 20 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(18);

/// Longest that a caller who gets no outcome waits for the note of it.
const NOTE_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a queued message is tried.
const QUEUED_FOR: Duration = Duration::from_hours(24);

/// A send that passed every check and has not begun.
pub(crate) struct ReadySend {
    channel: Arc<dyn recado_providers::Channel>,
    /// Whether the queued messages of the channel wait.
    is_paused: bool,
    recipient: Recipient,
    message: NewMessage,
    /// Whether the outcome of a message in the same conversation became unknown shortly before.
    follows_unknown: bool,
    /// `None` if its provider says nothing about prices.
    chargeable: Option<Chargeable>,
}

/// Sends or queues a message, unless an earlier request did: one with the same key, or without a key one with the same
/// content whose outcome became unknown shortly before.
pub(crate) async fn send(
    app: &Arc<App>,
    organization: &OrganizationId,
    request: SendRequest,
    key: Option<IdempotencyKey>,
    timing: Timing,
    key_rate: Option<KeyRate>,
) -> Result<Sent, ApiError> {
    if let Some(first) = first_request(app, Some(organization), key.as_ref()).await? {
        return repeats::of_request(app, organization, &first, timing).await;
    }
    let again_of = request.again_of.clone();
    let mut ready = check(app, organization, request, timing).await?;
    // On purpose at another time: not the repeat of a client that makes each 500 again.
    let is_scheduled = matches!(timing, Timing::Queued(Some(_)));
    ready.message.limits.api_key = key_rate;
    if key.is_none()
        && ready.follows_unknown
        && !is_scheduled
        && let Some(message) = repeats::of_unknown(app, &ready.message, again_of.as_ref()).await?
    {
        return repeats::answer(app, message).await;
    }
    match timing {
        Timing::Now => ready.send(app, key).await,
        Timing::Queued(send_at) => ready.enqueue(app, key, send_at).await,
    }
}

impl ReadySend {
    /// What would be sent, without sending it.
    pub(crate) fn outbound(&self) -> OutboundMessage {
        OutboundMessage::new(
            self.message.id.clone(),
            self.recipient.clone(),
            self.message.content.clone(),
        )
    }

    pub(crate) fn channel(&self) -> &dyn recado_providers::Channel {
        self.channel.as_ref()
    }

    /// How the message is charged; `None` if its provider says nothing about prices.
    pub(crate) fn chargeable(&self) -> Option<Chargeable> {
        self.chargeable.clone()
    }

    /// What may look wrong on the phone.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.message.warnings
    }

    /// Sends, whatever becomes of the caller: a client that hangs up does not stop a send half-way.
    async fn send(self, app: &Arc<App>, key: Option<IdempotencyKey>) -> Result<Sent, ApiError> {
        let (organization, channel) = (&self.message.organization_id, &self.message.channel_id);
        let place = app.send_places.take(organization, channel)?;
        let (context, id) = (Arc::clone(app), self.message.id.clone());
        let owner = organization.clone();
        let panicked = self.outcome(panicked());
        let sending = async move {
            let _place = place;
            let sent = AssertUnwindSafe(self.deliver(&context, key)).catch_unwind();
            if let Ok(sent) = sent.await {
                return sent;
            }
            tracing::error!(message_id = %panicked.id, "send task panicked");
            panicked.store(&context).await?;
            Err(unknown(
                &panicked.id,
                "The server failed in the middle of the send: the message may have gone out, do not send it again",
            ))
        };
        let task = app.sends.spawn(sending.in_current_span());
        if let Ok(Ok(sent)) = tokio::time::timeout(ANSWER_TIMEOUT, task).await {
            return sent;
        }
        note_unknown(app, owner, id.clone()).await;
        Err(unknown(
            &id,
            "The send is still under way: look at the message for its outcome, do not send it again",
        ))
    }

    /// Stores the message as queued; the queue sends it.
    async fn enqueue(
        self,
        app: &Arc<App>,
        key: Option<IdempotencyKey>,
        send_at: Option<Timestamp>,
    ) -> Result<Sent, ApiError> {
        let message = &self.message;
        let send_at = send_at.map_or(message.created_at, |at| at.max(message.created_at));
        let time = SendTime {
            send_at,
            expires_at: later(send_at, QUEUED_FOR),
        };
        let (organization, bytes) = (&message.organization_id, message.queued_bytes());
        if let Some(spending) = &message.limits.budget {
            let channel = &message.channel_id;
            budget::check_use(app, &message.organization_id, channel, spending, send_at).await?;
        }
        let room = app.queue_room.take(&app.store, organization, bytes);
        if !room.await? {
            let sentence =
                "Too many messages wait in the queue of the organization; nothing was stored";
            return Err(ApiError::new(Reason::QueueFull, sentence));
        }
        match app.store.enqueue(message, time, key.as_ref()).await {
            Ok(Enqueue::Queued(message)) => Ok(Sent::now(*message)),
            Ok(Enqueue::Repeated(first)) => {
                let first = key.map_or(Ok(first.clone()), |key| checked(first, &key))?;
                let timing = Timing::Queued(None);
                repeats::of_request(app, &message.organization_id, &first, timing).await
            }
            // It may be queued, and then it is sent.
            Err(error) if error.may_have_been_written() => {
                note_unknown(app, message.organization_id.clone(), message.id.clone()).await;
                Err(unknown(
                    &message.id,
                    "The message may be queued: look at it before you send it again",
                ))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Stores the message, sends it, stores the outcome.
    async fn deliver(self, app: &Arc<App>, key: Option<IdempotencyKey>) -> Result<Sent, ApiError> {
        let begun = Instant::now();
        match self.begin(app, key.as_ref()).await {
            Ok(None) => {}
            // Another request was first, since this one looked.
            Ok(Some(first)) => {
                let organization = &self.message.organization_id;
                return repeats::of_request(app, organization, &first, Timing::Now).await;
            }
            Err(error) => return Err(error),
        }
        let sent = send_with_retries(self.channel.as_ref(), &self.outbound(), &app.retry).await;
        let message = &self.message;
        telemetry::sent(
            (&message.id, &message.conversation_id, &message.channel_id),
            self.channel.capabilities().provider,
            &sent,
            begun.elapsed(),
        );
        let result = result_of(&sent);
        let was_sent = result.outcome != Outcome::Rejected;
        let accepted = result.outcome == Outcome::Accepted;
        let outcome = SendOutcome {
            begun: accepted.then(|| Box::new(self.message.clone())),
            ..self.outcome(result)
        };
        let stored = outcome.store(app).await;
        let sent = Arc::new(sent);
        self.learn(app, Arc::clone(&sent));
        match &*sent {
            // What the provider said holds, also if it could not be stored.
            Err(error) => {
                let error = ApiError::from(error).about(&self.message.id);
                // The answer asks for another try, which may have the same key.
                if let Some(key) = key.filter(|_| !was_sent && error.retry_after.is_some()) {
                    let NewMessage {
                        organization_id,
                        id,
                        ..
                    } = &self.message;
                    forget_key(app, organization_id, id, &key).await;
                }
                Err(error)
            }
            Ok(_) => stored.map(Sent::now),
        }
    }

    /// Learns of the channel what the provider said; the caller does not wait for that.
    fn learn(&self, app: &Arc<App>, sent: Arc<Result<Receipt, ChannelError>>) {
        let (context, is_paused) = (Arc::clone(app), self.is_paused);
        if sent.is_ok() && !is_paused {
            return;
        }
        let message = &self.message;
        let (organization, channel) = (message.organization_id.clone(), message.channel_id.clone());
        app.sends.spawn(async move {
            pauses::learn(&context, (&organization, &channel), is_paused, &sent).await;
        });
    }

    /// Stores the message, and its key if there is one; returns the first request under the key if there was one.
    async fn begin(
        &self,
        app: &Arc<App>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<FirstRequest>, ApiError> {
        let (store, message) = (&app.store, &self.message);
        let begun = match key {
            None => store.begin_send(message).await.map(|()| None),
            Some(key) => store.begin_send_once(message, key).await,
        };
        match (begun, key) {
            (Ok(Some(first)), Some(key)) => checked(first, key).map(Some),
            (Ok(first), _) => Ok(first),
            (Err(StoreError::Limited(limited)), _)
                if let (SendLimit::Budget, Some(spending)) =
                    (limited.limit, &message.limits.budget) =>
            {
                let (channel, budget) = (&message.channel_id, &spending.budget);
                Err(budget::used_up(channel, budget, limited.until))
            }
            (Err(StoreError::Limited(limited)), _) => {
                let (limits, carries) = (&message.limits, self.channel.capabilities());
                Err(limits::refusal(limited, limits, carries, app.clock.now()))
            }
            (Err(error), key) => {
                if error.may_have_been_written() {
                    let (app, outcome) = (Arc::clone(app), self.outcome(not_sent()));
                    let (tracker, key) = (app.sends.clone(), key.cloned());
                    tracker.spawn(async move { outcome.take_back(&app, key).await });
                }
                Err(error.into())
            }
        }
    }

    fn outcome(&self, result: SendResult) -> SendOutcome {
        SendOutcome {
            organization_id: self.message.organization_id.clone(),
            id: self.message.id.clone(),
            result,
            begun: None,
            is_queued: false,
        }
    }
}

/// Notes that the caller learns no outcome, so that a repeat is known as one. Without the note it is sent, as it would
/// be after the time for which repeats are known.
async fn note_unknown(app: &Arc<App>, organization: OrganizationId, id: MessageId) {
    let (context, at) = (Arc::clone(app), app.clock.now());
    let noting = app.sends.spawn(async move {
        let (store, unstored) = (&context.store, &context.unstored);
        let note = || store.note_unknown(&organization, &id, at);
        if let Err(error) = unstored.write(None, note).await {
            tracing::warn!(message_id = %id, %error, "the unknown outcome was not noted; a repeat without a key would be sent");
        }
    });
    // The note goes on; the caller has waited long.
    tokio::time::timeout(NOTE_TIMEOUT, noting).await.ok();
}
