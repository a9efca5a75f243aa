//! Graph's errors in their words (Meta, error codes and observed answers; inferred ones are marked).

use std::borrow::Cow;

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::Answer;

/// The title and the details of a closed window (131047), at once and afterwards.
pub(super) const WINDOW_CLOSED: (&str, &str) = (
    "Re-engagement message",
    "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
);

/// Writes the errors whose words are fixed, each from one row: its status, its code, its message and its details.
macro_rules! fixed_errors {
    ($(#[doc = $doc:literal] $name:ident = $status:literal, $code:literal, $message:literal, $details:expr;)+) => {$(
        #[doc = $doc]
        pub(super) const $name: GraphError =
            GraphError::new($status, $code, Cow::Borrowed($message), $details);
    )+};
}

fixed_errors! {
    /// No token at all (inferred).
    NO_TOKEN = 401, 190, "An access token is required to request this resource.", None;
    /// A token that was never issued.
    GARBAGE_TOKEN = 401, 190, "Invalid OAuth access token - Cannot parse access token", None;
    /// A token without the permission (wording inferred).
    NO_PERMISSION = 403, 10, "(#10) Application does not have permission for this action", None;
    /// A path that is not simulated (invented).
    UNKNOWN_PATH = 404, 2500, "Unknown path components: the sandbox does not simulate this path", None;
    /// The number may not send yet.
    NOT_REGISTERED = 400, 133_010, "(#133010) Phone number not registered",
        Some("The phone number is not registered for the Cloud API");
    /// The number writes to itself.
    TO_ITSELF = 400, 131_021, "(#131021) Recipient cannot be sender",
        Some("Sender and recipient are the same phone number");
    /// A test number writes to a recipient that was not allowed.
    NOT_ALLOWED = 400, 131_030, "(#131030) Recipient phone number not in allowed list",
        Some("Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again.");
    /// Too many messages of one number; status 400 by Meta's older table, 429 is reported too.
    THROUGHPUT = 400, 130_429, "(#130429) Rate limit hit",
        Some("Message failed to send because there were too many messages sent from this phone number in a short period of time.");
    /// Too many messages to one recipient.
    PAIR = 400, 131_056, "(#131056) (Business Account, Consumer Account) pair rate limit hit",
        Some("Message failed to send because there were too many messages sent from this phone number to the same recipient in a short period of time.");
}

pub(super) struct GraphError {
    status: u16,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    message: Cow<'static, str>,
    details: Option<Cow<'static, str>>,
}

impl GraphError {
    /// Schema tier: a parameter that is missing or empty.
    pub(super) fn required(path: &str) -> Self {
        Self::schema(&format!("The parameter {path} is required."))
    }

    /// Schema tier: a parameter of another JSON type; `what` such as "a string".
    pub(super) fn must_be(path: &str, what: &str) -> Self {
        Self::schema(&format!("Param {path} must be {what}."))
    }

    /// Schema tier: a word that is not in `allowed`, a list separated by spaces (wording inferred).
    pub(super) fn not_one_of(path: &str, allowed: &str, got: &str) -> Self {
        let allowed = allowed.replace(' ', ", ");
        Self::schema(&format!(
            "Param {path} must be one of {{{allowed}}} - got \"{got}\"."
        ))
    }

    /// Schema tier: a parameter that does not exist (wording inferred).
    pub(super) fn unexpected(key: &str) -> Self {
        Self::schema(&format!("Unexpected key \"{key}\" on param \"message\"."))
    }

    /// Meaning tier: a count, a length or a value that is not allowed.
    pub(super) fn invalid_value(details: impl Into<Cow<'static, str>>) -> Self {
        let message = "(#131009) Parameter value is not valid";
        Self {
            details: Some(details.into()),
            ..Self::new(400, 131_009, message.into(), None)
        }
    }

    pub(super) fn header_text_missing() -> Self {
        Self {
            subcode: Some(2_494_010),
            ..Self::invalid_value("Text cannot be null for header type text")
        }
    }

    pub(super) fn expired_token(now: Timestamp) -> Self {
        let expired = now.checked_sub(SignedDuration::from_hours(1));
        let expired = expired.unwrap_or(now);
        let message = format!(
            "Error validating access token: Session has expired on {expired}. The current time is {now}."
        );
        Self {
            subcode: Some(463),
            ..Self::new(401, 190, message.into(), None)
        }
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
            ..Self::new(400, 100, message.into(), None)
        }
    }

    /// A kind of message that exists and is not simulated (invented).
    pub(super) fn not_simulated(kind: &str) -> Self {
        Self::invalid_value(format!(
            "The sandbox does not simulate messages of type {kind}"
        ))
    }

    /// The error as Graph sends it.
    pub(super) fn into_answer(self, trace: &str) -> Answer {
        let mut error = json!({
            "message": self.message, "type": self.kind, "code": self.code, "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some(details) = self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        Answer::new(self.status, json!({"error": error}))
    }

    pub(super) fn window_closed() -> Self {
        let (title, details) = WINDOW_CLOSED;
        Self::new(
            400,
            131_047,
            format!("(#131047) {title}").into(),
            Some(details),
        )
    }

    fn schema(problem: &str) -> Self {
        Self::new(400, 100, format!("(#100) {problem}").into(), None)
    }

    const fn new(
        status: u16,
        code: u32,
        message: Cow<'static, str>,
        details: Option<&'static str>,
    ) -> Self {
        Self {
            status,
            kind: "OAuthException",
            code,
            subcode: None,
            message,
            details: match details {
                Some(details) => Some(Cow::Borrowed(details)),
                None => None,
            },
        }
    }
}
