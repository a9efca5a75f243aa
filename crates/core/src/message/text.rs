//! A plain text.

use serde::{Deserialize, Serialize};

use super::field_path::FieldPath;
use crate::capabilities::degraded::{Degraded, DegradedForm};
use crate::capabilities::limit::{Limit, LimitTable, Source};
use crate::capabilities::violation::{Caution, Violation, check_length};
use crate::recipient::RecipientKind;
use crate::text::is_blank;

/// A plain text, which is not blank.
///
/// How much of it a provider carries is another question: see [`Capabilities`](crate::Capabilities).
/// Its `Debug` shows no text.
///
/// ```
/// use recado_core::Text;
///
/// let message = Text::new("Your order is on its way: https://shop.example/orders/4711")?.with_link_preview(true);
/// assert_eq!(message.link_preview(), Some(true));
/// # Ok::<(), recado_core::message::TextError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TextContent, description = "A plain text."))]
pub struct Text {
    /// The text.
    body: String,
    /// Whether the phone shows a preview of the first link; absent, it is left to the provider.
    #[serde(
        rename = "linkPreview",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    link_preview: Option<bool>,
}

/// Why a text does not make a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The text has no visible character.
    #[error("the text is blank")]
    Blank,
}

impl Text {
    /// Creates a message that leaves it to the provider whether its first link has a preview.
    pub fn new(body: impl Into<String>) -> Result<Self, TextError> {
        let body = body.into();
        if is_blank(&body) {
            return Err(TextError::Blank);
        }
        Ok(Self {
            body,
            link_preview: None,
        })
    }

    /// Says whether the phone shows a preview of the first link.
    #[must_use]
    pub fn with_link_preview(self, link_preview: bool) -> Self {
        let link_preview = Some(link_preview);
        Self {
            link_preview,
            ..self
        }
    }

    /// The text.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Whether the phone shows a preview of the first link; `None` leaves it to the provider.
    pub fn link_preview(&self) -> Option<bool> {
        self.link_preview
    }
}

shows_only!(Text { link_preview });

/// How much of a plain text a provider carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextLimits {
    /// The name of the API that carries the message.
    pub api: &'static str,
    /// The forms of address that it goes to.
    pub recipients: &'static [RecipientKind],
    /// Code points of the text.
    pub body: Limit,
    /// The caller decides whether there is a preview of a link; `None` if the provider or the phone does.
    pub link_preview: Option<Source>,
}

impl TextLimits {
    /// Creates the limits of WhatsApp itself for a provider that publishes none, and phone numbers as the only
    /// recipients.
    pub const fn like_whatsapp(source: Source) -> Self {
        Self {
            api: "",
            recipients: &[RecipientKind::Phone],
            body: Limit::new(1, 4096, source),
            link_preview: None,
        }
    }

    pub(crate) fn table(&self) -> LimitTable {
        let limits = [("text", Some(self.body))];
        let rules = [("a link preview on request", self.link_preview)];
        LimitTable::new(self.api, limits, rules)
    }

    /// Checks a message, and stops at the first broken limit.
    pub(crate) fn check(&self, message: &Text) -> Result<Vec<Caution>, Violation> {
        let body = FieldPath::new("body");
        let caution = check_length(body, &message.body, self.body)?;
        Ok(caution.into_iter().collect())
    }

    /// Returns what the provider does not carry.
    pub(crate) fn degraded(&self, message: &Text) -> Vec<Degraded> {
        if self.link_preview.is_some() || message.link_preview.is_none() {
            return Vec::new();
        }
        let field = FieldPath::new("linkPreview");
        vec![Degraded::new(field, DegradedForm::NotDecided)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::{ALL, Capabilities, WHATSAPP, WUZAPI_FORK};
    use crate::message::Content;
    use crate::recipient::Recipient;

    fn check(capabilities: &Capabilities, text: String) -> Result<Vec<Caution>, Violation> {
        let to: Recipient = "5511900000001".parse().expect("a phone number");
        let content: Content = Text::new(text).expect("a text").into();
        capabilities.check(&content, &to)
    }

    #[test]
    fn k04_a_blank_text_is_no_message() {
        for blank in ["", " \n", "\u{200b}"] {
            assert_eq!(Text::new(blank), Err(TextError::Blank));
        }
    }

    #[test]
    fn k03_a_text_has_at_most_4096_code_points() {
        for (_, capabilities) in ALL {
            assert_eq!(check(capabilities, "ç".repeat(4096)), Ok(Vec::new()));
            let refused = check(capabilities, "ç".repeat(4097));
            assert!(matches!(
                refused,
                Err(Violation::Length { length: 4097, .. })
            ));
        }
    }

    #[test]
    fn only_two_apis_leave_the_preview_to_the_caller() {
        let text = || Text::new("https://shop.example").expect("a text");
        for (name, capabilities) in ALL {
            let decides = [&WHATSAPP, &WUZAPI_FORK].contains(&capabilities);
            let asked: Content = text().with_link_preview(false).into();
            let fields = capabilities.degraded(&asked);
            assert_eq!(fields.is_empty(), decides, "{name}");
            assert_eq!(capabilities.degraded(&text().into()), Vec::new());
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let text = Text::new("Oi").expect("a text").with_link_preview(true);
        assert_eq!(format!("{text:?}"), "Text { link_preview: Some(true), .. }");
    }
}
