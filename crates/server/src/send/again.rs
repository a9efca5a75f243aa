//! A message that a person has sent again.

use recado_core::message::MessageError;
use recado_core::request::SendRequest;
use recado_core::{MessageId, OrganizationId, Status};
use recado_store::{Message, MessageContent};

use crate::api::error::{ApiError, Reason};
use crate::api::noun::{find, missing};
use crate::app::App;

/// Returns the request to send again what a message says.
///
/// Errors: the message may have arrived, and its duplicate is not accepted; or it is under way.
pub(crate) async fn again(
    app: &App,
    organization: &OrganizationId,
    id: &MessageId,
    accepts_duplicate: bool,
) -> Result<SendRequest, ApiError> {
    let message: Message = find(app, organization, id).await?;
    let MessageContent::Outbound(content) = message.content else {
        // What a customer wrote is not sent to them.
        return Err(missing::<MessageId>());
    };
    let is_canceled = message
        .error
        .as_ref()
        .is_some_and(MessageError::is_cancellation);
    match message.status {
        Status::Rejected => {}
        // A provider that has canceled a message may have sent it all the same.
        Status::Failed if !is_canceled => {}
        Status::Queued | Status::Sending => {
            let sentence = format!(
                "The message is {}: it is not sent again meanwhile",
                message.status
            );
            return Err(ApiError::new(Reason::MessageUnderWay, sentence).about(id));
        }
        Status::Unknown
        | Status::Accepted
        | Status::Sent
        | Status::Failed
        | Status::Delivered
        | Status::Read => {
            if !accepts_duplicate {
                let sentence = format!(
                    "The message is {} and may have arrived; with acceptDuplicate=true it is sent again, and the customer may get it twice",
                    message.status
                );
                return Err(ApiError::new(Reason::DuplicatePossible, sentence).about(id));
            }
        }
    }
    Ok(SendRequest::again(
        message.id,
        &message.agent_id,
        &message.conversation_id,
        content,
    ))
}
