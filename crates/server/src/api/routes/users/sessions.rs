//! Sessions of a user, for those who manage the organization.

use recado_core::SessionId;

use crate::api::routes::prelude::*;

/// A session in which a user is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserSession {
    /// The id of the session.
    #[schema(value_type = String)]
    id: SessionId,
    /// The time at which it was created.
    created_at: Timestamp,
    /// When the session was last used, to the minute.
    last_seen_at: Timestamp,
    /// When the session ends if it is not used before.
    idle_ends_at: Timestamp,
    /// When the session ends in any case.
    ends_at: Timestamp,
}

mirrors!(
    UserSession,
    store::Session {
        id,
        created_at,
        last_seen_at,
        idle_ends_at,
        ends_at
    }
);

/// List the sessions of a user
///
/// Returns the sessions in which the user is signed in, oldest first.
#[utoipa::path(get, path = "/users/{id}/sessions",
    params(ListQuery),
    responses((status = 200, body = List<UserSession>)))]
pub(crate) async fn list_user_sessions(
    caller: Caller<Manages>,
    Id(id): Id<UserId>,
    query: ListQuery,
) -> LongAnswer {
    let page = query.page()?;
    let user = caller.find::<store::User>(&id).await?;
    let listed = caller
        .app
        .store
        .list_sessions(
            &caller.organization_id,
            &user.id,
            &page,
            caller.app.clock.now(),
        )
        .await?;
    let list = List::of(listed, UserSession::from);
    caller.answer(&list)
}

/// End all sessions of a user
///
/// The personal API keys of the user are deleted with them.
#[utoipa::path(delete, path = "/users/{id}/sessions",
    responses((status = 204, description = "Ended")))]
pub(crate) async fn end_user_sessions(
    caller: Caller<Manages>,
    Id(id): Id<UserId>,
) -> Result<StatusCode, ApiError> {
    let user = caller.find::<store::User>(&id).await?;
    caller
        .app
        .store
        .end_sessions(&caller.organization_id, &user.id, &caller.author)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
