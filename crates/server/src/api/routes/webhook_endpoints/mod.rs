//! Webhook endpoints: URLs to which events are sent; their secrets are shown once.

use std::time::Duration;

use recado_core::event::EventType;
use recado_store::{HeaderChange, WebhookFormat};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::prelude::*;
use crate::app::clock::later;
use crate::delivery::{self, fresh_secret};

mod form;

use form::{NewWebhookEndpoint, WebhookEndpointPatch};

failures!(CreateFailures: &[Reason::LimitReached, Reason::WebhookEndpointNotFound]);

/// A URL to which events of the organization are sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookEndpoint {
    /// The id of the webhook endpoint.
    id: String,
    /// The URL that events are sent to; callers without the scope `manage` see its scheme and host alone.
    url: String,
    /// The types of events that are sent; an empty list means every type.
    #[schema(value_type = Vec<words::EventType>)]
    events: Vec<&'static str>,
    /// The form in which events are sent.
    #[schema(value_type = words::WebhookFormat)]
    format: &'static str,
    /// The header that goes with every call; its value is never shown.
    header: Option<Header>,
    /// The secret that signs the calls, by the Standard Webhooks scheme. It is shown when the endpoint is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
    /// Since when nothing is sent to the endpoint: you disabled it, it answered 410, or it failed for five days.
    disabled_at: Option<Timestamp>,
    /// Since when no call succeeded; null if the last one did.
    failing_since: Option<Timestamp>,
    /// The time at which it was created.
    created_at: Timestamp,
    /// The time of its last change.
    updated_at: Timestamp,
}

/// The name of a header that goes with every call. Its value is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookHeader)]
struct Header {
    /// The name of the header.
    name: String,
}

impl WebhookEndpoint {
    fn of(app: &App, endpoint: store::WebhookEndpoint, shown: Secrets) -> Result<Self, ApiError> {
        let secrets = app.store.endpoint_secrets(&endpoint)?;
        // The path of a URL is often a secret, as the value of a header is.
        let url = match shown {
            Secrets::Shown => endpoint.url,
            Secrets::Hidden => origin(&endpoint.url)?,
        };
        Ok(Self {
            id: endpoint.id.to_string(),
            url,
            events: endpoint.events.into_iter().map(EventType::as_str).collect(),
            format: endpoint.format.as_str(),
            header: secrets.header.map(|header| Header { name: header.name }),
            secret: None,
            disabled_at: endpoint.disabled_at.map(Into::into),
            failing_since: endpoint.failing_since.map(Into::into),
            created_at: endpoint.created_at.into(),
            updated_at: endpoint.updated_at.into(),
        })
    }
}

fn origin(url: &str) -> Result<String, ApiError> {
    let url = Url::parse(url).map_err(ApiError::internal)?;
    Ok(url.origin().ascii_serialization())
}

fn new_secret() -> Result<SecretString, ApiError> {
    fresh_secret().map_err(ApiError::internal)
}

/// Create a webhook endpoint
///
/// Events of the organization are sent to its URL from now on, signed by the Standard Webhooks scheme. The answer has the
/// secret, which is shown again only to a repeat with the same `Idempotency-Key`.
#[utoipa::path(post, path = "/webhook-endpoints",
    params(KeyParameter),
    request_body = NewWebhookEndpoint,
    responses(
        (status = 201, description = "Created; the secret is shown now, and to a repeat with the same `Idempotency-Key`", body = WebhookEndpoint),
        CreateFailures,
    ))]
pub(crate) async fn create_webhook_endpoint(
    caller: Caller<Manages>,
    key: KeyHeader,
    Body(new): Body<NewWebhookEndpoint>,
) -> Created<WebhookEndpoint> {
    let (caller, given) = (&caller, key.key());
    let (app, organization) = (&caller.app, &caller.organization_id);
    let author = caller.author.clone().with_key(given.clone());
    let make = async {
        let endpoint = make_endpoint(app, organization, new, &author).await?;
        with_secret(app, endpoint)
    };
    let show = |first: FirstRequest| async move {
        let endpoint = caller.find(&parsed(&first.target)?).await?;
        with_secret(app, endpoint)
    };
    once(app, Some(organization), given.as_ref(), show, make).await
}

async fn make_endpoint(
    app: &App,
    organization: &OrganizationId,
    new: NewWebhookEndpoint,
    author: &Author,
) -> Result<store::WebhookEndpoint, ApiError> {
    let format = form::format(&new.format)?.unwrap_or(WebhookFormat::Recado);
    let events = form::events(new.events)?.unwrap_or_default();
    let endpoint = store::NewWebhookEndpoint {
        id: WebhookEndpointId::from_uuid(app.uuid()),
        organization_id: organization.clone(),
        url: form::url(&app.http, &text(new.url))?,
        events: form::events_of_format(format, events)?,
        format,
        secret: new_secret()?,
        header: form::header(new.header)?,
        created_at: app.clock.now(),
    };
    let limit = app.max_webhook_endpoints;
    let creation = app.store.create_webhook_endpoint(endpoint, limit, author);
    creation.await
        .map_err(|error| match error {
            StoreError::TooManyWebhookEndpoints { limit } => ApiError::new(
                Reason::LimitReached,
                format!("The organization has {limit} webhook endpoints, and may not have more: delete one first"),
            ),
            error => error.into(),
        })
}

/// Shows an endpoint that is created, with its secret.
fn with_secret(app: &App, endpoint: store::WebhookEndpoint) -> Result<WebhookEndpoint, ApiError> {
    let secret = app.store.endpoint_secrets(&endpoint)?.current;
    Ok(WebhookEndpoint {
        secret: Some(secret.expose_secret().to_owned()),
        ..WebhookEndpoint::of(app, endpoint, Secrets::Shown)?
    })
}

/// List webhook endpoints
///
/// Returns the webhook endpoints of the organization, oldest first, without their secrets.
#[utoipa::path(get, path = "/webhook-endpoints",
    params(ListQuery),
    responses((status = 200, body = List<WebhookEndpoint>)))]
pub(crate) async fn list_webhook_endpoints(
    caller: Caller<Reads>,
    secrets: Secrets,
    query: ListQuery,
) -> LongAnswer {
    let shape = |endpoint| WebhookEndpoint::of(&caller.app, endpoint, secrets);
    caller.try_list(query, shape).await
}

/// Show a webhook endpoint
///
/// Returns one webhook endpoint of the organization, without its secret.
#[utoipa::path(get, path = "/webhook-endpoints/{id}",
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint)))]
pub(crate) async fn show_webhook_endpoint(
    caller: Caller<Reads>,
    secrets: Secrets,
    Id(id): Id<WebhookEndpointId>,
) -> Answer<WebhookEndpoint> {
    let endpoint = caller.find::<store::WebhookEndpoint>(&id).await?;
    Ok(Json(WebhookEndpoint::of(&caller.app, endpoint, secrets)?))
}

/// Change a webhook endpoint
///
/// Fields that are left out stay. An endpoint that is enabled again gets what waited for it.
#[utoipa::path(patch, path = "/webhook-endpoints/{id}",
    request_body = WebhookEndpointPatch,
    responses((status = 200, description = "The endpoint as it is now", body = WebhookEndpoint)))]
pub(crate) async fn update_webhook_endpoint(
    caller: Caller<Manages>,
    Id(id): Id<WebhookEndpointId>,
    Body(patch): Body<WebhookEndpointPatch>,
) -> Answer<WebhookEndpoint> {
    let present = caller.find::<store::WebhookEndpoint>(&id).await?;
    let (format, events) = (form::format(&patch.format)?, form::events(patch.events)?);
    let events = if format.is_none() && events.is_none() {
        None
    } else {
        let events = events.unwrap_or(present.events);
        let format = format.unwrap_or(present.format);
        Some(form::events_of_format(format, events)?)
    };
    let url = patch.url.into_text();
    let change = store::WebhookEndpointChange {
        url: url
            .map(|url| form::url(&caller.app.http, &url))
            .transpose()?,
        events,
        format,
        header: match patch.header {
            None => HeaderChange::Keep,
            Some(header) => form::header(header)?.map_or(HeaderChange::Remove, HeaderChange::Set),
        },
        enabled: form::enabled(&patch.enabled)?,
    };
    let changed = caller.app.store.update_webhook_endpoint(
        &caller.organization_id,
        &present.id,
        change,
        &caller.author,
    );
    let endpoint = found(changed.await?)?;
    Ok(Json(WebhookEndpoint::of(
        &caller.app,
        endpoint,
        Secrets::Shown,
    )?))
}

/// Delete a webhook endpoint
///
/// Its deliveries are deleted with it, and those that wait are not sent.
#[utoipa::path(delete, path = "/webhook-endpoints/{id}",
    responses((status = 204)))]
pub(crate) async fn delete_webhook_endpoint(
    caller: Caller<Manages>,
    Id(id): Id<WebhookEndpointId>,
) -> Result<StatusCode, ApiError> {
    caller.delete(&id, Store::delete_webhook_endpoint).await
}

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
    previous_until: Timestamp,
}

/// Rotate the secret of a webhook endpoint
///
/// The answer has the new secret, which cannot be shown again. Every secret that was replaced within the last 24 hours signs as
/// well; ten secrets sign at most.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/rotate-secret",
    responses((status = 200, description = "The new secret, shown this once", body = RotatedSecret), RotateFailures))]
pub(crate) async fn rotate_webhook_secret(
    caller: Caller<Manages>,
    Id(id): Id<WebhookEndpointId>,
) -> Answer<RotatedSecret> {
    let secret = new_secret()?;
    let until = later(caller.author.at, OLD_SECRET_SIGNS_FOR);
    let (organization, author) = (&caller.organization_id, &caller.author);
    let rotation =
        (caller.app.store).rotate_webhook_secret(organization, &id, secret.clone(), until, author);
    rotation
        .await
        .map_err(|error| refused_rotation(error, author.at))?
        .ok_or_else(missing::<WebhookEndpointId>)?;
    Ok(Json(RotatedSecret {
        secret: secret.expose_secret().to_owned(),
        previous_until: until.into(),
    }))
}

/// Why a secret was not replaced.
fn refused_rotation(error: StoreError, now: jiff::Timestamp) -> ApiError {
    let StoreError::TooManySecrets { limit, until } = error else {
        return error.into();
    };
    let message = format!(
        "Rotated too often: {limit} secrets of this webhook endpoint sign; the oldest one stops at {}",
        Timestamp::from(until)
    );
    ApiError {
        retry_after: until.duration_since(now).try_into().ok(),
        ..ApiError::new(Reason::RateLimited, message)
    }
}

/// The result of a test delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookTest {
    /// The receiver's HTTP status; null if there was no answer.
    status: Option<u16>,
    /// How long the call took, in milliseconds.
    duration_ms: u64,
    /// Why a delivery like this would be tried again; null if it would have arrived.
    error: Option<String>,
}

/// Test a webhook endpoint
///
/// Sends an event of type `webhook.test` at once, and returns what the receiver answered. The event is not stored.
#[utoipa::path(post, path = "/webhook-endpoints/{id}/test",
    responses((status = 200, description = "What the receiver answered", body = WebhookTest)))]
pub(crate) async fn test_webhook_endpoint(
    caller: Caller<Manages>,
    Id(id): Id<WebhookEndpointId>,
) -> Answer<WebhookTest> {
    let endpoint = caller.find::<store::WebhookEndpoint>(&id).await?;
    let answered = delivery::test(&caller.app, &endpoint).await?;
    Ok(Json(WebhookTest {
        status: answered.status,
        duration_ms: u64::try_from(answered.duration.as_millis()).unwrap_or(u64::MAX),
        error: answered.error,
    }))
}
