//! Whether a channel can send, as its provider says.

use recado_providers::{Channel, ErrorKind, HealthState};

use crate::api::routes::prelude::*;
use crate::channels::pauses;

/// Whether a channel can send: only a `connected` one can.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChannelState {
    Connected,
    Disconnected,
    NeedsPairing,
    Unpaid,
    Restricted,
    Unauthorized,
    Misconfigured,
    Unavailable,
}

/// The state of a channel, as its provider tells it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelCheck {
    /// Whether the channel can send, and why not.
    state: ChannelState,
    /// What the provider says, or what went wrong when it was asked.
    detail: Option<String>,
}

/// Check whether a channel can send
///
/// Asks the provider about the number and its credentials. If the channel can send, and was paused because it did
/// not work, one of its queued messages tries it; if none is due, it is resumed.
#[utoipa::path(post, path = "/channels/{id}/check",
    responses((status = 200, description = "What the provider says", body = ChannelCheck)))]
pub(crate) async fn check_channel(
    caller: Caller<Manages>,
    Id(id): Id<ChannelId>,
) -> Answer<ChannelCheck> {
    let channel = caller.find::<store::Channel>(&id).await?;
    let (state, detail) = match caller.app.channels().ready(&channel) {
        Ok(ready) => match ready.health().await {
            Ok(health) => {
                if channel.paused.is_some() && health.state == HealthState::Connected {
                    let of_channel = (&channel.organization_id, &id);
                    pauses::try_again(&caller.app, of_channel, true).await;
                }
                (state_of(health.state), health.detail)
            }
            Err(error) => (failure_of(error.kind), Some(error.message)),
        },
        Err(error) if error.reason == Reason::ChannelMisconfigured => {
            (ChannelState::Misconfigured, Some(error.message))
        }
        Err(error) if error.reason == Reason::ChannelUnauthorized => {
            (ChannelState::Unauthorized, Some(error.message))
        }
        Err(error) => return Err(error),
    };
    Ok(Json(ChannelCheck { state, detail }))
}

/// Asks the provider of a channel that is about to be created whether it can send.
pub(super) async fn require_connected(channel: &dyn Channel) -> Result<(), ApiError> {
    let problem = match channel.health().await {
        Ok(health) if health.state == HealthState::Connected => return Ok(()),
        Ok(health) => {
            let state = match health.state {
                HealthState::Unpaid => "the account is not paid",
                _ => "the number is not connected to WhatsApp",
            };
            let detail = health.detail.map(|detail| format!(": {detail}"));
            format!("{state}{}", detail.unwrap_or_default())
        }
        Err(error) => error.message,
    };
    let message = format!("The channel was not created, as it cannot send: {problem}");
    Err(ApiError::new(Reason::CheckFailed, message))
}

const fn state_of(state: HealthState) -> ChannelState {
    match state {
        HealthState::Connected => ChannelState::Connected,
        HealthState::NeedsPairing => ChannelState::NeedsPairing,
        HealthState::Unpaid => ChannelState::Unpaid,
        _ => ChannelState::Disconnected,
    }
}

const fn failure_of(kind: ErrorKind) -> ChannelState {
    match kind {
        ErrorKind::Unauthorized => ChannelState::Unauthorized,
        ErrorKind::NotConnected | ErrorKind::WindowClosed => ChannelState::Disconnected,
        ErrorKind::BillingBlocked => ChannelState::Unpaid,
        ErrorKind::Restricted => ChannelState::Restricted,
        ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Indeterminate => {
            ChannelState::Unavailable
        }
        _ => ChannelState::Misconfigured,
    }
}
