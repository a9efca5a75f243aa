//! What a customer's message says.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::contact::Contact;

/// The kind of a message that WhatsApp writes about a customer.
pub const SYSTEM: &str = "system";

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
    /// A file was sent.
    Media(Media),
    /// Anything else.
    Other {
        /// `text`, `location`, …, or `unknown`.
        kind: String,
        /// The text.
        text: Option<String>,
    },
}

impl InboundContent {
    /// Tells whether a button or a row was tapped.
    pub fn is_tap(&self) -> bool {
        matches!(self, Self::Button(_) | Self::List(_))
    }

    /// Tells whether the customer wrote it; `system` messages are written by WhatsApp.
    pub fn is_by_customer(&self) -> bool {
        match self {
            Self::Button(_) | Self::List(_) | Self::Media(_) => true,
            Self::NumberChange { .. } => false,
            Self::Other { kind, .. } => kind != SYSTEM,
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
            Self::Media(media) => write!(f, "Media({media:?})"),
            Self::Other { kind, .. } => write!(f, "Other {{ kind: {kind:?}, .. }}"),
        }
    }
}

/// A file that a customer sent, and its kind.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Media {
    /// `image`, `video`, `audio`, `document` or `sticker`.
    pub kind: String,
    /// The customer's words below the file.
    pub caption: Option<String>,
    /// The file.
    pub file: ReceivedMedia,
}

impl Media {
    /// Creates a file of this kind, of which nothing else is known.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            ..Self::default()
        }
    }
}

/// A file that a customer sent, as the provider describes it. Recado does not fetch it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReceivedMedia {
    /// The id with which the provider's API returns the file. Only WhatsApp Cloud API gives one.
    pub id: Option<String>,
    /// The address of the file at the provider, which needs no key. Z-API keeps the file for 30 days, ZapperHUB for 7.
    pub provider_url: Option<String>,
    /// The media type, as the customer's WhatsApp names it.
    pub mime_type: Option<String>,
    /// The name of the file, as the customer's WhatsApp names it.
    pub file_name: Option<String>,
    /// The size in bytes.
    pub size: Option<i64>,
}

shows_only!(Choice {});
shows_only!(Media { kind });
