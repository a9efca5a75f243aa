//! A text with a list of options, which opens when the customer taps its button.

mod limits;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::checks::{folded, shown};
use crate::text::is_blank;

pub use limits::ListLimits;

/// One row of a list; its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ContentRow, description = "One row of a list."))]
pub struct ListRow {
    /// What comes back when the customer chooses the row; never shown.
    pub id: String,
    /// What the customer reads.
    pub title: String,
    /// The small line below the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl ListRow {
    /// Creates a row without a description.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            description: None,
        }
    }

    /// Sets the description. A blank description is left out.
    #[must_use]
    pub fn with_description(self, description: impl Into<String>) -> Self {
        let description = shown(description);
        Self {
            description,
            ..self
        }
    }
}

/// Rows of a list that stand together; its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ContentSection, description = "Rows of a list that stand together."))]
pub struct ListSection {
    /// The line above the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The rows, in their order.
    pub rows: Vec<ListRow>,
}

impl ListSection {
    /// Creates a section without a title.
    pub fn new(rows: impl IntoIterator<Item = ListRow>) -> Self {
        Self {
            title: None,
            rows: Vec::from_iter(rows),
        }
    }

    /// Sets the title. A blank title is left out.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Self {
        let title = shown(title);
        Self { title, ..self }
    }
}

/// A text with a list of options: the body and the button are not blank, and each section has a whole row.
///
/// How much of it a provider carries is another question: see [`Capabilities`](crate::Capabilities).
/// Its `Debug` shows no text.
///
/// ```
/// use recado_core::{List, ListRow, ListSection};
///
/// let today = ListSection::new([ListRow::new("slot-14", "14h–16h"), ListRow::new("slot-16", "16h–18h")]);
/// let message = List::new("When may we deliver?", "Choose a time", [today.with_title("Today")])?
///     .with_footer("We answer until 18:00");
/// assert_eq!(message.sections()[0].rows[1].title, "16h–18h");
/// # Ok::<(), recado_core::message::ListError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ListContent, description = "A text with a list of options."))]
pub struct List {
    /// The bold line above the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    /// The text.
    body: String,
    /// The small line below the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footer: Option<String>,
    /// The text on the button that opens the list.
    button: String,
    /// The title of the opened list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The sections, in their order.
    sections: Vec<ListSection>,
}

/// Why parts do not make a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The body has no visible character.
    #[error("the body is blank")]
    BlankBody,
    /// The button that opens the list has no visible character.
    #[error("the button that opens the list is blank")]
    BlankButton,
    /// The message has no section, or a section has no row.
    #[error("the list or a section of it has no row")]
    NoRow,
    /// A row lacks its id or its title.
    #[error("a row lacks its id or its title")]
    BlankRow,
}

impl List {
    /// Creates a message without header, footer and title.
    pub fn new(
        body: impl Into<String>,
        button: impl Into<String>,
        sections: impl IntoIterator<Item = ListSection>,
    ) -> Result<Self, ListError> {
        let (body, button, sections) = (body.into(), button.into(), Vec::from_iter(sections));
        let mut rows = sections.iter().flat_map(|section| &section.rows);
        if is_blank(&body) {
            Err(ListError::BlankBody)
        } else if is_blank(&button) {
            Err(ListError::BlankButton)
        } else if sections.is_empty() || sections.iter().any(|section| section.rows.is_empty()) {
            Err(ListError::NoRow)
        } else if rows.any(|row| is_blank(&row.id) || is_blank(&row.title)) {
            Err(ListError::BlankRow)
        } else {
            Ok(Self {
                header: None,
                body,
                footer: None,
                button,
                title: None,
                sections,
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

    /// Sets the title of the opened list. A blank title is left out.
    #[must_use]
    pub fn with_title(self, title: impl Into<String>) -> Self {
        let title = shown(title);
        Self { title, ..self }
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

    /// The text on the button that opens the list.
    pub fn button(&self) -> &str {
        &self.button
    }

    /// The title of the opened list.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// The sections, in their order.
    pub fn sections(&self) -> &[ListSection] {
        &self.sections
    }

    /// The rows of all sections, in their order.
    pub fn rows(&self) -> impl Iterator<Item = &ListRow> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    /// Returns header, body and footer as one text, for an API that has a place for the body only: the header is bold and
    /// the footer is italic.
    pub fn folded(&self) -> Cow<'_, str> {
        folded(self.header(), self.body(), self.footer())
    }
}

shows_only!(ListRow {});
shows_only!(ListSection { rows });
shows_only!(List { sections });

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, title: &str) -> ListRow {
        ListRow::new(id, title)
    }

    #[test]
    fn a_list_needs_a_body_a_button_and_whole_rows() {
        let list = |body: &str, button: &str, sections: Vec<ListSection>| {
            List::new(body, button, sections).map(|_| ())
        };
        let whole = || ListSection::new([row("a", "A")]);
        let of = |row| vec![whole(), ListSection::new([row])];
        assert_eq!(
            list(" \n", "Open", vec![whole()]),
            Err(ListError::BlankBody)
        );
        assert_eq!(
            list("Hi", "\u{200b}", vec![whole()]),
            Err(ListError::BlankButton)
        );
        assert_eq!(list("Hi", "Open", vec![]), Err(ListError::NoRow));
        assert_eq!(
            list("Hi", "Open", vec![whole(), ListSection::new([])]),
            Err(ListError::NoRow)
        );
        assert_eq!(
            list("Hi", "Open", of(row("b", " "))),
            Err(ListError::BlankRow)
        );
        assert_eq!(
            list("Hi", "Open", of(row("\u{3164}", "B"))),
            Err(ListError::BlankRow)
        );
        assert_eq!(list("Hi", "Open", of(row("b", "B"))), Ok(()));
    }

    #[test]
    fn blank_texts_are_left_out_and_others_are_kept_to_the_byte() {
        let rows = [row(" a ", " A ").with_description("\u{200b}")];
        let section = ListSection::new(rows).with_title(" ");
        let message = List::new(" b\n✅ ", " Open ", [section])
            .expect("a valid list")
            .with_header(" H ")
            .with_footer("")
            .with_title("\u{2800}");
        assert_eq!((message.header(), message.footer()), (Some(" H "), None));
        assert_eq!((message.body(), message.button()), (" b\n✅ ", " Open "));
        assert_eq!(message.title(), None);
        assert_eq!(message.sections(), [ListSection::new([row(" a ", " A ")])]);
    }

    #[test]
    fn debug_shows_no_text() {
        let section = ListSection::new([row("a", "A").with_description("D")]).with_title("S");
        let message = List::new("Oi", "Abrir", [section]).expect("a valid list");
        assert_eq!(
            format!("{:?}", message.with_header("Olá").with_title("Tudo")),
            "List { sections: [ListSection { rows: [ListRow { .. }], .. }], .. }"
        );
    }
}
