//! What a customer's message says.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::received::ReceivedContent;

/// The kind of a message that WhatsApp writes about a customer.
pub const SYSTEM: &str = "system";

/// The kind of a message that the provider could not read.
pub const UNAVAILABLE: &str = "unavailable";

/// What a customer's message says.
#[derive(Clone, PartialEq, Eq)]
pub enum InboundContent {
    /// A reply button was tapped.
    Button(Choice),
    /// A row of a list was chosen.
    List(Choice),
    /// WhatsApp reports that the customer changed number or user id.
    NumberChange {
        /// The addresses that the customer has from now on, and no others.
        to: Contact,
        /// WhatsApp's words.
        text: Option<String>,
    },
    /// Anything else.
    Other {
        /// `text`, `image`, `location`, …, or `unknown`.
        kind: String,
        /// The words: a text, a caption, the name of a place or a contact.
        text: Option<String>,
        /// What it holds in addition to its text.
        content: Option<Box<ReceivedContent>>,
    },
}

impl InboundContent {
    /// Creates a plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Other {
            kind: "text".to_owned(),
            text: Some(text.into()),
            content: None,
        }
    }

    /// Tells whether a button or a row was tapped.
    pub fn is_tap(&self) -> bool {
        matches!(self, Self::Button(_) | Self::List(_))
    }

    /// Returns whether the message opens the 24-hour window.
    pub fn opens_window(&self) -> bool {
        // WhatsApp writes `system` messages, and a change of an earlier message, or a message that cannot be read, is not
        // known to count (inferred).
        match self {
            Self::Button(_) | Self::List(_) => true,
            Self::NumberChange { .. } => false,
            Self::Other { kind, .. } => ![SYSTEM, UNAVAILABLE, "edit", "revoke"].contains(&&**kind),
        }
    }

    /// Returns what it holds in addition to its text.
    pub fn received(&self) -> Option<&ReceivedContent> {
        match self {
            Self::Other { content, .. } => content.as_deref(),
            Self::Button(_) | Self::List(_) | Self::NumberChange { .. } => None,
        }
    }

    /// Returns what it holds in addition to its text, to change what is known of it.
    pub fn received_mut(&mut self) -> Option<&mut ReceivedContent> {
        match self {
            Self::Other { content, .. } => content.as_deref_mut(),
            Self::Button(_) | Self::List(_) | Self::NumberChange { .. } => None,
        }
    }
}

/// A reply button, or a row of a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReplyButton))]
#[non_exhaustive]
pub struct Choice {
    /// The id that was sent with it.
    pub id: String,
    /// The text that the customer read on it.
    pub title: String,
}

impl Choice {
    /// Creates a choice.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
        }
    }
}

impl fmt::Debug for InboundContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Button(choice) => write!(f, "Button({choice:?})"),
            Self::List(choice) => write!(f, "List({choice:?})"),
            Self::NumberChange { to, .. } => write!(f, "NumberChange {{ to: {to:?}, .. }}"),
            Self::Other { kind, content, .. } => {
                write!(f, "Other {{ kind: {kind:?}, content: {content:?}, .. }}")
            }
        }
    }
}

shows_only!(Choice {});
