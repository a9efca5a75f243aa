//! `/set-password/{secret}`: where a one-time link leads. To look at the form does not use the link up.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use recado_core::TextField;
use serde::Deserialize;
use validator::Validate;

use super::form::Field;
use super::locale::Locale;
use super::page::{Message, SIGN_IN, page};
use super::sign_in::{ORGANIZATION, PASSWORD_SET};
use super::texts::Texts;
use crate::api::auth::SigningIn;
use crate::api::body::SmallBody;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::Path;
use crate::app::App;
use crate::sign_in::passwords::PASSWORD_CHARS;
use crate::sign_in::set_password_by_link;

/// The filled form; the e-mail address in it is for the browser's list of passwords.
#[derive(Default, Deserialize, Validate)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Filled {
    password: TextField,
    repeated_password: TextField,
}

/// What is wrong with the filled form, at its field.
#[derive(Default)]
struct Problems {
    password: Option<String>,
    repeated_password: Option<String>,
}

#[derive(Template)]
#[template(path = "set_password.html")]
struct SetPasswordPage<'a> {
    locale: &'a Locale,
    t: &'static Texts,
    has_problem: bool,
    fields: [Field<'a>; 3],
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    locale: Locale,
    Path(secret): Path<String>,
) -> Result<Response, ApiError> {
    match app.store.find_link(&secret, app.clock.now()).await? {
        Some(user) => form(&locale, StatusCode::OK, &user.email, Problems::default()),
        None => ended(&locale),
    }
}

/// Sets the password and leads to the sign-in, or shows the form again with what is wrong.
pub(super) async fn submit(
    SigningIn { app, address }: SigningIn,
    locale: Locale,
    Path(secret): Path<String>,
    SmallBody(filled): SmallBody<Filled>,
) -> Result<Response, ApiError> {
    let t = locale.language.texts();
    let Some(user) = app.store.find_link(&secret, app.clock.now()).await? else {
        return ended(&locale);
    };
    let again = |problems| form(&locale, StatusCode::BAD_REQUEST, &user.email, problems);
    let password = filled.password.as_text().unwrap_or_default();
    if password != filled.repeated_password.as_text().unwrap_or_default() {
        return again(Problems {
            repeated_password: Some(t.passwords_differ.to_owned()),
            ..Problems::default()
        });
    }
    match set_password_by_link(&app, &secret, password.into(), address).await {
        Ok(Some(user)) => {
            let organization = (ORGANIZATION, user.organization_id.as_str());
            let address = locale.address(SIGN_IN, &[organization, PASSWORD_SET]);
            Ok(Redirect::to(&address).into_response())
        }
        Ok(None) => ended(&locale),
        Err(error) if error.reason == Reason::InvalidBody => {
            let (fewest, most) = PASSWORD_CHARS;
            again(Problems {
                password: Some((t.password_length)(fewest, most)),
                ..Problems::default()
            })
        }
        Err(error) => Err(error),
    }
}

/// Shows the form of the user with that e-mail address.
fn form(
    locale: &Locale,
    status: StatusCode,
    email: &str,
    problems: Problems,
) -> Result<Response, ApiError> {
    let t = locale.language.texts();
    let has_problem = problems.password.is_some() || problems.repeated_password.is_some();
    let (fewest, most) = PASSWORD_CHARS;
    let account = Field {
        read_only: true,
        ..Field::email(t.email, Some(email))
    };
    let password = Field {
        focus: !has_problem,
        hint: Some((t.password_hint)(fewest, most)),
        ..Field::password("password", "new-password", t.new_password)
    };
    let repeated = Field::password("repeatedPassword", "new-password", t.repeated_password);
    let form = SetPasswordPage {
        locale,
        t,
        has_problem,
        fields: [
            account,
            password.with_problem(problems.password),
            repeated.with_problem(problems.repeated_password),
        ],
    };
    page(status, &form)
}

/// Says that the link does not work, or not any more.
fn ended(locale: &Locale) -> Result<Response, ApiError> {
    let t = locale.language.texts();
    let message = Message {
        locale,
        t,
        title: t.link_ended,
        text: t.link_ended_hint,
        request_id: None,
        sign_in: locale.address(SIGN_IN, &[]),
    };
    page(StatusCode::NOT_FOUND, &message)
}
