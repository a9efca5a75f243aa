//! A test event is sent to a webhook endpoint.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use recado_store::WebhookEndpointId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::auth::{Caller, need};
use crate::api::error::ApiError;
use crate::api::noun::Id;
use crate::api::routes::lookup;
use crate::app::App;
use crate::delivery;

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
    responses((status = 200, description = "What the receiver answered", body = WebhookTest)),
)]
pub(crate) async fn test(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Json<WebhookTest>, ApiError> {
    let endpoint = lookup::webhook_endpoint(&app, &caller.organization_id, &id).await?;
    let answered = delivery::test(&app, &endpoint).await?;
    Ok(Json(WebhookTest {
        status: answered.status,
        duration_ms: u64::try_from(answered.duration.as_millis()).unwrap_or(u64::MAX),
        error: answered.error,
    }))
}
