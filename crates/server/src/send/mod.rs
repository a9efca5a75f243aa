//! One send, step by step: the order of checks, the message on disk, the provider, the outcome.

pub(crate) mod places;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use recado_core::chatvolt::ChatvoltSend;
use recado_core::message::MessageError;
use recado_core::{
    AgentId, ConversationId, MessageId, OrganizationId, Outcome, Recipient, Warning,
};
use recado_providers::{ChannelError, OutboundMessage, Receipt, send_with_retries};
use recado_store::{AgentOwner, Channel, Message, NewMessage, SendResult, StoreError};

use tracing::Instrument as _;

use crate::api::error::{ApiError, Reason};
use crate::api::noun::{missing, parsed};
use crate::app::App;
use crate::telemetry;

/// Meta's code for a message outside the 24-hour window.
const WINDOW_CLOSED: i64 = 131_047;

/// Longest time after which a write whose caller gave up can still land: on PostgreSQL 12 seconds for the
/// organization lock, 5 for the transaction, and 4 for a statement that goes on without its caller.
const LATE_WRITE: Duration = Duration::from_secs(25);

/// Longest that a caller waits for the outcome: clients give up after 20 seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(18);

/// A send that passed every check and has not begun.
pub(crate) struct ReadySend {
    channel: Arc<dyn recado_providers::Channel>,
    recipient: Recipient,
    message: NewMessage,
}

/// Checks a request in the order of ChatVolt: agent, its owner, conversation, channel, window, limits.
///
/// Errors: the first check that fails; nothing was written and nothing was sent.
pub(crate) async fn check(
    app: &App,
    organization: &OrganizationId,
    request: ChatvoltSend,
) -> Result<ReadySend, ApiError> {
    // A text that is not an id cannot be the id of an agent: the agent is unknown, and the body is valid.
    let agent: AgentId = parsed(&request.agent)?;
    // No conversation has a fresh id, so that the 404 comes after the checks of the agent.
    let conversation = request
        .conversation
        .parse()
        .unwrap_or_else(|_| ConversationId::from_uuid(app.uuid()));
    let target = app
        .store
        .send_target(organization, &agent, &conversation)
        .await?;
    check_agent(target.agent)?;
    let conversation = target.conversation.ok_or_else(missing::<ConversationId>)?;
    let stored = conversation.channel.ok_or_else(|| {
        ApiError::new(
            Reason::UnsupportedChannel,
            "Unsupported Communication Channel: the conversation's channel was deleted; create it again, or another conversation",
        )
    })?;
    check_window(app, &stored, conversation.window_expires_at)?;
    let channel = app.channels().ready(&stored)?;
    let warnings = request.check(channel.capabilities(), &conversation.recipient)?;
    let id = MessageId::from_uuid(app.uuid());
    let message = NewMessage {
        // Stored before the call: if the server dies meanwhile, statuses still find the message.
        external_id: channel.preset_message_id(&id),
        id,
        organization_id: organization.clone(),
        conversation_id: conversation.id,
        agent_id: agent,
        channel_id: stored.id,
        content: request.content,
        warnings,
        created_at: app.clock.now(),
    };
    Ok(ReadySend {
        channel,
        recipient: conversation.recipient,
        message,
    })
}

/// WhatsApp carries reply buttons for 24 hours after the customer wrote; if that is not known, it is tried.
fn check_window(
    app: &App,
    channel: &Channel,
    expires_at: Option<Timestamp>,
) -> Result<(), ApiError> {
    let closed = expires_at.is_some_and(|expires_at| app.clock.now() >= expires_at);
    if !channel.provider.has_service_window() || !closed {
        return Ok(());
    }
    Err(ApiError {
        code: Some(WINDOW_CLOSED),
        ..ApiError::new(
            Reason::WindowClosed,
            "(#131047) Re-engagement message: more than 24 hours have passed since the customer last wrote; nothing was sent; the customer has to write first",
        )
    })
}

fn check_agent(owner: AgentOwner) -> Result<(), ApiError> {
    match owner {
        AgentOwner::Caller => Ok(()),
        AgentOwner::Other => Err(ApiError::new(
            Reason::ForeignAgent,
            "UNAUTHORIZED: the agent does not belong to your organization",
        )),
        AgentOwner::Missing => Err(missing::<AgentId>()),
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

    /// What may look wrong on the phone.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.message.warnings
    }

    /// Sends, whatever becomes of the caller: a client that hangs up does not stop a send half-way.
    pub(crate) async fn send(self, app: &Arc<App>) -> Result<Message, ApiError> {
        let (organization, channel) = (&self.message.organization_id, &self.message.channel_id);
        let place = app.send_places.take(organization, channel);
        let place =
            place.map_err(|used_up| ApiError::new(Reason::RateLimited, used_up.message()))?;
        let (context, id) = (Arc::clone(app), self.message.id.clone());
        let panicked = self.outcome(panicked());
        let sending = async move {
            let _place = place;
            let sent = AssertUnwindSafe(self.deliver(&context)).catch_unwind();
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
        match tokio::time::timeout(ANSWER_TIMEOUT, task).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(_)) | Err(_) => Err(unknown(
                &id,
                "The send is still under way: look at the message for its outcome, do not send it again",
            )),
        }
    }

    /// Stores the message, sends it, stores the outcome.
    async fn deliver(self, app: &Arc<App>) -> Result<Message, ApiError> {
        let begun = Instant::now();
        if let Err(error) = app.store.begin_send(&self.message).await {
            if error.may_have_been_written() {
                let (app, outcome) = (Arc::clone(app), self.outcome(not_sent()));
                let tracker = app.sends.clone();
                tracker.spawn(async move { outcome.take_back(&app).await });
            }
            return Err(error.into());
        }
        let sent = send_with_retries(self.channel.as_ref(), &self.outbound(), &app.retry).await;
        telemetry::sent(
            &self.message,
            self.channel.capabilities().provider,
            &sent,
            begun.elapsed(),
        );
        let result = result_of(&sent);
        let stored = self.outcome(result).store(app).await;
        match sent {
            // What the provider said holds, also if it could not be stored.
            Err(error) => Err(ApiError::from(&error).about(&self.message.id)),
            Ok(_) => stored,
        }
    }

    fn outcome(&self, result: SendResult) -> SendOutcome {
        SendOutcome {
            organization_id: self.message.organization_id.clone(),
            id: self.message.id.clone(),
            result,
        }
    }
}

/// An outcome that is to be stored.
struct SendOutcome {
    organization_id: OrganizationId,
    id: MessageId,
    result: SendResult,
}

impl SendOutcome {
    /// Stores the outcome, however long the database is away: only this process knows it.
    async fn store(&self, app: &App) -> Result<Message, ApiError> {
        let organization = Some(&self.organization_id);
        match app
            .unstored
            .write(organization, || self.try_once(app))
            .await
        {
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(ApiError::internal(format!("message {} is gone", self.id))),
            Err(error) => {
                tracing::error!(message_id = %self.id, outcome = ?self.result.outcome, %error, "the outcome of a send was not stored");
                Err(unknown(
                    &self.id,
                    "The provider's answer could not be stored: the message may have gone out, do not send it again",
                ))
            }
        }
    }

    /// Makes a message rejected that was not sent, but whose late write may still land: else it would be
    /// taken for one that may have gone out.
    async fn take_back(&self, app: &App) {
        tokio::time::sleep(LATE_WRITE).await;
        if let Err(error) = app.unstored.write(None, || self.try_once(app)).await {
            tracing::warn!(message_id = %self.id, %error, "a message that was not sent may be taken for unknown");
        }
    }

    async fn try_once(&self, app: &App) -> Result<Option<Message>, StoreError> {
        let at = app.clock.now();
        app.store
            .finish_send(&self.organization_id, &self.id, &self.result, at)
            .await
    }
}

/// The error of a message that may have gone out.
fn unknown(id: &MessageId, sentence: &str) -> ApiError {
    ApiError::new(Reason::OutcomeUnknown, sentence).about(id)
}

fn panicked() -> SendResult {
    let reason = Reason::OutcomeUnknown.as_str();
    let message = "the server failed in the middle of the send";
    failed(Outcome::Unknown, reason, None, message)
}

/// The outcome of a message that could not be stored in time.
fn not_sent() -> SendResult {
    let reason = Reason::Unavailable.as_str();
    let message = "the message could not be stored in time; nothing was sent";
    failed(Outcome::Rejected, reason, None, message)
}

fn result_of(sent: &Result<Receipt, ChannelError>) -> SendResult {
    match sent {
        Ok(receipt) => SendResult {
            outcome: Outcome::Accepted,
            external_id: receipt.external_id.clone(),
            provider_id: receipt.provider_id.clone(),
            error: None,
        },
        Err(error) => {
            let kind = error.kind;
            failed(kind.outcome(), kind.reason(), error.code, &error.message)
        }
    }
}

fn failed(outcome: Outcome, reason: &str, code: Option<i64>, message: &str) -> SendResult {
    SendResult {
        outcome,
        external_id: None,
        provider_id: None,
        error: Some(MessageError {
            reason: reason.to_owned(),
            code,
            message: message.to_owned(),
        }),
    }
}
