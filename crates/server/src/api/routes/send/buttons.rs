//! `POST /messages/interactive/send-buttons`: what Recado is for.

use recado_core::{SendButtons, request};

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::body::SendBody;
use crate::api::routes::prelude::*;

/// Returns the example of ChatVolt's documentation as JSON.
pub(super) fn example() -> Option<Value> {
    serde_json::from_str(SendButtons::EXAMPLE).ok()
}

/// The message to send, with one to three reply buttons.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!(example()))]
pub(crate) struct SendButtonsBody {
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
    /// The id of the first button, up to 256 characters, unique in the message. It comes back when the customer taps the button.
    button_1_id: String,
    /// The text on the first button, up to 20 characters.
    button_1_title: String,
    /// The id of the second button. Give it together with its title.
    button_2_id: Option<String>,
    /// The text on the second button. Give it together with its id.
    button_2_title: Option<String>,
    /// The id of the third button. Give it together with its title.
    button_3_id: Option<String>,
    /// The text on the third button. Give it together with its id.
    button_3_title: Option<String>,
}

/// Send a message with up to three reply buttons
///
/// The answer tells whether the provider accepted the message. The published example:
///
/// ```json
/// {
///   "agentId": "agent-123",
///   "conversationId": "conv-456",
///   "header_text": "Select an option",
///   "body_text": "How can we help you today?",
///   "footer_text": "ChatVolt Support",
///   "button_1_id": "btn_sales",
///   "button_1_title": "Sales",
///   "button_2_id": "btn_support",
///   "button_2_title": "Support"
/// }
/// ```
///
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(post, path = "/messages/interactive/send-buttons",
    params(SendQuery, PreferParameter, KeyParameter),
    request_body = SendButtonsBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
    ))]
pub(crate) async fn send_buttons(
    caller: Caller<Sends>,
    asked: Asked,
    SendBody(body): SendBody,
) -> LongAnswer {
    let request = request::read::<SendButtons>(body)?;
    answer(caller, asked, request).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::PartialSchema as _;
    use utoipa::openapi::{RefOr, Schema};

    use super::*;

    #[test]
    fn the_documented_fields_are_those_that_are_read() {
        let RefOr::T(Schema::Object(shape)) = SendButtonsBody::schema() else {
            panic!("the body is an object");
        };
        let mut documented: BTreeSet<_> = shape.properties.into_keys().collect();
        let body = documented
            .iter()
            .map(|name| (name.clone(), name.clone().into()));
        let body = Value::Object(body.collect());
        // All fields are named, so that a new one is not forgotten here.
        let SendButtons {
            agent_id,
            conversation_id,
            header_text,
            body_text,
            footer_text,
            buttons: _,
        } = serde_json::from_value(body).expect("a request");
        for field in [
            agent_id,
            conversation_id,
            header_text,
            body_text,
            footer_text,
        ] {
            let name = field.into_text().expect("every field is documented");
            documented.remove(&name);
        }
        let buttons = (1..=3)
            .flat_map(|number| ["id", "title"].map(|half| format!("button_{number}_{half}")));
        assert_eq!(documented, buttons.collect());
    }
}
