//! Sessions: people sign in with a browser, and out.

use axum::http::{HeaderName, HeaderValue, header};
use recado_core::Scope;
use secrecy::SecretString;

use super::prelude::*;
use super::users::User;
use super::users::sessions::UserSession;
use crate::api::auth::{SignedIn, SigningIn};
use crate::api::body::SmallBody;
use crate::sign_in::{self, CreatedSession, SignIn};

failures!(SignInFailures: &[
    Reason::Unauthorized,
    Reason::Forbidden,
    Reason::RateLimited,
    Reason::Internal,
    Reason::Unavailable,
]);
failures!(ChangeFailures: &[Reason::RateLimited]);

/// The header that gives a browser a session, or takes it.
type SetCookie = [(HeaderName, HeaderValue); 1];

/// The e-mail address and the password of a user.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"email": "ana@example.com", "password": "correct horse battery"}))]
pub(crate) struct NewSession {
    /// The e-mail address of the user.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = Email, required = true)]
    email: TextField,
    /// The password of the user.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = Password, required = true)]
    password: TextField,
    /// The organization. Without it, the two oldest users with this e-mail address are tried.
    #[validate(custom(function = "optional"))]
    #[schema(value_type = Option<String>)]
    organization_id: TextField,
}

/// The password of a user, and the one that replaces it.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(example = json!({"currentPassword": "correct horse battery", "newPassword": "another long password"}))]
pub(crate) struct PasswordChange {
    /// The present password.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = Password, required = true)]
    current_password: TextField,
    /// The new password, 12 to 256 characters.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256, required = true)]
    new_password: TextField,
}

/// The sign-in of a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    #[serde(flatten)]
    times: UserSession,
    /// The organization of the user.
    #[schema(value_type = String)]
    organization_id: OrganizationId,
    /// The user who is signed in.
    user: User,
    /// What the user's role allows.
    #[schema(value_type = Vec<words::Scope>)]
    scopes: Vec<Scope>,
}

impl Session {
    fn of(session: store::Session, user: store::User) -> Self {
        Self {
            organization_id: session.organization_id.clone(),
            times: session.into(),
            scopes: user.role.scopes().into(),
            user: user.into(),
        }
    }
}

const fn set(cookie: HeaderValue) -> SetCookie {
    [(header::SET_COOKIE, cookie)]
}

fn password(field: TextField) -> SecretString {
    text(field).into()
}

/// Sign in
///
/// The answer sets a cookie, with which a browser calls every route that the user's role allows, from pages of
/// this server. A wrong password and an unknown e-mail address get the same answer. One e-mail address may be tried
/// 5 times in 15 minutes from one address, and 100 times in an hour from all; one address may try 20 times in 15
/// minutes. A right password is not counted.
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(post, path = "/sessions",
    request_body = NewSession,
    responses(
        (status = 201, description = "Signed in", body = Session, headers(("Set-Cookie" = String, description = "The session's cookie"))),
        SignInFailures,
    ))]
pub(crate) async fn sign_in(
    SigningIn { app, address }: SigningIn,
    SmallBody(given): SmallBody<NewSession>,
) -> Result<(StatusCode, SetCookie, Json<Session>), ApiError> {
    let organization = given.organization_id.into_text().map(|id| id.parse());
    let given = SignIn {
        email: sign_in::email(&text(given.email))?,
        password: password(given.password),
        organization_id: organization
            .transpose()
            .map_err(|error: recado_core::IdError| {
                FieldErrors::field("organizationId", &error.to_string())
            })?,
    };
    let CreatedSession {
        session,
        user,
        cookie,
    } = sign_in::sign_in(&app, given, address).await?;
    let session = Session::of(session, user);
    Ok((StatusCode::CREATED, set(cookie), Json(session)))
}

/// Show the session of the caller
///
/// Returns the session that the request presents, its user, and what the user may do.
#[utoipa::path(get, path = "/sessions/current",
    responses((status = 200, description = "The session", body = Session)))]
pub(crate) async fn show_session(SignedIn { session, user, .. }: SignedIn) -> Json<Session> {
    Json(Session::of(session, user))
}

/// Sign out
///
/// Ends the session of the caller and removes its cookie.
#[utoipa::path(delete, path = "/sessions/current",
    responses(
        (status = 204, description = "Ended", headers(("Set-Cookie" = String, description = "Takes the cookie away"))),
    ))]
pub(crate) async fn sign_out(caller: SignedIn) -> Result<(StatusCode, SetCookie), ApiError> {
    let cookie = sign_in::sign_out(&caller.app, &caller).await?;
    Ok((StatusCode::NO_CONTENT, set(cookie)))
}

/// Change the password of the caller
///
/// All other sessions, the personal API keys and the link of the user end. This session goes on with a new cookie.
#[utoipa::path(post, path = "/sessions/current/password",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed", headers(("Set-Cookie" = String, description = "The session's new cookie"))),
        ChangeFailures,
    ))]
pub(crate) async fn change_password(
    caller: SignedIn,
    Body(change): Body<PasswordChange>,
) -> Result<(StatusCode, SetCookie), ApiError> {
    let (current, new) = (
        password(change.current_password),
        password(change.new_password),
    );
    let cookie = sign_in::change_password(&caller.app, &caller, current, new).await?;
    Ok((StatusCode::NO_CONTENT, set(cookie)))
}
