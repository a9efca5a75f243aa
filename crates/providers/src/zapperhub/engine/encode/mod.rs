//! The JSON of what a message says and of whom it goes to, with a file for each kind of message.

pub(crate) mod buttons;
pub(crate) mod cta_url;
pub(crate) mod list;
pub(crate) mod location;
pub(crate) mod text;

use std::borrow::Cow;

use recado_core::{Recipient, RecipientKind};

use crate::zapperhub::account::RecipientForm;

pub(crate) fn recipient(form: RecipientForm, to: &Recipient) -> Cow<'_, str> {
    match (to.kind(), form) {
        (RecipientKind::Phone, RecipientForm::Plus) => format!("+{}", to.id()).into(),
        (RecipientKind::Phone, RecipientForm::Jid) => format!("{}@s.whatsapp.net", to.id()).into(),
        (RecipientKind::Phone, RecipientForm::Digits) => to.id().into(),
        // The suffix is part of a LID and of a group.
        (RecipientKind::Lid | RecipientKind::Group | RecipientKind::UserId, _) => {
            to.as_str().into()
        }
    }
}
