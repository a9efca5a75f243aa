//! The outcome of a send, which is stored however long that takes.

use std::time::Duration;

use recado_core::message::MessageError;
use recado_core::{MessageId, OrganizationId, Outcome};
use recado_providers::{ChannelError, Receipt};
use recado_store::{IdempotencyKey, Message, NewMessage, SendResult, StoreError};

use crate::api::error::{ApiError, Reason};
use crate::app::App;

/// A message that went out, now or with an earlier request.
pub(crate) struct Sent {
    pub(crate) message: Message,
    /// Whether an earlier request sent it, and this one nothing.
    pub(crate) is_replayed: bool,
}

impl Sent {
    pub(super) fn now(message: Message) -> Self {
        Self {
            message,
            is_replayed: false,
        }
    }
}

/// Time after which a write whose caller gave up has landed, if it does: on PostgreSQL the last way to do it begins within
/// 5 seconds, and has 12 for the organization lock, 5 of its own, and 4 for a statement that goes on without its caller.
const LATE_WRITE: Duration = Duration::from_secs(30);

/// An outcome that is to be stored.
pub(crate) struct SendOutcome {
    pub(crate) organization_id: OrganizationId,
    pub(crate) id: MessageId,
    pub(crate) result: SendResult,
    /// The message, if its caller knows what was stored.
    pub(crate) begun: Option<Box<NewMessage>>,
    /// Whether it was an attempt of a queued message.
    pub(crate) is_queued: bool,
}

impl SendOutcome {
    /// Stores the outcome, however long the database is away: only this process knows it.
    pub(crate) async fn store(&self, app: &App) -> Result<Message, ApiError> {
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
    /// Its key is free again.
    pub(super) async fn take_back(&self, app: &App, key: Option<IdempotencyKey>) {
        // A server that ends waits for no late write.
        let late = tokio::time::timeout(LATE_WRITE, app.ending.cancelled());
        late.await.unwrap_or_default();
        if let Err(error) = app.unstored.write(None, || self.try_once(app)).await {
            tracing::warn!(message_id = %self.id, %error, "a message that was not sent may be taken for unknown");
        }
        if let Some(key) = key {
            forget_key(app, &self.organization_id, &self.id, &key).await;
        }
    }

    async fn try_once(&self, app: &App) -> Result<Option<Message>, StoreError> {
        let (store, at) = (&app.store, app.clock.now());
        let (organization, id, result) = (&self.organization_id, &self.id, &self.result);
        match &self.begun {
            _ if self.is_queued => store.finish_attempt(organization, id, result, at).await,
            Some(begun) => store.finish_begun(begun, result, at).await,
            None => store.finish_send(organization, id, result, at).await,
        }
    }
}

/// Has the key of a message that was not sent free again.
pub(super) async fn forget_key(
    app: &App,
    organization: &OrganizationId,
    id: &MessageId,
    key: &IdempotencyKey,
) {
    if let Err(error) = app.store.forget_key(organization, id, key).await {
        tracing::warn!(message_id = %id, %error, "a message that was not sent keeps its idempotency key");
    }
}

pub(crate) fn panicked() -> SendResult {
    let reason = Reason::OutcomeUnknown.as_str();
    let message = "the server failed in the middle of the send";
    failed(Outcome::Unknown, reason, None, message)
}

/// The outcome of a message that could not be stored in time.
pub(super) fn not_sent() -> SendResult {
    let reason = Reason::Unavailable.as_str();
    let message = "the message could not be stored in time; nothing was sent";
    failed(Outcome::Rejected, reason, None, message)
}

pub(crate) fn result_of(sent: &Result<Receipt, ChannelError>) -> SendResult {
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

/// Returns the result of a message that is refused before it is sent.
pub(crate) fn refused(error: &ApiError) -> SendResult {
    let reason = error.reason.as_str();
    failed(Outcome::Rejected, reason, error.code, &error.message)
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

/// The error of a message that may have gone out.
pub(super) fn unknown(id: &MessageId, sentence: &str) -> ApiError {
    ApiError::new(Reason::OutcomeUnknown, sentence).about(id)
}
