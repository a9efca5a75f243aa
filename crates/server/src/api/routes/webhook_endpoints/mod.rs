//! Webhook endpoints: URLs to which events are sent; their secrets are shown once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use recado_core::event::EventType;
use recado_store::{self as store, HeaderChange, StoreError, WebhookEndpointId, WebhookFormat};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use super::listing::{List, ListQuery};
use super::{Secrets, checked, text};
use crate::api::auth::{Caller, need};
use crate::api::body::Body;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::Query;
use crate::api::noun::{Id, deleted, found};
use crate::api::openapi::{failures, words};
use crate::api::routes::lookup;
use crate::api::time::rfc3339;
use crate::app::App;
use crate::delivery::fresh_secret;

mod form;
mod secret;
mod test;

use form::{NewWebhookEndpoint, WebhookEndpointPatch};
pub(crate) use secret::*;
pub(crate) use test::*;

failures!(CreateFailures: &[Reason::LimitReached]);

/// A URL to which events of the organization are sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookEndpoint {
    /// The id of the webhook endpoint.
    id: String,
    /// The URL that events are sent to; callers without the scope `manage` see its scheme and host alone.
    url: String,
    /// The types of events that are sent; all if there are none.
    #[schema(value_type = Vec<words::EventType>)]
    events: Vec<&'static str>,
    /// The form in which events are sent.
    #[schema(value_type = words::WebhookFormat)]
    format: &'static str,
    /// The header that goes with every call; its value is never shown.
    header: Option<Header>,
    /// The secret that signs the calls, by the Standard Webhooks scheme. It is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    secret: Option<String>,
    /// Since when nothing is sent to the endpoint: you disabled it, it answered 410, or it failed for five days.
    #[schema(format = DateTime)]
    disabled_at: Option<String>,
    /// Since when no call succeeded; null if the last one did.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// The time at which it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// The time of its last change.
    #[schema(format = DateTime)]
    updated_at: String,
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
            disabled_at: endpoint.disabled_at.map(rfc3339),
            failing_since: endpoint.failing_since.map(rfc3339),
            created_at: rfc3339(endpoint.created_at),
            updated_at: rfc3339(endpoint.updated_at),
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
/// secret, which cannot be shown again.
#[utoipa::path(
    post,
    path = "/webhook-endpoints",
    operation_id = "createWebhookEndpoint",
    tag = "Webhook endpoints",
    request_body = NewWebhookEndpoint,
    responses(
        (status = 201, description = "Created; the secret is shown this once", body = WebhookEndpoint),
        CreateFailures,
    ),
)]
pub(crate) async fn create(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Body(new): Body<NewWebhookEndpoint>,
) -> Result<(StatusCode, Json<WebhookEndpoint>), ApiError> {
    let new = checked(new)?;
    let format = form::format(&new.format)?.unwrap_or(WebhookFormat::Recado);
    let events = form::events(new.events)?.unwrap_or_default();
    let secret = new_secret()?;
    let endpoint = store::NewWebhookEndpoint {
        id: WebhookEndpointId::from_uuid(app.uuid()),
        organization_id: caller.organization_id,
        url: form::url(&app.http, &text(new.url))?,
        events: form::events_of_format(format, events)?,
        format,
        secret: secret.clone(),
        header: form::header(new.header)?,
        created_at: app.clock.now(),
    };
    let limit = app.max_webhook_endpoints;
    let endpoint = app
        .store
        .create_webhook_endpoint(endpoint, limit, &caller.author)
        .await
        .map_err(|error| match error {
            StoreError::TooManyWebhookEndpoints { limit } => ApiError::new(
                Reason::LimitReached,
                format!("The organization has {limit} webhook endpoints, and may not have more: delete one first"),
            ),
            error => error.into(),
        })?;
    let shown = WebhookEndpoint {
        secret: Some(secret.expose_secret().to_owned()),
        ..WebhookEndpoint::of(&app, endpoint, Secrets::Shown)?
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// List webhook endpoints
///
/// Returns the webhook endpoints of the organization, oldest first, without their secrets.
#[utoipa::path(
    get,
    path = "/webhook-endpoints",
    operation_id = "listWebhookEndpoints",
    tag = "Webhook endpoints",
    params(ListQuery),
    responses((status = 200, description = "One part of the list", body = List<WebhookEndpoint>)),
)]
pub(crate) async fn list(
    caller: Caller<need::Read>,
    manager: Option<Caller<need::Manage>>,
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let secrets = manager.into();
    let listed = app
        .store
        .list::<store::WebhookEndpoint>(&caller.organization_id, &query.page()?)
        .await?;
    let data = listed
        .data
        .into_iter()
        .map(|endpoint| WebhookEndpoint::of(&app, endpoint, secrets))
        .collect::<Result<Vec<_>, _>>()?;
    let list = List::of(
        store::Listed {
            data,
            next: listed.next,
        },
        |endpoint| endpoint,
    );
    app.memory.answer(Some(&caller.organization_id), &list)
}

/// Show a webhook endpoint
///
/// Returns one webhook endpoint of the organization, without its secret.
#[utoipa::path(
    get,
    path = "/webhook-endpoints/{id}",
    operation_id = "showWebhookEndpoint",
    tag = "Webhook endpoints",
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint)),
)]
pub(crate) async fn show(
    caller: Caller<need::Read>,
    manager: Option<Caller<need::Manage>>,
    State(app): State<Arc<App>>,
    Id(id): Id<WebhookEndpointId>,
) -> Result<Json<WebhookEndpoint>, ApiError> {
    let endpoint = lookup::webhook_endpoint(&app, &caller.organization_id, &id).await?;
    Ok(Json(WebhookEndpoint::of(&app, endpoint, manager.into())?))
}

/// Change a webhook endpoint
///
/// Fields that are left out stay. An endpoint that is enabled again gets what waited for it.
#[utoipa::path(
    patch,
    path = "/webhook-endpoints/{id}",
    operation_id = "updateWebhookEndpoint",
    tag = "Webhook endpoints",
    request_body = WebhookEndpointPatch,
    responses((status = 200, description = "The endpoint as it is now", body = WebhookEndpoint)),
)]
pub(crate) async fn update(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<WebhookEndpointId>,
    Body(patch): Body<WebhookEndpointPatch>,
) -> Result<Json<WebhookEndpoint>, ApiError> {
    let patch = checked(patch)?;
    let present = lookup::webhook_endpoint(&app, &caller.organization_id, &id).await?;
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
        url: url.map(|url| form::url(&app.http, &url)).transpose()?,
        events,
        format,
        header: match patch.header {
            None => HeaderChange::Keep,
            Some(header) => form::header(header)?.map_or(HeaderChange::Remove, HeaderChange::Set),
        },
        enabled: form::enabled(&patch.enabled)?,
    };
    let changed = app.store.update_webhook_endpoint(
        &caller.organization_id,
        &present.id,
        change,
        &caller.author,
    );
    let endpoint = found(changed.await?)?;
    Ok(Json(WebhookEndpoint::of(&app, endpoint, Secrets::Shown)?))
}

/// Delete a webhook endpoint
///
/// Its deliveries are deleted with it, and those that wait are not sent.
#[utoipa::path(
    delete,
    path = "/webhook-endpoints/{id}",
    operation_id = "deleteWebhookEndpoint",
    tag = "Webhook endpoints",
    responses((status = 204, description = "Deleted")),
)]
pub(crate) async fn delete(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Id(id): Id<WebhookEndpointId>,
) -> Result<StatusCode, ApiError> {
    let deletion = app
        .store
        .delete_webhook_endpoint(&caller.organization_id, &id, &caller.author);
    deleted::<WebhookEndpointId>(deletion.await?)
}
