//! Sessions of a user, for those who manage the organization.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::{SessionId, UserId};
use recado_store as store;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::auth::{Caller, need};
use crate::api::error::ApiError;
use crate::api::extract::Query;
use crate::api::noun::Id;
use crate::api::routes::listing::{List, ListQuery};
use crate::api::routes::lookup;
use crate::api::time::rfc3339;
use crate::app::App;

/// A session in which a user is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserSession {
    /// The id of the session.
    #[schema(value_type = String)]
    id: SessionId,
    /// The time at which it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When the session was last used, to the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// When the session ends if it is not used before.
    #[schema(format = DateTime)]
    idle_ends_at: String,
    /// When the session ends in any case.
    #[schema(format = DateTime)]
    ends_at: String,
}

impl From<store::Session> for UserSession {
    fn from(session: store::Session) -> Self {
        Self {
            id: session.id,
            created_at: rfc3339(session.created_at),
            last_seen_at: rfc3339(session.last_seen_at),
            idle_ends_at: rfc3339(session.idle_ends_at),
            ends_at: rfc3339(session.ends_at),
        }
    }
}

/// List the sessions of a user
///
/// Returns the sessions in which the user is signed in, oldest first.
#[utoipa::path(
    get,
    path = "/users/{id}/sessions",
    operation_id = "listUserSessions",
    tag = "Users",
    params(ListQuery),
    responses((status = 200, description = "One part of the list", body = List<UserSession>)),
)]
pub(crate) async fn list(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<UserId>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let page = query.page()?;
    let user = lookup::user(&app, &caller.organization_id, &id).await?;
    let listed = app
        .store
        .list_sessions(&caller.organization_id, &user.id, &page, app.clock.now())
        .await?;
    let list = List::of(listed, UserSession::from);
    app.memory.answer(Some(&caller.organization_id), &list)
}

/// End all sessions of a user
///
/// The personal API keys of the user are deleted with them.
#[utoipa::path(
    delete,
    path = "/users/{id}/sessions",
    operation_id = "endUserSessions",
    tag = "Users",
    responses((status = 204, description = "Ended")),
)]
pub(crate) async fn end(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<UserId>,
) -> Result<StatusCode, ApiError> {
    let user = lookup::user(&app, &caller.organization_id, &id).await?;
    app.store
        .end_sessions(&caller.organization_id, &user.id, &caller.author)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
