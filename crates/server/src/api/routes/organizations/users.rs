//! The users of the organization in the path, for operators and for those who manage it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::api::auth::OrganizationManager;
use crate::api::body::Body;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::{Path, Query};
use crate::api::openapi::{BODY, KEY, QUERY, failures};
use crate::api::routes::listing::{List, ListQuery};
use crate::api::routes::users::{CreatedUser, Link, NewUser, User, link_of, listed, make};
use crate::app::App;

failures!(CreateFailures: KEY, BODY, &[Reason::OrganizationNotFound, Reason::AlreadyExists]);
failures!(ListFailures: KEY, QUERY, &[Reason::OrganizationNotFound]);
failures!(FindFailures: KEY, &[Reason::OrganizationNotFound, Reason::UserNotFound]);

/// Create a user of an organization
///
/// The answer has a link with which the person sets a password. No mail is sent: give the link to the person. It works once, for a day.
#[utoipa::path(
    post,
    path = "/organizations/{id}/users",
    operation_id = "createOrganizationUser",
    tag = "Users",
    params(("id" = String, Path, description = "The id of the organization.")),
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
    params(
        ("id" = String, Path, description = "The id of the organization."),
        ListQuery,
    ),
    responses(
        (status = 200, description = "One part of the list", body = List<User>),
        ListFailures,
    ),
)]
pub(crate) async fn list(
    OrganizationManager {
        organization_id, ..
    }: OrganizationManager,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    listed(&app, &organization_id, query).await
}

/// Create a password link for a user of an organization
///
/// The link replaces the one before it, and works once, for a day. The present password works until the link is used.
#[utoipa::path(
    post,
    path = "/organizations/{id}/users/{userId}/link",
    operation_id = "createOrganizationUserLink",
    tag = "Users",
    params(
        ("id" = String, Path, description = "The id of the organization."),
        ("userId" = String, Path, description = "The id of the user."),
    ),
    responses(
        (status = 201, description = "Created; `url` is shown this once", body = Link),
        FindFailures,
    ),
)]
pub(crate) async fn create_link(
    OrganizationManager {
        organization_id,
        author,
    }: OrganizationManager,
    State(app): State<Arc<App>>,
    Path((_id, user_id)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Link>), ApiError> {
    link_of(&app, &organization_id, &user_id, &author).await
}
