//! The pages for people: the documentation of the API.

mod assets;
mod docs;
mod locale;
mod texts;

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// Serves the pages and what they load; `document` is the `OpenAPI` document.
pub(crate) fn router(document: String) -> Router<Arc<App>> {
    docs::router(document).merge(assets::router())
}
