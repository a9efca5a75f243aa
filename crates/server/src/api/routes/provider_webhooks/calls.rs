//! Calls of providers that are set aside: kept as they came, listed, and tried again by hand.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use recado_store::{SetAsideCall, SetAsideReason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::auth::{Caller, need};
use crate::api::error::{ApiError, Reason};
use crate::api::extract::{Path, Query};
use crate::api::openapi::words;
use crate::api::routes::listing::{FilteredListQuery, List, wrong};
use crate::api::time::rfc3339;
use crate::app::App;

/// Filter of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatusQuery {
    /// Lists only the calls with this status.
    #[param(value_type = Option<words::SetAsideReason>, inline)]
    status: Option<String>,
}

/// A webhook call of a provider that is stored and was not applied, or only in part.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "whc_0199f3aa4a1e7c109d7b000000000003", "channelId": "main", "status": "unreadable",
    "contentType": "application/json", "receivedAt": "2026-11-22T12:00:00.000Z"
}))]
pub(crate) struct ProviderCall {
    /// The id of the call.
    id: String,
    /// The channel that the provider called.
    channel_id: String,
    /// Why the call is set aside, or `pending` if it is about to be applied again.
    #[schema(value_type = words::ProviderCallStatus)]
    status: &'static str,
    /// The media type of the body, if the provider named one.
    content_type: Option<String>,
    /// When the call came in.
    #[schema(format = DateTime)]
    received_at: String,
}

impl ProviderCall {
    fn new(call: SetAsideCall, status: &'static str) -> Self {
        Self {
            id: call.id,
            channel_id: call.channel_id.into(),
            status,
            content_type: call.content_type,
            received_at: rfc3339(call.received_at),
        }
    }
}

impl StatusQuery {
    fn reason(&self) -> Result<Option<SetAsideReason>, ApiError> {
        let status = self.status.as_deref();
        let reason = status.map(str::parse).transpose();
        reason.map_err(|error: recado_store::UnknownSetAsideReason| {
            wrong("status", &error.to_string())
        })
    }
}

/// List provider webhook calls that are set aside
///
/// Recado answered these calls with 200 and could not apply them. They are kept for 30 days, or as long as the operator has set.
#[utoipa::path(
    get,
    path = "/webhook-calls",
    operation_id = "listWebhookCalls",
    tag = "Provider webhooks",
    params(FilteredListQuery<StatusQuery>),
    responses((status = 200, description = "One part of the list", body = List<ProviderCall>)),
)]
pub(crate) async fn list(
    caller: Caller<need::Read>,
    State(app): State<Arc<App>>,
    Query(query): Query<FilteredListQuery<StatusQuery>>,
) -> Result<Response, ApiError> {
    let (page, reason) = (query.list.page()?, query.filter.reason()?);
    let listed = app
        .store
        .list_webhook_calls_set_aside(&caller.organization_id, reason, &page)
        .await?;
    let list = List::of(listed, |call| {
        let status = call.reason.as_str();
        ProviderCall::new(call, status)
    });
    app.memory.answer(Some(&caller.organization_id), &list)
}

/// Retry a provider webhook call that is set aside
///
/// Applies the call once more. Items of the call that were applied before have no second effect.
#[utoipa::path(
    post,
    path = "/webhook-calls/{id}/retry",
    operation_id = "retryWebhookCall",
    tag = "Provider webhooks",
    responses((status = 200, description = "The call, which is pending again", body = ProviderCall)),
)]
pub(crate) async fn retry(
    caller: Caller<need::Manage>,
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<ProviderCall>, ApiError> {
    let retried = app
        .store
        .retry_webhook_call(&caller.organization_id, &id)
        .await?;
    let call = retried.ok_or_else(|| ApiError::not_found(Reason::WebhookCallNotFound))?;
    app.intake.look_for_left_behind();
    Ok(Json(ProviderCall::new(call, words::PENDING)))
}
