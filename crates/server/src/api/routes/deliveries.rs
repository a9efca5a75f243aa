//! Deliveries: what became of each event at a webhook endpoint, and how it is sent again.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use recado_core::fields::required;
use recado_core::{FieldErrors, OrganizationId, TextField};
use recado_store::{self as store, DeliveryKey, DeliveryStatus, WebhookEndpointId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::listing::{FilteredListQuery, List, wrong};
use super::{checked, text};
use crate::api::auth::{Caller, need};
use crate::api::body::Body;
use crate::api::error::ApiError;
use crate::api::extract::{Path, Query};
use crate::api::noun::{Id, Noun, found, parsed};
use crate::api::openapi::words;
use crate::api::routes::lookup;
use crate::api::time::rfc3339;
use crate::app::App;
use crate::delivery::{delivery_id, event_of};

/// Which deliveries are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// Lists only the deliveries with this status.
    #[param(value_type = Option<words::DeliveryStatus>, inline)]
    status: Option<String>,
}

/// The time of the events that are sent again.
#[derive(Deserialize, Validate, ToSchema)]
#[schema(example = json!({"from": "2026-11-22T12:00:00Z", "to": "2026-11-22T13:00:00Z"}))]
pub(crate) struct ReplayRange {
    /// The beginning of the time, as RFC 3339.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = DateTime, required = true)]
    from: TextField,
    /// The end of the time, as RFC 3339; an event of this very instant is not sent.
    #[serde(default)]
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = DateTime, required = true)]
    to: TextField,
}

/// How many events are sent again.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// The number of events.
    replayed: u64,
}

/// The sending of one event to one webhook endpoint.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivery {
    /// The id of the delivery. The receiver sees it as `webhook-id`, the same in every attempt.
    id: String,
    /// The id of the event.
    event_id: String,
    /// The conversation of the event. The deliveries of one conversation keep their order.
    conversation_id: Option<String>,
    /// How far the delivery has come.
    #[schema(value_type = words::DeliveryStatus)]
    status: &'static str,
    /// The number of attempts so far.
    attempt_count: u32,
    /// When it is tried next; null when it is finished, or waits for the one before it in its conversation.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// The HTTP status of the last attempt; null if there was no answer.
    last_status: Option<u16>,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// The time at which it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it arrived, was given up, or was found to have nothing to send.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

/// A delivery with its attempts.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryWithAttempts {
    #[serde(flatten)]
    delivery: Delivery,
    /// The attempts, oldest first.
    attempts: Vec<DeliveryAttempt>,
}

/// One attempt of a delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryAttempt {
    /// When the attempt began.
    #[schema(format = DateTime)]
    at: String,
    /// The receiver's HTTP status; null if there was no answer.
    status: Option<u16>,
    /// How long the attempt took, in milliseconds.
    duration_ms: u64,
    /// Why the attempt failed; null if it did not.
    error: Option<String>,
}

impl From<store::Delivery> for Delivery {
    fn from(delivery: store::Delivery) -> Self {
        Self {
            id: delivery_id(&delivery.key),
            event_id: delivery.key.event_id.to_string(),
            conversation_id: delivery.conversation_id.map(String::from),
            status: delivery.status.as_str(),
            attempt_count: delivery.attempts,
            next_attempt_at: delivery.next_at.map(rfc3339),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            created_at: rfc3339(delivery.created_at),
            finished_at: delivery.finished_at.map(rfc3339),
        }
    }
}

impl From<store::DeliveryAttempt> for DeliveryAttempt {
    fn from(attempt: store::DeliveryAttempt) -> Self {
        Self {
            at: rfc3339(attempt.at),
            status: attempt.status,
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            error: attempt.error,
        }
    }
}

impl DeliveryQuery {
    fn status(&self) -> Result<Option<DeliveryStatus>, ApiError> {
        let text = self.status.as_deref();
        text.map(|text| {
            text.parse().map_err(|_| {
                wrong(
                    "status",
                    "Must be one of pending, delivered, failed, not_sent",
                )
            })
        })
        .transpose()
    }
}

/// What names the delivery of a path; its endpoint exists.
async fn key(
    app: &App,
    organization_id: OrganizationId,
    (endpoint, delivery): (String, String),
) -> Result<DeliveryKey, ApiError> {
    let endpoint = lookup::webhook_endpoint(app, &organization_id, &parsed(&endpoint)?).await?;
    let event_id = event_of(&endpoint.id, &delivery);
    found(event_id.map(|event_id| DeliveryKey {
        event_id,
        endpoint_id: endpoint.id,
        organization_id,
    }))
}

async fn with_attempts(
    app: &App,
    key: &DeliveryKey,
) -> Result<Json<DeliveryWithAttempts>, ApiError> {
    let (delivery, attempts) = found(app.store.get_delivery(key).await?)?;
    Ok(Json(DeliveryWithAttempts {
        delivery: delivery.into(),
        attempts: attempts.into_iter().map(Into::into).collect(),
    }))
}

fn instant(name: &str, field: TextField) -> Result<Timestamp, FieldErrors> {
    let parsed = text(field).parse();
    parsed.map_err(|_| FieldErrors::field(name, "Expected a time such as 2026-11-22T12:00:00Z"))
}

/// List the deliveries of a webhook endpoint
///
/// Returns one entry for each event that was or will be sent to the endpoint, oldest first.
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}/deliveries",
    operation_id = "listDeliveries",
    tag = "Webhook endpoints",
    params(FilteredListQuery<DeliveryQuery>),
    responses((status = 200, description = "One part of the list", body = List<Delivery>)),
)]
pub(crate) async fn list(
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Id(id): Id<WebhookEndpointId>,
    Query(query): Query<FilteredListQuery<DeliveryQuery>>,
) -> Result<Response, ApiError> {
    let (page, status) = (query.list.page()?, query.filter.status()?);
    let endpoint = lookup::webhook_endpoint(&app, &caller.organization_id, &id).await?;
    let listed = app
        .store
        .list_deliveries(&caller.organization_id, &endpoint.id, status, &page)
        .await?;
    let list = List::of(listed, Delivery::from);
    app.memory.answer(Some(&caller.organization_id), &list)
}

/// Show a delivery with its attempts
///
/// Returns one delivery, and what came of each attempt to send it.
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}/deliveries/{deliveryId}",
    operation_id = "showDelivery",
    tag = "Webhook endpoints",
    responses((status = 200, description = "The delivery", body = DeliveryWithAttempts)),
)]
pub(crate) async fn show(
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<DeliveryWithAttempts>, ApiError> {
    let key = key(&app, caller.organization_id, path).await?;
    with_attempts(&app, &key).await
}

/// Replay a delivery
///
/// Sends the event once more, whether it arrived or not. Nothing is sent before the endpoint is enabled.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/deliveries/{deliveryId}/replay",
    operation_id = "replayDelivery",
    tag = "Webhook endpoints",
    responses((status = 200, description = "The delivery, which is pending again", body = DeliveryWithAttempts)),
)]
pub(crate) async fn replay(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<DeliveryWithAttempts>, ApiError> {
    let key = key(&app, caller.organization_id, path).await?;
    if !app.store.replay_delivery(&key, app.clock.now()).await? {
        return Err(ApiError::not_found(DeliveryKey::MISSING));
    }
    with_attempts(&app, &key).await
}

/// Skip a delivery that is pending
///
/// The delivery is `failed`, and the next one of its conversation is sent. A delivery that has arrived, or was given up, stays
/// as it is. A skipped delivery can be replayed.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/deliveries/{deliveryId}/skip",
    operation_id = "skipDelivery",
    tag = "Webhook endpoints",
    responses((status = 200, description = "The delivery, which waits for nothing any more", body = DeliveryWithAttempts)),
)]
pub(crate) async fn skip(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(path): Path<(String, String)>,
) -> Result<Json<DeliveryWithAttempts>, ApiError> {
    let key = key(&app, caller.organization_id, path).await?;
    app.store.skip_delivery(&key, app.clock.now()).await?;
    with_attempts(&app, &key).await
}

/// Replay the events of a time
///
/// Sends these events once more, also those that the endpoint missed while it was disabled. Nothing is sent before the
/// endpoint is enabled.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/replay",
    operation_id = "replayDeliveries",
    tag = "Webhook endpoints",
    request_body = ReplayRange,
    responses((status = 200, description = "How many events are delivered again", body = Replayed)),
)]
pub(crate) async fn replay_range(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<WebhookEndpointId>,
    Body(range): Body<ReplayRange>,
) -> Result<Json<Replayed>, ApiError> {
    let range = checked(range)?;
    let (from, to) = (instant("from", range.from)?, instant("to", range.to)?);
    if from >= to {
        return Err(FieldErrors::field("to", "Must be later than from").into());
    }
    let endpoint = lookup::webhook_endpoint(&app, &caller.organization_id, &id).await?;
    let replayed = app
        .store
        .replay_deliveries(
            &caller.organization_id,
            &endpoint.id,
            from,
            to,
            app.clock.now(),
        )
        .await?;
    Ok(Json(Replayed { replayed }))
}
