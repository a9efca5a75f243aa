//! API keys: only a hash of the secret is kept.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use recado_core::{ApiKeyId, OrganizationId};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use zeroize::Zeroizing;

use crate::columns::{self, Columns};
use crate::cursor::{Cursor, Listed, Page};
use crate::error::StoreError;
use crate::known_keys::{KnownKeys, SecretHash};
use crate::reading::MAX_PAGE_BYTES;
use crate::store::{DatabaseKind, Store};

/// What is known of an API key; not its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public name of the key.
    pub id: ApiKeyId,
    /// Whose it is; none for an operator's key.
    pub organization_id: Option<OrganizationId>,
    /// Its name, for people.
    pub name: String,
    /// When it was created.
    pub created_at: Timestamp,
}

/// The secret of an API key: `recado_` and 32 random bytes in 43 characters.
#[derive(Debug, Clone)]
pub struct ApiKeySecret(SecretString);

impl ApiKeySecret {
    /// Makes a new secret.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn generate() -> Result<Self, StoreError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(StoreError::Random)?;
        let text = format!("recado_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        Ok(Self(text.into()))
    }

    /// The text that its owner presents.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// 256 random bits need no salt and no slow hash.
fn hash(secret: &str) -> SecretHash {
    Sha256::digest(secret).into()
}

impl Store {
    /// Creates an API key; the secret is not kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the id is taken, [`StoreError::UnknownOrganization`].
    pub async fn create_api_key(
        &self,
        key: &ApiKey,
        secret: &ApiKeySecret,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "insert into api_keys (id, organization_id, name, secret_hash, created_at) \
             values ($1, $2, $3, $4, $5)",
        )
        .bind(key.id.as_str())
        .bind(key.organization_id.as_ref().map(OrganizationId::as_str))
        .bind(&*columns::text(&key.name))
        .bind(hash(secret.expose()).to_vec())
        .bind(key.created_at.as_millisecond());
        self.write_row(query).await.map(drop)
    }

    /// Finds the key that has this secret; the keys of a deleted organization are not found.
    ///
    /// # Errors
    ///
    /// [`StoreError::OrganizationSuspended`] if its organization is suspended.
    pub async fn find_api_key_by_secret(&self, secret: &str) -> Result<Option<ApiKey>, StoreError> {
        let hash = hash(secret);
        let began = match self.known_keys().map(|known| known.find(&hash)) {
            Some(Ok(key)) => return Ok(Some(key)),
            Some(Err(began)) => Some(began),
            None => None,
        };
        let query = sqlx::query(
            "select k.id, k.organization_id, k.name, k.created_at, o.suspended_at from api_keys k \
             left join organizations o on o.id = k.organization_id \
             where k.secret_hash = $1 and o.deleted_at is null",
        )
        .bind(hash.to_vec());
        let row = self.read_row_first(query).await?;
        if let Some(row) = &row
            && Columns::new(row, "api_keys", "id")
                .optional_instant("suspended_at")?
                .is_some()
        {
            return Err(StoreError::OrganizationSuspended);
        }
        let found = row.as_ref().map(api_key).transpose()?;
        if let (Some(known), Some(began), Some(key)) = (self.known_keys(), began, &found) {
            known.remember(began, hash, key.clone());
        }
        Ok(found)
    }

    /// Lists the keys of an organization.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn list_api_keys(
        &self,
        organization: &OrganizationId,
        page: &Page,
    ) -> Result<Listed<ApiKey>, StoreError> {
        let (created_at, id) = page.start();
        let query = sqlx::query(
            "select id, organization_id, name, created_at from api_keys \
             where organization_id = $1 and (created_at, id) > ($2, $3) \
             order by created_at, id limit $4 + 0",
        )
        .bind(organization.as_str())
        .bind(created_at)
        .bind(id)
        .bind(page.rows());
        let rows = self.read_page(query, MAX_PAGE_BYTES).await?;
        Listed::read(page, &rows, api_key, |entry| {
            Cursor::new(entry.created_at, entry.id.as_str())
        })
    }

    /// Returns those of the keys that work: they exist, and their organization is neither suspended nor deleted.
    ///
    /// # Errors
    ///
    /// The database does not answer, or a row is corrupt.
    pub async fn working_api_keys(
        &self,
        keys: &BTreeSet<ApiKeyId>,
    ) -> Result<BTreeSet<ApiKeyId>, StoreError> {
        let text = match self.kind() {
            DatabaseKind::Sqlite => {
                "select k.id from json_each($1) n cross join api_keys k on k.id = n.value \
                 left join organizations o on o.id = k.organization_id \
                 where o.suspended_at is null and o.deleted_at is null"
            }
            DatabaseKind::Postgres => {
                "select k.id from api_keys k \
                 left join organizations o on o.id = k.organization_id where k.id = any(array(\
                 select jsonb_array_elements_text($1::jsonb))) \
                 and o.suspended_at is null and o.deleted_at is null"
            }
        };
        let query = sqlx::query(text).bind(columns::json(keys));
        // Slow lists must not keep the end of a deleted key's streams waiting.
        let rows = self.read_rows_first(query).await?;
        rows.iter()
            .map(|row| Columns::new(row, "api_keys", "id").parse("id"))
            .collect()
    }

    /// Revokes a key, at once; tells whether there was one.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn delete_api_key(
        &self,
        organization: &OrganizationId,
        id: &ApiKeyId,
    ) -> Result<bool, StoreError> {
        let query =
            sqlx::query("delete from api_keys where organization_id = $1 and id = $2 returning id")
                .bind(organization.as_str())
                .bind(id.as_str());
        let store = self.clone();
        let deleted = self.ending_keys(async move { store.write_row(query).await });
        Ok(deleted.await?.is_some())
    }

    /// Does a write after which some keys do not work any more, and has them forgotten.
    pub(crate) async fn ending_keys<T: Send + 'static>(
        &self,
        write: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        // A caller that goes away must not leave the keys remembered.
        let store = self.clone();
        let writing = tokio::spawn(async move {
            let _forgetting = store.known_keys().map(KnownKeys::begin_deletion);
            let written = write.await;
            store.signal_keys();
            written
        });
        writing.await.map_err(|_| StoreError::NotCommitted)?
    }
}

fn api_key(row: &AnyRow) -> Result<ApiKey, StoreError> {
    let columns = Columns::new(row, "api_keys", "id");
    let organization: Option<String> = columns.get("organization_id")?;
    Ok(ApiKey {
        id: columns.parse("id")?,
        organization_id: organization
            .map(OrganizationId::try_from)
            .transpose()
            .map_err(|_| columns.corrupt("organization_id"))?,
        name: columns.get("name")?,
        created_at: columns.instant("created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_random_and_hidden() {
        let (one, other) = (
            ApiKeySecret::generate().unwrap(),
            ApiKeySecret::generate().unwrap(),
        );
        assert_eq!(one.expose().len(), "recado_".len() + 43);
        assert!(one.expose().starts_with("recado_"));
        assert_ne!(one.expose(), other.expose());
        assert!(!format!("{one:?}").contains(&one.expose()[7..]));
    }
}
