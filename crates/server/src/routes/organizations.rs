//! Organizations: the tenants.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use recado_core::fields::{name, optional};
use recado_core::{OrganizationId, TextField};
use recado_store as store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::listing::{List, ListQuery};
use super::{checked, id_or, rfc3339, text};
use crate::app::App;
use crate::auth::Operator;
use crate::body::Body;
use crate::error::{ApiError, Reason};
use crate::extract::{Path, Query};
use crate::openapi::{BODY, KEY, QUERY, failures};

failures!(CreateFailures: KEY, BODY, &[Reason::AlreadyExists]);
failures!(ListFailures: KEY, QUERY);
failures!(FindFailures: KEY, &[Reason::OrganizationNotFound]);

/// A tenant to be.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"name": "Loja Exemplo"}))]
pub(crate) struct NewOrganization {
    /// What people call it.
    #[serde(default)]
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, max_length = 256)]
    name: TextField,
    /// Its id, if you want to choose it.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    id: TextField,
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organization {
    #[schema(value_type = String)]
    id: OrganizationId,
    name: String,
    created_at: String,
}

impl From<store::Organization> for Organization {
    fn from(organization: store::Organization) -> Self {
        Self {
            id: organization.id,
            name: organization.name,
            created_at: rfc3339(organization.created_at),
        }
    }
}

/// Create an organization
#[utoipa::path(post, path = "/organizations", operation_id = "createOrganization", tag = "Organizations", request_body = NewOrganization, responses((status = 201, description = "Created", body = Organization), CreateFailures))]
pub(crate) async fn create(
    _: Operator,
    State(app): State<Arc<App>>,
    Body(new): Body<NewOrganization>,
) -> Result<(StatusCode, Json<Organization>), ApiError> {
    let new = checked(new)?;
    let organization = store::Organization {
        id: id_or(new.id, || OrganizationId::from_uuid(app.uuid()))?,
        name: text(new.name),
        created_at: app.clock.now(),
    };
    app.store.create_organization(&organization).await?;
    Ok((StatusCode::CREATED, Json(organization.into())))
}

/// List organizations
#[utoipa::path(get, path = "/organizations", operation_id = "listOrganizations", tag = "Organizations", params(ListQuery), responses((status = 200, description = "One part of the list", body = List<Organization>), ListFailures))]
pub(crate) async fn list(
    _: Operator,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Organization>>, ApiError> {
    let listed = app.store.list_organizations(&query.page()?).await?;
    Ok(Json(List::of(listed, Organization::from)))
}

/// Show an organization
#[utoipa::path(get, path = "/organizations/{id}", operation_id = "showOrganization", tag = "Organizations", params(("id" = String, Path)), responses((status = 200, description = "The organization", body = Organization), FindFailures))]
pub(crate) async fn show(
    _: Operator,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Organization>, ApiError> {
    Ok(Json(find(&app, &id).await?.into()))
}

/// The organization of that id.
///
/// # Errors
///
/// There is none.
pub(crate) async fn find(app: &App, id: &str) -> Result<store::Organization, ApiError> {
    let missing = || ApiError::not_found(Reason::OrganizationNotFound);
    let id = id.parse().map_err(|_| missing())?;
    app.store.get_organization(&id).await?.ok_or_else(missing)
}
