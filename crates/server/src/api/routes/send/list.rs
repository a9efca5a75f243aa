//! `POST /messages/interactive/send-lists`: a text with a list of options.

use std::collections::BTreeMap;

use recado_core::{SendList, request};

use super::{Asked, PreferParameter, SendAnswer, SendFailures, SendQuery, Sent, answer};
use crate::api::body::SendBody;
use crate::api::routes::prelude::*;

fn example() -> Option<Value> {
    serde_json::from_str(SendList::EXAMPLE).ok()
}

/// The message to send, with a list of one to ten options. Each row has a section and a number of its own:
/// `section_1_row_1_id` … `section_10_row_10_id`, with its `_title` and `_description`; numbers may be left out.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!(example()))]
pub(crate) struct SendListBody {
    /// The id of the agent that sends the message.
    agentId: String,
    /// The id of the conversation, which says to whom and over which channel the message goes.
    conversationId: String,
    /// The bold line above the body, up to 60 characters.
    #[schema(max_length = 60)]
    header_text: Option<String>,
    /// The text of the message, up to 1024 characters.
    #[schema(max_length = 4096)]
    body_text: String,
    /// The small line below the body, up to 60 characters.
    #[schema(max_length = 60)]
    footer_text: Option<String>,
    /// The text on the button that opens the list, up to 20 characters.
    #[schema(max_length = 20)]
    button_text: String,
    /// The title of the opened list. Z-API shows it, or else the title of the only section, or `button_text`; `ZapperHUB`
    /// shows it in the place of a missing header.
    list_title: Option<String>,
    /// The line above the rows of the first section, up to 24 characters. WhatsApp needs it if there are several sections.
    section_1_title: Option<String>,
    /// The id of the first row, up to 200 characters, unique in the message. It comes back when the customer chooses the row.
    section_1_row_1_id: String,
    /// The text of the first row, up to 24 characters.
    section_1_row_1_title: String,
    /// The small line below the first row's title, up to 72 characters.
    section_1_row_1_description: Option<String>,
    /// The other sections and rows.
    #[serde(flatten)]
    others: BTreeMap<String, String>,
}

/// Send a message with a list of options
///
/// The customer opens the list by a button, and chooses one row; the choice comes back as `list.selected` with the id of
/// the row. What a provider carries in another form is named in `degraded`. An example:
///
/// ```json
/// {
///   "agentId": "agent-123",
///   "conversationId": "conv-456",
///   "body_text": "When may we deliver your order?",
///   "button_text": "Choose a time",
///   "section_1_title": "Today",
///   "section_1_row_1_id": "slot-14",
///   "section_1_row_1_title": "14:00 to 16:00",
///   "section_2_title": "Tomorrow",
///   "section_2_row_1_id": "slot-morning",
///   "section_2_row_1_title": "In the morning"
/// }
/// ```
///
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(post, path = "/messages/interactive/send-lists",
    params(SendQuery, PreferParameter, KeyParameter),
    request_body = SendListBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        (status = 202, description = "The message waits in the queue", body = Sent,
            headers(("Location" = String, description = "Where the message is shown"))),
        SendFailures,
    ))]
pub(crate) async fn send_lists(
    caller: Caller<Sends>,
    asked: Asked,
    SendBody(body): SendBody,
) -> LongAnswer {
    let request = request::read::<SendList>(body)?;
    answer(caller, asked, request).await
}
