//! What a provider webhook is, how it is proved, and how its values are read.

pub(crate) mod call;
pub(crate) mod proof;
pub(crate) mod reading;

pub use call::{
    Admission, MAX_ITEMS, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};

/// The names that every file uses that reads webhooks.
pub(crate) mod prelude {
    pub(crate) use recado_core::Status;
    pub(crate) use recado_core::inbound::{
        Choice, Contact, Ignored, Inbound, InboundContent, StatusUpdate,
    };
    pub(crate) use recado_core::message::MessageError;

    pub(crate) use super::reading::{
        Said, choice_id, connected, contact, file_or_other, id, instant, items, message_of, object,
        one_or_many, other, short_words, size, status, url, words,
    };
    pub(crate) use super::{MAX_ITEMS, Received, WebhookUnreadable, proof};
    pub(crate) use crate::error::ErrorKind;
    pub(crate) use crate::lenient_json::{self, text};
    pub(crate) use crate::redact::Redactor;
}
