//! What each provider carries: its published limits, as data, checked in one place.

mod all;
pub(crate) mod degraded;
pub(crate) mod limit;
mod rate;
pub(crate) mod violation;
mod whatsapp;
mod zapi;
mod zapperhub;

pub use all::ALL;
pub use degraded::{Degraded, DegradedForm};
pub use limit::{Basis, Limit, LimitTable, Source};
pub use rate::{PairRate, Rate, SendLimit, SendRate};
pub use violation::{Caution, Format, INVALID_PARAMETER_VALUE, Refusal, Violation};
pub use whatsapp::{WHATSAPP, WHATSAPP_UNPAIRED};
pub use zapi::{ZAPI, ZAPI_LIST};
pub use zapperhub::{WUZAPI_FORK, ZAPPERAPI_V2};

use crate::message::{
    ButtonsLimits, Content, ContentKind, CtaUrlLimits, ListLimits, LocationLimits,
    LocationRequestLimits, TextLimits,
};
use crate::provider::Provider;
use crate::recipient::{Recipient, RecipientKind};

/// What one API of a provider carries; a kind without limits is not carried.
///
/// A channel to a provider of your own begins with [`new`](Self::new), and states what it carries:
///
/// ```
/// use recado_core::capabilities::{Capabilities, Limit, Source};
/// use recado_core::message::ButtonsLimits;
///
/// static ACME: Capabilities = {
///     let mut buttons = ButtonsLimits::like_whatsapp(Source::inferred("Acme is silent; kept like WhatsApp"));
///     buttons.title = Limit::new(1, 24, Source::documented("Acme, buttons"));
///     let mut acme = Capabilities::new("acme", "Acme Messaging");
///     acme.buttons = Some(buttons);
///     acme
/// };
/// assert_eq!(ACME.kinds().count(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The provider's name in errors, logs and metrics: lower case, such as `zapi`.
    pub provider: &'static str,
    /// The provider's name for people, such as `Z-API`.
    pub title: &'static str,
    /// The limits of a plain text.
    pub text: Option<TextLimits>,
    /// The limits of a text with reply buttons.
    pub buttons: Option<ButtonsLimits>,
    /// The limits of a text with a list of options.
    pub list: Option<ListLimits>,
    /// The limits of a text with a link.
    pub cta_url: Option<CtaUrlLimits>,
    /// The limits of a place.
    pub location: Option<LocationLimits>,
    /// The limits of a text that asks for a place.
    pub location_request: Option<LocationRequestLimits>,
    /// The rate of one number; `None` if the provider publishes none.
    pub send_rate: Option<SendRate>,
    /// The rate of one number to one person; `None` if the provider publishes none.
    pub pair_rate: Option<PairRate>,
}

impl Capabilities {
    /// Creates the capabilities of a provider that carries nothing yet.
    pub const fn new(provider: &'static str, title: &'static str) -> Self {
        Self {
            provider,
            title,
            text: None,
            buttons: None,
            list: None,
            cta_url: None,
            location: None,
            location_request: None,
            send_rate: None,
            pair_rate: None,
        }
    }

    const fn of(provider: Provider) -> Self {
        Self::new(provider.as_str(), provider.title())
    }

    /// Returns the kinds that are carried.
    pub fn kinds(&self) -> impl Iterator<Item = ContentKind> {
        let kinds = ContentKind::ALL.into_iter();
        kinds.filter(|kind| self.recipients(*kind).is_some())
    }

    /// Returns the forms of address that a kind goes to, or `None` if the kind is not carried.
    pub fn recipients(&self, kind: ContentKind) -> Option<&'static [RecipientKind]> {
        match kind {
            ContentKind::Text => self.text.as_ref().map(|limits| limits.recipients),
            ContentKind::Buttons => self.buttons.as_ref().map(|limits| limits.recipients),
            ContentKind::List => self.list.as_ref().map(|limits| limits.recipients),
            ContentKind::CtaUrl => self.cta_url.as_ref().map(|limits| limits.recipients),
            ContentKind::Location => self.location.as_ref().map(|limits| limits.recipients),
            ContentKind::LocationRequest => {
                let limits = self.location_request.as_ref();
                limits.map(|limits| limits.recipients)
            }
        }
    }

    /// Returns the limits of a kind by name, or `None` if the kind is not carried.
    pub fn limits(&self, kind: ContentKind) -> Option<LimitTable> {
        match kind {
            ContentKind::Text => self.text.as_ref().map(TextLimits::table),
            ContentKind::Buttons => self.buttons.as_ref().map(ButtonsLimits::table),
            ContentKind::List => self.list.as_ref().map(ListLimits::table),
            ContentKind::CtaUrl => self.cta_url.as_ref().map(CtaUrlLimits::table),
            ContentKind::Location => self.location.as_ref().map(LocationLimits::table),
            ContentKind::LocationRequest => {
                let limits = self.location_request.as_ref();
                limits.map(LocationRequestLimits::table)
            }
        }
    }

    /// Checks a content against the limits, and stops at the first that is broken.
    pub fn check(&self, content: &Content, to: &Recipient) -> Result<Vec<Caution>, Violation> {
        let kind = content.kind();
        self.check_kind(kind, to)?;
        let cautions = match content {
            Content::Text(text) => self.text.as_ref().map(|limits| limits.check(text)),
            Content::Buttons(buttons) => self.buttons.as_ref().map(|limits| limits.check(buttons)),
            Content::List(list) => self.list.as_ref().map(|limits| limits.check(list)),
            Content::CtaUrl(link) => self.cta_url.as_ref().map(|limits| limits.check(link)),
            Content::Location(place) => self.location.as_ref().map(|limits| limits.check(place)),
            Content::LocationRequest(asked) => {
                let limits = self.location_request.as_ref();
                limits.map(|limits| limits.check(asked))
            }
        };
        cautions.ok_or_else(|| self.unsupported(kind))?
    }

    /// Returns the fields of a content that are carried in another form, or not at all.
    pub fn degraded(&self, content: &Content) -> Vec<Degraded> {
        let degraded = match content {
            Content::Text(text) => self.text.as_ref().map(|limits| limits.degraded(text)),
            Content::Buttons(buttons) => {
                let limits = self.buttons.as_ref();
                limits.map(|limits| limits.degraded(buttons))
            }
            Content::List(list) => self.list.as_ref().map(|limits| limits.degraded(list)),
            Content::Location(place) => {
                let limits = self.location.as_ref();
                limits.map(|limits| limits.degraded(place))
            }
            // Every provider that carries it has a place for each field.
            Content::CtaUrl(_) | Content::LocationRequest(_) => None,
        };
        degraded.unwrap_or_default()
    }

    /// Checks that at least one kind of content may go to this form of address; otherwise says why the first kind may
    /// not.
    pub fn check_recipient(&self, to: &Recipient) -> Result<(), Violation> {
        let mut first = Ok(());
        for kind in ContentKind::ALL {
            let checked = self.check_kind(kind, to);
            if checked.is_ok() {
                return checked;
            }
            first = first.and(checked);
        }
        first
    }

    /// Returns the violation of a kind that is not carried.
    pub fn unsupported(&self, kind: ContentKind) -> Violation {
        let carried = self.kinds().collect();
        Violation::Unsupported { kind, carried }
    }

    fn check_kind(&self, kind: ContentKind, to: &Recipient) -> Result<(), Violation> {
        let carried = self.recipients(kind);
        let carried = carried.ok_or_else(|| self.unsupported(kind))?;
        let to = to.kind();
        if carried.contains(&to) {
            Ok(())
        } else {
            Err(Violation::Recipient { kind, to, carried })
        }
    }
}

#[cfg(test)]
mod tests;
