//! The JSON of `POST /{version}/{phone-number-id}/messages`, with a file for each kind of message.

mod buttons;
mod cta_url;
mod interactive;
mod list;
mod location;
mod location_request;
mod text;

use recado_core::{Content, RecipientKind};
use serde::Serialize;

use crate::channel::OutboundMessage;
use crate::object::Object;

pub(super) fn body(message: &OutboundMessage) -> String {
    match &message.content {
        Content::Text(text) => typed(message, "text", text::text(text)),
        Content::Buttons(buttons) => typed(message, "interactive", buttons::interactive(buttons)),
        Content::List(list) => typed(message, "interactive", list::interactive(list)),
        Content::CtaUrl(link) => typed(message, "interactive", cta_url::interactive(link)),
        Content::Location(place) => typed(message, "location", location::location(place)),
        Content::LocationRequest(asked) => {
            let interactive = location_request::interactive(asked);
            typed(message, "interactive", interactive)
        }
    }
}

fn typed(message: &OutboundMessage, kind: &'static str, content: impl Serialize) -> String {
    let to = &message.to;
    let (to, address) = match to.kind() {
        // In `to` it would be accepted and silently dropped (Meta, business-scoped user ids).
        RecipientKind::UserId => ("recipient", to.as_str()),
        RecipientKind::Phone | RecipientKind::Lid | RecipientKind::Group => ("to", to.id()),
    };
    Object::new("messaging_product", "whatsapp")
        .with("recipient_type", "individual")
        .with(to, address)
        .with("type", kind)
        .with(kind, content)
        // Comes back in every status of the message, so that a lost answer can be settled later.
        .with("biz_opaque_callback_data", message.id.as_str())
        .written()
}
