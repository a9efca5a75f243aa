//! What came of one request: an answer, and perhaps a message that was taken.

use crate::answer::Answer;
use crate::phone::message::PhoneMessage;

/// A message that a provider took.
pub(crate) struct Accepted {
    /// The id under which WhatsApp knows it.
    pub(crate) message_id: String,
    /// How the phone shows it; `None` when it never arrives, or not yet.
    pub(crate) shown: Option<PhoneMessage>,
}

impl Accepted {
    /// A message that the phone shows at once.
    pub(crate) fn shown(message: PhoneMessage) -> Self {
        Self {
            message_id: message.message_id.clone(),
            shown: Some(message),
        }
    }
}

/// What came of one request.
pub(crate) struct Outcome {
    /// The answer; `None` closes the connection instead.
    pub(crate) answer: Option<Answer>,
    /// The message, when one was taken.
    pub(crate) accepted: Option<Accepted>,
}

impl Outcome {
    /// An answer after taking a message.
    pub(crate) fn accepted(accepted: Accepted, answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            accepted: Some(accepted),
        }
    }

    /// The connection is closed and nothing is taken.
    pub(crate) fn reset() -> Self {
        Self {
            answer: None,
            accepted: None,
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
