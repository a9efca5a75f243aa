//! The pages for people: signing in and out, setting a password, and the documentation of the API.

mod assets;
mod docs;
mod form;
mod locale;
mod set_password;
mod sign_in;
mod texts;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::api::auth::SignedIn;
use crate::api::error::{ApiError, Reason};
use crate::app::App;
use locale::Locale;
use recado_store::User;
use texts::Texts;

const SIGN_IN: &str = "/sign-in";
const SIGN_OUT: &str = "/sign-out";
pub(crate) const DOCS: &str = "/docs/";

/// What a page may load and where its forms may go: this server alone, and no script.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Serves the pages and what they load; `document` is the `OpenAPI` document.
pub(crate) fn router(document: String) -> Router<Arc<App>> {
    Router::new()
        .route(SIGN_IN, get(sign_in::show).post(sign_in::submit))
        .route(SIGN_OUT, post(sign_in::sign_out))
        .route(
            "/set-password/{secret}",
            get(set_password::show).post(set_password::submit),
        )
        .route(DOCS, get(docs::show))
        .layer(from_fn(show_errors))
        .merge(docs::files(document))
        .merge(assets::router())
}

/// The person who is signed in and looks at a page, if there is one.
struct Visitor(Option<User>);

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

/// Answers with a page.
fn page(status: StatusCode, template: &impl Template) -> Result<Response, ApiError> {
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

/// Lets a person see errors as pages.
async fn show_errors(locale: Locale, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let extensions = response.extensions_mut();
    if extensions.get::<ApiError>().is_some() {
        extensions.get_or_insert_with(|| Shown::As(locale));
    }
    response
}

/// A title and a sentence, for what is not a form.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    locale: &'a Locale,
    t: &'static Texts,
    title: &'a str,
    text: &'a str,
    request_id: Option<&'a str>,
    sign_in: String,
}

/// Renders an error as a page.
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
