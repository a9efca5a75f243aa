//! A message on a customer's phone.

use serde::Serialize;

use super::buttons::{Buttons, PhoneButton};
use super::inbound::ListRow;
use super::list::List;
use super::location::Location;
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
    /// A text with a list of options.
    List(List),
    /// A place on the map.
    Location(Location),
}

impl Content {
    /// Returns a text with buttons, if the message is one.
    pub fn as_buttons(&self) -> Option<&Buttons> {
        match self {
            Self::Buttons(buttons) => Some(buttons),
            Self::List(_) | Self::Location(_) => None,
        }
    }

    /// Returns a text with a list, if the message is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            Self::Buttons(_) | Self::Location(_) => None,
        }
    }

    /// Returns a place, if the message is one.
    pub fn as_location(&self) -> Option<&Location> {
        match self {
            Self::Location(place) => Some(place),
            Self::Buttons(_) | Self::List(_) => None,
        }
    }
}

impl PhoneMessage {
    /// Returns the text over the body.
    pub fn header(&self) -> Option<&str> {
        match &self.content {
            Content::Buttons(content) => content.header.as_deref(),
            Content::List(content) => content.header.as_deref(),
            Content::Location(place) => place.name.as_deref(),
        }
    }

    /// Returns the text.
    pub fn body(&self) -> Option<&str> {
        match &self.content {
            Content::Buttons(content) => content.body.as_deref(),
            Content::List(content) => Some(&content.body),
            Content::Location(place) => place.address.as_deref(),
        }
    }

    /// Returns the small text under the body.
    pub fn footer(&self) -> Option<&str> {
        match &self.content {
            Content::Buttons(content) => content.footer.as_deref(),
            Content::List(content) => content.footer.as_deref(),
            Content::Location(_) => None,
        }
    }

    /// Returns the buttons that a customer can tap.
    pub fn buttons(&self) -> &[PhoneButton] {
        (self.content.as_buttons()).map_or(&[], |content| &content.buttons)
    }

    /// Returns the rows of the list that a customer can choose.
    pub fn rows(&self) -> impl Iterator<Item = &ListRow> {
        let list = self.content.as_list();
        list.into_iter().flat_map(|list| list.menu.rows())
    }
}
