//! What a provider's webhook says, in words that all providers share; no `Debug` here shows what a customer said.

mod contact;
mod content;
mod ignored;
mod message;
mod own_message;
mod spellings;
mod status;

pub use contact::Contact;
pub use content::{Choice, InboundContent, Media, ReceivedMedia, SYSTEM};
pub use ignored::Ignored;
pub use message::{CustomerCall, InboundMessage};
pub use own_message::OwnMessage;
pub use spellings::phone_variants;
pub use status::{ConnectionUpdate, Pricing, StatusUpdate};

use crate::message::MessageError;

/// One item of a provider webhook; a call may have a thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A customer wrote, or tapped a button.
    Message(InboundMessage),
    /// The status of a message of ours.
    Status(StatusUpdate),
    /// The provider reports a text, or a message with buttons or a list, that went out from the number.
    OwnMessage(OwnMessage),
    /// A customer called the number.
    Call(CustomerCall),
    /// The number was connected to WhatsApp, or disconnected.
    Connection(ConnectionUpdate),
    /// The provider complains about the account, not about one message.
    AccountAlert(MessageError),
    /// An item that makes no event; it is counted by its reason.
    Ignored(Ignored),
}
