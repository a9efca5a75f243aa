//! `/openapi.json`, and `/docs`: the same as a page to read and try, without anything from elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa_swagger_ui::Config;

use super::assets::CACHED;
use super::locale::{Language, Locale};
use super::texts::Texts;
use crate::error::ApiError;
use crate::extract::Path;
use crate::layers;

/// What the page may load: its own files, the pictures inside them, and answers of this server. Swagger UI
/// sets styles of its elements by script.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
);

/// The files of Swagger UI that the page loads.
const SWAGGER_FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs<'a> {
    locale: &'a Locale,
    t: &'static Texts,
}

/// Serves the document and its page.
pub(super) fn router<S: Clone + Send + Sync + 'static>(document: String) -> Router<S> {
    let document = Bytes::from(document);
    Router::new()
        .route(
            "/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], document)),
        )
        .route("/docs", get(async || Redirect::temporary("/docs/")))
        .route("/docs/", get(show))
        .route(
            "/docs/{file}",
            get(async |Path(name): Path<String>| file(&name)),
        )
}

/// Shows the introduction, and Swagger UI below it.
async fn show(locale: Locale) -> Result<Response, ApiError> {
    let docs = Docs {
        locale: &locale,
        t: locale.language.texts(),
    };
    let html = Html(docs.render().map_err(ApiError::internal)?);
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], html).into_response())
}

fn file(name: &str) -> Response {
    if !SWAGGER_FILES.contains(&name) {
        return layers::absent().into_response();
    }
    match utoipa_swagger_ui::serve(name, Arc::new(Config::from("/openapi.json"))) {
        Ok(Some(file)) => {
            // A copy for each request would be held for as long as the client does not read.
            let bytes = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            let headers = [
                (header::CONTENT_TYPE, file.content_type.as_str()),
                (header::CACHE_CONTROL, CACHED),
            ];
            (headers, bytes).into_response()
        }
        Ok(None) => layers::absent().into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
