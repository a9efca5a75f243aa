//! How much of a list a provider carries.

use super::super::checks::{check_count, check_distinct, check_folded, check_lines};
use super::super::field_path::FieldPath;
use super::{List, ListRow, ListSection};
use crate::capabilities::degraded::{self, Degraded, DegradedForm};
use crate::capabilities::limit::{Limit, LimitTable, Source};
use crate::capabilities::violation::{Caution, Format, Violation, check_length};
use crate::recipient::RecipientKind;

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
    /// The title of the opened list stands in the place of the header, if there is none.
    pub title_as_header: Option<Source>,
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
            title_as_header: None,
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
            ("rows in all sections", Some(self.rows)),
            ("sections", Some(self.sections)),
            ("row id", Some(self.id)),
            ("row title", Some(self.row_title)),
            ("row description", Some(self.description)),
            ("section title", Some(self.section_title)),
            ("button", Some(self.button)),
            ("body", Some(self.body)),
            ("header", Some(self.header)),
            ("footer", Some(self.footer)),
            ("list title", self.title),
            ("header, body and footer together", self.folded),
        ];
        let rules = [
            ("each of several sections has a title", self.titled_sections),
            ("ids differ", self.distinct_ids),
            ("header, button and titles on one line", self.single_line),
            ("several sections become one list", self.flat),
            (
                "a list title takes the place of a missing header",
                self.title_as_header,
            ),
        ];
        LimitTable::new(self.api, limits, rules)
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
        let is_shown = match self.title_as_header {
            Some(_) => message.header().is_none(),
            None => self.title.is_some(),
        };
        if message.title().is_some() && !is_shown {
            not_shown.push(FieldPath::new("title"));
        }
        // The title of the only section stands for that of the list.
        if self.flat.is_some() && (message.sections.len() > 1 || message.title().is_some()) {
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
                let reason = "the list has several sections";
                Err(Format::Required(reason).broken_by(path.field("title")))
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
