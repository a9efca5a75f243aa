//! `POST /messages`: a message of any kind, in Recado's own names.

use recado_core::request::{self, SendMessage, SendRequest};
use recado_core::{Buttons, CtaUrl, List, Location, LocationRequest, Text};

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::body::{SendBody, check_names, names};
use crate::api::routes::prelude::*;

/// The message to send.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "the names on the wire")]
#[schema(example = json!(example()))]
pub(crate) struct SendMessageBody {
    /// The id of the agent that sends the message; without one, that of the conversation.
    agentId: Option<String>,
    /// The id of the conversation, which says to whom and over which channel the message goes.
    conversationId: String,
    /// What the message says: its kind as `type`, beside the fields of the kind.
    content: SentContent,
}

/// What a message says.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
enum SentContent {
    /// A plain text.
    Text(Text),
    /// A text with reply buttons.
    Buttons(Buttons),
    /// A text with a list of options.
    List(List),
    /// A text with a button that opens a link.
    CtaUrl(CtaUrl),
    /// A place on the map.
    Location(Location),
    /// A text with a button by which the customer sends a place.
    LocationRequest(LocationRequest),
}

fn example() -> Option<Value> {
    serde_json::from_str(SendMessage::EXAMPLE).ok()
}

/// Send a message of any kind
///
/// `content` has the kind as its `type`, beside the fields of the kind. What the provider carries in another form is named in
/// `degraded`. An example:
///
/// ```json
/// {
///   "conversationId": "conv-456",
///   "content": {
///     "type": "buttons",
///     "body": "How can we help you today?",
///     "buttons": [{"id": "btn_sales", "title": "Sales"}, {"id": "btn_support", "title": "Support"}]
///   }
/// }
/// ```
#[utoipa::path(post, path = "/messages",
    params(SendQuery, PreferParameter, KeyParameter),
    request_body = SendMessageBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
    ))]
pub(crate) async fn send_message(
    caller: Caller<Sends>,
    asked: Asked,
    SendBody(body): SendBody,
) -> LongAnswer {
    let request = read(body)?;
    answer(caller, asked, request).await
}

/// Reads the body of `POST /messages`, which has no field that the route does not know.
pub(super) fn read(body: Map<String, Value>) -> Result<SendRequest, FieldErrors> {
    check_names(&body, &names::<SendMessageBody>())?;
    request::read::<SendMessage>(body)
}
