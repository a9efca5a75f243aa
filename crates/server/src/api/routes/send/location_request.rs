//! `POST /messages/interactive/location-request`: a text with a button by which the customer sends a place.

use recado_core::{SendLocationRequest, request};

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::body::SendBody;
use crate::api::routes::prelude::*;

fn example() -> Option<Value> {
    serde_json::from_str(SendLocationRequest::EXAMPLE).ok()
}

/// The text that asks for a place.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!(example()))]
pub(crate) struct SendLocationRequestBody {
    /// The id of the agent that sends the message.
    agentId: String,
    /// The id of the conversation, which says to whom and over which channel the message goes.
    conversationId: String,
    /// The text of the message, up to 1024 characters.
    body_text: String,
}

/// Ask for a place
///
/// The customer answers with a place, by a button that the phone shows below the text. WhatsApp Cloud API alone carries it;
/// over any other channel it is 400 with `unsupported_channel`. An example:
///
/// ```json
/// {
///   "agentId": "agent-123",
///   "conversationId": "conv-456",
///   "body_text": "Where may we deliver your order?"
/// }
/// ```
///
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(post, path = "/messages/interactive/location-request",
    params(SendQuery, PreferParameter, KeyParameter),
    request_body = SendLocationRequestBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
    ))]
pub(crate) async fn request_location(
    caller: Caller<Sends>,
    asked: Asked,
    SendBody(body): SendBody,
) -> LongAnswer {
    let request = request::read::<SendLocationRequest>(body)?;
    answer(caller, asked, request).await
}
