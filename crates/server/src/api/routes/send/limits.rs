//! The limits of a message, as a dry run shows them: a shape for each kind, with the names of ChatVolt's request.

use recado_core::capabilities::{Basis, Capabilities, Limit};
use recado_core::message::{
    ButtonsLimits, ContentKind, CtaUrlLimits, ListLimits, LocationLimits, LocationRequestLimits,
    TextLimits,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::openapi::words;

/// The limits of a provider for the kind of the message.
#[derive(Serialize, ToSchema)]
#[schema(as = SendLimits)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Limits {
    Text(OfText),
    Buttons(OfButtons),
    List(OfList),
    CtaUrl(OfCtaUrl),
    Location(OfLocation),
    LocationRequest(OfLocationRequest),
}

impl Limits {
    /// Returns the limits of a kind, or `None` if the provider does not carry it.
    pub(super) fn of(kind: ContentKind, capabilities: &Capabilities) -> Option<Self> {
        match kind {
            ContentKind::Text => Some(Self::Text(capabilities.text.as_ref()?.into())),
            ContentKind::Buttons => {
                let limits = capabilities.buttons.as_ref()?;
                Some(Self::Buttons(limits.into()))
            }
            ContentKind::List => Some(Self::List(capabilities.list.as_ref()?.into())),
            ContentKind::CtaUrl => Some(Self::CtaUrl(capabilities.cta_url.as_ref()?.into())),
            ContentKind::Location => Some(Self::Location(capabilities.location.as_ref()?.into())),
            ContentKind::LocationRequest => {
                let limits = capabilities.location_request.as_ref()?;
                Some(Self::LocationRequest(limits.into()))
            }
        }
    }
}

/// The limits of a provider for a plain text.
#[derive(Serialize, ToSchema)]
#[schema(as = TextLimits)]
pub(super) struct OfText {
    /// The length of the text.
    message: Bounds,
}

impl From<&TextLimits> for OfText {
    fn from(limits: &TextLimits) -> Self {
        Self {
            message: (&limits.body).into(),
        }
    }
}

/// The limits of a provider for a message with reply buttons.
#[derive(Serialize, ToSchema)]
#[schema(as = ButtonsLimits)]
pub(super) struct OfButtons {
    /// How many buttons a message has.
    buttons: Bounds,
    /// The length of the body.
    body_text: Bounds,
    /// The length of the header.
    header_text: Bounds,
    /// The length of the footer.
    footer_text: Bounds,
    /// The length of a button's id.
    button_id: Bounds,
    /// The length of a button's title.
    button_title: Bounds,
    /// The length of header, body and footer together, if they are sent as one text; else null.
    texts_together: Option<Bounds>,
}

impl From<&ButtonsLimits> for OfButtons {
    fn from(limits: &ButtonsLimits) -> Self {
        Self {
            buttons: (&limits.count).into(),
            body_text: (&limits.body).into(),
            header_text: (&limits.header).into(),
            footer_text: (&limits.footer).into(),
            button_id: (&limits.id).into(),
            button_title: (&limits.title).into(),
            texts_together: limits.folded.as_ref().map(Bounds::from),
        }
    }
}

/// The limits of a provider for a message with a list.
#[derive(Serialize, ToSchema)]
#[schema(as = ListLimits)]
pub(super) struct OfList {
    /// How many rows all sections have together.
    rows: Bounds,
    /// How many sections a message has.
    sections: Bounds,
    /// The length of the body.
    body_text: Bounds,
    /// The length of the header.
    header_text: Bounds,
    /// The length of the footer.
    footer_text: Bounds,
    /// The length of the text on the button.
    button_text: Bounds,
    /// The length of a section's title.
    section_title: Bounds,
    /// The length of a row's id.
    row_id: Bounds,
    /// The length of a row's title.
    row_title: Bounds,
    /// The length of a row's description.
    row_description: Bounds,
    /// The length of the title of the opened list, if it has one of its own; else null.
    list_title: Option<Bounds>,
    /// The length of header, body and footer together, if they are sent as one text; else null.
    texts_together: Option<Bounds>,
}

impl From<&ListLimits> for OfList {
    fn from(limits: &ListLimits) -> Self {
        Self {
            rows: (&limits.rows).into(),
            sections: (&limits.sections).into(),
            body_text: (&limits.body).into(),
            header_text: (&limits.header).into(),
            footer_text: (&limits.footer).into(),
            button_text: (&limits.button).into(),
            section_title: (&limits.section_title).into(),
            row_id: (&limits.id).into(),
            row_title: (&limits.row_title).into(),
            row_description: (&limits.description).into(),
            list_title: limits.title.as_ref().map(Bounds::from),
            texts_together: limits.folded.as_ref().map(Bounds::from),
        }
    }
}

/// The limits of a provider for a message with a link.
#[derive(Serialize, ToSchema)]
#[schema(as = CtaUrlLimits)]
pub(super) struct OfCtaUrl {
    /// The length of the body.
    body_text: Bounds,
    /// The length of the header.
    header_text: Bounds,
    /// The length of the footer.
    footer_text: Bounds,
    /// The length of the text on the button.
    button_display_text: Bounds,
    /// The length of the link.
    button_url: Bounds,
}

impl From<&CtaUrlLimits> for OfCtaUrl {
    fn from(limits: &CtaUrlLimits) -> Self {
        Self {
            body_text: (&limits.body).into(),
            header_text: (&limits.header).into(),
            footer_text: (&limits.footer).into(),
            button_display_text: (&limits.button).into(),
            button_url: (&limits.url).into(),
        }
    }
}

/// The limits of a provider for a place.
#[derive(Serialize, ToSchema)]
#[schema(as = LocationLimits)]
pub(super) struct OfLocation {
    /// The length of the name; null if the provider has no place for it.
    name: Option<Bounds>,
    /// The length of the address; null if the provider has no place for it.
    address: Option<Bounds>,
}

impl From<&LocationLimits> for OfLocation {
    fn from(limits: &LocationLimits) -> Self {
        Self {
            name: limits.name.as_ref().map(Bounds::from),
            address: limits.address.as_ref().map(Bounds::from),
        }
    }
}

/// The limits of a provider for a text that asks for a place.
#[derive(Serialize, ToSchema)]
#[schema(as = LocationRequestLimits)]
pub(super) struct OfLocationRequest {
    /// The length of the body.
    body_text: Bounds,
}

impl From<&LocationRequestLimits> for OfLocationRequest {
    fn from(limits: &LocationRequestLimits) -> Self {
        Self {
            body_text: (&limits.body).into(),
        }
    }
}

/// The least and the most of something: a number of buttons, or a length in Unicode code points.
#[derive(Serialize, ToSchema)]
struct Bounds {
    /// The least.
    min: usize,
    /// The most.
    max: usize,
    /// How the limit is known.
    #[schema(value_type = words::LimitBasis)]
    basis: Basis,
    /// Where the limit is published, or was observed.
    #[schema(value_type = String)]
    source: &'static str,
}

impl From<&Limit> for Bounds {
    fn from(limit: &Limit) -> Self {
        Self {
            min: limit.min,
            max: limit.max,
            basis: limit.source.basis,
            source: limit.source.text,
        }
    }
}
