//! The limits of a message, as a dry run shows them.

use recado_core::ContentKind;
use recado_core::capabilities::Capabilities;
use serde::Serialize;
use utoipa::ToSchema;

use super::{buttons, cta_url, list, location, location_request, text};

/// The limits of a provider for the kind of the message.
#[derive(Serialize, ToSchema)]
#[schema(as = SendLimits)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Limits {
    Text(text::Limits),
    Buttons(buttons::Limits),
    List(list::Limits),
    CtaUrl(cta_url::Limits),
    Location(location::Limits),
    LocationRequest(location_request::Limits),
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
