//! The JSON of `POST /{version}/{phone-number-id}/messages`, with a file for each kind of message.

mod buttons;

use recado_core::{Content, RecipientKind};
use serde_json::{Value, json};

use crate::channel::OutboundMessage;

pub(super) fn body(message: &OutboundMessage) -> Value {
    let to = &message.to;
    let (to, address) = match to.kind() {
        // In `to` it would be accepted and silently dropped (Meta, business-scoped user ids).
        RecipientKind::UserId => ("recipient", to.as_str()),
        RecipientKind::Phone | RecipientKind::Lid | RecipientKind::Group => ("to", to.id()),
    };
    let (kind, content) = match &message.content {
        Content::Buttons(buttons) => ("interactive", buttons::interactive(buttons)),
    };
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        to: address,
        "type": kind,
        kind: content,
        // Comes back in every status of the message, so that a lost answer can be settled later.
        "biz_opaque_callback_data": message.id.as_str(),
    })
}
