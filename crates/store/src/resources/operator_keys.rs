//! Operator keys: API keys that belong to no organization, and manage all of them.

use recado_core::ApiKeyId;

use crate::prelude::*;
use crate::resources::api_keys::ApiKey;
use crate::resources::audit::{AuditAction, Author};

impl Store {
    /// Lists the keys of operators, oldest first.
    pub async fn list_operator_keys(&self, page: &Page) -> Result<Listed<ApiKey>> {
        let (created_at, id) = page.start();
        let query = ApiKey::select(
            "where organization_id is null and (created_at, id) > ($1, $2) \
             order by created_at, id limit $3 + 0",
        )
        .bind(created_at)
        .bind(id.to_owned())
        .bind(page.rows());
        self.page(page, query).await
    }

    /// Revokes the key of an operator, at once; returns its name, or `None` if the key does not exist.
    pub async fn delete_operator_key(
        &self,
        id: &ApiKeyId,
        author: &Author,
    ) -> Result<Option<String>> {
        let query = sqlx::query(
            "delete from api_keys where id = $1 and organization_id is null returning id, name",
        )
        .id(id);
        let entry = author.record(None, AuditAction::ApiKeyDeleted, id.as_str(), None);
        let deleted = self.write_audited(query, entry).await?;
        deleted
            .map(|row| Columns::new(&row, "api_keys", "id").get("name"))
            .transpose()
    }
}
