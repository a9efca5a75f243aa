//! What a customer sends: a text, a tap, a row of a list.

use serde::{Deserialize, Serialize};

use super::message::PhoneButton;

/// The name that every customer has in the simulation.
pub(crate) const CUSTOMER: &str = "Ana";

/// The member of every group who taps, picks and writes there.
pub(crate) const MEMBER: &str = "5521966665555";

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

/// The form in which a tap comes back, where a provider has several (their names on the wire).
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

/// A row that a customer picks from a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// What the choice sends back.
    pub id: String,
    /// What the row says.
    pub title: String,
    /// The small text under the title.
    #[serde(default)]
    pub description: Option<String>,
}

/// Why a phone cannot do what it was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// No phone shows such a message.
    #[error("no phone shows a message with this id")]
    UnknownMessage,
    /// The message does not have the button.
    #[error("the message has no such button")]
    UnknownButton,
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// The provider does not use this form of a tap.
    #[error("a tap at this provider has no such shape")]
    UnknownShape,
}

/// What a customer sends.
pub(crate) enum Content<'a> {
    Text(&'a str),
    Tap {
        message_id: &'a str,
        button: &'a PhoneButton,
        index: usize,
        shape: Option<Shape>,
    },
    Pick {
        message_id: &'a str,
        row: &'a ListRow,
    },
}

/// A message from a customer, as every provider tells it.
pub(crate) struct Inbound<'a> {
    pub(crate) message_id: &'a str,
    /// The customer, as in [`PhoneMessage::to`].
    pub(crate) from: &'a str,
    pub(crate) account: &'a str,
    pub(crate) content: Content<'a>,
}
