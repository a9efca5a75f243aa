//! Sending messages: one file for each kind, and what all kinds share.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::response::{AppendHeaders, IntoResponse as _};
use recado_core::request::SendRequest;
use recado_core::{Status, Warning};
use recado_providers::Preview;

use self::limits::Limits;
use super::messages::Message;
use super::prelude::*;
use crate::api::extract::DryRunSwitch;
use crate::api::idempotency::Replayed;
use crate::api::openapi::PROVIDER;
use crate::api::timing::AskedTiming;
use crate::costs::estimate::MessageCost;
use crate::send;
use crate::send::outcome;
use crate::send::timing::Timing;

pub(crate) mod batch;
pub(crate) mod buttons;
pub(crate) mod cta_url;
mod limits;
pub(crate) mod list;
pub(crate) mod location;
pub(crate) mod location_request;
pub(crate) mod message;
pub(crate) mod resend;
pub(crate) mod text;

failures!(SendFailures: PROVIDER, &[
    Reason::UnsupportedChannel,
    Reason::ForeignAgent,
    Reason::AgentNotFound,
    Reason::ConversationNotFound,
    Reason::MessageNotFound,
    Reason::RequestInProgress,
    Reason::MessageCanceled,
    Reason::RateLimited,
    Reason::ChannelOverBudget,
    Reason::TooManyButtons,
    Reason::ContentRefused,
    Reason::WindowClosed,
    Reason::ChannelPaused,
    Reason::QueueFull,
    Reason::InvalidRecipient,
    Reason::MessageExpired,
]);

/// The query, for the documentation; it is read as [`DryRunSwitch`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    non_snake_case,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
pub(crate) struct SendQuery {
    /// With `true`, `1`, `yes` or an empty value, answers with the exact provider request and sends nothing.
    /// Any other value but `false`, `0` and `no` is an error, and so is another spelling of the name.
    dryRun: Option<bool>,
    /// From when on the message may be sent, at most 30 days ahead: a time with its offset, such as `2026-12-01T09:00:00-03:00`.
    /// The answer is 202, and the queue sends the message.
    sendAt: Option<Timestamp>,
}

/// The header, for the documentation; it is read as [`AskedTiming`].
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
pub(crate) struct PreferParameter {
    /// With `respond-async` the message is stored and answered with 202, and the queue sends it; it is tried again if
    /// surely nothing was sent. Other preferences are ignored.
    #[param(rename = "Prefer")]
    prefer: Option<String>,
}

/// The answer to a send that the provider accepted, or that waits in the queue.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    /// Always true. An error has another status and no `success`.
    success: bool,
    /// The message as it was stored.
    message: Message,
}

/// The answer to a send with `dryRun=true`: the request that the provider would get.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DryRun {
    /// Always true: nothing was sent.
    #[serde(rename = "dryRun")]
    sends_nothing: bool,
    /// The request to the provider.
    request: ProviderRequest,
    /// The limits of the provider, which the message keeps.
    limits: Limits,
    /// What may look wrong on the phone.
    warnings: Vec<Warning>,
    /// The fields that the provider carries in another form, or not at all; `warnings` says how.
    degraded: Vec<String>,
    /// What the message would cost; null if the provider says nothing about prices.
    cost: Option<MessageCost>,
}

/// A request to a provider, with its secrets blanked.
#[derive(Serialize, ToSchema)]
struct ProviderRequest {
    /// The HTTP method.
    method: String,
    /// The URL.
    url: String,
    /// The headers, by name.
    headers: BTreeMap<String, String>,
    /// The JSON body.
    #[schema(value_type = Object)]
    body: Value,
}

/// Either answer of a send.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "describes the answers to the OpenAPI document; nothing constructs it"
)]
pub(crate) enum SendAnswer {
    Sent(Box<Sent>),
    DryRun(Box<DryRun>),
}

impl From<Preview> for ProviderRequest {
    fn from(preview: Preview) -> Self {
        Self {
            method: preview.method,
            url: preview.url,
            headers: preview.headers.into_iter().collect(),
            body: preview.body,
        }
    }
}

/// What a send asks for besides its message.
pub(crate) struct Asked {
    pub(crate) switch: DryRunSwitch,
    pub(crate) timing: AskedTiming,
    pub(crate) key: KeyHeader,
}

impl FromRequestParts<Arc<App>> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        Ok(Self {
            switch: DryRunSwitch::from_request_parts(parts, app).await?,
            timing: AskedTiming::from_request_parts(parts, app).await?,
            key: KeyHeader::from_request_parts(parts, app).await?,
        })
    }
}

/// Sends or queues a message of any kind, or shows what would be sent, with the limits of its kind.
async fn answer(caller: Caller<Sends>, asked: Asked, request: SendRequest) -> LongAnswer {
    let (organization, timing) = (&caller.organization_id, asked.timing.timing());
    let DryRunSwitch(sends_nothing) = asked.switch;
    if !sends_nothing {
        return send_now(&caller, asked, request).await;
    }
    let kind = request.content.kind();
    let ready = send::check(&caller.app, organization, request, timing).await?;
    let channel = ready.channel();
    let limits = Limits::of(kind, channel.capabilities());
    let limits = limits.ok_or_else(|| ApiError::internal("a checked message has no limits"))?;
    let preview = channel
        .preview(&ready.outbound())
        .map_err(|error| ApiError::from(&error))?;
    let cost = match ready.chargeable() {
        Some(message) => Some(message.cost(&caller.app, organization).await?),
        None => None,
    };
    let dry_run = DryRun {
        cost,
        sends_nothing,
        request: preview.into(),
        limits,
        warnings: ready.warnings().to_vec(),
        degraded: Warning::degraded_fields(ready.warnings()),
    };
    Ok(Json(dry_run).into_response())
}

/// Sends or queues a message, and answers with it: 200 with its outcome, or 202 while it waits.
async fn send_now(caller: &Caller<Sends>, asked: Asked, request: SendRequest) -> LongAnswer {
    let timing = asked.timing.timing();
    let key = asked.key.asking(asked.timing.asked()).key();
    let sent = send_for(caller, request, key, timing).await?;
    let replayed = sent.is_replayed.then_some(Replayed);
    let status = status_of(&sent.message);
    let location = AppendHeaders([(LOCATION, format!("/messages/{}", sent.message.id))]);
    let (success, message) = (true, sent.message.into());
    let body = Json(Sent { success, message });
    if status == StatusCode::OK {
        return Ok((replayed, body).into_response());
    }
    let applied = asked.timing.applied();
    Ok((status, replayed, applied, location, body).into_response())
}

/// Sends or queues a message of the caller, at the rate of the caller's key.
async fn send_for(
    caller: &Caller<Sends>,
    request: SendRequest,
    key: Option<IdempotencyKey>,
    timing: Timing,
) -> Result<outcome::Sent, ApiError> {
    let (app, organization) = (&caller.app, &caller.organization_id);
    let rate = caller.key_rate.clone();
    send::send(app, organization, request, key, timing, rate).await
}

/// Returns the status of the answer with a message: 202 while it waits.
fn status_of(message: &store::Message) -> StatusCode {
    match message.status {
        Status::Queued | Status::Sending => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    }
}
