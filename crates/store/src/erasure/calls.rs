//! Kept calls of providers that name the person.

use super::Erasure;
use crate::columns::{self, Columns};
use crate::contacts::spellings;
use crate::error::StoreError;
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
        for some in own.chunks(MAX_CALLS) {
            let theirs = self.calls_that_name_the_person(some).await?;
            if !theirs.is_empty() {
                let query = removing_calls(self.store.kind(), &theirs);
                self.erased.webhook_calls += self.store.write_count(query).await?;
            }
        }
        Ok(last)
    }

    async fn calls_that_name_the_person(&self, ids: &[String]) -> Result<Vec<String>, StoreError> {
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
        let names: Vec<String> = self
            .person
            .addresses()
            .flat_map(spellings)
            .map(|address| address.id().to_owned())
            .collect();
        let mut theirs = Vec::new();
        for row in &self.store.read_rows(query).await? {
            // What was encrypted with a key that is lost cannot be read by a person either.
            let Ok(call) = webhook_calls::call(row, self.store.key()) else {
                continue;
            };
            let body = String::from_utf8_lossy(&call.body);
            if names.iter().any(|name| body.contains(name)) {
                theirs.push(call.id);
            }
        }
        Ok(theirs)
    }
}
