//! The secret of a webhook endpoint is replaced.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use recado_store::{StoreError, WebhookEndpointId};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::new_secret;
use crate::api::auth::{Caller, need};
use crate::api::error::{ApiError, Reason};
use crate::api::noun::{Id, Noun};
use crate::api::openapi::failures;
use crate::api::time::rfc3339;
use crate::app::App;

failures!(RotateFailures: &[Reason::RateLimited]);

/// How long a secret that was replaced signs as well.
const OLD_SECRET_SIGNS_FOR: Duration = Duration::from_hours(24);

/// The new secret of a webhook endpoint.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RotatedSecret {
    /// The secret that signs the calls from now on. It is shown this once.
    secret: String,
    /// Until when the secret before it signs as well.
    #[schema(format = DateTime)]
    previous_until: String,
}

/// Rotate the secret of a webhook endpoint
///
/// The answer has the new secret, which cannot be shown again. Every secret that was replaced within the last 24 hours signs as
/// well; ten secrets sign at most.
#[utoipa::path(
    post,
    path = "/webhook-endpoints/{id}/rotate-secret",
    operation_id = "rotateWebhookSecret",
    tag = "Webhook endpoints",
    responses(
        (status = 200, description = "The new secret, shown this once", body = RotatedSecret),
        RotateFailures,
    ),
)]
pub(crate) async fn rotate_secret(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Json<RotatedSecret>, ApiError> {
    let secret = new_secret()?;
    let until = caller
        .author
        .at
        .checked_add(OLD_SECRET_SIGNS_FOR)
        .unwrap_or(Timestamp::MAX);
    app.store
        .rotate_webhook_secret(
            &caller.organization_id,
            &id,
            secret.clone(),
            until,
            &caller.author,
        )
        .await
        .map_err(|error| refused_rotation(error, caller.author.at))?
        .ok_or_else(|| ApiError::not_found(WebhookEndpointId::MISSING))?;
    Ok(Json(RotatedSecret {
        secret: secret.expose_secret().to_owned(),
        previous_until: rfc3339(until),
    }))
}

/// Why a secret was not replaced.
fn refused_rotation(error: StoreError, now: Timestamp) -> ApiError {
    let StoreError::TooManySecrets { limit, until } = error else {
        return error.into();
    };
    let message = format!(
        "Rotated too often: {limit} secrets of this webhook endpoint sign; the oldest one stops at {}",
        rfc3339(until)
    );
    ApiError {
        retry_after: until.duration_since(now).try_into().ok(),
        ..ApiError::new(Reason::RateLimited, message)
    }
}
