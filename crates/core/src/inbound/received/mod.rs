//! What a customer's message holds in addition to its text: one file for each kind.

mod contacts;
mod context;
mod edit;
mod form_reply;
mod location;
mod media;
mod notice;
mod order;
mod poll;
mod reaction;

pub use contacts::{ContactCard, ContactName, ContactPhone, ReceivedContacts};
pub use context::{MessageContext, Referral, ReferredProduct};
pub use edit::{Edited, Revoked, RevokedBy};
pub use form_reply::FormReply;
pub use location::ReceivedLocation;
pub use media::{EncryptedFile, ReceivedFile, ReceivedMedia};
pub use notice::{SystemNotice, Unavailable, Unknown, Unsupported, UnsupportedCause};
pub use order::{OrderItem, ReceivedOrder, ReceivedProduct};
pub use poll::{PollVote, ReceivedPoll};
pub use reaction::Reaction;

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a customer's message holds in addition to its text. Plain texts and taps have none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReceivedContent {
    /// A picture.
    Image(ReceivedFile),
    /// A video.
    Video(ReceivedFile),
    /// A recording or a piece of music.
    Audio(ReceivedFile),
    /// A file of any type.
    Document(ReceivedFile),
    /// A sticker.
    Sticker(ReceivedFile),
    /// A place.
    Location(ReceivedLocation),
    /// Contact cards.
    Contacts(ReceivedContacts),
    /// A reaction to a message, or its removal.
    Reaction(Reaction),
    /// What the customer orders from the catalog.
    Order(ReceivedOrder),
    /// A product that the customer asks about.
    Product(ReceivedProduct),
    /// The answers to a form.
    FormReply(FormReply),
    /// A poll.
    Poll(ReceivedPoll),
    /// A vote in a poll.
    PollVote(PollVote),
    /// The new text of an earlier message.
    Edited(Edited),
    /// An earlier message was deleted for everyone.
    Revoked(Revoked),
    /// WhatsApp tells something about the customer.
    System(SystemNotice),
    /// WhatsApp gives businesses no messages of this kind.
    Unsupported(Unsupported),
    /// The provider could not read the message.
    Unavailable(Unavailable),
    /// A kind that Recado does not know.
    Unknown(Unknown),
}

impl ReceivedContent {
    /// Creates the content of a file, or returns `None` if the kind is not one of a file.
    pub fn of_file(kind: &str, media: ReceivedMedia) -> Option<Self> {
        let file = ReceivedFile { media };
        Some(match kind {
            "image" => Self::Image(file),
            "video" => Self::Video(file),
            "audio" => Self::Audio(file),
            "document" => Self::Document(file),
            "sticker" => Self::Sticker(file),
            _ => return None,
        })
    }

    /// Returns the file, if it is one.
    pub fn media(&self) -> Option<&ReceivedMedia> {
        match self {
            Self::Image(file)
            | Self::Video(file)
            | Self::Audio(file)
            | Self::Document(file)
            | Self::Sticker(file) => Some(&file.media),
            _ => None,
        }
    }

    /// Returns the file, if it is one, to change what is known of it.
    pub fn media_mut(&mut self) -> Option<&mut ReceivedMedia> {
        match self {
            Self::Image(file)
            | Self::Video(file)
            | Self::Audio(file)
            | Self::Document(file)
            | Self::Sticker(file) => Some(&mut file.media),
            _ => None,
        }
    }
}

impl fmt::Debug for ReceivedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image(_) => "Image",
            Self::Video(_) => "Video",
            Self::Audio(_) => "Audio",
            Self::Document(_) => "Document",
            Self::Sticker(_) => "Sticker",
            Self::Location(_) => "Location",
            Self::Contacts(_) => "Contacts",
            Self::Reaction(_) => "Reaction",
            Self::Order(_) => "Order",
            Self::Product(_) => "Product",
            Self::FormReply(_) => "FormReply",
            Self::Poll(_) => "Poll",
            Self::PollVote(_) => "PollVote",
            Self::Edited(_) => "Edited",
            Self::Revoked(_) => "Revoked",
            Self::System(_) => "System",
            Self::Unsupported(_) => "Unsupported",
            Self::Unavailable(_) => "Unavailable",
            Self::Unknown(_) => "Unknown",
        })
    }
}
