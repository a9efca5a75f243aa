//! The users of the organization in the path, for operators and for those who manage it.

use crate::api::routes::prelude::*;
use crate::api::routes::users::{CreatedUser, Link, NewUser, User, link_of, make};

failures!(CreateFailures: &[Reason::AlreadyExists]);

/// Create a user of an organization
///
/// The answer has a link with which the person sets a password. No mail is sent: give the link to the person. It works once, for a day.
#[utoipa::path(post, path = "/organizations/{id}/users", request_body = NewUser,
    responses((status = 201, description = "Created; `link` is shown this once", body = CreatedUser), CreateFailures))]
pub(crate) async fn create_organization_user(
    caller: Caller<ManagesOrganization>,
    Body(new): Body<NewUser>,
) -> Created<CreatedUser> {
    make(caller, new).await
}

/// List the users of an organization
///
/// Returns the users of the organization in the path, oldest first.
#[utoipa::path(get, path = "/organizations/{id}/users", params(ListQuery),
    responses((status = 200, body = List<User>)))]
pub(crate) async fn list_organization_users(
    caller: Caller<ManagesOrganization>,
    query: ListQuery,
) -> LongAnswer {
    caller.list::<store::User, User>(query).await
}

/// Create a password link for a user of an organization
///
/// The link replaces the one before it, and works once, for a day. The present password works until the link is used.
#[utoipa::path(post, path = "/organizations/{id}/users/{userId}/link",
    responses((status = 201, description = "Created; `url` is shown this once", body = Link)))]
pub(crate) async fn create_organization_user_link(
    caller: Caller<ManagesOrganization>,
    Id(user_id): Id<UserId>,
) -> Created<Link> {
    link_of(&caller, &user_id).await
}
