//! Choices from lists; lists themselves are not simulated yet.

use serde_json::{Value, json};

use crate::ListRow;

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let description = row.description.as_deref().unwrap_or_default();
    let choice = json!({"selectedRowId": row.id, "title": row.title, "message": description});
    ("listResponseMessage", choice)
}
