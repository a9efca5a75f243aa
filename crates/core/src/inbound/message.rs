//! A message from a customer, and a call.

use super::contact::Contact;
use super::content::InboundContent;
use crate::recipient::Recipient;

/// A message from a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundMessage {
    /// The provider's id; the same id is the same message, however often it comes.
    pub external_id: String,
    /// The customer; in a group, the member.
    pub from: Contact,
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
    pub fn new(external_id: impl Into<String>, from: Contact, content: InboundContent) -> Self {
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

/// A call from a customer, which opens the 24-hour window as a message does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomerCall {
    /// The customer.
    pub from: Contact,
    /// When the provider says that the customer called, in milliseconds since 1970.
    pub at: Option<i64>,
}

impl CustomerCall {
    /// Creates a call.
    pub const fn new(from: Contact, at: Option<i64>) -> Self {
        Self { from, at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbound::{Choice, Media, ReceivedMedia};

    #[test]
    fn debug_shows_neither_texts_nor_numbers() {
        let message = |content| InboundMessage {
            external_id: "wamid.1".into(),
            from: Contact {
                phone: Some("5511987654321".parse().expect("a number")),
                name: Some("qqName".into()),
                ..Contact::default()
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
                file: ReceivedMedia {
                    provider_url: Some("https://files.example/qqUrl".into()),
                    ..ReceivedMedia::default()
                },
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
