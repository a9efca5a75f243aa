//! What Z-API carries.

use super::{Capabilities, Limit, Source};
use crate::message::{ButtonsLimits, CtaUrlLimits, ListLimits, LocationLimits, TextLimits};
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
    text: Some(TEXT),
    buttons: Some(BUTTONS),
    list: Some(LIST),
    cta_url: Some(CTA_URL),
    location: Some(LOCATION),
    ..Capabilities::of(Provider::Zapi)
};

const SILENT: Source = Source::inferred("Z-API is silent; compatible vendors document it");

/// The phone decides whether a link has a preview (Z-API docs, send-text).
const TEXT: TextLimits = TextLimits {
    api: "POST /send-text",
    recipients: &[
        RecipientKind::Phone,
        RecipientKind::Lid,
        RecipientKind::Group,
    ],
    ..TextLimits::like_whatsapp(Source::inferred("Z-API is silent; kept like WhatsApp"))
};

const BUTTONS: ButtonsLimits = ButtonsLimits {
    api: "POST /send-button-list, /send-button-actions",
    recipients: &[
        RecipientKind::Phone,
        RecipientKind::Lid,
        RecipientKind::Group,
    ],
    ..ButtonsLimits::like_whatsapp(SILENT)
};

/// The API has one list of options with a title, and no header and footer.
const LIST: ListLimits = ListLimits {
    api: "POST /send-option-list",
    // Z-API docs, send-option-list: a list is not delivered to groups.
    recipients: &[RecipientKind::Phone, RecipientKind::Lid],
    title: Some(Limit::new(1, 60, SILENT)),
    // That of ChatVolt's documentation.
    body: Limit::new(1, 4096, SILENT),
    folded: Some(Limit::new(1, 4096, SILENT)),
    flat: Some(Source::documented("Z-API docs, send-option-list")),
    ..ListLimits::like_whatsapp(SILENT)
};

const CTA_URL: CtaUrlLimits = CtaUrlLimits {
    api: "POST /send-button-actions",
    recipients: BUTTONS.recipients,
    ..CtaUrlLimits::like_whatsapp(SILENT)
};

/// The page requires a title and an address.
const LOCATION: LocationLimits = LocationLimits {
    api: "POST /send-location",
    recipients: BUTTONS.recipients,
    named: Some(Source::documented("Z-API docs, send-location")),
    ..LocationLimits::unlimited(Source::inferred(
        "Z-API states no length; Recado's own bound",
    ))
};
