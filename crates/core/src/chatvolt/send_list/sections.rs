//! The keys of sections and rows.

use std::collections::BTreeMap;

use serde::Deserialize;
use validator::{Validate, ValidationErrors};

use super::super::flat::{self, Faults};
use crate::fields::{TextField, optional, required, rule};
use crate::message::{ListRow, ListSection};

/// The flat keys of the sections and rows of a request, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SectionFields(pub BTreeMap<String, TextField>);

/// What a key of a section names.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Title { section: u64 },
    Row { section: u64, row: u64, part: usize },
}

/// The parts of a row; all but the last are required.
const PARTS: [&str; 3] = ["id", "title", "description"];

/// The fields of a section by what they name.
#[derive(Default)]
pub(super) struct SectionKeys<'a> {
    title: Option<&'a TextField>,
    pub(super) rows: BTreeMap<u64, [Option<&'a TextField>; PARTS.len()]>,
}

impl SectionKeys<'_> {
    /// Makes a section of fields that are valid.
    pub(super) fn section(&self) -> ListSection {
        let text = |field: Option<&TextField>| {
            let text = field.and_then(TextField::as_text);
            text.unwrap_or_default().to_owned()
        };
        let rows = self.rows.values().map(|[id, title, description]| {
            ListRow::new(text(*id), text(*title)).with_description(text(*description))
        });
        ListSection::new(rows).with_title(text(self.title))
    }
}

impl Key {
    /// Reads `section_2_title` and `section_2_row_1_id`; `section_02_title` is not one of our keys.
    pub(super) fn read(name: &str) -> Option<Self> {
        let words: Vec<_> = name.split('_').collect();
        match *words {
            ["section", section, "title"] => Some(Self::Title {
                section: flat::number(section)?,
            }),
            ["section", section, "row", row, part] => Some(Self::Row {
                section: flat::number(section)?,
                row: flat::number(row)?,
                part: PARTS.iter().position(|known| *known == part)?,
            }),
            _ => None,
        }
    }
}

impl SectionFields {
    /// Returns the sections by their number. The first is required, also if it has no key, and so is a row of each.
    pub(super) fn sections(&self) -> BTreeMap<u64, SectionKeys<'_>> {
        let mut sections = BTreeMap::from([(1, SectionKeys::default())]);
        for (name, field) in flat::given(&self.0) {
            match Key::read(name) {
                Some(Key::Title { section }) => {
                    sections.entry(section).or_default().title = Some(field);
                }
                Some(Key::Row { section, row, part }) => {
                    let rows = &mut sections.entry(section).or_default().rows;
                    rows.entry(row).or_default()[part] = Some(field);
                }
                None => {}
            }
        }
        for section in sections.values_mut() {
            if section.rows.is_empty() {
                section.rows.insert(1, [None; PARTS.len()]);
            }
        }
        sections
    }
}

impl Validate for SectionFields {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut faults = Faults::default();
        for (number, section) in self.sections() {
            if let Some(title) = section.title {
                faults.note(format!("section_{number}_title"), optional(title));
            }
            for (row, parts) in section.rows {
                for (part, name) in PARTS.into_iter().enumerate() {
                    let checked = match (parts[part], name) {
                        (Some(field), "description") => optional(field),
                        (Some(field), _) => required(field),
                        (None, "description") => Ok(()),
                        (None, _) => Err(rule("required", "Required")),
                    };
                    faults.note(format!("section_{number}_row_{row}_{name}"), checked);
                }
            }
        }
        faults.result()
    }
}
