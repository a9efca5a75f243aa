//! What Z-API carries.

use super::{Capabilities, Source};
use crate::message::ButtonsLimits;
use crate::provider::Provider;
use crate::recipient::RecipientKind;

/// Z-API with `send-button-list` alone, which has no place for a header and a footer.
pub const ZAPI_LIST: Capabilities = Capabilities {
    buttons: Some(ButtonsLimits {
        folded: Some(BUTTONS.body),
        ..BUTTONS
    }),
    ..ZAPI
};

/// Z-API.
pub const ZAPI: Capabilities = Capabilities {
    buttons: Some(BUTTONS),
    ..Capabilities::of(Provider::Zapi)
};

const SILENT: Source = Source::inferred("Z-API is silent; compatible vendors document it");

const BUTTONS: ButtonsLimits = ButtonsLimits {
    api: "POST /send-button-list, /send-button-actions",
    recipients: &[
        RecipientKind::Phone,
        RecipientKind::Lid,
        RecipientKind::Group,
    ],
    ..ButtonsLimits::like_whatsapp(SILENT)
};
