//! `POST /messages/interactive/send-buttons`: what Recado is for.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use recado_core::SendButtons;
use recado_core::capabilities::{Basis, Limit};
use recado_core::message::ButtonsLimits;
use recado_providers::Preview;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::auth::{Caller, need};
use crate::api::body::ChatvoltBody;
use crate::api::error::{ApiError, Reason};
use crate::api::extract::DryRunSwitch;
use crate::api::openapi::{PROVIDER, failures};
use crate::api::routes::messages::{FieldWarning, Message};
use crate::app::App;
use crate::send;

failures!(SendFailures: PROVIDER, &[
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

/// Returns the example of ChatVolt's documentation as JSON.
fn example() -> Option<Value> {
    serde_json::from_str(SendButtons::EXAMPLE).ok()
}

/// The message to send, with one to three reply buttons.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "describes the request to the OpenAPI document; nothing constructs it"
)]
#[expect(non_snake_case, reason = "ChatVolt's names")]
#[schema(example = json!(example()))]
pub(crate) struct SendButtonsBody {
    /// The id of the agent that sends the message.
    agentId: String,
    /// The id of the conversation, which says to whom and over which channel the message goes.
    conversationId: String,
    /// The bold line above the body, up to 60 characters.
    header_text: Option<String>,
    /// The text of the message, up to 1024 characters.
    body_text: String,
    /// The small line below the body, up to 60 characters.
    footer_text: Option<String>,
    /// The id of the first button, up to 256 characters, unique in the message. It comes back when the customer taps the button.
    button_1_id: String,
    /// The text on the first button, up to 20 characters.
    button_1_title: String,
    /// The id of the second button. Give it together with its title.
    button_2_id: Option<String>,
    /// The text on the second button. Give it together with its id.
    button_2_title: Option<String>,
    /// The id of the third button. Give it together with its title.
    button_3_id: Option<String>,
    /// The text on the third button. Give it together with its id.
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

/// The answer to a send that the provider accepted.
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
    warnings: Vec<FieldWarning>,
}

/// A request to a provider, with its secrets blanked.
#[derive(Serialize, ToSchema)]
struct ProviderRequest {
    /// The HTTP method.
    method: String,
    /// The URL.
    url: String,
    /// The headers, by name.
    headers: std::collections::BTreeMap<String, String>,
    /// The JSON body.
    #[schema(value_type = Object)]
    body: serde_json::Value,
}

/// The limits of a provider for a message with reply buttons.
#[derive(Serialize, ToSchema)]
struct Limits {
    /// How many buttons a message has.
    buttons: Bounds,
    /// The length of the body.
    body_text: Bounds,
    /// The length of the header.
    header_text: Bounds,
    /// The length of the footer.
    footer_text: Bounds,
    /// The length of a button's id.
    button_id: Bounds,
    /// The length of a button's title.
    button_title: Bounds,
}

/// The least and the most of something: a number of buttons, or a length in Unicode code points.
#[derive(Serialize, ToSchema)]
struct Bounds {
    /// The least.
    min: usize,
    /// The most.
    max: usize,
    /// How the limit is known.
    basis: LimitBasis,
    /// Where the limit is published, or was observed.
    #[schema(value_type = String)]
    source: &'static str,
}

/// How a limit is known: it is `documented` by the provider, was `observed`, or is `inferred` from what others say.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LimitBasis {
    Documented,
    Observed,
    Inferred,
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
            Basis::Documented => LimitBasis::Documented,
            Basis::Observed => LimitBasis::Observed,
            Basis::Inferred => LimitBasis::Inferred,
        };
        Self {
            min: limit.min,
            max: limit.max,
            basis,
            source: limit.source.text,
        }
    }
}

impl From<&ButtonsLimits> for Limits {
    fn from(limits: &ButtonsLimits) -> Self {
        Self {
            buttons: (&limits.count).into(),
            body_text: (&limits.body).into(),
            header_text: (&limits.header).into(),
            footer_text: (&limits.footer).into(),
            button_id: (&limits.id).into(),
            button_title: (&limits.title).into(),
        }
    }
}

/// Send a message with up to three reply buttons
///
/// The answer tells whether the provider accepted the message. The published example:
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
///
/// A form with the same fields (`application/x-www-form-urlencoded`) is read as well.
#[utoipa::path(
    post,
    path = "/messages/interactive/send-buttons",
    operation_id = "sendButtons",
    tag = "Messages",
    params(SendQuery),
    request_body = SendButtonsBody,
    responses(
        (status = 200, description = "The provider took the message; with `dryRun=true`, what would be sent", body = SendAnswer),
        SendFailures,
    ),
)]
pub(crate) async fn send(
    caller: Caller<need::Send>,
    State(app): State<Arc<App>>,
    DryRunSwitch(sends_nothing): DryRunSwitch,
    ChatvoltBody(request): ChatvoltBody<SendButtons>,
) -> Result<Response, ApiError> {
    let ready = send::check(&app, &caller.organization_id, request.read()?).await?;
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
    let limits = channel.capabilities().buttons.as_ref();
    let limits = limits.ok_or_else(|| ApiError::internal("a checked message has no limits"))?;
    let preview = channel
        .preview(&ready.outbound())
        .map_err(|error| ApiError::from(&error))?;
    Ok(DryRun {
        sends_nothing: true,
        request: preview.into(),
        limits: limits.into(),
        warnings: ready
            .warnings()
            .iter()
            .cloned()
            .map(FieldWarning::from)
            .collect(),
    })
}
