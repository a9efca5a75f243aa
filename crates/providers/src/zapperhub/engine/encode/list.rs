//! A list of options (ZapperAPI, `POST /messages/list`; wuzapi, `POST /chat/send/list`).

use recado_core::{List, ListSection};
use serde::Serialize;

use crate::object::Object;

/// Returns the JSON of a message, which begins with the members that name its recipient.
pub(crate) fn body(address: Object<impl Serialize, impl Serialize>, content: &List) -> String {
    let sections = content.sections().iter().map(section).collect::<Vec<_>>();
    address
        // Without one, wuzapi shows a title of its own.
        .with_some("title", content.header().or(content.title()))
        .with("description", content.body())
        .with_some("footer", content.footer())
        .with("buttonText", content.button())
        .with("sections", sections)
        .written()
}

fn section(section: &ListSection) -> impl Serialize {
    let rows = section.rows.iter().map(|row| {
        Object::new("title", &row.title)
            .with("rowId", &row.id)
            .with_some("description", row.description.as_deref())
    });
    Object::new("rows", rows.collect::<Vec<_>>()).with_some("title", section.title.as_deref())
}
