//! The limits of the providers that this repository connects.

use super::{Capabilities, Limit, Source};
use crate::provider::Provider;
use crate::recipient::RecipientKind;

const META: Source = Source::documented("Meta, interactive reply buttons");
const META_REFERENCE: Source = Source::documented("Meta, messages reference");
const Z_API: Source = Source::inferred("Z-API is silent; compatible vendors document it");
const ZAPPER: Source = Source::inferred("ZapperAPI is silent; kept like WhatsApp");
const WUZAPI: Source = Source::inferred("wuzapi does not check; kept like WhatsApp");

/// Meta's WhatsApp Cloud API.
pub const WHATSAPP: Capabilities = Capabilities {
    provider: Provider::WhatsApp.as_str(),
    title: Provider::WhatsApp.title(),
    api: "POST /{version}/{phone-number-id}/messages",
    buttons: Limit::new(1, 3, Source::observed("Meta, answer to four buttons")),
    button_id: Limit::new(1, 256, META),
    button_title: Limit::new(1, 20, Source::observed("Meta, answer to 21 characters")),
    body: Limit::new(
        1,
        1024,
        Source::observed("Meta, answer to 1,025 characters"),
    ),
    header: Limit::new(1, 60, META),
    footer: Limit::new(0, 60, Source::observed("Meta, answer to 61 characters")),
    distinct_ids: Some(META),
    distinct_titles: Some(Source::observed("Meta, answer to equal titles")),
    trimmed_ids: Some(META_REFERENCE),
    single_line: Some(Source::inferred(
        "Meta documents it for template parameters only",
    )),
    recipients: &[RecipientKind::Phone, RecipientKind::UserId],
};

/// Z-API, `send-button-list` and `send-button-actions`.
pub const ZAPI: Capabilities = Capabilities {
    provider: Provider::Zapi.as_str(),
    title: Provider::Zapi.title(),
    api: "POST /send-button-list, /send-button-actions",
    buttons: Limit::new(1, 3, Z_API),
    button_id: Limit::new(1, 256, Z_API),
    button_title: Limit::new(1, 20, Z_API),
    body: Limit::new(1, 1024, Z_API),
    header: Limit::new(1, 60, Z_API),
    footer: Limit::new(1, 60, Z_API),
    distinct_ids: Some(Source::inferred(
        "a tap on equal ids could not be told apart",
    )),
    distinct_titles: None,
    trimmed_ids: None,
    single_line: None,
    recipients: &[
        RecipientKind::Phone,
        RecipientKind::Lid,
        RecipientKind::Group,
    ],
};

/// ZapperHUB, dialect `zapperapi_v2`.
pub const ZAPPERAPI_V2: Capabilities = Capabilities {
    provider: Provider::ZapperHub.as_str(),
    title: Provider::ZapperHub.title(),
    api: "POST /messages/buttons",
    buttons: Limit::new(
        1,
        3,
        Source::documented("ZapperAPI's engine, buttons cannot be more than 3"),
    ),
    button_id: Limit::new(1, 256, ZAPPER),
    button_title: Limit::new(1, 20, ZAPPER),
    body: Limit::new(1, 1024, ZAPPER),
    header: Limit::new(1, 60, ZAPPER),
    footer: Limit::new(1, 60, ZAPPER),
    distinct_ids: Some(Source::inferred(
        "a tap on equal ids could not be told apart",
    )),
    distinct_titles: None,
    trimmed_ids: None,
    single_line: None,
    // ZapperAPI, POST /messages/buttons: reply buttons cannot be sent to groups.
    recipients: &[RecipientKind::Phone, RecipientKind::Lid],
};

/// ZapperHUB, dialect `wuzapi`.
pub const WUZAPI_FORK: Capabilities = Capabilities {
    api: "POST /chat/send/buttons",
    buttons: Limit::new(
        1,
        3,
        Source::documented("wuzapi, buttons cannot be more than 3"),
    ),
    button_id: Limit::new(1, 256, WUZAPI),
    button_title: Limit::new(1, 20, WUZAPI),
    body: Limit::new(1, 1024, WUZAPI),
    header: Limit::new(1, 60, WUZAPI),
    footer: Limit::new(1, 60, WUZAPI),
    recipients: &[
        RecipientKind::Phone,
        RecipientKind::Lid,
        RecipientKind::Group,
    ],
    ..ZAPPERAPI_V2
};
