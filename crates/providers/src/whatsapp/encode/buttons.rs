//! The JSON of `POST /{version}/{phone-number-id}/messages` (Meta, interactive reply buttons).

use recado_core::{Button, Content, RecipientKind};
use serde::{Deserialize, Serialize};

use crate::channel::OutboundMessage;
use crate::connection::json;
use crate::http::client::Answer;

#[derive(Serialize)]
pub(crate) struct Request<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(flatten)]
    to: Address<'a>,
    r#type: &'static str,
    interactive: Interactive<'a>,
    /// Comes back in every status of the message, so that a lost answer can be settled later.
    biz_opaque_callback_data: &'a str,
}

/// A business-scoped user id in `to` would be accepted and silently dropped (Meta, business-scoped user ids).
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Address<'a> {
    To(&'a str),
    Recipient(&'a str),
}

#[derive(Serialize)]
struct Interactive<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Header<'a>>,
    body: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    footer: Option<Text<'a>>,
    action: Action<'a>,
}

#[derive(Serialize)]
struct Header<'a> {
    r#type: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    buttons: Vec<ReplyButton<'a>>,
}

#[derive(Serialize)]
struct ReplyButton<'a> {
    r#type: &'static str,
    reply: Reply<'a>,
}

#[derive(Serialize)]
struct Reply<'a> {
    id: &'a str,
    title: &'a str,
}

impl<'a> From<&'a OutboundMessage> for Request<'a> {
    fn from(message: &'a OutboundMessage) -> Self {
        let OutboundMessage { id, to, content } = message;
        let Content::Buttons(content) = content;
        Self {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to: match to.kind() {
                RecipientKind::UserId => Address::Recipient(to.as_str()),
                RecipientKind::Phone | RecipientKind::Lid | RecipientKind::Group => {
                    Address::To(to.id())
                }
            },
            r#type: "interactive",
            interactive: Interactive {
                r#type: "button",
                header: content.header().map(|text| Header {
                    r#type: "text",
                    text,
                }),
                body: Text {
                    text: content.body(),
                },
                footer: content.footer().map(|text| Text { text }),
                action: Action {
                    buttons: content.buttons().iter().map(ReplyButton::from).collect(),
                },
            },
            biz_opaque_callback_data: id.as_str(),
        }
    }
}

impl<'a> From<&'a Button> for ReplyButton<'a> {
    fn from(button: &'a Button) -> Self {
        Self {
            r#type: "reply",
            reply: Reply {
                id: &button.id,
                title: &button.title,
            },
        }
    }
}

#[derive(Deserialize)]
struct Accepted {
    messages: Vec<AcceptedMessage>,
}

#[derive(Deserialize)]
struct AcceptedMessage {
    id: String,
}

/// The `wamid` of an accepted message; unknown keys do not matter.
pub(crate) fn message_id(answer: &Answer) -> Option<String> {
    if !(200..300).contains(&answer.status) {
        return None;
    }
    let accepted = Accepted::deserialize(json(answer)?).ok()?;
    let first = accepted.messages.into_iter().next()?;
    Some(first.id).filter(|id| !id.is_empty())
}
