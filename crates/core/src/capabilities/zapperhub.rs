//! What ZapperHUB's two APIs carry.

use super::{Capabilities, Limit, Source};
use crate::message::{ButtonsLimits, CtaUrlLimits, ListLimits, LocationLimits, TextLimits};
use crate::provider::Provider;
use crate::recipient::RecipientKind;

/// ZapperHUB, dialect `zapperapi_v2`.
pub const ZAPPERAPI_V2: Capabilities = Capabilities {
    text: Some(HOSTED_TEXT),
    buttons: Some(HOSTED_BUTTONS),
    list: Some(HOSTED_LIST),
    cta_url: Some(HOSTED_CTA_URL),
    location: Some(HOSTED_LOCATION),
    ..Capabilities::of(Provider::ZapperHub)
};

/// ZapperHUB, dialect `wuzapi`.
pub const WUZAPI_FORK: Capabilities = Capabilities {
    text: Some(WUZAPI_TEXT),
    buttons: Some(WUZAPI_BUTTONS),
    list: Some(WUZAPI_LIST),
    cta_url: Some(WUZAPI_CTA_URL),
    location: Some(WUZAPI_LOCATION),
    ..ZAPPERAPI_V2
};

const ANYONE: &[RecipientKind] = &[
    RecipientKind::Phone,
    RecipientKind::Lid,
    RecipientKind::Group,
];

/// A setting of the instance decides whether a link has a preview (ZapperAPI, settings).
const HOSTED_TEXT: TextLimits = TextLimits {
    api: "POST /messages/text",
    recipients: ANYONE,
    ..TextLimits::like_whatsapp(Source::inferred(
        "ZapperAPI states no length; kept like WhatsApp",
    ))
};

const WUZAPI_TEXT: TextLimits = TextLimits {
    api: "POST /chat/send/text",
    link_preview: Some(Source::documented("wuzapi, LinkPreview")),
    recipients: ANYONE,
    ..TextLimits::like_whatsapp(Source::inferred(
        "wuzapi does not check; kept like WhatsApp",
    ))
};

const HOSTED_BUTTONS: ButtonsLimits = ButtonsLimits {
    api: "POST /messages/buttons",
    // ZapperAPI, POST /messages/buttons: reply buttons cannot be sent to groups.
    recipients: &[RecipientKind::Phone, RecipientKind::Lid],
    count: Limit::new(
        1,
        3,
        Source::documented("ZapperAPI's engine, buttons cannot be more than 3"),
    ),
    ..ButtonsLimits::like_whatsapp(Source::inferred("ZapperAPI is silent; kept like WhatsApp"))
};

const WUZAPI_BUTTONS: ButtonsLimits = ButtonsLimits {
    api: "POST /chat/send/buttons",
    recipients: ANYONE,
    count: Limit::new(
        1,
        3,
        Source::documented("wuzapi, buttons cannot be more than 3"),
    ),
    ..ButtonsLimits::like_whatsapp(Source::inferred(
        "wuzapi does not check; kept like WhatsApp",
    ))
};

/// A phone that shows lists of groups is not documented.
const LIST_RECIPIENTS: &[RecipientKind] = &[RecipientKind::Phone, RecipientKind::Lid];

const HOSTED_LIST: ListLimits = ListLimits {
    api: "POST /messages/list",
    ..DEVICE_LIST
};

const WUZAPI_LIST: ListLimits = ListLimits {
    api: "POST /chat/send/list",
    ..DEVICE_LIST
};

/// The body is that of ChatVolt's documentation.
const DEVICE_LIST: ListLimits = ListLimits {
    recipients: LIST_RECIPIENTS,
    body: Limit::new(1, 4096, LIST_SILENT),
    title: Some(Limit::new(1, 60, LIST_SILENT)),
    title_as_header: Some(Source::inferred("both APIs have one title")),
    ..ListLimits::like_whatsapp(LIST_SILENT)
};

const LIST_SILENT: Source =
    Source::inferred("ZapperAPI is silent and wuzapi does not check; kept like WhatsApp");

const HOSTED_CTA_URL: CtaUrlLimits = CtaUrlLimits {
    api: "POST /messages/buttons",
    ..DEVICE_CTA_URL
};

const WUZAPI_CTA_URL: CtaUrlLimits = CtaUrlLimits {
    api: "POST /chat/send/buttons",
    ..DEVICE_CTA_URL
};

const DEVICE_CTA_URL: CtaUrlLimits = CtaUrlLimits {
    recipients: ANYONE,
    ..CtaUrlLimits::like_whatsapp(Source::inferred(
        "ZapperAPI is silent and wuzapi does not check; kept like WhatsApp",
    ))
};

/// The schema is closed, and has the coordinates alone.
const HOSTED_LOCATION: LocationLimits = LocationLimits {
    api: "POST /messages/location",
    recipients: ANYONE,
    name: None,
    address: None,
    left_out: Some(Source::documented("ZapperAPI, POST /messages/location")),
    ..LocationLimits::unlimited(Source::documented("ZapperAPI, POST /messages/location"))
};

const WUZAPI_LOCATION: LocationLimits = LocationLimits {
    api: "POST /chat/send/location",
    recipients: ANYONE,
    address: None,
    zero_is_missing: Some(Source::documented("wuzapi, missing Latitude in Payload")),
    left_out: Some(Source::documented(
        "wuzapi's source code, /chat/send/location",
    )),
    ..LocationLimits::unlimited(Source::inferred(
        "wuzapi does not check; Recado's own bound",
    ))
};
