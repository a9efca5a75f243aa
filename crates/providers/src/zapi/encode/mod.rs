//! The JSON of a message, with a file for each kind of message.

pub(super) mod buttons;
pub(super) mod cta_url;
pub(super) mod list;
pub(super) mod location;
pub(super) mod text;

use std::borrow::Cow;

use recado_core::{Recipient, RecipientKind};

/// Z-API writes a new group `1203…-group` and an old one `5521…-1600…` (Z-API docs, introduction to groups).
pub(super) fn phone(to: &Recipient) -> Cow<'_, str> {
    match to.kind() {
        RecipientKind::Group if !to.id().contains('-') => format!("{}-group", to.id()).into(),
        RecipientKind::Group | RecipientKind::Phone | RecipientKind::UserId => to.id().into(),
        RecipientKind::Lid => to.as_str().into(),
    }
}
