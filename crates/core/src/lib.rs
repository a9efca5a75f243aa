//! What a WhatsApp message with reply buttons is, and which rules it obeys.
//!
//! No IO, no async, no clock: ids and instants come in as arguments.
//! The crate knows what the providers publish about their limits, but nothing of their wire formats.
//!
//! ```
//! use recado_core::{ButtonsMessage, Recipient, SendButtons, capabilities::WHATSAPP};
//!
//! let body = r#"{
//!     "agentId": "agent-123", "conversationId": "conv-456",
//!     "body_text": "How can we help you today?",
//!     "button_1_id": "btn_sales", "button_1_title": "Sales"
//! }"#;
//! let request: SendButtons = serde_json::from_str(body)?;
//! let (_agent, _conversation, message) = request.into_parts()?;
//! assert_eq!(message.buttons()[0].title, "Sales");
//!
//! let recipient: Recipient = "+55 11 90000-0001".parse()?;
//! let warnings = WHATSAPP.check(&message, &recipient)?;
//! assert!(warnings.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]

pub mod access;
pub mod buttons;
pub mod capabilities;
pub mod fields;
pub mod id;
pub mod inbound;
pub mod message;
pub mod phone;
pub mod provider;
pub mod recipient;
pub mod send_buttons;
pub mod switch;
pub mod text;

pub use access::{Role, Scope, Scopes};
pub use buttons::{Button, ButtonsMessage};
pub use capabilities::{Capabilities, Refusal, Warning};
pub use fields::{FieldErrors, TextField};
pub use id::{
    AgentId, ApiKeyId, ChannelId, ConversationId, IdError, MessageId, OrganizationId, SessionId,
    UserId,
};
pub use message::{Outcome, Status};
pub use phone::Phone;
pub use provider::Provider;
pub use recipient::{GivenRecipient, Recipient, RecipientError, RecipientKind};
pub use send_buttons::SendButtons;
