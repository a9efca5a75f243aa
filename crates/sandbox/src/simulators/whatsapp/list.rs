//! Choices from lists; lists themselves are not simulated yet.

use serde_json::{Value, json};

use crate::ListRow;

pub(super) fn picked(row: &ListRow) -> (&'static str, Value) {
    let mut reply = json!({"id": row.id, "title": row.title});
    if let Some(description) = &row.description {
        reply["description"] = json!(description);
    }
    ("list_reply", reply)
}
