//! Choices from lists; lists themselves are not simulated yet.

use serde_json::{Value, json};

use crate::ListRow;

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let choice = json!({
        "title": row.title, "description": row.description,
        "singleSelectReply": {"selectedRowId": row.id},
    });
    ("listResponseMessage", choice)
}
