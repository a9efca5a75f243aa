//! Whether the server runs, and whether it can work.

use axum::extract::State;

use super::prelude::*;
use crate::api::auth::Anyone;

/// The state of the server.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, `unavailable` when the database does not answer, or `stopping` when the server is about to stop.
    status: HealthStatus,
}

/// Whether the server can work.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    Ok,
    Unavailable,
    Stopping,
}

/// Tell whether the process runs
///
/// Answers 200 as long as the process runs, whatever the state of the database.
#[utoipa::path(get, path = "/healthz",
    responses((status = 200, description = "It runs", body = Health)))]
pub(crate) async fn healthz(_: Anyone) -> Json<Health> {
    Json(Health {
        status: HealthStatus::Ok,
    })
}

/// Tell whether the server can work
///
/// Answers 200 if the database answers and takes writes, and the server is not about to stop. Load balancers ask this
/// before they send requests.
#[utoipa::path(get, path = "/readyz",
    responses(
        (status = 200, description = "It can work", body = Health),
        (status = 503, description = "The database does not answer, or the server is about to stop", body = Health),
    ))]
pub(crate) async fn readyz(_: Anyone, State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    if app.draining.is_cancelled() {
        return unready(HealthStatus::Stopping);
    }
    match app.readiness.check(&app.store).await {
        Ok(()) => (StatusCode::OK, healthz(Anyone).await),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            unavailable()
        }
    }
}

/// Returns the answer of a server whose database does not answer.
pub(crate) fn unavailable() -> (StatusCode, Json<Health>) {
    unready(HealthStatus::Unavailable)
}

fn unready(status: HealthStatus) -> (StatusCode, Json<Health>) {
    (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status }))
}
