//! Everything that can go wrong, said so that a person knows what to change.

use std::fmt::Write as _;
use std::time::Duration;

use recado_core::FieldErrors;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::id_kinds;
use crate::exit_code::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments or the input are wrong.
    #[error("{0}")]
    Usage(String),
    /// There is no key.
    #[error(
        "no API key: sign in with `recado login`, set RECADO_KEY or RECADO_KEY_FILE, or give --key"
    )]
    NoKey,
    /// Fields of a message are wrong, found without a server.
    #[error("the message is not valid{}", sentences(&.0.root, &.0.fields))]
    Fields(FieldErrors),
    /// Credentials or settings are wrong, found without a server.
    #[error("the channel is not set up{}", sentences(&.0.root, &.0.fields))]
    Channel(FieldErrors),
    /// No answer came, and nothing was changed.
    #[error("{0}")]
    Unreachable(String),
    /// The server refused, or with `--direct` the provider.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// What was asked may have happened.
    #[error("{0}; it may have happened: look before you try again")]
    OutcomeUnknown(String),
    /// Anything else.
    #[error("{0}")]
    Own(String),
}

/// An error answer of the server.
#[derive(Debug)]
pub(crate) struct Refusal {
    exit_code: ExitCode,
    body: ErrorBody,
    text: String,
    retry_after: Option<String>,
    /// Whether the same may be granted a moment later.
    may_pass: bool,
    /// What to do about it, where the command knows better than the reason tells.
    advice: Option<String>,
    /// No server was asked: the provider itself refused.
    is_direct: bool,
}

/// The one shape of the server's errors.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    error: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Failure {
    /// What the program exits with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Fields(_) | Self::Channel(_) => ExitCode::Usage,
            Self::NoKey => ExitCode::Unauthorized,
            Self::Unreachable(_) => ExitCode::Unreachable,
            Self::Refused(refusal) => refusal.exit_code,
            Self::OutcomeUnknown(_) => ExitCode::OutcomeUnknown,
            Self::Own(_) => ExitCode::OwnFault,
        }
    }

    /// Whether the same request may succeed a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(refusal) => refusal.may_pass,
            _ => false,
        }
    }

    /// How long the server asks to wait before the next try.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => {
                let seconds = refusal.retry_after.as_ref()?.parse().ok()?;
                Some(Duration::from_secs(seconds))
            }
            _ => None,
        }
    }

    /// The stable word of a refusal.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.body.reason),
            _ => None,
        }
    }

    /// Adds a hint if what was not found seems to be of another kind.
    pub(crate) fn with_kind_of_id(
        self,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Self {
        let hint = self.reason();
        let hint = hint.and_then(|reason| id_kinds::hint(reason, path, query, body));
        self.with_advice(hint)
    }

    /// Adds what a command knows about the way out of a refusal.
    pub(crate) fn with_advice(self, advice: Option<String>) -> Self {
        match (self, advice) {
            (Self::Refused(refusal), Some(advice)) => {
                Self::Refused(Box::new(refusal.with_advice(advice)))
            }
            (other, _) => other,
        }
    }

    /// The server's own words, for programs.
    pub(crate) fn json(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.text),
            _ => None,
        }
    }
}

impl Refusal {
    /// Reads an error answer; `None` if it has not the gateway's shape.
    pub(crate) fn read(status: u16, retry_after: Option<String>, text: String) -> Option<Self> {
        let body: ErrorBody = serde_json::from_str(&text).ok()?;
        Some(Self {
            exit_code: ExitCode::of_answer(status, &body.reason),
            body,
            text,
            retry_after,
            may_pass: status == 429 || status >= 500,
            advice: None,
            is_direct: false,
        })
    }

    /// A refusal that no server made, in the same shape.
    pub(crate) fn direct(
        exit_code: ExitCode,
        reason: &str,
        code: Option<i64>,
        error: String,
    ) -> Self {
        let body = ErrorBody {
            error,
            reason: reason.to_owned(),
            code: code.map(Value::from),
            ..ErrorBody::default()
        };
        Self {
            exit_code,
            text: serde_json::json!(body).to_string(),
            body,
            retry_after: None,
            may_pass: false,
            advice: None,
            is_direct: true,
        }
    }

    /// Adds how long to wait before the next try.
    pub(crate) fn with_wait(self, wait: Option<Duration>) -> Self {
        Self {
            retry_after: wait.map(|wait| wait.as_secs().to_string()),
            ..self
        }
    }

    /// Adds what the command knows about the way out.
    pub(crate) fn with_advice(self, advice: String) -> Self {
        Self {
            advice: Some(advice),
            ..self
        }
    }

    /// Returns whether the server does not know the caller.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.exit_code == ExitCode::Unauthorized
    }

    fn hint(&self) -> Option<String> {
        if let Some(advice) = &self.advice {
            return Some(advice.clone());
        }
        let hint = match (self.body.reason.as_str(), &self.body.message_id) {
            ("unauthorized", _) => {
                "check --key, RECADO_KEY or RECADO_KEY_FILE, or sign in with `recado login`".to_owned()
            }
            ("outcome_unknown", Some(id)) => {
                format!("do not send it again; `recado message show {id}` tells what became of it")
            }
            ("outcome_unknown", None) => {
                "it may be on its way: look at the provider before you send it again".to_owned()
            }
            (reason, _) if listing(reason).is_some() => {
                format!("see `recado {}`", listing(reason)?)
            }
            ("channel_unauthorized" | "channel_misconfigured", _) if self.is_direct => {
                "check the credentials in the environment; `recado channel create --help` lists them".to_owned()
            }
            ("channel_unauthorized" | "channel_misconfigured", _) => {
                "correct the credentials with `recado channel update`".to_owned()
            }
            ("channel_disconnected" | "channel_blocked", _) if !self.is_direct => {
                "`recado channel check` shows what the provider says about the number".to_owned()
            }
            _ => {
                let seconds = self.retry_after.as_ref()?;
                format!("try again in {seconds} s")
            }
        };
        Some(hint)
    }
}

/// The command that lists what was not found.
fn listing(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "organization_not_found" => "org list",
        "api_key_not_found" => "key list --org ORGANIZATION",
        "agent_not_found" => "agent list",
        "channel_not_found" => "channel list",
        "conversation_not_found" => "conversation list",
        "message_not_found" => "conversation messages CONVERSATION",
        "webhook_endpoint_not_found" => "webhook list",
        "delivery_not_found" => "webhook deliveries ENDPOINT",
        "webhook_call_not_found" => "webhook-call list",
        "user_not_found" => "user list",
        _ => return None,
    })
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ErrorBody {
            error,
            reason,
            code,
            details,
            message_id,
            request_id,
        } = &self.body;
        write!(f, "{error} [{reason}")?;
        if let Some(code) = code {
            write!(f, ", code {code}")?;
        }
        f.write_str("]")?;
        for line in details
            .as_ref()
            .map(detail_lines)
            .unwrap_or_default()
            .lines()
        {
            // The sentence has the first one already.
            if !line.is_empty() && !error.ends_with(line.trim_start()) {
                write!(f, "\n{line}")?;
            }
        }
        if let Some(id) = message_id {
            write!(f, "\n  message: {id}")?;
        }
        if let Some(hint) = self.hint() {
            write!(f, "\n  hint: {hint}")?;
        }
        if let Some(id) = request_id {
            write!(f, "\n  request: {id}")?;
        }
        Ok(())
    }
}

/// Every field of `{"_errors": […], "field": {"_errors": […]}}` with its sentences.
fn detail_lines(details: &Value) -> String {
    let errors = |value: &Value| -> Vec<String> {
        let list = value.get("_errors").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|sentence| sentence.as_str().map(str::to_owned))
            .collect()
    };
    let fields = details.as_object().into_iter().flatten();
    let fields: Vec<_> = fields
        .filter(|(name, _)| *name != "_errors")
        .map(|(name, value)| (name, errors(value)))
        .collect();
    sentences(
        &errors(details),
        fields.iter().map(|(name, list)| (*name, list)),
    )
}

fn sentences<'a>(
    root: &[String],
    fields: impl IntoIterator<Item = (&'a String, &'a Vec<String>)>,
) -> String {
    let mut lines = String::new();
    for sentence in root {
        let _ = write!(lines, "\n  {sentence}");
    }
    for (name, sentences) in fields {
        let _ = write!(lines, "\n  {name}: {}", sentences.join(", "));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, text: &str) -> Failure {
        Failure::Refused(Box::new(
            Refusal::read(status, None, text.to_owned()).unwrap(),
        ))
    }

    #[test]
    fn every_wrong_field_is_named_with_its_sentences() {
        let failure = refusal(
            400,
            r#"{"error":"error invalid request body","reason":"invalid_body","requestId":"r1",
                "details":{"_errors":["Odd"],"body_text":{"_errors":["Required","Twice"]},"agentId":{"_errors":["Required"]}}}"#,
        );
        assert_eq!(
            failure.to_string(),
            "error invalid request body [invalid_body]\n  Odd\n  body_text: Required, Twice\n  agentId: Required\n  request: r1"
        );
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }

    #[test]
    fn a_fault_that_the_sentence_names_is_told_once() {
        let failure = refusal(
            400,
            r#"{"error":"The query is not valid: cursor: Odd","reason":"invalid_query",
                "details":{"_errors":[],"cursor":{"_errors":["Odd"]},"limit":{"_errors":["Even"]}}}"#,
        );
        let expected = "The query is not valid: cursor: Odd [invalid_query]\n  limit: Even";
        assert_eq!(failure.to_string(), expected);
    }

    #[test]
    fn a_lost_outcome_names_the_message_and_warns() {
        let failure = refusal(
            500,
            r#"{"error":"the answer was lost","reason":"outcome_unknown","messageId":"msg_1"}"#,
        );
        let text = failure.to_string();
        assert!(text.contains("message: msg_1"), "{text}");
        assert!(text.contains("do not send it again"), "{text}");
        assert_eq!(failure.exit_code(), ExitCode::OutcomeUnknown);
    }

    #[test]
    fn a_providers_code_is_shown_whether_number_or_text() {
        let number = r#"{"error":"no","reason":"provider_rejected","code":131009}"#;
        let text = r#"{"error":"no","reason":"provider_rejected","code":"E1"}"#;
        assert_eq!(
            refusal(500, number).to_string(),
            "no [provider_rejected, code 131009]"
        );
        assert_eq!(
            refusal(500, text).to_string(),
            "no [provider_rejected, code \"E1\"]"
        );
    }

    #[test]
    fn what_was_not_found_names_the_command_that_lists_it() {
        for noun in ["agent", "channel", "conversation", "user"] {
            let text = format!(r#"{{"error":"no","reason":"{noun}_not_found"}}"#);
            let expected = format!("no [{noun}_not_found]\n  hint: see `recado {noun} list`");
            assert_eq!(refusal(404, &text).to_string(), expected);
        }
    }

    #[test]
    fn a_page_of_a_proxy_is_not_an_answer_of_the_gateway() {
        assert!(Refusal::read(502, None, "<html>".to_owned()).is_none());
        assert!(Refusal::read(502, None, r#"{"error":{"message":"x"}}"#.to_owned()).is_none());
    }

    #[test]
    fn a_limited_rate_says_when_to_come_back() {
        let text = r#"{"error":"slow down","reason":"rate_limited"}"#.to_owned();
        let refusal = Refusal::read(429, Some("7".to_owned()), text).unwrap();
        assert_eq!(
            refusal.to_string(),
            "slow down [rate_limited]\n  hint: try again in 7 s"
        );
        let asked = Failure::Refused(Box::new(refusal)).retry_after();
        assert_eq!(asked, Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_direct_refusal_has_the_same_shape() {
        let refusal = Refusal::direct(
            ExitCode::Refused,
            "window_closed",
            Some(131_047),
            "no".to_owned(),
        );
        assert_eq!(
            refusal.text,
            r#"{"error":"no","reason":"window_closed","code":131047}"#
        );
        assert_eq!(refusal.to_string(), "no [window_closed, code 131047]");
    }

    #[test]
    fn refused_credentials_are_looked_for_where_they_came_from() {
        let error = || "no".to_owned();
        let reason = "channel_unauthorized";
        let direct = Refusal::direct(ExitCode::Unauthorized, reason, Some(190), error());
        assert!(
            direct.to_string().contains("in the environment"),
            "{direct}"
        );
        let served = refusal(500, r#"{"error":"no","reason":"channel_unauthorized"}"#);
        assert!(
            served.to_string().contains("recado channel update"),
            "{served}"
        );
    }

    #[test]
    fn fields_found_without_a_server_are_wrong_input() {
        let failure = Failure::Fields(FieldErrors::field("body_text", "Required"));
        assert_eq!(
            failure.to_string(),
            "the message is not valid\n  body_text: Required"
        );
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
}
