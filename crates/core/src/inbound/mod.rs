//! What a provider's webhook says, in words that all providers share; no `Debug` here shows what a customer said.

mod account;
mod contact;
mod content;
mod ignored;
mod message;
mod own_message;
mod received;
mod spellings;
mod status;

pub use account::{AccountAlert, AlertSeverity};
pub use contact::Contact;
pub use content::{Choice, InboundContent, SYSTEM, UNAVAILABLE};
pub use ignored::Ignored;
pub use message::{CustomerCall, InboundMessage};
pub use own_message::OwnMessage;
pub use received::{
    ContactCard, ContactName, ContactPhone, Edited, EncryptedFile, FormReply, MessageContext,
    OrderItem, PollVote, Reaction, ReceivedContacts, ReceivedContent, ReceivedFile,
    ReceivedLocation, ReceivedMedia, ReceivedOrder, ReceivedPoll, ReceivedProduct, Referral,
    ReferredProduct, Revoked, RevokedBy, SystemNotice, Unavailable, Unknown, Unsupported,
    UnsupportedCause,
};
pub use spellings::phone_variants;
pub use status::{ConnectionUpdate, Pricing, StatusUpdate};

/// One item of a provider webhook; a call may have a thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "an item lives as long as its call, and most calls have one"
)]
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
    /// The provider says something about the account, not about one message.
    AccountAlert(AccountAlert),
    /// An item that makes no event; it is counted by its reason.
    Ignored(Ignored),
}
