//! Deliveries: what became of each event at a webhook endpoint, and how it is sent again.

use recado_store::{DeliveryKey, DeliveryStatus};

use super::prelude::*;
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
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default)]
#[schema(example = json!({"from": "2026-11-22T12:00:00Z", "to": "2026-11-22T13:00:00Z"}))]
pub(crate) struct ReplayRange {
    /// The beginning of the time, as RFC 3339.
    #[validate(custom(function = "required"))]
    #[schema(value_type = String, format = DateTime, required = true)]
    from: TextField,
    /// The end of the time, as RFC 3339; an event of this very instant is not sent.
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
    next_attempt_at: Option<Timestamp>,
    /// The HTTP status of the last attempt; null if there was no answer.
    last_status: Option<u16>,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// The time at which it was created.
    created_at: Timestamp,
    /// When it arrived, was given up, or was found to have nothing to send.
    finished_at: Option<Timestamp>,
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
    at: Timestamp,
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
            next_attempt_at: delivery.next_at.map(Into::into),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            created_at: delivery.created_at.into(),
            finished_at: delivery.finished_at.map(Into::into),
        }
    }
}

impl From<store::DeliveryAttempt> for DeliveryAttempt {
    fn from(attempt: store::DeliveryAttempt) -> Self {
        Self {
            at: attempt.at.into(),
            status: attempt.status,
            duration_ms: u64::try_from(attempt.duration.as_millis()).unwrap_or(u64::MAX),
            error: attempt.error,
        }
    }
}

impl DeliveryQuery {
    fn status(&self) -> Result<Option<DeliveryStatus>, ApiError> {
        let status = self.status.as_deref().map(str::parse).transpose();
        let sentence = "Must be one of pending, delivered, failed, not_sent";
        status.map_err(|_| wrong("status", sentence))
    }
}

/// What names the delivery of a path; its endpoint exists.
async fn key(
    app: &App,
    organization_id: OrganizationId,
    (endpoint, delivery): (String, String),
) -> Result<DeliveryKey, ApiError> {
    let endpoint = parsed(&endpoint)?;
    let endpoint = find::<store::WebhookEndpoint>(app, &organization_id, &endpoint).await?;
    let event_id = event_of(&endpoint.id, &delivery);
    found(event_id.map(|event_id| DeliveryKey {
        event_id,
        endpoint_id: endpoint.id,
        organization_id,
    }))
}

async fn with_attempts(app: &App, key: &DeliveryKey) -> Answer<DeliveryWithAttempts> {
    let (delivery, attempts) = found(app.store.get_delivery(key).await?)?;
    Ok(Json(DeliveryWithAttempts {
        delivery: delivery.into(),
        attempts: attempts.into_iter().map(Into::into).collect(),
    }))
}

fn instant(name: &str, field: TextField) -> Result<jiff::Timestamp, FieldErrors> {
    let parsed = text(field).parse();
    parsed.map_err(|_| FieldErrors::field(name, "Expected a time such as 2026-11-22T12:00:00Z"))
}

/// List the deliveries of a webhook endpoint
///
/// Returns one entry for each event that was or will be sent to the endpoint, oldest first.
#[utoipa::path(get, path = "/webhook-endpoints/{id}/deliveries",
    params(FilteredListQuery<DeliveryQuery>),
    responses((status = 200, body = List<Delivery>)))]
pub(crate) async fn list_deliveries(
    caller: Caller<Reads>,
    Id(id): Id<WebhookEndpointId>,
    Query(query): Query<FilteredListQuery<DeliveryQuery>>,
) -> LongAnswer {
    let (page, status) = (query.list.page()?, query.filter.status()?);
    let endpoint = caller.find::<store::WebhookEndpoint>(&id).await?;
    let listed =
        (caller.app.store).list_deliveries(&caller.organization_id, &endpoint.id, status, &page);
    caller.answer(&List::of(listed.await?, Delivery::from))
}

/// Show a delivery with its attempts
///
/// Returns one delivery, and what came of each attempt to send it.
#[utoipa::path(get, path = "/webhook-endpoints/{id}/deliveries/{deliveryId}",
    responses((status = 200, description = "The delivery", body = DeliveryWithAttempts)))]
pub(crate) async fn show_delivery(
    caller: Caller<Reads>,
    Path(path): Path<(String, String)>,
) -> Answer<DeliveryWithAttempts> {
    let key = key(&caller.app, caller.organization_id, path).await?;
    with_attempts(&caller.app, &key).await
}

/// Replay a delivery
///
/// Sends the event once more, whether it arrived or not. Nothing is sent before the endpoint is enabled.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/deliveries/{deliveryId}/replay",
    responses((status = 200, description = "The delivery, which is pending again", body = DeliveryWithAttempts)))]
pub(crate) async fn replay_delivery(
    caller: Caller<Manages>,
    Path(path): Path<(String, String)>,
) -> Answer<DeliveryWithAttempts> {
    let key = key(&caller.app, caller.organization_id, path).await?;
    let now = caller.app.clock.now();
    if !caller.app.store.replay_delivery(&key, now).await? {
        return Err(missing::<DeliveryKey>());
    }
    with_attempts(&caller.app, &key).await
}

/// Skip a delivery that is pending
///
/// The delivery is `failed`, and the next one of its conversation is sent. A delivery that has arrived, or was given up, stays
/// as it is. A skipped delivery can be replayed.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/deliveries/{deliveryId}/skip",
    responses(
        (status = 200, description = "The delivery, which waits for nothing any more", body = DeliveryWithAttempts),
    ))]
pub(crate) async fn skip_delivery(
    caller: Caller<Manages>,
    Path(path): Path<(String, String)>,
) -> Answer<DeliveryWithAttempts> {
    let key = key(&caller.app, caller.organization_id, path).await?;
    let now = caller.app.clock.now();
    caller.app.store.skip_delivery(&key, now).await?;
    with_attempts(&caller.app, &key).await
}

/// Replay the events of a time
///
/// Sends these events once more, also those that the endpoint missed while it was disabled. Nothing is sent before the
/// endpoint is enabled.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/replay",
    request_body = ReplayRange,
    responses((status = 200, description = "How many events are delivered again", body = Replayed)))]
pub(crate) async fn replay_deliveries(
    caller: Caller<Manages>,
    Id(id): Id<WebhookEndpointId>,
    Body(range): Body<ReplayRange>,
) -> Answer<Replayed> {
    let (from, to) = (instant("from", range.from)?, instant("to", range.to)?);
    if from >= to {
        return Err(FieldErrors::field("to", "Must be later than from").into());
    }
    let endpoint = caller.find::<store::WebhookEndpoint>(&id).await?;
    let (organization, now) = (&caller.organization_id, caller.app.clock.now());
    let replay = (caller.app.store).replay_deliveries(organization, &endpoint.id, from, to, now);
    let replayed = replay.await?;
    Ok(Json(Replayed { replayed }))
}
