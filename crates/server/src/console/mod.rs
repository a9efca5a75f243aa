//! The pages for people: signing in and out, setting a password, and the documentation of the API.

mod assets;
mod docs;
mod form;
mod locale;
pub(crate) mod page;
mod set_password;
mod sign_in;
mod texts;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};

use crate::api::error::ApiError;
use crate::app::App;
use locale::Locale;
use page::{DOCS, SIGN_IN, SIGN_OUT, Shown};

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

/// Lets a person see errors as pages.
async fn show_errors(locale: Locale, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let extensions = response.extensions_mut();
    if extensions.get::<ApiError>().is_some() {
        extensions.get_or_insert_with(|| Shown::As(locale));
    }
    response
}
