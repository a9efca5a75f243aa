//! Pausing a channel, and resuming it.

use super::shape::{Channel, shape};
use crate::api::routes::prelude::*;

/// Pause a channel
///
/// From now on, queued messages of the channel wait, also new ones, and sends whose caller waits for the answer are refused
/// with 409 `channel_paused`. What is under way is finished. A message still has to leave within 24 hours of its time.
/// A channel that does not work is paused by Recado, and is resumed by Recado too, unless a request pauses it meanwhile.
#[utoipa::path(post, path = "/channels/{id}/pause",
    responses((status = 200, description = "The channel, which is paused", body = Channel)))]
pub(crate) async fn pause_channel(
    caller: Caller<Manages>,
    Id(id): Id<ChannelId>,
) -> Answer<Channel> {
    let (app, organization) = (&caller.app, &caller.organization_id);
    let paused = app.store.pause_channel(organization, &id, &caller.author);
    let paused = found(paused.await?)?;
    Ok(Json(shape(app, paused, Secrets::Shown)?))
}

/// Resume a paused channel
///
/// Its queued messages are sent, in their order and as fast as the limits allow.
#[utoipa::path(post, path = "/channels/{id}/resume",
    responses((status = 200, description = "The channel, which is not paused", body = Channel)))]
pub(crate) async fn resume_channel(
    caller: Caller<Manages>,
    Id(id): Id<ChannelId>,
) -> Answer<Channel> {
    let (app, organization) = (&caller.app, &caller.organization_id);
    let resumed = app.store.resume_channel(organization, &id, &caller.author);
    let resumed = found(resumed.await?)?;
    Ok(Json(shape(app, resumed, Secrets::Shown)?))
}
