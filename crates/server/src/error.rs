//! Every error that a client can see: its word, its status and its one shape.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use recado_core::capabilities::{BrokenLimit, INVALID_PARAMETER_VALUE};
use recado_core::{FieldErrors, MessageId, Refusal};
use recado_providers::{ChannelError, ErrorKind};
use recado_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// The stable word of an error; clients branch on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    InvalidBody,
    UnsupportedChannel,
    Unauthorized,
    Forbidden,
    ForeignAgent,
    NotFound,
    OrganizationNotFound,
    ApiKeyNotFound,
    AgentNotFound,
    ChannelNotFound,
    ConversationNotFound,
    MessageNotFound,
    WebhookEndpointNotFound,
    DeliveryNotFound,
    WebhookCallNotFound,
    MethodNotAllowed,
    AlreadyExists,
    LimitReached,
    BodyTooLarge,
    RateLimited,
    TooManyButtons,
    ContentRefused,
    WindowClosed,
    InvalidRecipient,
    ChannelDisconnected,
    ChannelUnauthorized,
    ChannelMisconfigured,
    ChannelBlocked,
    ProviderRejected,
    ProviderUnavailable,
    ProviderThrottled,
    OutcomeUnknown,
    Internal,
    Unavailable,
}

impl Reason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [Self; 34] = [
        Self::InvalidBody,
        Self::UnsupportedChannel,
        Self::Unauthorized,
        Self::Forbidden,
        Self::ForeignAgent,
        Self::NotFound,
        Self::OrganizationNotFound,
        Self::ApiKeyNotFound,
        Self::AgentNotFound,
        Self::ChannelNotFound,
        Self::ConversationNotFound,
        Self::MessageNotFound,
        Self::WebhookEndpointNotFound,
        Self::DeliveryNotFound,
        Self::WebhookCallNotFound,
        Self::MethodNotAllowed,
        Self::AlreadyExists,
        Self::LimitReached,
        Self::BodyTooLarge,
        Self::RateLimited,
        Self::TooManyButtons,
        Self::ContentRefused,
        Self::WindowClosed,
        Self::InvalidRecipient,
        Self::ChannelDisconnected,
        Self::ChannelUnauthorized,
        Self::ChannelMisconfigured,
        Self::ChannelBlocked,
        Self::ProviderRejected,
        Self::ProviderUnavailable,
        Self::ProviderThrottled,
        Self::OutcomeUnknown,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidBody => "invalid_body",
            Self::UnsupportedChannel => "unsupported_channel",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::ForeignAgent => "foreign_agent",
            Self::NotFound => "not_found",
            Self::OrganizationNotFound => "organization_not_found",
            Self::ApiKeyNotFound => "api_key_not_found",
            Self::AgentNotFound => "agent_not_found",
            Self::ChannelNotFound => "channel_not_found",
            Self::ConversationNotFound => "conversation_not_found",
            Self::MessageNotFound => "message_not_found",
            Self::WebhookEndpointNotFound => "webhook_endpoint_not_found",
            Self::DeliveryNotFound => "delivery_not_found",
            Self::WebhookCallNotFound => "webhook_call_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::AlreadyExists => "already_exists",
            Self::LimitReached => "limit_reached",
            Self::BodyTooLarge => "body_too_large",
            Self::RateLimited => "rate_limited",
            Self::TooManyButtons => "too_many_buttons",
            Self::ContentRefused => "content_refused",
            Self::WindowClosed => "window_closed",
            Self::InvalidRecipient => "invalid_recipient",
            Self::ChannelDisconnected => "channel_disconnected",
            Self::ChannelUnauthorized => "channel_unauthorized",
            Self::ChannelMisconfigured => "channel_misconfigured",
            Self::ChannelBlocked => "channel_blocked",
            Self::ProviderRejected => "provider_rejected",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderThrottled => "provider_throttled",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// When it is said.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::InvalidBody => {
                "the body is missing, is no JSON, or a field is missing or wrong: see details"
            }
            Self::UnsupportedChannel => {
                "the conversation's channel cannot carry reply buttons, or was deleted"
            }
            Self::Unauthorized => "there is no API key, or it is not known",
            Self::Forbidden => "the API key is known, but not for this route",
            Self::ForeignAgent => "the agent belongs to another organization",
            Self::NotFound => "there is no such route",
            Self::OrganizationNotFound => "there is no such organization",
            Self::ApiKeyNotFound => "the organization has no such API key",
            Self::AgentNotFound => "there is no such agent",
            Self::ChannelNotFound => "the organization has no such channel",
            Self::ConversationNotFound => "the organization has no such conversation",
            Self::MessageNotFound => "the organization has no such message",
            Self::WebhookEndpointNotFound => "the organization has no such webhook endpoint",
            Self::DeliveryNotFound => "the webhook endpoint has no such delivery",
            Self::WebhookCallNotFound => "no such call of a provider is set aside",
            Self::MethodNotAllowed => "the route exists, with another verb: see the Allow header",
            Self::AlreadyExists => "the id, or the same conversation, exists already",
            Self::LimitReached => {
                "the organization has as many of these as it may have: delete one first"
            }
            Self::BodyTooLarge => "the body is too large: over 1 MiB, or 4 MiB from a provider",
            Self::RateLimited => {
                "a limit of Recado's own is reached, which the error names: wait as long as Retry-After says"
            }
            Self::TooManyButtons => "more than three buttons; nothing was sent",
            Self::ContentRefused => {
                "another published limit of the provider is broken; nothing was sent"
            }
            Self::WindowClosed => {
                "WhatsApp's 24-hour window is closed: the customer has to write first"
            }
            Self::InvalidRecipient => "WhatsApp cannot deliver to this recipient",
            Self::ChannelDisconnected => {
                "the number is not connected to WhatsApp: pair or register it again"
            }
            Self::ChannelUnauthorized => "the provider refused the channel's credentials",
            Self::ChannelMisconfigured => {
                "the channel names a wrong instance, number id or base URL, or the number is not set up at the provider"
            }
            Self::ChannelBlocked => {
                "the account at the provider is not paid for, or the provider restricted it"
            }
            Self::ProviderRejected => "the provider refused for any other reason",
            Self::ProviderUnavailable => "the provider could not be reached; surely not sent",
            Self::ProviderThrottled => {
                "the provider limits the number of messages; not sent: wait as long as Retry-After says"
            }
            Self::OutcomeUnknown => {
                "the provider's answer was lost: the message may have gone out; see messageId"
            }
            Self::Internal => "Recado's own fault",
            Self::Unavailable => {
                "the database does not answer, or the server is overloaded; nothing was sent: wait as long as Retry-After says"
            }
        }
    }

    /// The HTTP status; as ChatVolt answers where it is known.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidBody | Self::UnsupportedChannel => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ForeignAgent => StatusCode::FORBIDDEN,
            Self::NotFound
            | Self::OrganizationNotFound
            | Self::ApiKeyNotFound
            | Self::AgentNotFound
            | Self::ChannelNotFound
            | Self::ConversationNotFound
            | Self::MessageNotFound
            | Self::WebhookEndpointNotFound
            | Self::DeliveryNotFound
            | Self::WebhookCallNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::AlreadyExists | Self::LimitReached => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::TooManyButtons
            | Self::ContentRefused
            | Self::WindowClosed
            | Self::InvalidRecipient
            | Self::ChannelDisconnected
            | Self::ChannelUnauthorized
            | Self::ChannelMisconfigured
            | Self::ChannelBlocked
            | Self::ProviderRejected
            | Self::ProviderUnavailable
            | Self::ProviderThrottled
            | Self::OutcomeUnknown
            | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// How long to wait where a wait helps and the provider does not say how long.
    pub(crate) const fn wait(self) -> Option<Duration> {
        match self {
            Self::RateLimited | Self::Unavailable => Some(Duration::from_secs(1)),
            Self::ProviderUnavailable | Self::ProviderThrottled => Some(Duration::from_secs(5)),
            _ => None,
        }
    }
}

/// An error on its way to the client.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub reason: Reason,
    /// One sentence that a person can act on.
    pub message: String,
    /// The provider's number, where it is known.
    pub code: Option<i64>,
    /// What is wrong with each field; only for 400.
    pub details: Option<Box<FieldErrors>>,
    /// The message that was written down, where there is one.
    pub message_id: Option<MessageId>,
    /// How long to wait before the next try, where a wait helps.
    pub retry_after: Option<Duration>,
}

/// The one shape of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// One sentence that a person can act on.
    error: String,
    /// The stable word to branch on.
    #[schema(value_type = String)]
    reason: &'static str,
    /// The provider's number, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    /// What is wrong with each field: `{"_errors": [], "body_text": {"_errors": ["Required"]}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    details: Option<Box<FieldErrors>>,
    /// The message that was written down, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    message_id: Option<MessageId>,
    /// The id of this request, as in the `x-request-id` header and the server's log.
    request_id: String,
}

impl ApiError {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            code: None,
            details: None,
            message_id: None,
            retry_after: reason.wait(),
        }
    }

    /// Our own fault: the cause goes to the log, and nothing about the inside to the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(
            Reason::Internal,
            "Something went wrong inside Recado; the server's log has the details under this requestId",
        )
    }

    /// The client's id for something that is not there, or not the caller's.
    #[must_use]
    pub fn not_found(reason: Reason) -> Self {
        Self::new(reason, format!("Not found: {}", reason.describe()))
    }

    #[must_use]
    pub fn about(mut self, message: &MessageId) -> Self {
        self.message_id = Some(message.clone());
        self
    }

    /// The body, with the id of the request that it answers.
    #[must_use]
    pub fn body(self, request_id: String) -> ErrorBody {
        ErrorBody {
            error: self.message,
            reason: self.reason.as_str(),
            code: self.code,
            details: self.details,
            message_id: self.message_id,
            request_id,
        }
    }

    /// The answer as the client sees it.
    #[must_use]
    pub fn render(self, request_id: &str) -> Response {
        let (status, retry_after) = (self.reason.status(), self.retry_after);
        let mut response = (status, Json(self.body(request_id.to_owned()))).into_response();
        if let Some(wait) = retry_after {
            // Whole seconds, never zero: clients parse an integer.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

impl IntoResponse for ApiError {
    /// Leaves the error in the response; the outermost layer knows the request id and renders it.
    fn into_response(self) -> Response {
        let mut response = self.reason.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<FieldErrors> for ApiError {
    fn from(details: FieldErrors) -> Self {
        Self {
            details: Some(Box::new(details)),
            ..Self::new(Reason::InvalidBody, "error invalid request body")
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::new(
                Reason::AlreadyExists,
                "Already exists: choose another id, or use the one that is there",
            ),
            // The provider is asked only after the message is stored, so nothing was sent.
            StoreError::Timeout | StoreError::Unavailable(_) | StoreError::NotCommitted => {
                tracing::error!(cause = chain(&error), "the database is not available");
                Self::new(
                    Reason::Unavailable,
                    "Recado cannot store or read anything at the moment; nothing was sent: try again after Retry-After seconds",
                )
            }
            _ => Self::internal(chain(&error)),
        }
    }
}

/// An error with everything that caused it, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let reason = match refusal.limit {
            BrokenLimit::ButtonCount => Reason::TooManyButtons,
            BrokenLimit::Text | BrokenLimit::Recipient => Reason::ContentRefused,
        };
        Self {
            code: Some(INVALID_PARAMETER_VALUE),
            ..Self::new(reason, refusal.to_string())
        }
    }
}

impl From<ErrorKind> for Reason {
    /// The reason that has the kind's word.
    fn from(kind: ErrorKind) -> Self {
        let mut reasons = Self::ALL.into_iter();
        reasons
            .find(|reason| reason.as_str() == kind.reason())
            .unwrap_or(Self::ProviderRejected)
    }
}

impl From<&ChannelError> for ApiError {
    fn from(error: &ChannelError) -> Self {
        let reason: Reason = error.kind.into();
        Self {
            code: error.code,
            retry_after: error.retry_after.or(reason.wait()),
            ..Self::new(
                reason,
                format!(
                    "could not send message through {}: {}",
                    error.provider, error.message
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_a_provider_has_its_reason_here() {
        for kind in ErrorKind::ALL {
            assert_eq!(Reason::from(kind).as_str(), kind.reason());
        }
    }

    #[test]
    fn a_wait_is_named_wherever_a_repeat_may_help_and_the_providers_own_comes_first() {
        for kind in ErrorKind::ALL {
            let mut error = ChannelError {
                provider: recado_core::Provider::Zapi,
                kind,
                code: None,
                message: String::new(),
                retry_after: None,
            };
            let may_help = kind.retry() == recado_providers::Retry::Backoff;
            assert_eq!(ApiError::from(&error).retry_after.is_some(), may_help);
            error.retry_after = Some(Duration::from_secs(77));
            assert_eq!(ApiError::from(&error).retry_after, error.retry_after);
        }
    }

    #[test]
    fn a_database_that_does_not_answer_is_an_outage_and_not_our_fault() {
        for error in [StoreError::Timeout, StoreError::NotCommitted] {
            let error = ApiError::from(error);
            assert_eq!(error.reason, Reason::Unavailable);
            assert_eq!(error.retry_after, Some(Duration::from_secs(1)));
        }
    }
}
