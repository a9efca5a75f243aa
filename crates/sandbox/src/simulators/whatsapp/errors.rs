//! Graph's errors in their words (Meta, error codes and observed answers; inferred ones are marked).

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::answer::Answer;

/// The title and the details of a closed window (131047), at once and afterwards.
pub(super) const WINDOW_CLOSED: (&str, &str) = (
    "Re-engagement message",
    "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
);

/// One error of the Graph API.
pub(super) struct GraphError {
    status: u16,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    message: String,
    details: Option<String>,
}

impl GraphError {
    /// Schema tier: a parameter that is missing or empty.
    pub(super) fn required(path: &str) -> Self {
        Self::plain(
            400,
            100,
            format!("(#100) The parameter {path} is required."),
        )
    }

    /// Schema tier: a parameter of another JSON type; `what` such as "a string".
    pub(super) fn must_be(path: &str, what: &str) -> Self {
        Self::plain(400, 100, format!("(#100) Param {path} must be {what}."))
    }

    /// Schema tier: a word outside the list (wording inferred).
    pub(super) fn not_one_of(path: &str, allowed: &[&str], got: &str) -> Self {
        let allowed = allowed.join(", ");
        Self::plain(
            400,
            100,
            format!("(#100) Param {path} must be one of {{{allowed}}} - got \"{got}\"."),
        )
    }

    /// Schema tier: a parameter that does not exist (wording inferred).
    pub(super) fn unexpected(key: &str) -> Self {
        Self::plain(
            400,
            100,
            format!("(#100) Unexpected key \"{key}\" on param \"message\"."),
        )
    }

    /// Meaning tier: a count, a length or a value that is not allowed.
    pub(super) fn invalid_value(details: impl Into<String>) -> Self {
        Self::detailed(131_009, "Parameter value is not valid", details)
    }

    /// A text header without its text.
    pub(super) fn header_text_missing() -> Self {
        Self {
            subcode: Some(2_494_010),
            ..Self::invalid_value("Text cannot be null for header type text")
        }
    }

    /// No token at all (inferred).
    pub(super) fn no_token() -> Self {
        Self::plain(
            401,
            190,
            "An access token is required to request this resource.".into(),
        )
    }

    /// A token that was never issued.
    pub(super) fn garbage_token() -> Self {
        let message = "Invalid OAuth access token - Cannot parse access token";
        Self::plain(401, 190, message.into())
    }

    /// A token of the past.
    pub(super) fn expired_token(now: Timestamp) -> Self {
        let expired = now
            .checked_sub(SignedDuration::from_hours(1))
            .unwrap_or(now);
        let message = format!(
            "Error validating access token: Session has expired on {expired}. The current time is {now}."
        );
        Self {
            subcode: Some(463),
            ..Self::plain(401, 190, message)
        }
    }

    /// A token without the permission (wording inferred).
    pub(super) fn no_permission() -> Self {
        let message = "(#10) Application does not have permission for this action";
        Self::plain(403, 10, message.into())
    }

    /// A number that does not exist for this token, or a method that it does not have.
    pub(super) fn unsupported(method: &Method, object: &str) -> Self {
        let verb = method.as_str().to_ascii_lowercase();
        let message = format!(
            "Unsupported {verb} request. Object with ID '{object}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        Self {
            kind: "GraphMethodException",
            subcode: Some(33),
            ..Self::plain(400, 100, message)
        }
    }

    /// A path that is not simulated (invented).
    pub(super) fn unknown_path() -> Self {
        let message = "Unknown path components: the sandbox does not simulate this path";
        Self::plain(404, 2500, message.into())
    }

    /// A kind of message that exists and is not simulated (invented).
    pub(super) fn not_simulated(kind: &str) -> Self {
        Self::invalid_value(format!(
            "The sandbox does not simulate messages of type {kind}"
        ))
    }

    /// Status 400 by Meta's older table; 429 is reported too.
    pub(super) fn throughput() -> Self {
        let details = "Message failed to send because there were too many messages sent from this phone number in a short period of time.";
        Self::detailed(130_429, "Rate limit hit", details)
    }

    /// The error as Graph sends it.
    pub(super) fn into_answer(self, trace: &str) -> Answer {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some(details) = self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        Answer::new(self.status, json!({"error": error}))
    }

    /// Meaning and account tier: a code with its title and details.
    pub(super) fn detailed(code: u32, title: &str, details: impl Into<String>) -> Self {
        Self {
            details: Some(details.into()),
            ..Self::plain(400, code, format!("(#{code}) {title}"))
        }
    }

    fn plain(status: u16, code: u32, message: String) -> Self {
        Self {
            status,
            kind: "OAuthException",
            code,
            subcode: None,
            message,
            details: None,
        }
    }
}
