//! Every error that a client can see: its word, its status and its one shape.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use recado_core::capabilities::INVALID_PARAMETER_VALUE;
use recado_core::{FieldErrors, MessageId, Refusal};
use recado_providers::{ChannelError, ErrorKind};
use recado_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::words;

mod reason;

pub use reason::Reason;

/// The header of an answer that tells what an earlier request did.
pub(crate) const REPLAYED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("idempotent-replayed"),
    HeaderValue::from_static("true"),
);

/// The headers that name a limit that is reached, and its wait.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

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
    /// The limit that is reached.
    pub policy: Option<Box<QuotaPolicy>>,
    /// Whether an earlier request with the same key or content was answered so.
    pub is_replayed: bool,
}

/// A limit of which nothing is left, as the headers `RateLimit` and `RateLimit-Policy` name it
/// (draft-ietf-httpapi-ratelimit-headers-10).
#[derive(Debug, Clone, Copy)]
pub struct QuotaPolicy {
    /// Its word.
    pub name: &'static str,
    /// How many messages it allows in the window.
    pub quota: u32,
    /// The window.
    pub window: Duration,
}

/// The shape of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// What went wrong and what to change, in one sentence.
    error: String,
    /// The stable word for what went wrong.
    #[schema(value_type = words::ErrorReason)]
    reason: Reason,
    /// The provider's number for the error, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<i64>,
    /// What is wrong with each field: `{"_errors": [], "body_text": {"_errors": ["Required"]}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    details: Option<Box<FieldErrors>>,
    /// The message that was stored, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    message_id: Option<MessageId>,
    /// The id of this request, as in the `x-request-id` header and the server's log.
    request_id: String,
}

/// What a closed window asks for.
const WRITE_FIRST: &str = "; the customer has to write first";

impl ApiError {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            code: None,
            details: None,
            message_id: None,
            retry_after: reason.wait(),
            policy: None,
            is_replayed: false,
        }
    }

    /// Returns the error of a send that a provider did not accept, in its words.
    pub fn of_send(reason: Reason, provider: &str, words: &str) -> Self {
        // The provider does not say what to do.
        let advice = match reason {
            // Our own refusal says so already.
            Reason::WindowClosed if !words.ends_with(WRITE_FIRST) => WRITE_FIRST,
            _ => "",
        };
        Self::new(
            reason,
            format!("could not send message through {provider}: {words}{advice}"),
        )
    }

    /// Returns the error of a file that a provider did not give, in its words.
    pub fn of_file(error: &ChannelError) -> Self {
        let (provider, words) = (error.provider, &error.message);
        Self {
            message: format!("could not fetch the file through {provider}: {words}"),
            ..Self::from(error)
        }
    }

    /// Returns an error of a query or a header, whose sentence does not speak of a body.
    pub fn invalid_query(details: FieldErrors) -> Self {
        let message = format!("The query is not valid: {}", details.first());
        Self {
            details: Some(Box::new(details)),
            ..Self::new(Reason::InvalidQuery, message)
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
    pub fn not_found(reason: Reason) -> Self {
        Self::new(reason, format!("Not found: {}", reason.describe()))
    }

    pub fn no_route() -> Self {
        Self::new(
            Reason::NotFound,
            "The route does not exist; GET /openapi.json lists all routes",
        )
    }

    #[must_use]
    pub fn about(mut self, message: &MessageId) -> Self {
        self.message_id = Some(message.clone());
        self
    }

    /// Marks the error as what an earlier request was answered.
    #[must_use]
    pub fn replayed(mut self) -> Self {
        self.is_replayed = true;
        self
    }

    /// The body, with the id of the request that it answers.
    pub fn body(self, request_id: String) -> ErrorBody {
        let error = match self.seconds_to_wait() {
            Some(1) => format!("{}; try again in 1 second", self.message),
            Some(seconds) => format!("{}; try again in {seconds} seconds", self.message),
            None => self.message,
        };
        ErrorBody {
            error,
            reason: self.reason,
            code: self.code,
            details: self.details,
            message_id: self.message_id,
            request_id,
        }
    }

    /// The answer as the client sees it.
    pub fn render(self, request_id: &str) -> Response {
        let mut response = self.reason.status().into_response();
        self.add_retry_after(&mut response);
        let headers = response.headers_mut();
        if self.is_replayed {
            headers.extend([REPLAYED]);
        }
        headers.extend(self.rate_limit().into_iter().flatten());
        headers.extend(self.reason.help().map(|help| (header::LINK, help)));
        let (parts, _) = response.into_parts();
        (parts, Json(self.body(request_id.to_owned()))).into_response()
    }

    /// Returns the headers that name the limit that is reached.
    fn rate_limit(&self) -> Option<[(HeaderName, HeaderValue); 2]> {
        let (policy, wait) = self.policy.as_ref().zip(self.seconds_to_wait())?;
        let (name, quota, window) = (policy.name, policy.quota, whole_seconds(policy.window));
        let left = format!("\"{name}\";r=0;t={wait}").parse().ok()?;
        let rule = format!("\"{name}\";q={quota};w={window}").parse().ok()?;
        Some([(RATE_LIMIT, left), (RATE_LIMIT_POLICY, rule)])
    }

    /// Adds the header that says how long to wait, where a wait helps.
    pub(crate) fn add_retry_after(&self, response: &mut Response) {
        if let Some(seconds) = self.seconds_to_wait() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    /// Whole seconds, never zero: clients parse an integer.
    pub(crate) fn seconds_to_wait(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }
}

fn whole_seconds(time: Duration) -> u64 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    seconds.max(1)
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
    /// ChatVolt's words come first, so that a client that looks for them finds them.
    fn from(details: FieldErrors) -> Self {
        let message = format!("error invalid request body: {}", details.first());
        Self {
            details: Some(Box::new(details)),
            ..Self::new(Reason::InvalidBody, message)
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
            StoreError::UnknownConversation => Self::not_found(Reason::ConversationNotFound),
            StoreError::OrganizationSuspended => Self::new(
                Reason::OrganizationSuspended,
                "The organization is suspended: ask the operator of this server",
            ),
            StoreError::LastOwner => Self::new(
                Reason::LastOwner,
                "The organization needs an owner who can sign in: first make another user an owner, who sets a password",
            ),
            // The provider is asked only after the message is stored, so nothing was sent.
            StoreError::Timeout
            | StoreError::Busy
            | StoreError::Unavailable(_)
            | StoreError::NotCommitted => {
                tracing::error!(cause = chain(&error), "the database is not available");
                Self::new(
                    Reason::Unavailable,
                    "Recado cannot store or read anything at the moment; nothing was sent",
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
        let reason = refusal.violation.reason().parse();
        let reason = reason.unwrap_or(Reason::ContentRefused);
        Self {
            code: Some(INVALID_PARAMETER_VALUE),
            ..Self::new(reason, refusal.to_string())
        }
    }
}

impl From<ErrorKind> for Reason {
    fn from(kind: ErrorKind) -> Self {
        kind.reason().parse().unwrap_or(Self::ProviderRejected)
    }
}

impl From<&ChannelError> for ApiError {
    fn from(error: &ChannelError) -> Self {
        let reason: Reason = error.kind.into();
        Self {
            code: error.code,
            // A message whose outcome is open must not be sent again, whatever the provider says.
            retry_after: reason
                .wait()
                .map(|usual| error.retry_after.unwrap_or(usual)),
            ..Self::of_send(reason, error.provider, &error.message)
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
            let mut error = ChannelError::new("zapi", kind, "");
            let may_help = kind.retry() == recado_providers::Retry::Backoff;
            assert_eq!(ApiError::from(&error).retry_after.is_some(), may_help);
            error.retry_after = Some(Duration::from_secs(77));
            let expected = error.retry_after.filter(|_| may_help);
            assert_eq!(ApiError::from(&error).retry_after, expected, "{kind:?}");
        }
    }

    #[test]
    fn an_error_that_passes_says_how_long_to_wait() {
        for (wait, says) in [
            (Duration::from_millis(200), "; try again in 1 second"),
            (Duration::from_secs(6), "; try again in 6 seconds"),
        ] {
            let error = ApiError {
                retry_after: Some(wait),
                ..ApiError::new(Reason::ProviderThrottled, "too many messages")
            };
            assert!(error.body(String::new()).error.ends_with(says));
        }
        let error = ApiError::new(Reason::WindowClosed, "closed");
        assert_eq!(error.body(String::new()).error, "closed");
    }

    #[test]
    fn a_closed_window_says_once_what_to_do() {
        for words in ["closed", "closed; the customer has to write first"] {
            let error = ApiError::of_send(Reason::WindowClosed, "whatsapp", words);
            let said =
                "could not send message through whatsapp: closed; the customer has to write first";
            assert_eq!(error.message, said);
        }
    }

    #[test]
    fn a_closed_window_says_that_the_customer_has_to_write_first() {
        let text = "(#131047) Re-engagement message";
        let error = ChannelError::new("whatsapp", ErrorKind::WindowClosed, text);
        let sentence = ApiError::from(&error).message;
        assert!(
            sentence.ends_with("; the customer has to write first"),
            "{sentence}"
        );
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
