//! `POST /messages/list` (the vendor's `OpenAPI` file), choices from lists, and the account's own messages.

use serde_json::{Value, json};

use super::request::Node;
use crate::{Answer, Content, List, ListRow, Menu, Section};

const MESSAGE_KEYS: &str = "jid buttonText description sections title footer expiration";
const SECTION_KEYS: &str = "title rows";
const ROW_KEYS: &str = "title rowId description";

pub(super) fn read(body: &Value, strip: bool) -> Result<(&str, Content), Answer> {
    let body = Node::read(body, "body".to_owned(), MESSAGE_KEYS, strip)?;
    let jid = body.jid()?;
    body.check_word("expiration", "none 24h 7d 90d")?;
    let sections = body.items("sections")?.map(|(path, section)| {
        let section = Node::read(section, path, SECTION_KEYS, strip)?;
        let rows = section.items("rows")?.map(|(path, row)| {
            let row = Node::read(row, path, ROW_KEYS, strip)?;
            Ok(ListRow {
                title: row.required("title")?.to_owned(),
                id: row.required("rowId")?.to_owned(),
                description: row.optional("description")?,
            })
        });
        Ok(Section {
            title: section.optional("title")?,
            rows: rows.collect::<Result<_, _>>()?,
        })
    });
    let content = List {
        header: body.optional("title")?,
        body: body.required("description")?.to_owned(),
        footer: body.optional("footer")?,
        menu: Menu {
            button: body.required("buttonText")?.to_owned(),
            title: None,
            sections: sections.collect::<Result<_, _>>()?,
        },
    };
    Ok((jid, Content::List(content)))
}

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let choice = json!({
        "title": row.title, "description": row.description,
        "singleSelectReply": {"selectedRowId": row.id},
    });
    ("listResponseMessage", choice)
}

/// Returns the account's own list, as the device reports it (the member of WhatsApp's protobuf, inferred).
pub(super) fn own_message(content: &List) -> Value {
    let sections = content.menu.sections.iter().map(|section| {
        let rows = section.rows.iter().map(
            |row| json!({"title": row.title, "description": row.description, "rowId": row.id}),
        );
        json!({"title": section.title, "rows": rows.collect::<Vec<_>>()})
    });
    json!({"listMessage": {
        "title": content.header, "description": content.body, "buttonText": content.menu.button,
        "footerText": content.footer, "listType": 1, "sections": sections.collect::<Vec<_>>(),
    }})
}
