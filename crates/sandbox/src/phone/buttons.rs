//! A text with reply buttons, and a tap on one of them.

use serde::{Deserialize, Serialize};

/// A text with reply buttons; a plain text has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Buttons {
    /// Text over the body; for a picture, video or document its link or id.
    pub header: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// Small text under the body.
    pub footer: Option<String>,
    /// The buttons, in order.
    pub buttons: Vec<PhoneButton>,
    /// Whether the phone shows a button that sends a place.
    #[serde(rename = "asksForLocation", skip_serializing_if = "std::ops::Not::not")]
    pub asks_for_location: bool,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhoneButton {
    /// The id that a tap sends back; empty if the sender gave none.
    pub id: String,
    /// The text on the button.
    pub title: String,
    /// The link that the button opens; a button without one answers the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl PhoneButton {
    /// Creates a button by which the customer answers.
    pub(crate) fn reply(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            url: None,
        }
    }

    /// Creates a button that opens a link.
    pub(crate) fn link(title: String, url: String) -> Self {
        Self {
            id: String::new(),
            title,
            url: Some(url),
        }
    }
}

/// A button of a message: its id, or its place from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// The place, from 0.
    Index(usize),
    /// The id that the sender gave it.
    Id(String),
}

impl From<usize> for Choice {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for Choice {
    fn from(id: &str) -> Self {
        Self::Id(id.to_owned())
    }
}

/// The form in which a tap comes back, named as on the wire, for a provider with several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
    /// Z-API's documented form, and the old one of linked devices.
    ButtonsResponseMessage,
    /// Z-API, `buttonReply` with `buttonId` and `message` (observed).
    ButtonReply,
    /// Z-API, `buttonReply` with `id` and `text` (observed).
    ButtonReplyId,
    /// The usual form of linked devices; inferred for Z-API.
    TemplateButtonReplyMessage,
    /// The native flow of linked devices.
    InteractiveResponseMessage,
    /// Z-API, only the button's words as a text that answers the message (inferred).
    Text,
}

pub(crate) struct Tap<'a> {
    pub(crate) button: &'a PhoneButton,
    pub(crate) index: usize,
    /// `None`: the provider's usual form.
    pub(crate) shape: Option<Shape>,
}
