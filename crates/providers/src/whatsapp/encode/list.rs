//! A list of options (Meta, interactive list messages).

use recado_core::{List, ListRow, ListSection};
use serde::Serialize;

use super::interactive::{header, text};
use crate::object::Object;

pub(super) fn interactive(content: &List) -> impl Serialize {
    let sections = content.sections().iter().map(section).collect::<Vec<_>>();
    let action = Object::new("button", content.button()).with("sections", sections);
    Object::new("type", "list")
        .with_some("header", content.header().map(header))
        .with("body", text(content.body()))
        .with_some("footer", content.footer().map(text))
        .with("action", action)
}

fn section(section: &ListSection) -> impl Serialize {
    let rows = section.rows.iter().map(row).collect::<Vec<_>>();
    Object::new("rows", rows).with_some("title", section.title.as_deref())
}

fn row(row: &ListRow) -> impl Serialize {
    Object::new("id", &row.id)
        .with("title", &row.title)
        .with_some("description", row.description.as_deref())
}
