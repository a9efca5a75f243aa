//! A text with a button that opens a link.

use serde::{Deserialize, Serialize};
use validator::ValidateUrl as _;

use super::checks::{check_lines, shown};
use super::field_path::FieldPath;
use crate::capabilities::limit::{Limit, LimitTable, Source};
use crate::capabilities::violation::{Caution, Format, Violation, check_length};
use crate::recipient::RecipientKind;
use crate::text::is_blank;

/// A text with a button that opens a link: body and button are not blank, and the link is an `https` URL.
///
/// No provider tells that the customer opened the link. How much of it a provider carries is another question: see
/// [`Capabilities`](crate::Capabilities). Its `Debug` shows no text.
///
/// ```
/// use recado_core::CtaUrl;
///
/// let message = CtaUrl::new("Your order is on its way", "Follow it", "https://shop.example/orders/4711")?
///     .with_footer("We answer until 18:00");
/// assert_eq!(message.url(), "https://shop.example/orders/4711");
/// # Ok::<(), recado_core::message::CtaUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CtaUrlContent, description = "A text with a button that opens a link."))]
pub struct CtaUrl {
    /// The bold line above the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    /// The text.
    body: String,
    /// The small line below the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footer: Option<String>,
    /// The text on the button.
    button: String,
    /// The link that the button opens, an `https` URL.
    url: String,
}

/// Why parts do not make a message with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CtaUrlError {
    /// The body has no visible character.
    #[error("the body is blank")]
    BlankBody,
    /// The button has no visible character.
    #[error("the button is blank")]
    BlankButton,
    /// The link is not an `https` URL.
    #[error("the link is not an https URL")]
    NotHttps,
}

impl CtaUrl {
    /// Creates a message without header and footer.
    pub fn new(
        body: impl Into<String>,
        button: impl Into<String>,
        url: impl Into<String>,
    ) -> Result<Self, CtaUrlError> {
        let (body, button, url) = (body.into(), button.into(), url.into());
        if is_blank(&body) {
            Err(CtaUrlError::BlankBody)
        } else if is_blank(&button) {
            Err(CtaUrlError::BlankButton)
        } else if !is_https(&url) {
            Err(CtaUrlError::NotHttps)
        } else {
            Ok(Self {
                header: None,
                body,
                footer: None,
                button,
                url,
            })
        }
    }

    /// Sets the header. A blank header is left out.
    #[must_use]
    pub fn with_header(self, header: impl Into<String>) -> Self {
        let header = shown(header);
        Self { header, ..self }
    }

    /// Sets the footer. A blank footer is left out.
    #[must_use]
    pub fn with_footer(self, footer: impl Into<String>) -> Self {
        let footer = shown(footer);
        Self { footer, ..self }
    }

    /// The bold line above the body.
    pub fn header(&self) -> Option<&str> {
        self.header.as_deref()
    }

    /// The text.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The small line below the body.
    pub fn footer(&self) -> Option<&str> {
        self.footer.as_deref()
    }

    /// The text on the button.
    pub fn button(&self) -> &str {
        &self.button
    }

    /// The link that the button opens.
    pub fn url(&self) -> &str {
        &self.url
    }
}

shows_only!(CtaUrl {});

/// What is wrong with a field that is not a link.
pub(crate) const HTTPS_NEEDED: &str =
    "Write an https URL, such as https://shop.example/orders/4711";

/// Returns whether a text is an absolute URL that begins with `https`.
pub(crate) fn is_https(text: &str) -> bool {
    let scheme = text.get(.."https://".len());
    let is_https = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    is_https && !text.contains(char::is_whitespace) && text.validate_url()
}

/// How much of a text with a link a provider carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CtaUrlLimits {
    /// The name of the API that carries the message.
    pub api: &'static str,
    /// The forms of address that it goes to.
    pub recipients: &'static [RecipientKind],
    /// Code points of the body.
    pub body: Limit,
    /// Code points of the header.
    pub header: Limit,
    /// Code points of the footer.
    pub footer: Limit,
    /// Code points of the text on the button.
    pub button: Limit,
    /// Code points of the link.
    pub url: Limit,
    /// The link begins with `https`.
    pub https: Source,
    /// Header and button have no line break and no tab.
    pub single_line: Option<Source>,
}

impl CtaUrlLimits {
    /// Creates the limits of WhatsApp itself for a provider that publishes none, and phone numbers as the only
    /// recipients.
    pub const fn like_whatsapp(source: Source) -> Self {
        Self {
            api: "",
            recipients: &[RecipientKind::Phone],
            body: Limit::new(1, 1024, source),
            header: Limit::new(1, 60, source),
            footer: Limit::new(1, 60, source),
            button: Limit::new(1, 20, source),
            url: Limit::new(
                1,
                2000,
                Source::inferred("Meta documents it for the buttons of templates only"),
            ),
            https: Source::inferred("ChatVolt's send-cta takes https alone, and so does Recado"),
            single_line: None,
        }
    }

    pub(crate) fn table(&self) -> LimitTable {
        let limits = [
            ("body", Some(self.body)),
            ("header", Some(self.header)),
            ("footer", Some(self.footer)),
            ("button", Some(self.button)),
            ("link", Some(self.url)),
        ];
        let rules = [
            ("an https link", Some(self.https)),
            ("header and button on one line", self.single_line),
        ];
        LimitTable::new(self.api, limits, rules)
    }

    /// Checks a message, and stops at the first broken limit.
    pub(crate) fn check(&self, message: &CtaUrl) -> Result<Vec<Caution>, Violation> {
        let mut cautions = Vec::new();
        for (name, text, limit) in [
            ("header", message.header(), self.header),
            ("body", Some(message.body()), self.body),
            ("footer", message.footer(), self.footer),
            ("button", Some(message.button()), self.button),
            ("url", Some(message.url()), self.url),
        ] {
            if let Some(text) = text {
                cautions.extend(check_length(FieldPath::new(name), text, limit)?);
            }
        }
        if !is_https(&message.url) {
            return Err(Format::HttpsUrl.broken_by(FieldPath::new("url")));
        }
        if self.single_line.is_some() {
            let header = message.header().map(|text| ("header", text));
            let lines = header.into_iter().chain([("button", message.button())]);
            check_lines(lines.map(|(name, text)| (FieldPath::new(name), text)))?;
        }
        Ok(cautions)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://shop.example/p/4711?a=b#c")]
    #[case("HTTPS://shop.example")]
    #[case("https://loja.example/ação")]
    fn a_link_is_an_https_url(#[case] url: &str) {
        assert!(CtaUrl::new("Hi", "Open", url).is_ok());
    }

    #[rstest]
    #[case("http://shop.example")]
    #[case("ftp://x")]
    #[case("javascript:alert(1)")]
    #[case("https://")]
    #[case("https://shop.example/a b")]
    #[case("shop.example")]
    #[case("")]
    fn k164_anything_else_is_no_link(#[case] url: &str) {
        assert_eq!(CtaUrl::new("Hi", "Open", url), Err(CtaUrlError::NotHttps));
    }

    #[test]
    fn a_message_needs_a_body_and_a_button() {
        let url = "https://shop.example";
        let blank = CtaUrl::new(" ", "Open", url);
        assert_eq!(blank, Err(CtaUrlError::BlankBody));
        let blank = CtaUrl::new("Hi", "\u{200b}", url);
        assert_eq!(blank, Err(CtaUrlError::BlankButton));
    }

    #[test]
    fn debug_shows_no_text() {
        let message = CtaUrl::new("Hi", "Open", "https://shop.example/secret");
        assert_eq!(format!("{:?}", message.expect("it")), "CtaUrl { .. }");
    }
}
