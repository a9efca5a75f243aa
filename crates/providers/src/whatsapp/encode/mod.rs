//! The JSON of `POST /{version}/{phone-number-id}/messages`, with a file for each kind of message.

mod buttons;

use recado_core::{Content, Recipient, RecipientKind};
use serde::Serialize;

use crate::channel::OutboundMessage;

#[derive(Serialize)]
pub(crate) struct Body<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(flatten)]
    to: Address<'a>,
    r#type: &'static str,
    #[serde(flatten)]
    kind: Kind<'a>,
    /// Comes back in every status of the message, so that a lost answer can be settled later.
    biz_opaque_callback_data: &'a str,
}

/// What a message says, under the name of its type.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind<'a> {
    Interactive(buttons::Interactive<'a>),
}

/// A business-scoped user id in `to` would be accepted and silently dropped (Meta, business-scoped user ids).
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Address<'a> {
    To(&'a str),
    Recipient(&'a str),
}

impl<'a> From<&'a OutboundMessage> for Body<'a> {
    fn from(message: &'a OutboundMessage) -> Self {
        let (r#type, kind) = match &message.content {
            Content::Buttons(buttons) => ("interactive", Kind::Interactive(buttons.into())),
        };
        Self {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to: address(&message.to),
            r#type,
            kind,
            biz_opaque_callback_data: message.id.as_str(),
        }
    }
}

fn address(to: &Recipient) -> Address<'_> {
    match to.kind() {
        RecipientKind::UserId => Address::Recipient(to.as_str()),
        RecipientKind::Phone | RecipientKind::Lid | RecipientKind::Group => Address::To(to.id()),
    }
}
