//! The beginning of attempts: what of one queue is sent now.

use jiff::Timestamp;
use recado_store::{self as store, ApiKey, Begun, ChannelQueue, StoreError};

use super::waits::gather_time;
use crate::app::App;
use crate::app::clock::later;
use crate::send::limits;
use crate::send::places::SendPlace;

/// Attempts of one queue that are to be made.
pub(super) struct Making {
    /// `None` if it was deleted.
    pub(super) channel: Option<store::Channel>,
    pub(super) begun: Begun,
    /// A place for each attempt, and those that were not needed.
    pub(super) places: Vec<SendPlace>,
}

/// Begins attempts of one queue, one for each place.
pub(super) async fn begin(
    app: &App,
    queue: &ChannelQueue,
    places: Vec<SendPlace>,
    now: Timestamp,
) -> Result<Making, StoreError> {
    let (store, organization) = (&app.store, &queue.organization_id);
    // Before the attempts: what was begun is sent.
    let channel = store.get(organization, &queue.channel_id).await?;
    let owner = store.get_organization(organization).await?;
    let rate = owner.and_then(|owner| owner.messages_per_second);
    let key = match &queue.api_key_id {
        Some(id) => store.get::<ApiKey>(organization, id).await?,
        None => None,
    };
    let key_rate = key.as_ref().and_then(limits::of_key);
    let limits = channel
        .as_ref()
        .map(|channel| limits::of_queue(channel, rate, key_rate, app.rates.as_deref()));
    let limits = limits.unwrap_or_default();
    let most = u32::try_from(places.len()).unwrap_or(u32::MAX);
    let begun = store.begin_attempts(queue, now, most, &limits).await?;
    let gather = gather_time(&limits.all);
    let begun = Begun {
        limited_until: begun.limited_until.map(|until| later(until, gather)),
        ..begun
    };
    Ok(Making {
        channel,
        begun,
        places,
    })
}
