//! The recipient of a message, and how the answer names it.

use serde_json::{Value, json};

use super::{errors::GraphError, request::To};
use crate::{WhatsappSettings, address};

pub(super) enum Recipient {
    /// A phone number in WhatsApp's own form.
    Phone(String),
    /// A business-scoped user id.
    User(String),
    /// A group.
    Group(String),
    /// A business-scoped user id in the field for phone numbers: accepted and never delivered (observed).
    Nowhere(String),
}

impl Recipient {
    pub(super) fn of(to: To<'_>, settings: &WhatsappSettings) -> Result<Self, GraphError> {
        match to {
            To::Group(group) => Ok(Self::Group(group.to_owned())),
            To::User(user) if is_user_id(user) => Ok(Self::User(user.to_owned())),
            // The wording of both refusals is invented.
            To::User(_) => Err(GraphError::invalid_value("Recipient user id is not valid")),
            To::Phone(user) if is_user_id(user) => Ok(Self::Nowhere(user.to_owned())),
            To::Phone(phone) if address::is_phone_notation(phone) => {
                Ok(Self::Phone(wa_id(&address::bare(phone), settings)))
            }
            To::Phone(_) => Err(GraphError::invalid_value(
                "Recipient phone number is not valid",
            )),
        }
    }

    pub(super) fn name(&self) -> &str {
        let (Self::Phone(name) | Self::User(name) | Self::Group(name) | Self::Nowhere(name)) = self;
        name
    }

    /// The contact in the answer; those of groups and of lost messages are inferred.
    pub(super) fn contact(&self, to: To<'_>) -> Value {
        let (To::Phone(input) | To::User(input) | To::Group(input)) = to;
        match self {
            Self::User(user) => json!({"input": input, "user_id": user}),
            _ => json!({"input": input, "wa_id": self.name()}),
        }
    }

    pub(super) fn message(&self, id: &str) -> Value {
        match self {
            Self::Group(group) => json!({"id": id, "group_id": group}),
            _ => json!({"id": id}),
        }
    }
}

/// `CC.` or `CC.ENT.` and up to 128 letters and digits (Meta, business-scoped user ids).
pub(super) fn is_user_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let id = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// WhatsApp's own form of the number: some Brazilian ones lack the ninth digit (Meta, send messages).
fn wa_id(phone: &str, settings: &WhatsappSettings) -> String {
    let is_long = phone.len() == 13 && phone.starts_with("55") && phone.as_bytes()[4] == b'9';
    if is_long {
        let short = format!("{}{}", &phone[..4], &phone[5..]);
        let known = &settings.without_ninth_digit;
        if known.contains(phone) || known.contains(&short) {
            return short;
        }
    }
    phone.to_owned()
}
