//! API keys of an organization; the secret is shown once, when the key is made.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::fields::name;
use recado_core::{ApiKeyId, TextField};
use recado_store as store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::listing::{List, ListQuery};
use super::{checked, rfc3339, text};
use crate::app::App;
use crate::auth::OrganizationManager;
use crate::body::Body;
use crate::error::{ApiError, Reason};
use crate::extract::{Path, Query};
use crate::openapi::{BODY, KEY, QUERY, failures};

failures!(CreateFailures: KEY, BODY, &[Reason::OrganizationNotFound]);
failures!(ListFailures: KEY, QUERY, &[Reason::OrganizationNotFound]);
failures!(FindFailures: KEY, &[Reason::OrganizationNotFound, Reason::ApiKeyNotFound]);

/// A key to be.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"name": "shop backend"}))]
pub(crate) struct NewApiKey {
    /// What it is for.
    #[serde(default)]
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, max_length = 256)]
    name: TextField,
}

/// A key, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiKey {
    #[schema(value_type = String)]
    id: ApiKeyId,
    name: String,
    created_at: String,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    api_key: ApiKey,
    /// The secret; it is shown this once.
    key: String,
}

impl From<store::ApiKey> for ApiKey {
    fn from(key: store::ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            created_at: rfc3339(key.created_at),
        }
    }
}

/// Create an API key
#[utoipa::path(post, path = "/organizations/{id}/api-keys", operation_id = "createApiKey", tag = "API keys", params(("id" = String, Path)), request_body = NewApiKey, responses((status = 201, description = "Created; `key` is shown this once", body = CreatedApiKey), CreateFailures))]
pub(crate) async fn create(
    OrganizationManager {
        organization_id,
        author,
    }: OrganizationManager,
    State(app): State<Arc<App>>,
    Body(new): Body<NewApiKey>,
) -> Result<(StatusCode, Json<CreatedApiKey>), ApiError> {
    let secret = store::ApiKeySecret::generate()?;
    let id = ApiKeyId::from_uuid(app.uuid());
    let name = text(checked(new)?.name);
    let key = store::ApiKey::new(id, Some(organization_id), name, &secret, author.at);
    app.store.create_api_key(&key, &secret, &author).await?;
    let key = CreatedApiKey {
        api_key: key.into(),
        key: secret.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(key)))
}

/// List the API keys of an organization
#[utoipa::path(get, path = "/organizations/{id}/api-keys", operation_id = "listApiKeys", tag = "API keys", params(("id" = String, Path), ListQuery), responses((status = 200, description = "One part of the list", body = List<ApiKey>), ListFailures))]
pub(crate) async fn list(
    OrganizationManager {
        organization_id, ..
    }: OrganizationManager,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let listed = app
        .store
        .list_api_keys(&organization_id, &query.page()?)
        .await?;
    let list = List::of(listed, ApiKey::from);
    app.memory.answer(Some(&organization_id), &list)
}

/// Delete an API key; it stops working at once
#[utoipa::path(delete, path = "/organizations/{id}/api-keys/{keyId}", operation_id = "deleteApiKey", tag = "API keys", params(("id" = String, Path), ("keyId" = String, Path)), responses((status = 204, description = "Deleted"), FindFailures))]
pub(crate) async fn delete(
    OrganizationManager {
        organization_id,
        author,
    }: OrganizationManager,
    State(app): State<Arc<App>>,
    Path((_id, key_id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let missing = || ApiError::not_found(Reason::ApiKeyNotFound);
    let key_id = key_id.parse().map_err(|_| missing())?;
    let deleted = app.store.delete_api_key(&organization_id, &key_id, &author);
    if deleted.await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(missing())
    }
}
