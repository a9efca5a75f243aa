//! Calls of providers that are set aside: kept as they came, listed, and tried again by hand.

use recado_store::{SetAsideCall, SetAsideReason};

use crate::api::routes::prelude::*;

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
    received_at: Timestamp,
}

impl ProviderCall {
    fn new(call: SetAsideCall, status: &'static str) -> Self {
        Self {
            id: call.id,
            channel_id: call.channel_id.into(),
            status,
            content_type: call.content_type,
            received_at: call.received_at.into(),
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
#[utoipa::path(get, path = "/webhook-calls",
    params(FilteredListQuery<StatusQuery>),
    responses((status = 200, body = List<ProviderCall>)))]
pub(crate) async fn list_webhook_calls(
    caller: Caller<Reads>,
    Query(query): Query<FilteredListQuery<StatusQuery>>,
) -> LongAnswer {
    let (page, reason) = (query.list.page()?, query.filter.reason()?);
    let listed = caller
        .app
        .store
        .list_webhook_calls_set_aside(&caller.organization_id, reason, &page)
        .await?;
    let list = List::of(listed, |call| {
        let status = call.reason.as_str();
        ProviderCall::new(call, status)
    });
    caller.answer(&list)
}

/// Retry a provider webhook call that is set aside
///
/// Applies the call once more. Items of the call that were applied before have no second effect.
#[utoipa::path(post, path = "/webhook-calls/{id}/retry",
    responses((status = 200, description = "The call, which is pending again", body = ProviderCall)))]
pub(crate) async fn retry_webhook_call(
    caller: Caller<Manages>,
    Path(id): Path<String>,
) -> Answer<ProviderCall> {
    let retried = caller
        .app
        .store
        .retry_webhook_call(&caller.organization_id, &id)
        .await?;
    caller.app.intake.look_for_left_behind();
    Ok(Json(ProviderCall::new(found(retried)?, words::PENDING)))
}
