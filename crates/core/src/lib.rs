//! What a WhatsApp message with reply buttons or a list is, and which rules it obeys.
#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[macro_use]
mod shows_only;
#[macro_use]
mod words;

pub mod access;
pub mod capabilities;
pub mod chatvolt;
pub mod event;
pub mod fields;
pub mod id;
pub mod inbound;
pub mod message;
mod money;
pub mod phone;
pub mod provider;
pub mod recipient;
pub mod request;
pub mod switch;
pub mod text;
mod warning;

pub use access::{Role, Scope, Scopes};
pub use capabilities::{Capabilities, Refusal, Violation};
pub use chatvolt::{
    SendButtons, SendCtaUrl, SendList, SendLocation, SendLocationRequest, SendText,
};
pub use fields::{FieldErrors, TextField};
pub use id::{
    AgentId, ApiKeyId, ChannelId, ConversationId, IdError, MessageId, OrganizationId, SessionId,
    UserId, WebhookEndpointId,
};
pub use message::{
    Button, Buttons, Content, ContentKind, CtaUrl, FieldPath, List, ListRow, ListSection, Location,
    LocationRequest, Outcome, Status, Text,
};
pub use money::{Money, MoneyError};
pub use phone::Phone;
pub use provider::Provider;
pub use recipient::{GivenRecipient, Recipient, RecipientError, RecipientKind};
pub use warning::Warning;

// The types of other crates that are part of this one's, so that no user has to guess their versions.
pub use uuid::Uuid;
pub use validator::{ValidationError, ValidationErrors};
