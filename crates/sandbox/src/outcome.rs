//! What a simulator makes of one request: an answer, and perhaps an accepted message.

use crate::answer::Answer;
use crate::phone::PhoneMessage;

/// A message that a provider accepted.
pub(crate) struct Accepted {
    pub(crate) message_id: String,
    /// The message as the phone shows it; `None` if it never arrives, or not yet.
    pub(crate) shown: Option<PhoneMessage>,
}

impl From<PhoneMessage> for Accepted {
    fn from(message: PhoneMessage) -> Self {
        Self {
            message_id: message.message_id.clone(),
            shown: Some(message),
        }
    }
}

#[derive(Default)]
pub(crate) struct Outcome {
    /// The answer; `None` closes the connection instead.
    pub(crate) answer: Option<Answer>,
    pub(crate) accepted: Option<Accepted>,
}

impl Outcome {
    /// An answer after a message was accepted.
    pub(crate) fn accepted(accepted: impl Into<Accepted>, answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            accepted: Some(accepted.into()),
        }
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            accepted: None,
        }
    }
}
