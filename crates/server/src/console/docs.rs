//! `/openapi.json`, and `/docs`: the same as a page to read and try, without anything from elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use recado_store::User;
use utoipa_swagger_ui::Config;

use super::assets::CACHED;
use super::locale::{Language, Locale};
use super::page::{DOCS, SIGN_IN, SIGN_OUT, Visitor, page};
use super::sign_in::NEXT_DOCS;
use super::texts::Texts;
use crate::api::error::ApiError;
use crate::api::extract::Path;

/// What the page may load: its own files, the pictures inside them, and answers of this server. Swagger UI
/// sets styles of its elements by script.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The files of Swagger UI that the page loads.
const SWAGGER_FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs<'a> {
    locale: &'a Locale,
    t: &'static Texts,
    user: Option<&'a User>,
    role: &'static str,
    sign_in: String,
    sign_out: String,
}

/// Serves the document, and the files of the page.
pub(super) fn files<S: Clone + Send + Sync + 'static>(document: String) -> Router<S> {
    let document = Bytes::from(document);
    Router::new()
        .route(
            "/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], document)),
        )
        .route("/", get(async || Redirect::temporary(DOCS)))
        .route("/docs", get(async || Redirect::temporary(DOCS)))
        .route(
            "/docs/{file}",
            get(async |Path(name): Path<String>| file(&name)),
        )
}

/// Shows the introduction, and Swagger UI below it.
pub(super) async fn show(locale: Locale, Visitor(user): Visitor) -> Result<Response, ApiError> {
    let t = locale.language.texts();
    let docs = Docs {
        locale: &locale,
        t,
        user: user.as_ref(),
        role: user.as_ref().map_or("", |user| (t.role_name)(user.role)),
        sign_in: locale.address(SIGN_IN, &[NEXT_DOCS]),
        sign_out: locale.address(SIGN_OUT, &[]),
    };
    let mut page = page(StatusCode::OK, &docs)?;
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    Ok(page)
}

fn file(name: &str) -> Response {
    if !SWAGGER_FILES.contains(&name) {
        return ApiError::no_route().into_response();
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
        Ok(None) => ApiError::no_route().into_response(),
        Err(error) => ApiError::internal(error).into_response(),
    }
}
