//! `send-option-list` (Z-API docs, page of this name), and choices from lists.

use serde_json::{Value, json};

use super::request::{self, Object, empty, error, invalid, optional_text, text};
use crate::{Answer, Content, List, ListRow, Menu, Section};

pub(super) fn read(body: &Object) -> Result<Content, Answer> {
    let phone = text(body, "phone")?;
    let message = request::message(body)?;
    let list = body.get("optionList").and_then(Value::as_object);
    let list = list.ok_or_else(|| empty("optionList"))?;
    let options = list.get("options").and_then(Value::as_array);
    let options = options.filter(|options| !options.is_empty());
    let options = options.ok_or_else(|| empty("options"))?.iter();
    let menu = Menu {
        title: Some(text(list, "title")?.to_owned()),
        button: text(list, "buttonLabel")?.to_owned(),
        sections: vec![Section {
            title: None,
            rows: options.map(option).collect::<Result<_, _>>()?,
        }],
    };
    // "Not deliverable to groups", the page says; what the API answers is invented.
    if phone.ends_with("-group") || crate::address::is_old_group(phone) {
        return Err(error(400, "option lists cannot be sent to groups"));
    }
    Ok(Content::List(List {
        header: None,
        body: message,
        footer: None,
        menu,
    }))
}

/// The page requires a description, which may be empty (inferred).
fn option(option: &Value) -> Result<ListRow, Answer> {
    let option = option.as_object().ok_or_else(|| invalid("options"))?;
    if !option.get("description").is_some_and(Value::is_string) {
        return Err(empty("description"));
    }
    Ok(ListRow {
        id: optional_text(option, "id")?.unwrap_or_default(),
        title: text(option, "title")?.to_owned(),
        description: optional_text(option, "description")?,
    })
}

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let description = row.description.as_deref().unwrap_or_default();
    let choice = json!({"selectedRowId": row.id, "title": row.title, "message": description});
    ("listResponseMessage", choice)
}
