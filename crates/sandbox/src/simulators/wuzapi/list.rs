//! Choices from lists; lists themselves are not simulated yet.

use serde_json::{Value, json};

use crate::ListRow;

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let choice = json!({
        "title": row.title, "listType": 1, "singleSelectReply": {"selectedRowID": row.id},
    });
    ("listResponseMessage", choice)
}
