//! The users of the organization in the path, for operators and for those who manage it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use recado_core::UserId;

use crate::api::auth::OrganizationManager;
use crate::api::body::Body;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::Query;
use crate::api::noun::Id;
use crate::api::openapi::failures;
use crate::api::routes::listing::{List, ListQuery};
use crate::api::routes::users::{CreatedUser, Link, NewUser, User, link_of, listed, make};
use crate::app::App;

failures!(CreateFailures: &[Reason::AlreadyExists]);

/// Create a user of an organization
///
/// The answer has a link with which the person sets a password. No mail is sent: give the link to the person. It works once, for a day.
#[utoipa::path(
    post,
    path = "/organizations/{id}/users",
    operation_id = "createOrganizationUser",
    tag = "Users",
    request_body = NewUser,
    responses(
        (status = 201, description = "Created; `link` is shown this once", body = CreatedUser),
        CreateFailures,
    ),
)]
pub(crate) async fn create(
    manager: OrganizationManager,
    State(app): State<Arc<App>>,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<CreatedUser>), ApiError> {
    make(&app, manager.organization_id, new, &manager.author).await
}

/// List the users of an organization
///
/// Returns the users of the organization in the path, oldest first.
#[utoipa::path(
    get,
    path = "/organizations/{id}/users",
    operation_id = "listOrganizationUsers",
    tag = "Users",
    params(ListQuery),
    responses((status = 200, description = "One part of the list", body = List<User>)),
)]
pub(crate) async fn list(
    manager: OrganizationManager,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    listed(&app, &manager.organization_id, query).await
}

/// Create a password link for a user of an organization
///
/// The link replaces the one before it, and works once, for a day. The present password works until the link is used.
#[utoipa::path(
    post,
    path = "/organizations/{id}/users/{userId}/link",
    operation_id = "createOrganizationUserLink",
    tag = "Users",
    responses((status = 201, description = "Created; `url` is shown this once", body = Link)),
)]
pub(crate) async fn create_link(
    manager: OrganizationManager,
    State(app): State<Arc<App>>,
    Id(user_id): Id<UserId>,
) -> Result<(StatusCode, Json<Link>), ApiError> {
    link_of(&app, &manager.organization_id, &user_id, &manager.author).await
}
