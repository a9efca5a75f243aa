//! What Meta's WhatsApp Cloud API carries.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{Capabilities, Limit, PairRate, Rate, SendRate, Source};
use crate::message::{
    ButtonsLimits, CtaUrlLimits, ListLimits, LocationLimits, LocationRequestLimits, TextLimits,
};
use crate::provider::Provider;
use crate::recipient::RecipientKind;

/// Meta's WhatsApp Cloud API, where Meta alone keeps to the rate to one person.
pub const WHATSAPP_UNPAIRED: Capabilities = Capabilities {
    pair_rate: None,
    ..WHATSAPP
};

/// Meta's WhatsApp Cloud API.
pub const WHATSAPP: Capabilities = Capabilities {
    text: Some(TEXT),
    buttons: Some(BUTTONS),
    list: Some(LIST),
    cta_url: Some(CTA_URL),
    location: Some(LOCATION),
    location_request: Some(LOCATION_REQUEST),
    send_rate: Some(SEND_RATE),
    pair_rate: Some(PAIR_RATE),
    ..Capabilities::of(Provider::WhatsApp)
};

/// What customers write counts as well (Meta, throughput); it is not counted here.
const SEND_RATE: SendRate = SendRate {
    rate: Rate::per_second(NonZeroU32::new(80).unwrap()),
    source: Source::documented("Meta, throughput"),
};

const PAIR_RATE: PairRate = PairRate {
    pause: Duration::from_secs(6),
    burst: NonZeroU32::new(45).unwrap(),
    source: Source::documented("Meta, pair rate limits"),
};

const META_TEXT: Source = Source::documented("Meta, text messages");

const TEXT: TextLimits = TextLimits {
    api: "POST /{version}/{phone-number-id}/messages",
    recipients: &[RecipientKind::Phone, RecipientKind::UserId],
    link_preview: Some(META_TEXT),
    ..TextLimits::like_whatsapp(META_TEXT)
};

const META: Source = Source::documented("Meta, interactive reply buttons");

const BUTTONS: ButtonsLimits = ButtonsLimits {
    api: "POST /{version}/{phone-number-id}/messages",
    recipients: &[RecipientKind::Phone, RecipientKind::UserId],
    count: Limit::new(1, 3, Source::observed("Meta, answer to four buttons")),
    id: Limit::new(1, 256, META),
    title: Limit::new(1, 20, Source::observed("Meta, answer to 21 characters")),
    body: Limit::new(
        1,
        1024,
        Source::observed("Meta, answer to 1,025 characters"),
    ),
    header: Limit::new(1, 60, META),
    footer: Limit::new(0, 60, Source::observed("Meta, answer to 61 characters")),
    folded: None,
    distinct_ids: Some(META),
    distinct_titles: Some(Source::observed("Meta, answer to equal titles")),
    trimmed_ids: Some(Source::documented("Meta, messages reference")),
    single_line: Some(Source::inferred(
        "Meta documents it for template parameters only",
    )),
};

const META_LIST: Source = Source::documented("Meta, interactive list messages");

const LIST: ListLimits = ListLimits {
    api: "POST /{version}/{phone-number-id}/messages",
    recipients: &[RecipientKind::Phone, RecipientKind::UserId],
    // The page says 4,096.
    body: Limit::new(
        1,
        1024,
        Source::observed("Meta, answer to 1,731 characters"),
    ),
    titled_sections: Some(META_LIST),
    distinct_ids: Some(META_LIST),
    single_line: Some(Source::inferred(
        "Meta documents it for template parameters only",
    )),
    ..ListLimits::like_whatsapp(META_LIST)
};

const META_CTA_URL: Source =
    Source::documented("Meta, interactive call-to-action URL button messages");

const CTA_URL: CtaUrlLimits = CtaUrlLimits {
    api: "POST /{version}/{phone-number-id}/messages",
    recipients: &[RecipientKind::Phone, RecipientKind::UserId],
    single_line: Some(Source::inferred(
        "Meta documents it for template parameters only",
    )),
    ..CtaUrlLimits::like_whatsapp(META_CTA_URL)
};

const LOCATION: LocationLimits = LocationLimits {
    api: "POST /{version}/{phone-number-id}/messages",
    recipients: &[RecipientKind::Phone, RecipientKind::UserId],
    address_with_name: Some(Source::inferred("stated by an SDK: shown only with a name")),
    ..LocationLimits::unlimited(Source::inferred(
        "Meta states no length; Recado's own bound",
    ))
};

const LOCATION_REQUEST: LocationRequestLimits = LocationRequestLimits::new(
    "POST /{version}/{phone-number-id}/messages",
    &[RecipientKind::Phone, RecipientKind::UserId],
    Limit::new(
        1,
        1024,
        Source::documented("Meta, interactive location request messages"),
    ),
);
