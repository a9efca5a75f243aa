//! Users: the people of an organization.

pub(crate) mod sessions;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::fields::{name, optional, required};
use recado_core::{FieldErrors, OrganizationId, Role, TextField, UserId};
use recado_store::{self as store, Author, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::listing::{List, ListQuery};
use super::{checked, not_blank, text};
use crate::api::auth::{Caller, need};
use crate::api::body::Body;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::Query;
use crate::api::noun::{Id, Noun, deleted, found};
use crate::api::openapi::{failures, words};
use crate::api::routes::lookup;
use crate::api::time::rfc3339;
use crate::app::App;
use crate::sign_in::{self, NewLink};

failures!(CreateFailures: &[Reason::AlreadyExists]);
failures!(UpdateFailures: &[Reason::LastOwner]);
failures!(DeleteFailures: &[Reason::LastOwner]);

/// The user to create.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"email": "bia@example.com", "name": "Bia Souza", "role": "agent"}))]
pub(crate) struct NewUser {
    /// The address with which the user signs in; nothing is sent there.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = Email, required = true)]
    email: TextField,
    /// The name of the person.
    #[serde(default)]
    #[validate(custom(function = "name"))]
    #[schema(value_type = String, required = true, min_length = 1, max_length = 256, pattern = r"\S")]
    name: TextField,
    /// What the user may do.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = words::Role, required = true)]
    role: TextField,
}

/// The changes of a user; fields that are left out stay.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"role": "agent"}))]
pub(crate) struct UserPatch {
    /// The name of the person.
    #[serde(default)]
    #[validate(custom(function = "not_blank"))]
    #[schema(value_type = Option<String>, max_length = 256)]
    name: TextField,
    /// What the user may do; another role ends the sessions of the user.
    #[serde(default)]
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<words::Role>)]
    role: TextField,
}

/// A person of the organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    /// The id of the user.
    #[schema(value_type = String)]
    id: UserId,
    /// The organization of the user.
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    /// The address with which the user signs in.
    email: String,
    /// The name of the person.
    name: String,
    /// What the user may do.
    #[schema(value_type = words::Role)]
    role: Role,
    /// Whether the user has set a password, and so can sign in.
    has_password: bool,
    /// The time at which it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the user last signed in; null if that has not happened.
    #[schema(format = DateTime)]
    last_sign_in_at: Option<String>,
}

/// A user that was just created.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreatedUser {
    #[serde(flatten)]
    user: User,
    /// The link for the new user, with which the user sets a password.
    link: Link,
}

/// A link with which a user sets the password, once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Link {
    /// The URL of the page where the user sets the password; shown this once.
    url: String,
    /// The time at which the link stops working.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl From<store::User> for User {
    fn from(user: store::User) -> Self {
        Self {
            id: user.id,
            organization_id: user.organization_id,
            email: user.email,
            name: user.name,
            role: user.role,
            has_password: user.has_password,
            created_at: rfc3339(user.created_at),
            last_sign_in_at: user.last_sign_in_at.map(rfc3339),
        }
    }
}

impl From<NewLink> for Link {
    fn from(link: NewLink) -> Self {
        Self {
            url: link.url,
            expires_at: rfc3339(link.ends_at),
        }
    }
}

fn role(text: &str) -> Result<Role, FieldErrors> {
    text.parse()
        .map_err(|error: recado_core::access::UnknownRole| {
            FieldErrors::field("role", &error.to_string())
        })
}

/// Creates a user, and a link with which the user sets a password.
pub(super) async fn make(
    app: &App,
    organization_id: OrganizationId,
    new: NewUser,
    author: &Author,
) -> Result<(StatusCode, Json<CreatedUser>), ApiError> {
    let new = checked(new)?;
    let user = store::User {
        id: UserId::from_uuid(app.uuid()),
        organization_id,
        email: sign_in::email(&text(new.email))?,
        name: text(new.name),
        role: role(&text(new.role))?,
        has_password: false,
        created_at: author.at,
        last_sign_in_at: None,
    };
    match app.store.create_user(&user, author).await {
        Err(StoreError::Conflict) => Err(ApiError::new(
            Reason::AlreadyExists,
            "Already exists: the organization has a user with this e-mail address",
        )),
        created => Ok(created?),
    }?;
    let link = link(app, &user, author).await?;
    let user = user.into();
    Ok((StatusCode::CREATED, Json(CreatedUser { user, link })))
}

/// Makes a new link of a user.
async fn link(app: &App, user: &store::User, author: &Author) -> Result<Link, ApiError> {
    let link = sign_in::create_link(&app.store, &app.public_url, user, author);
    let link = link.await?;
    Ok(link
        .ok_or_else(|| ApiError::not_found(UserId::MISSING))?
        .into())
}

/// Makes a new link of the user in the path.
pub(super) async fn link_of(
    app: &App,
    organization: &OrganizationId,
    id: &UserId,
    author: &Author,
) -> Result<(StatusCode, Json<Link>), ApiError> {
    let user = lookup::user(app, organization, id).await?;
    Ok((StatusCode::CREATED, Json(link(app, &user, author).await?)))
}

/// Create a user
///
/// The answer has a link with which the person sets a password. No mail is sent: give the link to the person. It works once, for a day.
#[utoipa::path(
    post,
    path = "/users",
    operation_id = "createUser",
    tag = "Users",
    request_body = NewUser,
    responses(
        (status = 201, description = "Created; `link` is shown this once", body = CreatedUser),
        CreateFailures,
    ),
)]
pub(crate) async fn create(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<CreatedUser>), ApiError> {
    make(&app, caller.organization_id, new, &caller.author).await
}

/// Answers with a part of the users of an organization.
pub(super) async fn listed(
    app: &App,
    organization: &OrganizationId,
    query: ListQuery,
) -> Result<Response, ApiError> {
    let listed = app
        .store
        .list::<store::User>(organization, &query.page()?)
        .await?;
    let list = List::of(listed, User::from);
    app.memory.answer(Some(organization), &list)
}

/// List users
///
/// Returns the users of the organization, oldest first.
#[utoipa::path(
    get,
    path = "/users",
    operation_id = "listUsers",
    tag = "Users",
    params(ListQuery),
    responses((status = 200, description = "One part of the list", body = List<User>)),
)]
pub(crate) async fn list(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    listed(&app, &caller.organization_id, query).await
}

/// Show a user
///
/// Returns one user of the organization.
#[utoipa::path(
    get,
    path = "/users/{id}",
    operation_id = "showUser",
    tag = "Users",
    responses((status = 200, description = "The user", body = User)),
)]
pub(crate) async fn show(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<UserId>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(
        lookup::user(&app, &caller.organization_id, &id)
            .await?
            .into(),
    ))
}

/// Change a user
///
/// Fields that are left out stay. An organization that has an owner keeps one: the last owner keeps the role.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    operation_id = "updateUser",
    tag = "Users",
    request_body = UserPatch,
    responses(
        (status = 200, description = "The user as it is now", body = User),
        UpdateFailures,
    ),
)]
pub(crate) async fn update(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<UserId>,
    Body(patch): Body<UserPatch>,
) -> Result<Json<User>, ApiError> {
    let patch = checked(patch)?;
    let role = patch.role.as_text().map(role).transpose()?;
    let name = patch.name.as_text();
    let updated = app
        .store
        .update_user(&caller.organization_id, &id, name, role, &caller.author)
        .await?;
    Ok(Json(found(updated)?.into()))
}

/// Delete a user
///
/// The sessions and the personal API keys of the user end at once.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    operation_id = "deleteUser",
    tag = "Users",
    responses(
        (status = 204, description = "Deleted"),
        DeleteFailures,
    ),
)]
pub(crate) async fn delete(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<UserId>,
) -> Result<StatusCode, ApiError> {
    let deletion = app
        .store
        .delete_user(&caller.organization_id, &id, &caller.author);
    deleted::<UserId>(deletion.await?)
}

/// Create a password link for a user
///
/// The link replaces the one before it, and works once, for a day. The present password works until the link is used.
#[utoipa::path(
    post,
    path = "/users/{id}/link",
    operation_id = "createUserLink",
    tag = "Users",
    responses((status = 201, description = "Created; `url` is shown this once", body = Link)),
)]
pub(crate) async fn create_link(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<UserId>,
) -> Result<(StatusCode, Json<Link>), ApiError> {
    link_of(&app, &caller.organization_id, &id, &caller.author).await
}
