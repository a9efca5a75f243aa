//! `POST /messages/interactive/send-location`: a place on the map.

use recado_core::{SendLocation, request};

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::body::SendBody;
use crate::api::routes::prelude::*;

fn example() -> Option<Value> {
    serde_json::from_str(SendLocation::EXAMPLE).ok()
}

/// The place to send.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!(example()))]
pub(crate) struct SendLocationBody {
    /// The id of the agent that sends the message.
    agentId: String,
    /// The id of the conversation, which says to whom and over which channel the message goes.
    conversationId: String,
    /// Degrees north of the equator, from -90 to 90, such as `-23.5614`. A number is read as well.
    latitude: String,
    /// Degrees east of Greenwich, from -180 to 180. A number is read as well.
    longitude: String,
    /// The name of the place.
    name: String,
    /// The address of the place.
    address: String,
}

/// Send a place
///
/// What a provider has no place for is named in `degraded`: ZapperHUB shows no address, and its hosted API no name. An
/// example:
///
/// ```json
/// {
///   "agentId": "agent-123",
///   "conversationId": "conv-456",
///   "latitude": "-23.5614",
///   "longitude": "-46.6559",
///   "name": "Our shop",
///   "address": "Avenida Paulista, 1578, São Paulo"
/// }
/// ```
///
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(post, path = "/messages/interactive/send-location",
    params(SendQuery, PreferParameter, KeyParameter),
    request_body = SendLocationBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
    ))]
pub(crate) async fn send_location(
    caller: Caller<Sends>,
    asked: Asked,
    SendBody(body): SendBody,
) -> LongAnswer {
    let request = request::read::<SendLocation>(body)?;
    answer(caller, asked, request).await
}
