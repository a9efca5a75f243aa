//! `POST /messages/interactive/send-cta`: a text with a button that opens a link.

use recado_core::{SendCtaUrl, request};

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::body::SendBody;
use crate::api::routes::prelude::*;

fn example() -> Option<Value> {
    serde_json::from_str(SendCtaUrl::EXAMPLE).ok()
}

/// The message to send, with a button that opens a link.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!(example()))]
pub(crate) struct SendCtaBody {
    /// The id of the agent that sends the message.
    agentId: String,
    /// The id of the conversation, which says to whom and over which channel the message goes.
    conversationId: String,
    /// The bold line above the body, up to 60 characters.
    header_text: Option<String>,
    /// The text of the message, up to 1024 characters.
    body_text: String,
    /// The small line below the body, up to 60 characters.
    footer_text: Option<String>,
    /// The text on the button, up to 20 characters.
    button_display_text: String,
    /// The link that the button opens: an `https` URL, up to 2000 characters.
    button_url: String,
}

/// Send a message with a link
///
/// The customer opens the link by a button. No provider tells that it was opened. An example:
///
/// ```json
/// {
///   "agentId": "agent-123",
///   "conversationId": "conv-456",
///   "body_text": "Your order is on its way.",
///   "button_display_text": "Follow it",
///   "button_url": "https://shop.example/orders/4711"
/// }
/// ```
///
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(post, path = "/messages/interactive/send-cta",
    params(SendQuery, PreferParameter, KeyParameter),
    request_body = SendCtaBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
    ))]
pub(crate) async fn send_cta(
    caller: Caller<Sends>,
    asked: Asked,
    SendBody(body): SendBody,
) -> LongAnswer {
    let request = request::read::<SendCtaUrl>(body)?;
    answer(caller, asked, request).await
}
