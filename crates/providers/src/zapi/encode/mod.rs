//! The JSON of a message, with a file for each kind of message.

mod buttons;

use std::borrow::Cow;

use recado_core::{Content, Recipient, RecipientKind};
use serde_json::Value;

use super::Zapi;
use crate::channel::OutboundMessage;
use crate::wire::Endpoint;

impl Zapi {
    pub(super) fn request(&self, message: &OutboundMessage) -> (&Endpoint, Value) {
        let phone = &phone(&message.to);
        match &message.content {
            Content::Buttons(content) if self.buttons_endpoint.has_title_for(content) => {
                (&self.button_actions, buttons::actions(phone, content))
            }
            Content::Buttons(content) => (&self.button_list, buttons::list(phone, content)),
        }
    }
}

/// Z-API writes a new group `1203…-group` and an old one `5521…-1600…` (Z-API docs, introduction to groups).
fn phone(to: &Recipient) -> Cow<'_, str> {
    match to.kind() {
        RecipientKind::Group if !to.id().contains('-') => format!("{}-group", to.id()).into(),
        RecipientKind::Group | RecipientKind::Phone | RecipientKind::UserId => to.id().into(),
        RecipientKind::Lid => to.as_str().into(),
    }
}
