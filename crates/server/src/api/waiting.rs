//! What a server answers while it waits for its database.

use axum::Router;
use axum::routing::get;

use super::error::{ApiError, Reason};
use super::router::layered;
use super::routes::health;

/// Returns the routes of a server that has no database yet: it runs, and is not ready.
pub(crate) fn router() -> Router {
    let routes = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(async || health::unavailable()))
        .fallback(async || {
            ApiError::new(
                Reason::Unavailable,
                "Recado waits for its database; nothing was sent",
            )
        });
    layered(routes)
}
