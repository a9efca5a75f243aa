//! What a provider webhook is, how it is proved, and how its values are read.

pub(crate) mod call;
pub(crate) mod proof;
pub(crate) mod reading;
pub(crate) mod received;
pub(crate) mod vcard;

pub use call::{
    Admission, MAX_ITEMS, Received, WebhookCall, WebhookHead, WebhookRefused, WebhookUnreadable,
};

/// The names that every file uses that reads webhooks.
pub(crate) mod prelude {
    pub(crate) use recado_core::Status;
    pub(crate) use recado_core::inbound::{
        Choice, Contact, ContactCard, FormReply, Ignored, Inbound, InboundContent, MessageContext,
        PollVote, ReceivedContacts, ReceivedContent, ReceivedMedia, ReceivedOrder, ReceivedPoll,
        ReceivedProduct, Referral, StatusUpdate,
    };
    pub(crate) use recado_core::message::MessageError;

    pub(crate) use super::reading::{
        Said, choice_id, connected, contact, id, instant, integer, items, message_of, object,
        one_or_many, short_words, size, status, url, words,
    };
    pub(crate) use super::received::{
        advertised_kind, amount, days_after, derived_id, edit, file, holding, is_advertisement,
        location, mark, members, only_words, place, reaction, revoked, sha256, thousandths,
        unavailable, unknown, unread_edit, whole,
    };
    pub(crate) use super::vcard;
    pub(crate) use super::{MAX_ITEMS, Received, WebhookUnreadable, proof};
    pub(crate) use crate::error::ErrorKind;
    pub(crate) use crate::lenient_json::{self, text};
    pub(crate) use crate::redact::Redactor;
}
