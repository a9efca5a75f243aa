//! The number changes that providers have reported.

use serde_json::Value;

use super::Erasure;
use super::subject::{NumberChange, person};
use crate::prelude::*;
use crate::resources::removal::MAX_STEP_LOOKED_AT;

impl Erasure {
    /// Looks at the next events of the organization for number changes; returns the last event, or `None` at the end.
    pub(super) async fn look_for_number_changes(&mut self, after: i64) -> Result<Option<i64>> {
        let query = Query::new(
            "select organization_id, seq, created_at, \
             case when data like '%\"movedTo\":{%' then data end as data from events \
             where organization_id = $1 and seq > $2 order by seq limit $3",
        )
        .id(&self.organization)
        .bind(after)
        .bind(MAX_STEP_LOOKED_AT);
        let mut last = None;
        for row in &self.store.read_rows(query).await? {
            let columns = Columns::new(row, "events", "organization_id");
            last = Some(columns.get("seq")?);
            let data: Option<Value> = columns.get("data")?;
            if let Some(data) = data.filter(|data| data["movedTo"].is_object()) {
                self.subject.add_change(NumberChange {
                    from: person(&data["from"]),
                    to: person(&data["movedTo"]),
                    at: columns.get("created_at")?,
                });
            }
        }
        Ok(last)
    }
}
