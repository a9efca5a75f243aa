//! A message on a customer's phone.

use serde::Serialize;

use super::buttons::{Buttons, PhoneButton};
use crate::Provider;

/// A message as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneMessage {
    /// The provider that carried it.
    pub provider: Provider,
    /// The recipient: digits of a phone number, a LID, a group or a business-scoped user id.
    pub to: String,
    /// The account that sent it: phone number id, instance id or, for wuzapi, the user id.
    pub from: String,
    /// WhatsApp's id of the message.
    pub message_id: String,
    /// What the phone shows; in JSON, its members stand here.
    #[serde(flatten)]
    pub content: Content,
    /// `biz_opaque_callback_data`: not shown, but part of every status of the message (WhatsApp Cloud API).
    pub callback_data: Option<String>,
    /// The provider's own id of the message, if it has one beside WhatsApp's (Z-API's `zaapId`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}

/// What a message shows, by kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// A text with reply buttons, or without any.
    Buttons(Buttons),
}

impl Content {
    /// Returns a text with buttons, if the message is one.
    pub fn as_buttons(&self) -> Option<&Buttons> {
        match self {
            Self::Buttons(buttons) => Some(buttons),
        }
    }
}

impl PhoneMessage {
    /// Returns the text over the body.
    pub fn header(&self) -> Option<&str> {
        self.content.as_buttons()?.header.as_deref()
    }

    /// Returns the text.
    pub fn body(&self) -> Option<&str> {
        match &self.content {
            Content::Buttons(content) => content.body.as_deref(),
        }
    }

    /// Returns the small text under the body.
    pub fn footer(&self) -> Option<&str> {
        self.content.as_buttons()?.footer.as_deref()
    }

    /// Returns the buttons that a customer can tap.
    pub fn buttons(&self) -> &[PhoneButton] {
        (self.content.as_buttons()).map_or(&[], |content| &content.buttons)
    }
}
