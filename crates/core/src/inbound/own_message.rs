//! A message of ours, as the provider reports it.

use super::contact::Contact;
use super::content::Choice;
use crate::message::ContentKind;

/// A text, or a message with buttons or a list, that went out from the number, as the provider reports it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnMessage {
    /// The provider's id of the message.
    pub external_id: String,
    /// The recipient.
    pub to: Contact,
    /// When the provider says it was sent, in milliseconds since 1970.
    pub sent_at: Option<i64>,
    /// Its form: a text, buttons, a list, or a text whose only buttons open links.
    pub kind: ContentKind,
    /// Its body; empty if it could not be read.
    pub body: String,
    /// Its reply buttons, or the rows of its list, in their order.
    pub choices: Vec<Choice>,
}

impl OwnMessage {
    /// Creates a message with an unknown time and without anything to choose.
    pub fn new(
        external_id: impl Into<String>,
        to: Contact,
        kind: ContentKind,
        body: impl Into<String>,
    ) -> Self {
        Self {
            external_id: external_id.into(),
            to,
            sent_at: None,
            kind,
            body: body.into(),
            choices: Vec::new(),
        }
    }
}

shows_only!(OwnMessage { external_id, to });
