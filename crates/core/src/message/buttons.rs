//! A text with reply buttons.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::checks::{check_count, check_distinct, check_folded, check_lines, folded, shown};
use super::field_path::FieldPath;
use crate::capabilities::degraded::{self, Degraded};
use crate::capabilities::limit::{Limit, LimitTable, Source};
use crate::capabilities::violation::{Caution, Format, Violation, check_length};
use crate::recipient::RecipientKind;
use crate::text::{is_blank, seen};

/// One reply button; its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ContentButton, description = "A reply button."))]
pub struct Button {
    /// What comes back when the customer taps the button; never shown.
    pub id: String,
    /// What the customer reads on the button.
    pub title: String,
}

impl Button {
    /// Creates a button.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
        }
    }
}

/// A text with reply buttons: the body is not blank, and there is at least one whole button.
///
/// How much of it a provider carries is another question: see [`Capabilities`](crate::Capabilities).
/// Its `Debug` shows no text.
///
/// ```
/// use recado_core::{Button, Buttons};
///
/// let buttons = [Button::new("btn_sales", "Sales"), Button::new("btn_support", "Support")];
/// let message = Buttons::new("How can we help you today?", buttons)?
///     .with_header("Select an option")
///     .with_footer("We answer until 18:00");
/// assert_eq!(message.buttons()[1].title, "Support");
/// # Ok::<(), recado_core::message::ButtonsError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ButtonsContent, description = "A text with reply buttons."))]
pub struct Buttons {
    /// The bold line above the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    /// The text.
    body: String,
    /// The small line below the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footer: Option<String>,
    /// The buttons, in their order.
    #[expect(clippy::struct_field_names, reason = "the name in stored content")]
    buttons: Vec<Button>,
}

/// Why parts do not make a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ButtonsError {
    /// The body has no visible character.
    #[error("the body is blank")]
    BlankBody,
    /// The message has no button.
    #[error("the message has no button")]
    NoButton,
    /// A button lacks its id or its title.
    #[error("a button lacks its id or its title")]
    BlankButton,
}

impl Buttons {
    /// Creates a message without header and footer.
    pub fn new(
        body: impl Into<String>,
        buttons: impl IntoIterator<Item = Button>,
    ) -> Result<Self, ButtonsError> {
        let (body, buttons) = (body.into(), Vec::from_iter(buttons));
        let is_half = |button: &Button| is_blank(&button.id) || is_blank(&button.title);
        if is_blank(&body) {
            Err(ButtonsError::BlankBody)
        } else if buttons.is_empty() {
            Err(ButtonsError::NoButton)
        } else if buttons.iter().any(is_half) {
            Err(ButtonsError::BlankButton)
        } else {
            Ok(Self {
                header: None,
                body,
                footer: None,
                buttons,
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

    /// Returns header, body and footer as one text, for an API that has a place for the body only: the header is bold and
    /// the footer is italic.
    pub fn folded(&self) -> Cow<'_, str> {
        folded(self.header(), self.body(), self.footer())
    }

    /// The buttons, in their order.
    pub fn buttons(&self) -> &[Button] {
        &self.buttons
    }
}

shows_only!(Button {});
shows_only!(Buttons { buttons });

/// How much of a message with reply buttons a provider carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ButtonsLimits {
    /// The name of the API that carries the message.
    pub api: &'static str,
    /// The forms of address that it goes to.
    pub recipients: &'static [RecipientKind],
    /// Buttons in one message.
    pub count: Limit,
    /// Code points of a button's id.
    pub id: Limit,
    /// Code points of a button's title.
    pub title: Limit,
    /// Code points of the body.
    pub body: Limit,
    /// Code points of the header.
    pub header: Limit,
    /// Code points of the footer.
    pub footer: Limit,
    /// Code points of header, body and footer together, if they are sent as [one text](Buttons::folded).
    pub folded: Option<Limit>,
    /// The ids of one message differ.
    pub distinct_ids: Option<Source>,
    /// The titles of one message differ.
    pub distinct_titles: Option<Source>,
    /// An id has no white space at its ends.
    pub trimmed_ids: Option<Source>,
    /// Header and titles have no line break and no tab.
    pub single_line: Option<Source>,
}

impl ButtonsLimits {
    /// Creates the limits of WhatsApp itself for a provider that publishes none, and phone numbers as the only
    /// recipients.
    pub const fn like_whatsapp(source: Source) -> Self {
        Self {
            api: "",
            recipients: &[RecipientKind::Phone],
            count: Limit::new(1, 3, source),
            id: Limit::new(1, 256, source),
            title: Limit::new(1, 20, source),
            body: Limit::new(1, 1024, source),
            header: Limit::new(1, 60, source),
            footer: Limit::new(1, 60, source),
            folded: None,
            distinct_ids: Some(Source::inferred(
                "a tap on equal ids could not be told apart",
            )),
            distinct_titles: None,
            trimmed_ids: None,
            single_line: None,
        }
    }

    pub(crate) fn table(&self) -> LimitTable {
        let limits = [
            ("buttons", Some(self.count)),
            ("button id", Some(self.id)),
            ("button title", Some(self.title)),
            ("body", Some(self.body)),
            ("header", Some(self.header)),
            ("footer", Some(self.footer)),
            ("header, body and footer together", self.folded),
        ];
        let rules = [
            ("ids differ", self.distinct_ids),
            ("titles differ", self.distinct_titles),
            ("ids without white space at their ends", self.trimmed_ids),
            ("header and titles on one line", self.single_line),
        ];
        LimitTable::new(self.api, limits, rules)
    }

    /// Checks a message in the order in which Meta checks, and stops at the first broken limit.
    pub(crate) fn check(&self, message: &Buttons) -> Result<Vec<Caution>, Violation> {
        let buttons = FieldPath::new("buttons");
        check_count(buttons, "button", message.buttons.len(), self.count)?;
        let mut cautions = Vec::new();
        for (field, text, limit) in self.texts(message) {
            cautions.extend(check_length(field, text, limit)?);
        }
        if let Some(limit) = self.folded {
            check_folded(&message.folded(), limit)?;
        }
        if self.single_line.is_some() {
            check_lines(lines(message))?;
        }
        self.check_ids(&message.buttons)?;
        if self.distinct_titles.is_some() {
            check_distinct(halves(&message.buttons, "title", |it| seen(&it.title)))?;
        }
        Ok(cautions)
    }

    /// Returns what the provider carries in another form.
    pub(crate) fn degraded(&self, message: &Buttons) -> Vec<Degraded> {
        match self.folded {
            Some(_) => degraded::folded(message.header(), message.footer()),
            None => Vec::new(),
        }
    }

    fn texts<'a>(&'a self, message: &'a Buttons) -> Vec<(FieldPath, &'a str, Limit)> {
        let mut texts = vec![(FieldPath::new("body"), &*message.body, self.body)];
        let header = message.header();
        texts.extend(header.map(|text| (FieldPath::new("header"), text, self.header)));
        let footer = message.footer();
        texts.extend(footer.map(|text| (FieldPath::new("footer"), text, self.footer)));
        for (index, button) in message.buttons.iter().enumerate() {
            texts.push((half(index, "id"), &button.id, self.id));
            texts.push((half(index, "title"), &button.title, self.title));
        }
        texts
    }

    fn check_ids(&self, buttons: &[Button]) -> Result<(), Violation> {
        let outer = |button: &Button| button.id.trim() != button.id;
        match buttons.iter().position(outer) {
            Some(index) if self.trimmed_ids.is_some() => {
                Err(Format::Trimmed.broken_by(half(index, "id")))
            }
            _ if self.distinct_ids.is_some() => {
                check_distinct(halves(buttons, "id", |it| it.id.trim().to_owned()))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the path of the id or the title of a button.
fn half(index: usize, half: &'static str) -> FieldPath {
    FieldPath::item("buttons", index).field(half)
}

fn halves<'a>(
    buttons: &'a [Button],
    name: &'static str,
    value: impl Fn(&Button) -> String + 'a,
) -> impl Iterator<Item = (FieldPath, String)> {
    let buttons = buttons.iter().enumerate();
    buttons.map(move |(index, button)| (half(index, name), value(button)))
}

/// Returns the texts that stand on one line.
fn lines(message: &Buttons) -> impl Iterator<Item = (FieldPath, &str)> {
    let titles = message.buttons.iter().enumerate();
    let titles = titles.map(|(index, button)| (half(index, "title"), &*button.title));
    let header = message.header();
    let header = header.map(|text| (FieldPath::new("header"), text));
    header.into_iter().chain(titles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn button(id: &str, title: &str) -> Button {
        Button::new(id, title)
    }

    #[test]
    fn a_message_needs_a_body_and_a_whole_button() {
        let message = |body: &str, buttons: Vec<Button>| Buttons::new(body, buttons);
        assert_eq!(
            message(" \n", vec![button("a", "A")]),
            Err(ButtonsError::BlankBody)
        );
        assert_eq!(message("Hi", vec![]), Err(ButtonsError::NoButton));
        assert_eq!(
            message("Hi", vec![button("a", " ")]),
            Err(ButtonsError::BlankButton)
        );
        let invisible = "\u{200b}\u{3164}\u{2800}";
        assert_eq!(
            message(invisible, vec![button("a", "A")]),
            Err(ButtonsError::BlankBody)
        );
        for half in [button("a", invisible), button(invisible, "A")] {
            assert_eq!(message("Hi", vec![half]), Err(ButtonsError::BlankButton));
        }
        assert!(message("Hi", vec![button("a", "A")]).is_ok());
    }

    #[test]
    fn debug_shows_no_text() {
        let message = Buttons::new("Oi", [button("a", "A")])
            .expect("a valid message")
            .with_header("Olá")
            .with_footer("Tchau");
        assert_eq!(
            format!("{message:?}"),
            "Buttons { buttons: [Button { .. }], .. }"
        );
    }

    #[test]
    fn texts_are_kept_to_the_byte() {
        let message = Buttons::new(" b\n✅ ", [button(" a ", " A ")])
            .expect("a valid message")
            .with_header(" H ")
            .with_footer("\u{200b}");
        assert_eq!(message.header(), Some(" H "));
        assert_eq!(message.body(), " b\n✅ ");
        assert_eq!(message.footer(), None);
        assert_eq!(message.buttons(), [button(" a ", " A ")]);
    }
}
