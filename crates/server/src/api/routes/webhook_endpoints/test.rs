//! A test event is sent to a webhook endpoint.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::api::auth::{Caller, need};
use crate::api::error::{ApiError, Reason};
use crate::api::extract::Path;
use crate::api::openapi::{KEY, failures};
use crate::app::App;
use crate::delivery;

failures!(TestFailures: KEY, &[Reason::WebhookEndpointNotFound]);

/// The result of a test delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookTest {
    /// The receiver's HTTP status; null if there was no answer.
    status: Option<u16>,
    /// How long the call took, in milliseconds.
    duration_ms: u64,
    /// Why a delivery like this would be tried again; null if it would have arrived.
    error: Option<String>,
}

/// Test a webhook endpoint
///
/// Sends an event of type `webhook.test` at once, and returns what the receiver answered. The event is not stored.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/test",
    operation_id = "testWebhookEndpoint",
    tag = "Webhook endpoints",
    params(("id" = String, Path, description = "The id of the webhook endpoint.")),
    responses(
        (status = 200, description = "What the receiver answered", body = WebhookTest),
        TestFailures,
    ),
)]
pub(crate) async fn test(
    Caller {
        organization_id, ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<WebhookTest>, ApiError> {
    let endpoint = find(&app, &organization_id, &id).await?;
    let answered = delivery::test(&app, &endpoint).await?;
    Ok(Json(WebhookTest {
        status: answered.status,
        duration_ms: u64::try_from(answered.duration.as_millis()).unwrap_or(u64::MAX),
        error: answered.error,
    }))
}
