//! A queued message that is not to be sent any more.

use recado_core::message::MessageError;
use recado_core::{MessageId, OrganizationId};
use recado_store::Message;

use crate::api::error::{ApiError, Reason};
use crate::api::noun::find;
use crate::app::App;

/// Makes a message `rejected` that waits in the queue.
pub(crate) async fn cancel(
    app: &App,
    organization: &OrganizationId,
    id: &MessageId,
) -> Result<Message, ApiError> {
    let reason = Reason::MessageCanceled.as_str();
    let error = MessageError::new(reason, "the message was canceled; nothing was sent");
    let at = app.clock.now();
    let canceled = app
        .store
        .cancel_queued(organization, id, &error, at)
        .await?;
    if let Some(message) = canceled {
        return Ok(message);
    }
    let message: Message = find(app, organization, id).await?;
    // The repeat of a cancellation.
    if message
        .error
        .as_ref()
        .is_some_and(|error| error.reason == reason)
    {
        return Ok(message);
    }
    let sentence = format!("The message is {} and cannot be canceled", message.status);
    Err(ApiError::new(Reason::MessageNotQueued, sentence).about(id))
}
