//! Whether the server runs, and whether it can work.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Anyone;

/// The state of the server, also when it cannot work: that is for whoever spreads the load, and no error
/// of a request, so it has no `reason`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or `unavailable` when the database does not answer.
    #[schema(value_type = String)]
    status: &'static str,
}

/// The process answers
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "Operations", responses((status = 200, description = "It runs", body = Health)))]
pub(crate) async fn healthz(_: Anyone) -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The server can work: its database answers and takes writes
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "Operations", responses((status = 200, description = "It can work", body = Health), (status = 503, description = "The database does not answer", body = Health)))]
pub(crate) async fn readyz(_: Anyone, State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    match app.readiness.check(&app.store).await {
        Ok(()) => (StatusCode::OK, Json(Health { status: "ok" })),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(Health {
                    status: "unavailable",
                }),
            )
        }
    }
}
