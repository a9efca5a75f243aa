//! What all of wuzapi's sending routes take.

use super::json::error;
use crate::{Answer, Content, address};

/// A message that passed the checks of its route.
pub(super) struct Sent {
    pub(super) to: String,
    /// The id that the caller chose.
    pub(super) id: Option<String>,
    pub(super) content: Content,
}

pub(super) fn check_phone(phone: &str) -> Result<(), Answer> {
    if phone.is_empty() {
        return Err(error(400, "missing Phone in Payload"));
    }
    Ok(())
}

/// Returns the recipient: almost any text before the `@` of a JID will do.
pub(super) fn parse_phone(phone: &str) -> Result<String, Answer> {
    let phone = phone.trim_start_matches('+');
    match phone.split_once('@') {
        Some((user, server)) if user.is_empty() || server.contains('@') => {
            Err(error(400, "could not parse Phone"))
        }
        _ => Ok(address::bare(phone)),
    }
}
