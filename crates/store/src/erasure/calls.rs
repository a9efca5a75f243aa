//! Kept calls of providers that name the person.

use recado_core::Recipient;
use sqlx::any::AnyRow;

use super::Erasure;
use crate::columns::{self, Columns};
use crate::contacts::spellings;
use crate::error::StoreError;
use crate::reading::{MAX_PAGE_BYTES, PageRows};
use crate::removal::{MAX_CALLS, MAX_STEP_LOOKED_AT, removing_calls};
use crate::store::DatabaseKind;
use crate::webhook_calls;

impl Erasure {
    /// Looks at the next calls behind an id, and removes those that name the person; returns the last one, or `None` at
    /// the end. A call that is not applied yet is left alone: it tells of what comes after the erasure.
    pub(super) async fn erase_calls(
        &mut self,
        after: String,
    ) -> Result<Option<String>, StoreError> {
        let query = sqlx::query(
            "select id, organization_id from webhook_calls where id > $1 order by id limit $2 + 0",
        )
        .bind(after)
        .bind(MAX_STEP_LOOKED_AT);
        let (mut own, mut last) = (Vec::new(), None);
        for row in &self.store.read_rows(query).await? {
            let columns = Columns::new(row, "webhook_calls", "id");
            let (id, organization): (String, &str) =
                (columns.get("id")?, columns.get("organization_id")?);
            if organization == self.organization.as_str() {
                own.push(id.clone());
            }
            last = Some(id);
        }
        let names: Vec<_> = self.person.addresses().flat_map(spellings).collect();
        for some in own.chunks(MAX_CALLS) {
            let mut left = some.to_vec();
            while !left.is_empty() {
                let page = self.done_calls(&left).await?;
                let (mut seen, mut theirs) = (Vec::new(), Vec::new());
                for row in &page.rows {
                    let id: String = Columns::new(row, "webhook_calls", "id").get("id")?;
                    if self.names_one_of(&names, row) {
                        theirs.push(id.clone());
                    }
                    seen.push(id);
                }
                if !theirs.is_empty() {
                    let query = removing_calls(self.store.kind(), &theirs);
                    self.erased.webhook_calls += self.store.write_count(query).await?;
                }
                if !page.cut {
                    break;
                }
                left.retain(|id| !seen.contains(id));
            }
        }
        Ok(last)
    }

    /// Reads those of the calls that are applied or set aside, as many as fit into memory.
    async fn done_calls(&self, ids: &[String]) -> Result<PageRows, StoreError> {
        macro_rules! done_calls {
            ($ids:literal) => {
                concat!(
                    "select id, organization_id, channel_id, content_type, key_id, body, received_at \
                     from webhook_calls where id in (",
                    $ids,
                    ") and (applied_at is not null or set_aside is not null)"
                )
            };
        }
        let text = match self.store.kind() {
            DatabaseKind::Sqlite => done_calls!("select value from json_each($1)"),
            DatabaseKind::Postgres => done_calls!("select jsonb_array_elements_text($1::jsonb)"),
        };
        let query = sqlx::query(text).bind(columns::json(&ids));
        let store = &self.store;
        store
            .read_list(&self.organization, query, MAX_PAGE_BYTES)
            .await
    }

    fn names_one_of(&self, names: &[Recipient], row: &AnyRow) -> bool {
        // What was encrypted with a key that is lost cannot be read by a person either.
        let Ok(call) = webhook_calls::call(row, self.store.key()) else {
            return false;
        };
        let body = String::from_utf8_lossy(&call.body);
        names.iter().any(|address| body.contains(address.id()))
    }
}
