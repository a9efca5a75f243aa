//! A message that is not to be sent any more.

use std::sync::Arc;

use recado_core::message::MessageError;
use recado_core::{MessageId, OrganizationId, Status};
use recado_providers::{Profile, Retry};
use recado_store::{Channel, Message};
use tracing::Instrument as _;

use super::ANSWER_TIMEOUT;
use crate::api::error::{ApiError, Reason};
use crate::api::noun::find;
use crate::app::App;

/// Makes a message `rejected` that waits in the queue, or `failed` if it waits in the queue of its provider.
pub(crate) async fn cancel(
    app: &Arc<App>,
    organization: &OrganizationId,
    id: &MessageId,
) -> Result<Message, ApiError> {
    let (error, at) = (canceled(), app.clock.now());
    let canceled = app
        .store
        .cancel_queued(organization, id, &error, at)
        .await?;
    if let Some(message) = canceled {
        return Ok(message);
    }
    let message: Message = find(app, organization, id).await?;
    match message.provider_id.clone() {
        // The repeat of a cancellation.
        _ if is_canceled(&message) => Ok(message),
        Some(provider_id) if message.status == Status::Accepted => {
            cancel_accepted(app, message, provider_id).await
        }
        _ => Err(not_queued(&message)),
    }
}

/// Cancels a message at its provider, whatever becomes of the caller: a client that hangs up does not leave it
/// `accepted`.
async fn cancel_accepted(
    app: &Arc<App>,
    message: Message,
    provider_id: String,
) -> Result<Message, ApiError> {
    let (organization, channel) = (&message.organization_id, &message.channel_id);
    let Some(stored) = app.store.get::<Channel>(organization, channel).await? else {
        return Err(not_queued(&message));
    };
    if !Profile::of(stored.provider).has_queue {
        return Err(not_queued(&message));
    }
    let ready = app.channels().ready(&stored);
    let ready = ready.map_err(|error| not_asked(&message, &error.message))?;
    let place = app.send_places.take(organization, channel)?;
    let (context, id) = (Arc::clone(app), message.id.clone());
    let canceling = async move {
        let _place = place;
        let answer = ready.cancel(&provider_id).await;
        let canceled = match &answer {
            Ok(()) => store(&context, &message).await?,
            Err(_) => None,
        };
        if let Some(message) = canceled {
            return Ok(message);
        }
        // A status, or another cancellation, may have come first.
        let message: Message = find(&context, &message.organization_id, &message.id).await?;
        match answer {
            _ if is_canceled(&message) => Ok(message),
            Err(error) if message.status == Status::Accepted => Err(match error.kind.retry() {
                Retry::Never => not_taken_back(&message, &error.message),
                Retry::Backoff | Retry::OnceChannelWorks => not_known(&message, &error.message),
            }),
            _ => Err(not_queued(&message)),
        }
    };
    let task = app.sends.spawn(canceling.in_current_span());
    let sentence = match tokio::time::timeout(ANSWER_TIMEOUT, task).await {
        Ok(Ok(done)) => return done,
        Ok(Err(error)) => {
            tracing::error!(message_id = %id, %error, "a cancellation panicked");
            "The server failed in the middle of the cancellation: ask again"
        }
        Err(_) => "The cancellation is still under way: look at the message for its status",
    };
    Err(ApiError::new(Reason::Unavailable, sentence).about(&id))
}

/// Stores that the provider has canceled a message, however long the database is away: only this process knows it.
async fn store(app: &App, message: &Message) -> Result<Option<Message>, ApiError> {
    let reason = Reason::MessageCanceled.as_str();
    let sentence = "the provider canceled the message, which waited in its queue";
    let error = MessageError::new(reason, sentence);
    let (organization, at) = (&message.organization_id, app.clock.now());
    let storing = || {
        app.store
            .cancel_accepted(organization, &message.id, &error, at)
    };
    Ok(app.unstored.write(Some(organization), storing).await?)
}

fn canceled() -> MessageError {
    let reason = Reason::MessageCanceled.as_str();
    MessageError::new(reason, "the message was canceled; nothing was sent")
}

fn is_canceled(message: &Message) -> bool {
    let error = message.error.as_ref();
    error.is_some_and(MessageError::is_cancellation)
}

fn not_queued(message: &Message) -> ApiError {
    let sentence = format!("The message is {} and cannot be canceled", message.status);
    ApiError::new(Reason::MessageNotQueued, sentence).about(&message.id)
}

/// Returns the error of a message that its provider could not be asked to take back.
fn not_asked(message: &Message, words: &str) -> ApiError {
    let sentence = format!(
        "The message is {}, and its provider could not be asked to cancel it: {words}",
        message.status
    );
    ApiError::new(Reason::Unavailable, sentence).about(&message.id)
}

/// Returns the error of a message of which its provider did not say whether it takes it back.
fn not_known(message: &Message, words: &str) -> ApiError {
    let sentence = format!(
        "The message is {}, and it is not known whether it was canceled: {words}",
        message.status
    );
    ApiError::new(Reason::Unavailable, sentence).about(&message.id)
}

/// Returns the error of a message that its provider did not take back, in the provider's words.
fn not_taken_back(message: &Message, words: &str) -> ApiError {
    let sentence = format!(
        "The message is {} and was not canceled: {words}",
        message.status
    );
    ApiError::new(Reason::MessageNotQueued, sentence).about(&message.id)
}
