//! `/openapi.json`, and `/docs`: the same as a page to read and try, without anything from elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa_swagger_ui::Config;

use crate::extract::Path;
use crate::layers;

/// What the page may load: its own files, the pictures inside them, and answers of this server.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves the document and its page.
pub(crate) fn router(document: String) -> Router {
    let document = Bytes::from(document);
    let config = Arc::new(Config::from("/openapi.json"));
    Router::new()
        .route(
            "/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], document)),
        )
        // The page names its files relative to itself, so it has to end in a slash.
        .route("/docs", get(async || Redirect::temporary("/docs/")))
        .route(
            "/docs/",
            get({
                let config = Arc::clone(&config);
                async move || file("index.html", &config)
            }),
        )
        .route(
            "/docs/{file}",
            get(async move |Path(name): Path<String>| file(&name, &config)),
        )
}

fn file(name: &str, config: &Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(name, Arc::clone(config)) {
        Ok(Some(file)) => {
            // A copy for each request would be held for as long as the client does not read.
            let bytes = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            let kept = [
                (header::CONTENT_SECURITY_POLICY, PAGE),
                (header::CACHE_CONTROL, "public, max-age=3600"),
            ];
            ([(header::CONTENT_TYPE, file.content_type)], kept, bytes).into_response()
        }
        Ok(None) => layers::absent().into_response(),
        Err(error) => crate::error::ApiError::internal(error).into_response(),
    }
}
