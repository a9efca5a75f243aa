//! Where the providers call back: taps, texts and statuses come in here.

pub(crate) mod calls;

use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::response::IntoResponse as _;
use recado_core::Provider;
use recado_providers::{Admission, Channel, WebhookCall, WebhookHead, WebhookRefused};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::prelude::*;
use crate::api::auth::ProviderProof;
use crate::inbound::worker;
use crate::memory::budget::Room;
use crate::memory::reading;
use crate::telemetry::log_organization;

/// What every call may be answered.
const CALL: &[Reason] = &[
    Reason::InvalidBody,
    Reason::BodyTooLarge,
    Reason::NotFound,
    Reason::Internal,
    Reason::Unavailable,
];
failures!(VerificationFailures: CALL, &[Reason::Forbidden]);
failures!(CallFailures: CALL, &[Reason::Unauthorized]);

/// Most bytes of a call; Meta's have up to 3 MB.
const MAX_CALL_BYTES: usize = 4 * 1024 * 1024;

/// Answer Meta's verification of a webhook
///
/// Meta calls this once, when the callback URL is set in its App Dashboard. The answer is the challenge of the request if
/// the verify token is right.
#[utoipa::path(get, path = "/webhooks/whatsapp/{channelId}",
    operation_id = "verifyWhatsAppWebhook",
    responses((status = 200, description = "The challenge"), VerificationFailures))]
pub(crate) async fn verify_whatsapp_webhook(
    _: ProviderProof,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> LongAnswer {
    take(&app, Provider::WhatsApp, &id, None, request).await
}

/// Take a webhook call of Meta
///
/// Meta calls this with messages and statuses. The call is stored before it is answered, and must be signed with the app secret.
#[utoipa::path(post, path = "/webhooks/whatsapp/{channelId}",
    operation_id = "takeWhatsAppWebhook",
    responses((status = 200, description = "Kept"), CallFailures))]
pub(crate) async fn take_whatsapp_webhook(
    _: ProviderProof,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> LongAnswer {
    take(&app, Provider::WhatsApp, &id, None, request).await
}

/// Take a webhook call of Z-API
///
/// Z-API calls this with messages and statuses. The call is stored before it is answered.
#[utoipa::path(post, path = "/webhooks/zapi/{channelId}/{secret}",
    responses((status = 200, description = "Kept"), CallFailures))]
pub(crate) async fn take_zapi_webhook(
    _: ProviderProof,
    State(app): State<Arc<App>>,
    Path((id, secret)): Path<(String, String)>,
    request: Request,
) -> LongAnswer {
    take(&app, Provider::Zapi, &id, Some(&secret), request).await
}

/// Take a webhook call of ZapperHUB
///
/// ZapperHUB calls this with messages and statuses. The call is stored before it is answered.
#[utoipa::path(post, path = "/webhooks/zapperhub/{channelId}/{secret}",
    operation_id = "takeZapperHubWebhook",
    responses((status = 200, description = "Kept"), CallFailures))]
pub(crate) async fn take_zapperhub_webhook(
    _: ProviderProof,
    State(app): State<Arc<App>>,
    Path((id, secret)): Path<(String, String)>,
    request: Request,
) -> LongAnswer {
    take(&app, Provider::ZapperHub, &id, Some(&secret), request).await
}

/// Proves a call, keeps its raw body, and only then answers 200.
async fn take(
    app: &Arc<App>,
    provider: Provider,
    id: &str,
    url_secret: Option<&str>,
    request: Request,
) -> LongAnswer {
    let (channel, secret) = find(app, provider, id, url_secret).await?;
    log_organization(&channel.organization_id);
    // What is wrong with the channel is not for its callers.
    let ready = app
        .channels()
        .ready(&channel)
        .map_err(|error| ApiError::internal(error.message))?;
    let (parts, body) = request.into_parts();
    // Nothing of a body is read that cannot be proved.
    let head = WebhookHead::new(&parts.method, url_secret, &parts.headers, &secret);
    ready
        .verify_webhook_head(&head)
        .map_err(|refused| refuse(&channel, &parts.method, refused))?;
    let budget = match url_secret {
        // It is the channel's: a call with another one was not let in.
        Some(_) => &app.intake.proved_bodies,
        None => &app.intake.bodies,
    };
    let mut room = budget.room(Some(&channel.organization_id));
    let body = reading::read(body, MAX_CALL_BYTES, &mut room).await?;
    let call = WebhookCall::new(head, parts.uri.query().unwrap_or_default(), &body);
    match ready.verify_webhook(&call) {
        Ok(Admission::Challenge(challenge)) => return Ok(challenge.into_response()),
        Ok(Admission::Deliver) => {}
        Err(refused) => return Err(refuse(&channel, &parts.method, refused)),
    }
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    keep(app, ready, channel, content_type, body, room).await?;
    Ok(Json(json!({"success": true})).into_response())
}

/// The channel of a webhook URL; a wrong secret is as good as a wrong path, also for a channel that cannot verify
/// calls because its credentials are wrong.
async fn find(
    app: &App,
    provider: Provider,
    id: &str,
    url_secret: Option<&str>,
) -> Result<(store::Channel, SecretString), ApiError> {
    let id: ChannelId = id.parse().map_err(|_| ApiError::no_route())?;
    let channel = app.store.get_channel_by_id(&id).await?;
    let channel = channel
        .filter(|channel| channel.provider == provider)
        .ok_or_else(ApiError::no_route)?;
    let secret = app.store.secrets(&channel)?.webhook_secret;
    let known = url_secret.is_none_or(|given| {
        secret
            .expose_secret()
            .as_bytes()
            .ct_eq(given.as_bytes())
            .into()
    });
    if known {
        Ok((channel, secret))
    } else {
        Err(ApiError::no_route())
    }
}

/// Meta's handshake wants 403; every other call without proof is 401.
fn refuse(channel: &store::Channel, method: &Method, refused: WebhookRefused) -> ApiError {
    metrics::counter!("recado_webhook_refused_total", "provider" => channel.provider.as_str())
        .increment(1);
    tracing::warn!(channel_id = %channel.id, provider = %channel.provider, %refused, "a webhook call was refused");
    let reason = if method == Method::GET {
        Reason::Forbidden
    } else {
        Reason::Unauthorized
    };
    ApiError::new(reason, refused.to_string())
}

/// Keeps the raw body on disk, and has it applied.
async fn keep(
    app: &Arc<App>,
    ready: Arc<dyn Channel>,
    channel: store::Channel,
    content_type: Option<&str>,
    body: Vec<u8>,
    room: Room,
) -> Result<(), ApiError> {
    let call = store::WebhookCall {
        id: format!("whc_{}", app.uuid().simple()),
        organization_id: channel.organization_id,
        channel_id: channel.id,
        content_type: content_type.map(str::to_owned),
        body,
        received_at: app.clock.now(),
    };
    worker::keep(app, ready, call, room).await
}
