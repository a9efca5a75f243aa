//! What the pages have in common: their addresses, their visitor, and how an error looks.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use recado_store::User;

use super::locale::Locale;
use super::texts::Texts;
use crate::api::auth::SignedIn;
use crate::api::error::{ApiError, Reason};
use crate::app::App;

pub(super) const SIGN_IN: &str = "/sign-in";
pub(super) const SIGN_OUT: &str = "/sign-out";
pub(crate) const DOCS: &str = "/docs/";

/// What a page may load and where its forms may go: this server alone, and no script.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The person who is signed in and looks at a page, if there is one.
pub(super) struct Visitor(pub(super) Option<User>);

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match SignedIn::from_request_parts(parts, app).await {
            Ok(signed_in) => Ok(Self(Some(signed_in.user))),
            Err(error) => match error.reason {
                // Without a session, with one that has ended, or with an API key.
                Reason::Unauthorized | Reason::OrganizationSuspended | Reason::Forbidden => {
                    Ok(Self(None))
                }
                _ => Err(error),
            },
        }
    }
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Result<Response, ApiError> {
    let html = Html(template.render().map_err(ApiError::internal)?);
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((status, policy, html).into_response())
}

/// How a person sees the error that a response carries.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    /// The response is a page that says what is wrong.
    Already,
    /// As the page of [`problem`].
    As(Locale),
}

/// A title and a sentence, for what is not a form.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message<'a> {
    pub(super) locale: &'a Locale,
    pub(super) t: &'static Texts,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) request_id: Option<&'a str>,
    pub(super) sign_in: String,
}

pub(crate) fn problem(locale: &Locale, error: ApiError, request_id: &str) -> Response {
    let t = locale.language.texts();
    let text = match error.reason {
        Reason::Forbidden => t.problem_forbidden,
        Reason::Unavailable => t.problem_unavailable,
        _ => t.problem_other,
    };
    let message = Message {
        locale,
        t,
        title: t.problem,
        text,
        request_id: Some(request_id),
        sign_in: locale.address(SIGN_IN, &[]),
    };
    match page(error.reason.status(), &message) {
        Ok(mut page) => {
            error.add_retry_after(&mut page);
            page
        }
        Err(_) => error.render(request_id),
    }
}
