//! The limits of a channel's sends, and how much is left of them.

use std::time::Duration;

use recado_core::capabilities::{Basis, Rate, SendLimit};
use recado_providers::messages_per_second;
use recado_store::{LimitLeft, SendLimits};
use serde_json::Number;

use crate::api::routes::prelude::*;
use crate::send::limits;

/// The limits of the rate of a channel's sends.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelLimits {
    /// One entry for each limit that applies; a limit that does not apply has no entry.
    data: Vec<ChannelLimit>,
}

/// A limit of the rate of sends: so many messages in so many seconds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChannelLimit {
    /// Whose limit it is: of the `channel`; of each `recipient`, who is one person or group; of the `organization`, over all its
    /// channels; or of the `api_key` of this request.
    #[schema(value_type = words::SendLimit)]
    limit: SendLimit,
    /// How many messages are sent in the time.
    messages: u32,
    /// The time, in seconds.
    #[schema(value_type = f64)]
    seconds: Number,
    /// How many messages can be sent at once. At a `recipient`, no more are sent afterwards until the time for all of them has
    /// passed.
    burst: u32,
    /// How the limit is known; null if it is set on this server.
    #[schema(value_type = Option<words::LimitBasis>)]
    basis: Option<Basis>,
    /// Where the limit is published, or what sets it.
    #[schema(value_type = String)]
    source: &'static str,
    /// How many messages can be sent now; null at a `recipient`, since it differs for each of them.
    left: Option<u32>,
    /// When the whole burst can be sent again; null if it can be sent now, and at a `recipient`.
    full_at: Option<Timestamp>,
}

/// Show the limits of a channel
///
/// Returns the limits of the rate at which messages are sent over the channel, and how much is left of them. They hold for
/// all servers together. A send that a limit does not allow yet is refused with 429 `rate_limited`, and takes nothing of any limit.
#[utoipa::path(get, path = "/channels/{id}/limits",
    responses((status = 200, description = "The limits", body = ChannelLimits)))]
pub(crate) async fn show_channel_limits(
    caller: Caller<Reads>,
    Id(id): Id<ChannelId>,
) -> Answer<ChannelLimits> {
    let (app, organization) = (&caller.app, &caller.organization_id);
    let channel = caller.find::<store::Channel>(&id).await?;
    let own = found(app.store.get_organization(organization).await?)?;
    let ready = app.channels().ready(&channel)?;
    let carries = ready.capabilities();
    let applying = SendLimits {
        api_key: caller.key_rate.clone(),
        ..limits::of_channel(&channel, carries, own.messages_per_second)
    };
    let left = app
        .store
        .limits_left(organization, &id, &applying, app.clock.now());
    let left = left.await?;
    let set = |source| (None, source);
    let published = carries
        .send_rate
        .map(|it| (Some(it.source.basis), it.source.text));
    let of_channel = match messages_per_second(&channel.settings) {
        Some(_) => set("messagesPerSecond in the settings of the channel"),
        None => published.unwrap_or(set("")),
    };
    let of_key = applying.api_key.map(|(_, rate)| rate);
    let mut data = Vec::new();
    let mut add = |limit, rate: Option<Rate>, origin| {
        data.extend(rate.map(|rate| entry(limit, rate, origin, &left)));
    };
    add(SendLimit::Channel, applying.channel, of_channel);
    add(
        SendLimit::Organization,
        applying.organization,
        set("the operator of this server"),
    );
    add(
        SendLimit::ApiKey,
        of_key,
        set("messagesPerMinute of the API key"),
    );
    if let Some(pair) = carries.pair_rate {
        let origin = (Some(pair.source.basis), pair.source.text);
        let entry = entry(SendLimit::Recipient, pair.rate(), origin, &left);
        let burst = pair.burst.get();
        data.insert(data.len().min(1), ChannelLimit { burst, ..entry });
    }
    Ok(Json(ChannelLimits { data }))
}

fn entry(
    limit: SendLimit,
    rate: Rate,
    (basis, source): (Option<Basis>, &'static str),
    left: &[LimitLeft],
) -> ChannelLimit {
    let left = left.iter().find(|left| left.limit == limit);
    let messages = rate.messages().get();
    ChannelLimit {
        limit,
        messages,
        seconds: seconds(rate.period()),
        burst: messages,
        basis,
        source,
        left: left.map(|left| left.left),
        full_at: left.and_then(|left| left.full_at).map(Into::into),
    }
}

/// Returns a whole number if it is one.
fn seconds(time: Duration) -> Number {
    let exact = Number::from_f64(time.as_secs_f64()).filter(|_| time.subsec_nanos() > 0);
    exact.unwrap_or_else(|| time.as_secs().into())
}
