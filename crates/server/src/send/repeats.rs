//! A send that repeats an earlier one: it is answered with what became of that one, and sends nothing.

use std::time::Duration;

use recado_core::{MessageId, OrganizationId, Status};
use recado_store::{Channel, FirstRequest, Message, MessageContent, NewMessage};

use super::outcome::{Sent, unknown};
use super::timing::Timing;
use crate::api::error::{ApiError, Reason};
use crate::api::noun::{missing, parsed};
use crate::app::App;
use crate::telemetry::{self, Repeat};

/// How long the same message is not sent again after its outcome became unknown.
pub(super) const UNKNOWN_GUARDED: Duration = Duration::from_mins(2);

/// Answers a request whose key an earlier request has.
pub(super) async fn of_request(
    app: &App,
    organization: &OrganizationId,
    first: &FirstRequest,
    timing: Timing,
) -> Result<Sent, ApiError> {
    telemetry::repeated(Repeat::Key);
    let id: MessageId = parsed(&first.target)?;
    let message = app.store.get::<Message>(organization, &id).await?;
    // It may be removed by its age, or with its contact.
    let message = message.ok_or_else(|| missing::<MessageId>().replayed())?;
    match message.status {
        // Its caller does not wait for the outcome.
        Status::Sending if timing != Timing::Now => Ok(Sent {
            message,
            is_replayed: true,
        }),
        Status::Sending => Err(ApiError::new(
            Reason::RequestInProgress,
            "The first request with this Idempotency-Key is still under way; nothing was sent for this one; /docs/ describes the keys",
        )
        .about(&message.id)),
        _ => answer(app, message).await,
    }
}

/// Finds the message that a new one repeats, because its caller learned that the outcome is unknown; `None` if that
/// message surely did not arrive, or is the one that a person has sent again.
pub(super) async fn of_unknown(
    app: &App,
    new: &NewMessage,
    again_of: Option<&MessageId>,
) -> Result<Option<Message>, ApiError> {
    let since = new.created_at - UNKNOWN_GUARDED;
    let (organization, conversation) = (&new.organization_id, &new.conversation_id);
    let store = &app.store;
    let messages = store.messages_once_unknown(organization, conversation, since);
    let says_the_same = |message: &Message| {
        let content = &message.content;
        message.agent_id == new.agent_id
            && again_of != Some(&message.id)
            && matches!(content, MessageContent::Outbound(content) if *content == new.content)
    };
    let did_not_arrive =
        |message: &Message| matches!(message.status, Status::Rejected | Status::Failed);
    let mut messages = messages.await?.into_iter();
    let found = messages.find(says_the_same);
    let found = found.filter(|message| !did_not_arrive(message));
    if found.is_some() {
        telemetry::repeated(Repeat::Unknown);
    }
    Ok(found)
}

/// Answers with the present state of an earlier message.
pub(super) async fn answer(app: &App, message: Message) -> Result<Sent, ApiError> {
    match message.status {
        Status::Rejected | Status::Unknown => {
            let refusal = refusal(app, &message).await?;
            Err(refusal.about(&message.id).replayed())
        }
        Status::Sending => {
            let sentence = "The first send of this message is still under way: look at the message for its outcome, do not send it again";
            Err(unknown(&message.id, sentence).replayed())
        }
        Status::Queued
        | Status::Accepted
        | Status::Sent
        | Status::Delivered
        | Status::Read
        | Status::Failed => Ok(Sent {
            message,
            is_replayed: true,
        }),
    }
}

/// Returns the error with which a send ended, in the words of its first answer.
async fn refusal(app: &App, message: &Message) -> Result<ApiError, ApiError> {
    let Some(error) = &message.error else {
        return Ok(unknown(
            &message.id,
            "The outcome of the message is not known",
        ));
    };
    let reason = error.reason.parse().unwrap_or(Reason::ProviderRejected);
    let is_own = [
        Reason::Unavailable,
        Reason::MessageCanceled,
        Reason::MessageExpired,
        Reason::UnsupportedChannel,
    ];
    if is_own.contains(&reason) {
        // It did not come to the provider.
        return Ok(ApiError {
            retry_after: None,
            ..ApiError::new(reason, error.message.clone())
        });
    }
    let (organization, channel) = (&message.organization_id, &message.channel_id);
    let channel = app.store.get::<Channel>(organization, channel).await?;
    let provider = channel.map_or("the provider", |channel| channel.provider.as_str());
    Ok(ApiError {
        code: error.code,
        // The key stays taken: another try gets the same answer.
        retry_after: None,
        ..ApiError::of_send(reason, provider, &error.message)
    })
}
