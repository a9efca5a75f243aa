//! What a provider's webhook says, in words that all providers share; no `Debug` here shows what a customer said.

mod ignored;
mod media;
mod spellings;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use ignored::Ignored;
pub use media::Media;
pub use spellings::phone_variants;

use crate::id::MessageId;
use crate::message::Status;
use crate::recipient::{Recipient, RecipientKind};

/// The kind of a message that WhatsApp writes about a customer.
pub const SYSTEM: &str = "system";

/// One thing that a webhook says; a call may say a thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// A customer wrote, or tapped a button.
    Message(InboundMessage),
    /// A message of ours came further, or failed.
    Status(StatusNews),
    /// A message with buttons that went out from the number came back.
    Echo(Echo),
    /// A customer called the number.
    Call(CustomerCall),
    /// The number was connected to or cut off from WhatsApp.
    Connection(ConnectionNews),
    /// The provider complains about the account, not about one message.
    Trouble(StatusError),
    /// Something that Recado makes nothing of, and counts.
    Ignored(Ignored),
}

/// A message from a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundMessage {
    /// The provider's id; the same id is the same message, however often it comes.
    pub external_id: String,
    /// Who wrote; in a group, the member.
    pub from: Person,
    /// The group in which it was written.
    pub group: Option<Recipient>,
    /// When the provider says it was written, in milliseconds since 1970.
    pub sent_at: Option<i64>,
    /// The provider's id of the message that it answers.
    pub in_reply_to: Option<String>,
    /// What it says.
    pub content: InboundContent,
}

impl InboundMessage {
    /// Creates a message outside of a group, with an unknown time, which answers no other.
    #[must_use]
    pub fn new(external_id: impl Into<String>, from: Person, content: InboundContent) -> Self {
        Self {
            external_id: external_id.into(),
            from,
            group: None,
            sent_at: None,
            in_reply_to: None,
            content,
        }
    }
}

/// A customer's call, which allows us to write as a message does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerCall {
    /// The customer.
    pub from: Person,
    /// When the provider says that the customer called, in milliseconds since 1970.
    pub at: Option<i64>,
}

impl CustomerCall {
    /// Creates a call.
    #[must_use]
    pub const fn new(from: Person, at: Option<i64>) -> Self {
        Self { from, at }
    }
}

/// What a customer's message says.
#[derive(Clone, PartialEq, Eq)]
pub enum InboundContent {
    /// A reply button was tapped.
    Button(Choice),
    /// A row of a list was chosen.
    List(Choice),
    /// WhatsApp says that the customer changed number or user id.
    Moved {
        /// The names that the customer has from now on, and no others.
        to: Person,
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
    /// Whether something was tapped.
    #[must_use]
    pub fn is_tap(&self) -> bool {
        matches!(self, Self::Button(_) | Self::List(_))
    }

    /// Whether the customer said it, and not WhatsApp about the customer.
    #[must_use]
    pub fn is_by_customer(&self) -> bool {
        match self {
            Self::Button(_) | Self::List(_) | Self::Media(_) => true,
            Self::Moved { .. } => false,
            Self::Other { kind, .. } => kind != SYSTEM,
        }
    }
}

/// What was tapped.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The id that was sent with the button.
    pub id: String,
    /// What the customer read on it.
    pub title: String,
}

impl Choice {
    /// Creates a choice.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
        }
    }
}

/// A customer, by every name that a provider gave; there may be no phone.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// The phone number.
    pub phone: Option<Recipient>,
    /// Meta's business-scoped user id.
    pub user_id: Option<Recipient>,
    /// WhatsApp's linked id.
    pub lid: Option<Recipient>,
    /// The name that the customer chose.
    pub name: Option<String>,
}

impl Person {
    /// Creates a customer with these addresses, each in its place, and the first one of a kind; a group has none.
    ///
    /// ```
    /// use recado_core::inbound::Person;
    ///
    /// let ana = Person::new(["5511900000001".parse()?, "190000000000001@lid".parse()?]);
    /// assert!(ana.phone.is_some() && ana.lid.is_some() && ana.user_id.is_none());
    /// # Ok::<(), recado_core::RecipientError>(())
    /// ```
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = Recipient>) -> Self {
        let mut person = Self::default();
        for address in addresses {
            let place = match address.kind() {
                RecipientKind::Phone => &mut person.phone,
                RecipientKind::UserId => &mut person.user_id,
                RecipientKind::Lid => &mut person.lid,
                RecipientKind::Group => continue,
            };
            place.get_or_insert(address);
        }
        person
    }

    /// Returns the customer with this name.
    #[must_use]
    pub fn named(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }

    /// The names of this customer, the surest first: user id, LID, phone.
    pub fn addresses(&self) -> impl Iterator<Item = &Recipient> {
        [&self.user_id, &self.lid, &self.phone]
            .into_iter()
            .flatten()
    }
}

impl fmt::Debug for InboundContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Button(choice) => f.debug_tuple("Button").field(choice).finish(),
            Self::List(choice) => f.debug_tuple("List").field(choice).finish(),
            Self::Moved { to, .. } => f
                .debug_struct("Moved")
                .field("to", to)
                .finish_non_exhaustive(),
            Self::Media(media) => f.debug_tuple("Media").field(media).finish(),
            Self::Other { kind, .. } => f
                .debug_struct("Other")
                .field("kind", kind)
                .finish_non_exhaustive(),
        }
    }
}

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice").finish_non_exhaustive()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.addresses()).finish()
    }
}

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Echo")
            .field("external_id", &self.external_id)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// How far a message of ours has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusNews {
    /// The provider's ids of the message; any of them may be the one that we know.
    pub external_ids: Vec<String>,
    /// Our own id, where the provider gives it back.
    pub message_id: Option<MessageId>,
    /// `sent`, `delivered`, `read`, `failed`, or `unknown` if the provider does not know any more.
    pub status: Status,
    /// Why it failed.
    pub error: Option<StatusError>,
    /// How the provider charges for it, if the status tells.
    pub pricing: Option<Pricing>,
}

impl StatusNews {
    /// Creates the status of a message that has these ids of the provider.
    #[must_use]
    pub const fn new(external_ids: Vec<String>, status: Status) -> Self {
        Self {
            external_ids,
            message_id: None,
            status,
            error: None,
            pricing: None,
        }
    }
}

/// How a provider charges for a message: its class, never an amount. Only Meta tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pricing {
    /// What is charged for, such as `service`, `utility` or `marketing`; reply buttons are `service`.
    pub category: Option<String>,
    /// `regular` for a message that is charged, or a word that begins with `free_`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// How messages are counted, such as `PMP`: each one.
    pub model: Option<String>,
    /// Whether the message is charged. Meta has announced that it will leave this out.
    pub billable: Option<bool>,
    /// Whether the message is free, by its type.
    pub free: Option<bool>,
}

impl Pricing {
    /// Creates a class from Meta's words for its parts.
    #[must_use]
    pub fn new(
        category: Option<String>,
        kind: Option<String>,
        model: Option<String>,
        billable: Option<bool>,
    ) -> Self {
        Self {
            free: kind.as_deref().map(|kind| kind.starts_with("free_")),
            category,
            kind,
            model,
            billable,
        }
    }
}

/// A message with buttons that went out from the number, as the provider shows it afterwards.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Echo {
    /// The provider's id of the message.
    pub external_id: String,
    /// Whom it went to.
    pub to: Person,
    /// When the provider says it was sent, in milliseconds since 1970.
    pub sent_at: Option<i64>,
    /// Its body; empty if it could not be read.
    pub body: String,
    /// Its reply buttons, in their order.
    pub buttons: Vec<Choice>,
}

impl Echo {
    /// Creates a message that came back, with an unknown time and without buttons.
    #[must_use]
    pub fn new(external_id: impl Into<String>, to: Person, body: impl Into<String>) -> Self {
        Self {
            external_id: external_id.into(),
            to,
            sent_at: None,
            body: body.into(),
            buttons: Vec::new(),
        }
    }
}

/// Why a message failed after the provider took it, or what the provider complains about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusError {
    /// The provider's number.
    pub code: Option<i64>,
    /// Our word for it.
    pub reason: String,
    /// The provider's words.
    pub message: String,
}

impl StatusError {
    /// Creates an error from our word for it and the provider's words, without a number.
    #[must_use]
    pub fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: None,
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// Whether the number is connected to WhatsApp.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionNews {
    /// It is.
    pub connected: bool,
    /// What the provider says about it.
    pub detail: Option<String>,
}

impl ConnectionNews {
    /// Creates the news that the number is connected, or is not.
    #[must_use]
    pub const fn new(connected: bool, detail: Option<String>) -> Self {
        Self { connected, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_texts_nor_numbers() {
        let message = |content| InboundMessage {
            external_id: "wamid.1".into(),
            from: Person {
                phone: Some("5511987654321".parse().expect("a number")),
                name: Some("qqName".into()),
                ..Person::default()
            },
            group: None,
            sent_at: None,
            in_reply_to: None,
            content,
        };
        let (id, title) = ("qqId".to_owned(), "qqTitle".to_owned());
        let (kind, text) = ("text".to_owned(), Some("qqText".to_owned()));
        let contents = [
            InboundContent::Button(Choice { id, title }),
            InboundContent::Other { kind, text },
            InboundContent::Media(Media {
                caption: Some("qqCaption".into()),
                url: Some("https://files.example/qqUrl".into()),
                ..Media::default()
            }),
        ];
        for shown in contents.map(|content| format!("{:?}", message(content))) {
            assert!(!shown.contains("qq"), "{shown}");
            assert!(!shown.contains("5511987654321"), "{shown}");
            assert!(shown.contains("wamid.1"), "{shown}");
        }
    }
}
