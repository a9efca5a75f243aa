//! `/sign-in` and `/sign-out`: the form, the account of the person who is signed in, and the way out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use recado_core::TextField;
use recado_store::User;
use serde::Deserialize;
use validator::Validate;

use super::form::Field;
use super::locale::Locale;
use super::page::{DOCS, SIGN_IN, SIGN_OUT, Shown, Visitor, page};
use super::texts::Texts;
use crate::api::auth::{SessionCookie, SignedIn, SigningIn};
use crate::api::body::SmallBody;
use crate::api::error::{ApiError, Reason};
use crate::app::App;
use crate::sign_in::{self, SignIn};

/// Query parameter that names the organization to sign in to.
pub(super) const ORGANIZATION: &str = "organization";

/// Query parameter that opens `/docs` after signing in.
pub(super) const NEXT_DOCS: (&str, &str) = ("next", "docs");

/// Query parameters that say what was just done.
pub(super) const PASSWORD_SET: (&str, &str) = ("notice", "password-set");
const SIGNED_OUT: (&str, &str) = ("notice", "signed-out");

/// Most characters of an organization's id.
const MAX_ORGANIZATION_CHARS: usize = 128;

#[derive(Default, Deserialize, Validate)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Filled {
    email: TextField,
    password: TextField,
    organization_id: TextField,
}

/// What is wrong with the filled form, at its field.
#[derive(Default)]
struct Problems {
    email: Option<String>,
    password: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    locale: &'a Locale,
    t: &'static Texts,
    notice: Option<&'static str>,
    has_problem: bool,
    fields: [Field<'a>; 2],
    organization: Field<'a>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    locale: &'a Locale,
    t: &'static Texts,
    user: &'a User,
    role: &'static str,
    docs: String,
    sign_out: String,
}

/// Shows the account of the person who is signed in, or else the form.
pub(super) async fn show(locale: Locale, visitor: Visitor) -> Result<Response, ApiError> {
    let t = locale.language.texts();
    let Some(user) = &visitor.0 else {
        let organization = locale.parameter(ORGANIZATION);
        let filled = Filled {
            organization_id: organization.map(TextField::from).unwrap_or_default(),
            ..Filled::default()
        };
        return form(&locale, StatusCode::OK, &filled, Problems::default());
    };
    let account = AccountPage {
        locale: &locale,
        t,
        user,
        role: (t.role_name)(user.role),
        docs: locale.address(DOCS, &[]),
        sign_out: locale.address(SIGN_OUT, &[]),
    };
    page(StatusCode::OK, &account)
}

/// Signs in, or shows the form again with what is wrong.
pub(super) async fn submit(
    SigningIn { app, address }: SigningIn,
    locale: Locale,
    SmallBody(filled): SmallBody<Filled>,
) -> Result<Response, ApiError> {
    let t = locale.language.texts();
    let given = match read(t, &filled) {
        Ok(given) => given,
        Err(problems) => return form(&locale, StatusCode::BAD_REQUEST, &filled, problems),
    };
    match sign_in::sign_in(&app, given, address).await {
        Ok(session) => {
            let path = if locale.has(NEXT_DOCS) { DOCS } else { SIGN_IN };
            let cookie = [(header::SET_COOKIE, session.cookie)];
            Ok((cookie, Redirect::to(&locale.address(path, &[]))).into_response())
        }
        Err(error) => {
            let Some(problem) = refusal(t, &error) else {
                return Err(error);
            };
            let problems = Problems {
                password: Some(problem),
                ..Problems::default()
            };
            let mut page = form(&locale, error.reason.status(), &filled, problems)?;
            error.add_retry_after(&mut page);
            page.extensions_mut().insert(error);
            page.extensions_mut().insert(Shown::Already);
            Ok(page)
        }
    }
}

/// Signs out, and says so on the form.
pub(super) async fn sign_out(
    caller: Result<SignedIn, ApiError>,
    State(app): State<Arc<App>>,
    locale: Locale,
) -> Result<Response, ApiError> {
    let cookie = match caller {
        Ok(caller) => sign_in::sign_out(&app, &caller).await?,
        // The session has ended already.
        Err(error) if error.reason == Reason::Unauthorized => {
            SessionCookie::of(&app.public_url).clear()?
        }
        Err(error) => return Err(error),
    };
    let cookie = [(header::SET_COOKIE, cookie)];
    let address = locale.address(SIGN_IN, &[SIGNED_OUT]);
    Ok((cookie, Redirect::to(&address)).into_response())
}

fn read(t: &Texts, filled: &Filled) -> Result<SignIn, Problems> {
    let email = filled.email.as_text().map(sign_in::email);
    let password = filled.password.as_text();
    let organization = filled.organization_id.as_text().map(|id| id.trim().parse());
    match (email, password, organization.transpose()) {
        (Some(Ok(email)), Some(password), Ok(organization_id)) => Ok(SignIn {
            email,
            password: password.into(),
            organization_id,
        }),
        (email, password, organization) => Err(Problems {
            email: (!matches!(email, Some(Ok(_)))).then(|| t.email_expected.to_owned()),
            password: match password {
                None => Some(t.password_expected.to_owned()),
                // The organization does not exist.
                Some(_) => organization.is_err().then(|| t.wrong.to_owned()),
            },
        }),
    }
}

/// Returns the sentence for a person whose sign-in was refused; `None` if the person cannot change anything.
fn refusal(t: &Texts, error: &ApiError) -> Option<String> {
    match error.reason {
        Reason::Unauthorized => Some(t.wrong.to_owned()),
        Reason::RateLimited => {
            let seconds = error.retry_after.map_or(0, |wait| wait.as_secs());
            Some((t.too_many_attempts)(seconds / 60 + 1))
        }
        _ => None,
    }
}

/// Shows the form; a password is never shown again.
fn form(
    locale: &Locale,
    status: StatusCode,
    filled: &Filled,
    problems: Problems,
) -> Result<Response, ApiError> {
    let t = locale.language.texts();
    let has_problem = problems.email.is_some() || problems.password.is_some();
    let notice = if has_problem {
        None
    } else if locale.has(PASSWORD_SET) {
        Some(t.password_set)
    } else {
        locale.has(SIGNED_OUT).then_some(t.signed_out)
    };
    let email = Field::email(t.email, filled.email.as_text());
    let password = Field::password("password", "current-password", t.password);
    let organization = Field {
        kind: "text",
        max_length: MAX_ORGANIZATION_CHARS,
        required: false,
        value: filled.organization_id.as_text(),
        hint: Some(t.organization_hint.to_owned()),
        ..Field::password("organizationId", "off", t.organization)
    };
    let form = SignInPage {
        locale,
        t,
        notice,
        has_problem,
        fields: [
            Field {
                focus: !has_problem,
                ..email
            }
            .with_problem(problems.email),
            password.with_problem(problems.password),
        ],
        organization,
    };
    page(status, &form)
}
