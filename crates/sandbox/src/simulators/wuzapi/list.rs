//! `POST /chat/send/list` (the fork's source code), and choices from lists.

use serde_json::{Map, Value, json};

use super::request::{Sent, error, member, parse_phone, text, undecodable};
use crate::{Answer, Content, List, ListRow, Menu, Section};

/// The title of a list that has none (the fork's source code).
const TITLE: &str = "Menu";

/// Reads a body as Go does; the older names of the members are not simulated.
pub(super) fn read(body: &Map<String, Value>) -> Result<Sent, Answer> {
    let sections = items(body, "sections")?.iter().map(section);
    let sections: Vec<_> = sections.collect::<Result<_, _>>()?;
    let (phone, id) = (text(body, "phone")?, text(body, "id")?);
    let (button, message) = (text(body, "buttonText")?, text(body, "description")?);
    let (title, footer) = (text(body, "title")?, text(body, "footer")?);
    if phone.is_empty() || button.is_empty() || message.is_empty() {
        let problem =
            "missing required fields: Phone, buttonText (or ButtonText), description (or Desc)";
        return Err(error(400, problem));
    }
    if sections.is_empty() {
        return Err(error(400, "no sections or list provided"));
    }
    let to = parse_phone(phone)?;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let content = Content::List(List {
        header: filled(title).or_else(|| Some(TITLE.to_owned())),
        body: message.to_owned(),
        footer: filled(footer),
        menu: Menu {
            button: button.to_owned(),
            title: None,
            sections,
        },
    });
    let id = filled(id);
    Ok(Sent { to, id, content })
}

fn section(section: &Value) -> Result<Section, Answer> {
    let section = section.as_object().ok_or_else(undecodable)?;
    let title = text(section, "title")?;
    let rows = items(section, "rows")?.iter().map(row);
    Ok(Section {
        title: (!title.is_empty()).then(|| title.to_owned()),
        rows: rows.collect::<Result<_, _>>()?,
    })
}

/// A row without an id has its title as id (the fork's source code).
fn row(row: &Value) -> Result<ListRow, Answer> {
    let row = row.as_object().ok_or_else(undecodable)?;
    let (title, id) = (text(row, "title")?, text(row, "rowId")?);
    let description = text(row, "description")?;
    Ok(ListRow {
        id: if id.is_empty() { title } else { id }.to_owned(),
        title: title.to_owned(),
        description: (!description.is_empty()).then(|| description.to_owned()),
    })
}

fn items<'a>(parent: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], Answer> {
    match member(parent, name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(undecodable()),
    }
}

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let choice = json!({
        "title": row.title, "listType": 1, "singleSelectReply": {"selectedRowID": row.id},
    });
    ("listResponseMessage", choice)
}
