//! Control of webhooks: registering them, and what was delivered.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::json::{OfProvider, data, parse};
use crate::sandbox::Sandbox;
use crate::webhooks::{Webhook, WebhookError};

pub(super) async fn list(State(sandbox): State<Sandbox>) -> Json<Value> {
    data(&sandbox.webhooks())
}

/// Registers a webhook; a failed handshake says what the receiver answered.
pub(super) async fn register(
    State(sandbox): State<Sandbox>,
    body: Bytes,
) -> Result<Response<Body>, Response<Body>> {
    let webhook: Webhook = parse(&body)?;
    let registered = sandbox.register_webhook(webhook).await;
    let webhook = registered.map_err(|error| refusal(&error))?;
    Ok((StatusCode::CREATED, Json(webhook)).into_response())
}

pub(super) async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_webhooks();
    StatusCode::NO_CONTENT
}

pub(super) async fn deliveries(
    State(sandbox): State<Sandbox>,
    Query(query): Query<OfProvider>,
) -> Json<Value> {
    let deliveries = sandbox.state().outbox.deliveries(query.provider);
    data(&deliveries)
}

fn refusal(error: &WebhookError) -> Response<Body> {
    let mut answer = json!({"error": error.to_string()});
    if let WebhookError::Handshake { status, body } = error {
        answer["handshake"] = json!({"status": status, "body": body});
    }
    (StatusCode::BAD_REQUEST, Json(answer)).into_response()
}
