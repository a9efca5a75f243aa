//! Lists of options (Meta, interactive list messages), and choices from them.

use serde_json::{Value, json};

use super::meaning::{Kind, length, newlines, unique};
use super::{errors::GraphError, interactive::Parts, node::Node};
use crate::{Content, List, ListRow, Menu, Section};

struct ListMessage {
    parts: Parts,
    menu: Menu,
}

pub(super) fn read(interactive: &Node<'_>) -> Result<Box<dyn Kind>, GraphError> {
    let parts = Parts::read(interactive)?;
    let action = interactive.object("action")?;
    let button = action.text("button")?.to_owned();
    let sections = action.objects("sections")?;
    let sections = sections.map(|section| read_section(&section?));
    let menu = Menu {
        button,
        title: None,
        sections: sections.collect::<Result<_, _>>()?,
    };
    Ok(Box::new(ListMessage { parts, menu }))
}

fn read_section(section: &Node<'_>) -> Result<Section, GraphError> {
    let rows = section.objects("rows")?.map(|row| read_row(&row?));
    Ok(Section {
        title: section.optional_text("title")?.map(str::to_owned),
        rows: rows.collect::<Result<_, _>>()?,
    })
}

fn read_row(row: &Node<'_>) -> Result<ListRow, GraphError> {
    let description = row.optional_text("description")?;
    // An empty text counts as absent, and is refused here (observed).
    if description.is_none() && row.contains("description") {
        return Err(GraphError::required(&row.path("description")));
    }
    Ok(ListRow {
        id: row.text("id")?.to_owned(),
        title: row.text("title")?.to_owned(),
        description: description.map(str::to_owned),
    })
}

impl Kind for ListMessage {
    /// The numbers are Meta's, the wording is inferred from that of buttons.
    fn check(&self, strict_newlines: bool) -> Result<(), GraphError> {
        self.parts.check(strict_newlines)?;
        if self.parts.has_media_header() {
            return Err(GraphError::invalid_value("Header must be a text"));
        }
        length("Button text", &self.menu.button, 1..=20)?;
        newlines("Button text", &self.menu.button, strict_newlines)?;
        let sections = &self.menu.sections;
        if !(1..=10).contains(&sections.len()) {
            return Err(GraphError::invalid_value(
                "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10",
            ));
        }
        let rows = self.menu.rows().count();
        if sections.iter().any(|section| section.rows.is_empty()) || rows > 10 {
            return Err(GraphError::invalid_value(
                "Invalid rows count. Min allowed rows: 1, Max allowed rows: 10",
            ));
        }
        for section in sections {
            let title = section.title.as_deref().unwrap_or_default();
            let least = usize::from(sections.len() > 1);
            length("Section title", title, least..=24)?;
            newlines("Section title", title, strict_newlines)?;
        }
        for row in self.menu.rows() {
            length("Row id", &row.id, 1..=200)?;
            length("Row title", &row.title, 1..=24)?;
            newlines("Row title", &row.title, strict_newlines)?;
            let description = row.description.as_deref().unwrap_or_default();
            length("Row description", description, 0..=72)?;
        }
        let ids = self.menu.rows().map(|row| &row.id);
        unique("Row ids must be unique", ids)
    }

    fn into_content(mut self: Box<Self>) -> Content {
        Content::List(List {
            header: self.parts.take_header(),
            body: self.parts.body,
            footer: self.parts.footer,
            menu: self.menu,
        })
    }
}

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let mut reply = json!({"id": row.id, "title": row.title});
    if let Some(description) = &row.description {
        reply["description"] = json!(description);
    }
    ("list_reply", reply)
}
