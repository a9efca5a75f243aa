//! `POST /messages/interactive/send-buttons`: what Recado is for.

#![expect(
    unused_qualifications,
    reason = "utoipa's macro names the query by its whole path"
)]

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use recado_core::capabilities::{Basis, Limit};
use recado_core::{Capabilities, SendButtons};
use recado_providers::Preview;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::messages::{FieldWarning, Message};
use crate::app::App;
use crate::auth::{Caller, need};
use crate::body::Body;
use crate::error::{ApiError, Reason};
use crate::extract::DryRunSwitch;
use crate::openapi::{BODY, KEY, PROVIDER, failures};
use crate::send;

failures!(SendFailures: KEY, BODY, PROVIDER, &[
    Reason::UnsupportedChannel,
    Reason::ForeignAgent,
    Reason::AgentNotFound,
    Reason::ConversationNotFound,
    Reason::RateLimited,
    Reason::TooManyButtons,
    Reason::ContentRefused,
    Reason::WindowClosed,
    Reason::InvalidRecipient,
]);

/// The body, for the documentation; it is read as [`SendButtons`].
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!({
    "agentId": "agent-123",
    "conversationId": "conv-456",
    "header_text": "Select an option",
    "body_text": "How can we help you today?",
    "footer_text": "ChatVolt Support",
    "button_1_id": "btn_sales",
    "button_1_title": "Sales",
    "button_2_id": "btn_support",
    "button_2_title": "Support"
}))]
pub(crate) struct SendButtonsBody {
    /// Who speaks.
    agentId: String,
    /// To whom, over which channel.
    conversationId: String,
    /// The bold line above the body, up to 60 characters.
    header_text: Option<String>,
    /// The text, up to 1024 characters.
    body_text: String,
    /// The small line below the body, up to 60 characters.
    footer_text: Option<String>,
    /// Comes back when the customer taps the button, up to 256 characters, unique in the message.
    button_1_id: String,
    /// What the customer reads on the button, up to 20 characters.
    button_1_title: String,
    button_2_id: Option<String>,
    button_2_title: Option<String>,
    button_3_id: Option<String>,
    button_3_title: Option<String>,
}

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
}

/// A message that the provider took.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    success: bool,
    message: Message,
}

/// What would be sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DryRun {
    #[serde(rename = "dryRun")]
    sends_nothing: bool,
    request: ProviderRequest,
    limits: Limits,
    warnings: Vec<FieldWarning>,
}

/// The request to the provider, with its secrets blanked.
#[derive(Serialize, ToSchema)]
struct ProviderRequest {
    method: String,
    url: String,
    headers: std::collections::BTreeMap<String, String>,
    #[schema(value_type = Object)]
    body: serde_json::Value,
}

/// What the provider carries.
#[derive(Serialize, ToSchema)]
struct Limits {
    buttons: Bounds,
    body_text: Bounds,
    header_text: Bounds,
    footer_text: Bounds,
    button_id: Bounds,
    button_title: Bounds,
}

/// How many there may be: buttons, or Unicode code points.
#[derive(Serialize, ToSchema)]
struct Bounds {
    min: usize,
    max: usize,
    /// `documented`, `observed` or `inferred`.
    #[schema(value_type = String)]
    basis: &'static str,
    /// Who says so.
    #[schema(value_type = String)]
    source: &'static str,
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

impl From<&Limit> for Bounds {
    fn from(limit: &Limit) -> Self {
        let basis = match limit.source.basis {
            Basis::Documented => "documented",
            Basis::Observed => "observed",
            Basis::Inferred => "inferred",
        };
        Self {
            min: limit.min,
            max: limit.max,
            basis,
            source: limit.source.text,
        }
    }
}

impl From<&Capabilities> for Limits {
    fn from(capabilities: &Capabilities) -> Self {
        Self {
            buttons: (&capabilities.buttons).into(),
            body_text: (&capabilities.body).into(),
            header_text: (&capabilities.header).into(),
            footer_text: (&capabilities.footer).into(),
            button_id: (&capabilities.button_id).into(),
            button_title: (&capabilities.button_title).into(),
        }
    }
}

/// Send a message with up to three reply buttons
///
/// ```json
/// {
///   "agentId": "agent-123",
///   "conversationId": "conv-456",
///   "header_text": "Select an option",
///   "body_text": "How can we help you today?",
///   "footer_text": "ChatVolt Support",
///   "button_1_id": "btn_sales",
///   "button_1_title": "Sales",
///   "button_2_id": "btn_support",
///   "button_2_title": "Support"
/// }
/// ```
#[utoipa::path(post, path = "/messages/interactive/send-buttons", operation_id = "sendButtons", tag = "Messages", params(SendQuery), request_body(content(
    (SendButtonsBody = "application/json"),
    (SendButtonsBody = "application/x-www-form-urlencoded"),
)), responses((status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer), SendFailures))]
pub(crate) async fn send(
    Caller {
        organization_id, ..
    }: Caller<need::Send>,
    State(app): State<Arc<App>>,
    DryRunSwitch(sends_nothing): DryRunSwitch,
    Body(request): Body<SendButtons>,
) -> Result<Response, ApiError> {
    let ready = send::check(&app, &organization_id, request).await?;
    if sends_nothing {
        return Ok(Json(dry_run(&ready)?).into_response());
    }
    let message = ready.send(&app).await?.into();
    Ok(Json(Sent {
        success: true,
        message,
    })
    .into_response())
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

fn dry_run(ready: &send::ReadySend) -> Result<DryRun, ApiError> {
    let channel = ready.channel();
    let preview = channel
        .preview(&ready.outbound())
        .map_err(|error| ApiError::from(&error))?;
    Ok(DryRun {
        sends_nothing: true,
        request: preview.into(),
        limits: channel.capabilities().into(),
        warnings: ready
            .warnings()
            .iter()
            .cloned()
            .map(FieldWarning::from)
            .collect(),
    })
}
