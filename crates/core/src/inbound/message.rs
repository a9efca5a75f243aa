//! A message from a customer, and a call.

use super::contact::Contact;
use super::content::InboundContent;
use super::received::{MessageContext, Referral};
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
    /// The provider's id of the message that it answers, or that it is about.
    pub in_reply_to: Option<String>,
    /// What it says.
    pub content: InboundContent,
    /// What it refers to.
    pub context: MessageContext,
    /// The advertisement that brought the customer.
    pub referral: Option<Box<Referral>>,
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
            context: MessageContext::default(),
            referral: None,
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
    use crate::inbound::{Choice, ReceivedContent, ReceivedFile, ReceivedMedia};

    #[test]
    fn debug_shows_neither_texts_nor_numbers() {
        let message = |content| {
            let ana = Contact {
                phone: Some("5511987654321".parse().expect("a number")),
                name: Some("qqName".into()),
                ..Contact::default()
            };
            InboundMessage {
                referral: Some(Box::new(Referral {
                    click_id: Some("qqClick".into()),
                    ..Referral::default()
                })),
                ..InboundMessage::new("wamid.1", ana, content)
            }
        };
        let (id, title) = ("qqId".to_owned(), "qqTitle".to_owned());
        let media = ReceivedMedia {
            provider_url: Some("https://files.example/qqUrl".into()),
            ..ReceivedMedia::default()
        };
        let contents = [
            InboundContent::Button(Choice { id, title }),
            InboundContent::text("qqText"),
            InboundContent::Other {
                kind: "image".to_owned(),
                text: Some("qqCaption".into()),
                content: Some(Box::new(ReceivedContent::Image(ReceivedFile { media }))),
            },
        ];
        for shown in contents.map(|content| format!("{:?}", message(content))) {
            assert!(!shown.contains("qq"), "{shown}");
            assert!(!shown.contains("5511987654321"), "{shown}");
            assert!(shown.contains("wamid.1"), "{shown}");
        }
    }
}
