//! Whether a channel can send, as its provider says.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use recado_providers::{ErrorKind, HealthState};
use serde::Serialize;
use utoipa::ToSchema;

use super::channels::find;
use crate::app::App;
use crate::auth::{Caller, need};
use crate::error::{ApiError, Reason};
use crate::extract::Path;
use crate::openapi::{KEY, failures};

failures!(CheckFailures: KEY, &[Reason::ChannelNotFound]);

/// Whether a channel can send.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelCheck {
    /// `connected`, `disconnected`, `needs_pairing`, `unpaid`, `restricted`, `unauthorized`, `misconfigured` or `unavailable`.
    #[schema(value_type = String)]
    state: &'static str,
    /// What the provider says.
    detail: Option<String>,
}

/// Ask the provider whether the channel can send
#[utoipa::path(post, path = "/channels/{id}/check", operation_id = "checkChannel", tag = "Channels", params(("id" = String, Path)), responses((status = 200, description = "What the provider says", body = ChannelCheck), CheckFailures))]
pub(crate) async fn check(
    Caller {
        organization_id, ..
    }: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<ChannelCheck>, ApiError> {
    let channel = find(&app, &organization_id, &id).await?;
    let (state, detail) = match app.channels().ready(&channel) {
        Ok(ready) => match ready.health().await {
            Ok(health) => (state_of(health.state), health.detail),
            Err(error) => (failure_of(error.kind), Some(error.message)),
        },
        Err(error) if error.reason == Reason::ChannelMisconfigured => {
            ("misconfigured", Some(error.message))
        }
        Err(error) if error.reason == Reason::ChannelUnauthorized => {
            ("unauthorized", Some(error.message))
        }
        Err(error) => return Err(error),
    };
    Ok(Json(ChannelCheck { state, detail }))
}

const fn state_of(state: HealthState) -> &'static str {
    match state {
        HealthState::Connected => "connected",
        HealthState::Disconnected => "disconnected",
        HealthState::NeedsPairing => "needs_pairing",
        HealthState::Unpaid => "unpaid",
    }
}

const fn failure_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => "unauthorized",
        ErrorKind::Misconfigured
        | ErrorKind::InvalidRecipient
        | ErrorKind::ContentRefused
        | ErrorKind::Rejected => "misconfigured",
        ErrorKind::NotConnected | ErrorKind::WindowClosed => "disconnected",
        ErrorKind::BillingBlocked => "unpaid",
        ErrorKind::Restricted => "restricted",
        ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Indeterminate => "unavailable",
    }
}
