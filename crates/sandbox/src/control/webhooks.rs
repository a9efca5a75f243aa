//! Control of webhooks: registering them, and listing their deliveries.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde_json::Value;

use super::json::{Created, OfProvider, Parsed, Refusal, created, data};
use crate::sandbox::Sandbox;
use crate::webhooks::Webhook;

pub(super) async fn list(State(sandbox): State<Sandbox>) -> Json<Value> {
    data(&sandbox.webhooks())
}

pub(super) async fn register(
    State(sandbox): State<Sandbox>,
    Parsed(webhook): Parsed<Webhook>,
) -> Result<Created<Webhook>, Refusal> {
    Ok(created(sandbox.register_webhook(webhook).await?))
}

pub(super) async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.clear_webhooks();
    StatusCode::NO_CONTENT
}

pub(super) async fn deliveries(
    State(sandbox): State<Sandbox>,
    Query(query): Query<OfProvider>,
) -> Json<Value> {
    data(&sandbox.state().outbox.deliveries(query.provider))
}
