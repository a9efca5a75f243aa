//! A text with a list of options, which opens when the customer taps its button.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::checks::{check_count, check_distinct, check_folded, check_lines, folded};
use super::field_path::FieldPath;
use crate::capabilities::degraded::{self, Degraded, DegradedForm};
use crate::capabilities::limit::{Limit, LimitTable, Source};
use crate::capabilities::violation::{Caution, Violation, check_length};
use crate::recipient::RecipientKind;
use crate::text::is_blank;

/// One row of a list; its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
pub struct List {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footer: Option<String>,
    button: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
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

fn shown(text: impl Into<String>) -> Option<String> {
    Some(text.into()).filter(|text| !is_blank(text))
}

shows_only!(ListRow {});
shows_only!(ListSection { rows });
shows_only!(List { sections });

/// How much of a list a provider carries.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListLimits {
    /// The name of the API that carries the message.
    pub api: &'static str,
    /// The forms of address that it goes to.
    pub recipients: &'static [RecipientKind],
    /// Rows of all sections together.
    pub rows: Limit,
    /// Sections.
    pub sections: Limit,
    /// Code points of a row's id.
    pub id: Limit,
    /// Code points of a row's title.
    pub row_title: Limit,
    /// Code points of a row's description.
    pub description: Limit,
    /// Code points of a section's title.
    pub section_title: Limit,
    /// Code points of the button's text.
    pub button: Limit,
    /// Code points of the body.
    pub body: Limit,
    /// Code points of the header.
    pub header: Limit,
    /// Code points of the footer.
    pub footer: Limit,
    /// Code points of the title of the opened list; `None` if it has no title of its own.
    pub title: Option<Limit>,
    /// Code points of header, body and footer together, if they are sent as [one text](List::folded).
    pub folded: Option<Limit>,
    /// The rows of several sections become one list, without the titles of the sections.
    pub flat: Option<Source>,
    /// Each of several sections has a title.
    pub titled_sections: Option<Source>,
    /// The ids of one message differ.
    pub distinct_ids: Option<Source>,
    /// Header, button and titles have no line break and no tab.
    pub single_line: Option<Source>,
}

impl ListLimits {
    /// Creates the limits of WhatsApp itself for a provider that publishes none, and phone numbers as the only
    /// recipients.
    pub const fn like_whatsapp(source: Source) -> Self {
        Self {
            api: "",
            recipients: &[RecipientKind::Phone],
            rows: Limit::new(1, 10, source),
            sections: Limit::new(1, 10, source),
            id: Limit::new(1, 200, source),
            row_title: Limit::new(1, 24, source),
            description: Limit::new(1, 72, source),
            section_title: Limit::new(1, 24, source),
            button: Limit::new(1, 20, source),
            body: Limit::new(1, 1024, source),
            header: Limit::new(1, 60, source),
            footer: Limit::new(1, 60, source),
            title: None,
            folded: None,
            flat: None,
            titled_sections: None,
            distinct_ids: Some(Source::inferred(
                "a choice among equal ids could not be told apart",
            )),
            single_line: None,
        }
    }

    pub(crate) fn table(&self) -> LimitTable {
        let limits = [
            ("rows in all sections", self.rows),
            ("sections", self.sections),
            ("row id", self.id),
            ("row title", self.row_title),
            ("row description", self.description),
            ("section title", self.section_title),
            ("button", self.button),
            ("body", self.body),
            ("header", self.header),
            ("footer", self.footer),
        ];
        let title = self.title.map(|limit| ("list title", limit));
        let folded = self
            .folded
            .map(|limit| ("header, body and footer together", limit));
        let rules = [
            ("each of several sections has a title", self.titled_sections),
            ("ids differ", self.distinct_ids),
            ("header, button and titles on one line", self.single_line),
            ("several sections become one list", self.flat),
        ];
        let rules = rules.into_iter();
        LimitTable {
            api: self.api,
            limits: limits.into_iter().chain(title).chain(folded).collect(),
            // A rule without a source does not hold.
            rules: rules
                .filter_map(|(name, source)| Some((name, source?)))
                .collect(),
        }
    }

    /// Checks a message, and stops at the first broken limit.
    pub(crate) fn check(&self, message: &List) -> Result<Vec<Caution>, Violation> {
        let sections = FieldPath::new("sections");
        check_count(sections.clone(), "row", message.rows().count(), self.rows)?;
        check_count(sections, "section", message.sections.len(), self.sections)?;
        let mut cautions = Vec::new();
        for (field, text, limit) in self.texts(message) {
            cautions.extend(check_length(field, text, limit)?);
        }
        if let Some(limit) = self.folded {
            check_folded(&message.folded(), limit)?;
        }
        self.check_section_titles(message)?;
        if self.single_line.is_some() {
            check_lines(lines(message))?;
        }
        if self.distinct_ids.is_some() {
            let ids = rows(message).map(|(path, row)| (path.field("id"), row.id.trim().to_owned()));
            check_distinct(ids)?;
        }
        Ok(cautions)
    }

    /// Returns what the provider carries in another form, or not at all.
    pub(crate) fn degraded(&self, message: &List) -> Vec<Degraded> {
        let mut all = match self.folded {
            Some(_) => degraded::folded(message.header(), message.footer()),
            None => Vec::new(),
        };
        let mut not_shown = Vec::new();
        if self.title.is_none() && message.title().is_some() {
            not_shown.push(FieldPath::new("title"));
        }
        if self.flat.is_some() && message.sections.len() > 1 {
            let titled = sections(message).filter(|(_, section)| section.title.is_some());
            not_shown.extend(titled.map(|(path, _)| path.field("title")));
        }
        let not_shown = not_shown.into_iter();
        all.extend(not_shown.map(|field| Degraded::new(field, DegradedForm::NotShown)));
        all
    }

    fn texts<'a>(&self, message: &'a List) -> Vec<(FieldPath, &'a str, Limit)> {
        let mut texts = vec![
            (FieldPath::new("body"), message.body(), self.body),
            (FieldPath::new("button"), message.button(), self.button),
        ];
        let parts = [
            ("header", message.header(), Some(self.header)),
            ("footer", message.footer(), Some(self.footer)),
            ("title", message.title(), self.title),
        ];
        let parts = parts.into_iter();
        texts.extend(
            parts.filter_map(|(name, text, limit)| Some((FieldPath::new(name), text?, limit?))),
        );
        for (path, section) in sections(message) {
            let title = section.title.as_deref();
            texts.extend(title.map(|text| (path.field("title"), text, self.section_title)));
        }
        for (path, row) in rows(message) {
            texts.push((path.clone().field("id"), &row.id, self.id));
            texts.push((path.clone().field("title"), &row.title, self.row_title));
            let description = row.description.as_deref();
            let path = path.field("description");
            texts.extend(description.map(|text| (path, text, self.description)));
        }
        texts
    }

    fn check_section_titles(&self, message: &List) -> Result<(), Violation> {
        let mut untitled = sections(message).filter(|(_, section)| section.title.is_none());
        match untitled.next() {
            Some((path, _)) if message.sections.len() > 1 && self.titled_sections.is_some() => {
                Err(Violation::Length {
                    field: path.field("title"),
                    length: 0,
                    limit: self.section_title,
                })
            }
            _ => Ok(()),
        }
    }
}

/// Returns the texts that stand on one line.
fn lines(message: &List) -> impl Iterator<Item = (FieldPath, &str)> {
    let header = message.header();
    let header = header.map(|text| (FieldPath::new("header"), text));
    let button = (FieldPath::new("button"), message.button());
    let sections = sections(message)
        .filter_map(|(path, section)| Some((path.field("title"), section.title.as_deref()?)));
    let rows = rows(message).map(|(path, row)| (path.field("title"), &*row.title));
    let texts = header.into_iter().chain([button]);
    texts.chain(sections).chain(rows)
}

fn sections(message: &List) -> impl Iterator<Item = (FieldPath, &ListSection)> {
    let sections = message.sections.iter().enumerate();
    sections.map(|(index, section)| (FieldPath::item("sections", index), section))
}

fn rows(message: &List) -> impl Iterator<Item = (FieldPath, &ListRow)> {
    sections(message).flat_map(|(path, section)| {
        let rows = section.rows.iter().enumerate();
        rows.map(move |(index, row)| (path.clone().nth("rows", index), row))
    })
}

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
