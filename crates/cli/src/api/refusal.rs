//! An error answer of the server, or of a provider that was asked without a server.

use std::{fmt::Write as _, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use super::id_kinds;
use crate::ExitCode;

/// An error answer, with what to do about it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) exit_code: ExitCode,
    /// `None` if no server was asked.
    status: Option<u16>,
    /// The answer tells what became of an earlier request with the same key.
    pub(crate) is_replayed: bool,
    /// The answer as it came, for programs.
    pub(crate) text: String,
    body: ErrorBody,
    retry_after: Option<String>,
    /// Where the command knows better than the reason tells.
    advice: Option<String>,
    /// The provider itself refused: no server was asked.
    is_direct: bool,
}

/// The one shape of the server's errors.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    error: String,
    reason: String,
    code: Option<Value>,
    details: Option<Value>,
    message_id: Option<String>,
    request_id: Option<String>,
}

/// The longest wait of an answer that is believed.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// The reasons of refusals that are about the caller or the address.
const ABOUT_THE_CALLER: [&str; 6] = [
    "unauthorized",
    "forbidden",
    "organization_suspended",
    "not_found",
    "method_not_allowed",
    "invalid_header",
];

impl Refusal {
    /// Reads an error answer; returns `None` if it does not have the shape of the server's errors.
    pub(crate) fn read(status: u16, retry_after: Option<String>, text: String) -> Option<Self> {
        let body: ErrorBody = serde_json::from_str(&text).ok()?;
        Some(Self {
            exit_code: ExitCode::of_answer(status, &body.reason),
            status: Some(status),
            is_replayed: false,
            text,
            body,
            retry_after,
            advice: None,
            is_direct: false,
        })
    }

    /// Creates a refusal that does not come from a server, in the same shape.
    pub(crate) fn direct(
        exit_code: ExitCode,
        reason: &str,
        code: Option<i64>,
        error: String,
    ) -> Self {
        let mut text = json!({"error": error, "reason": reason});
        if let Some(code) = code {
            text["code"] = code.into();
        }
        let body = ErrorBody {
            error,
            reason: reason.to_owned(),
            code: code.map(Value::from),
            ..ErrorBody::default()
        };
        Self {
            exit_code,
            status: None,
            is_replayed: false,
            text: text.to_string(),
            body,
            retry_after: None,
            advice: None,
            is_direct: true,
        }
    }

    pub(crate) fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait.map(|wait| wait.as_secs().to_string());
        self
    }

    pub(crate) fn with_advice(mut self, advice: String) -> Self {
        self.advice = Some(advice);
        self
    }

    /// Returns how long the server asks to wait, at most a day.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.retry_after.as_ref()?.parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
    }

    /// Returns whether it is about the caller or the address, and says nothing of what was asked.
    pub(crate) fn is_about_the_caller(&self) -> bool {
        ABOUT_THE_CALLER.contains(&self.reason())
    }

    /// Returns whether the same request may succeed a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.status, Some(429 | 500..))
    }

    /// Returns whether the server limits the caller or is overloaded.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.status, Some(429 | 503))
    }

    pub(crate) fn reason(&self) -> &str {
        &self.body.reason
    }

    /// Returns the id of the message that the server stored before it was refused.
    pub(crate) fn message_id(&self) -> Option<&str> {
        self.body.message_id.as_deref()
    }

    /// Returns the sentence of the error, without its fields.
    pub(crate) fn sentence(&self) -> &str {
        &self.body.error
    }

    /// Returns the wrong fields, each with its sentences.
    pub(crate) fn fields(&self) -> Vec<(&String, Vec<String>)> {
        self.body.details.as_ref().map(fields).unwrap_or_default()
    }

    fn hint(&self) -> Option<String> {
        if let Some(advice) = &self.advice {
            return Some(advice.clone());
        }
        let reason = self.reason();
        if let Some(listing) = id_kinds::listing(reason) {
            return Some(format!("see `recado {listing}`"));
        }
        let hint = match (reason, &self.body.message_id) {
            ("unauthorized", _) => {
                "check --key, RECADO_KEY or RECADO_KEY_FILE, or sign in with `recado login`"
            }
            ("outcome_unknown", Some(id)) => {
                return Some(format!(
                    "do not send it again; `recado message show {id}` tells what became of it"
                ));
            }
            ("outcome_unknown", None) => {
                "it may be on its way: look at the provider before you send it again"
            }
            ("channel_unauthorized" | "channel_misconfigured", _) if self.is_direct => {
                "check the credentials in the environment; `recado channel create --help` lists them"
            }
            ("channel_unauthorized" | "channel_misconfigured", _) => {
                "correct the credentials with `recado channel update`"
            }
            ("channel_disconnected" | "channel_blocked", _) if !self.is_direct => {
                "`recado channel check` shows what the provider says about the number"
            }
            _ => return Some(format!("try again in {} s", self.retry_after.as_ref()?)),
        };
        Some(hint.to_owned())
    }
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
        let details = details.as_ref().map(detail_lines);
        for line in details.unwrap_or_default().lines() {
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

/// Returns the fields of `{"_errors": […], "field": {"_errors": […]}}` as lines with their sentences.
fn detail_lines(details: &Value) -> String {
    let fields = fields(details);
    let fields = fields.iter().map(|(name, list)| (*name, list));
    field_lines(&sentences(details), fields)
}

fn fields(details: &Value) -> Vec<(&String, Vec<String>)> {
    let fields = details.as_object().into_iter().flatten();
    let fields = fields.filter(|(name, _)| *name != "_errors");
    fields
        .map(|(name, value)| (name, sentences(value)))
        .collect()
}

fn sentences(value: &Value) -> Vec<String> {
    let list = value.get("_errors").and_then(Value::as_array);
    let sentences = list.into_iter().flatten();
    let sentences = sentences.filter_map(|it| Some(it.as_str()?.to_owned()));
    sentences.collect()
}

pub(crate) fn field_lines<'a>(
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
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::every_wrong_field_with_its_sentences(
        json!({"error": "error invalid request body", "reason": "invalid_body", "requestId": "r1", "details": {
            "_errors": ["Odd"], "body_text": {"_errors": ["Required", "Twice"]}, "agentId": {"_errors": ["Required"]}}}),
        "error invalid request body [invalid_body]\n  Odd\n  body_text: Required, Twice\n  agentId: Required\n  request: r1")]
    #[case::a_fault_that_the_sentence_names_once(
        json!({"error": "The query is not valid: cursor: Odd", "reason": "invalid_query",
            "details": {"_errors": [], "cursor": {"_errors": ["Odd"]}, "limit": {"_errors": ["Even"]}}}),
        "The query is not valid: cursor: Odd [invalid_query]\n  limit: Even")]
    #[case::a_lost_outcome_with_a_warning(
        json!({"error": "the answer was lost", "reason": "outcome_unknown", "messageId": "msg_1"}),
        "the answer was lost [outcome_unknown]\n  message: msg_1\n  \
         hint: do not send it again; `recado message show msg_1` tells what became of it")]
    #[case::a_number_of_the_provider(
        json!({"error": "no", "reason": "provider_rejected", "code": 131_009}),
        "no [provider_rejected, code 131009]")]
    #[case::a_code_of_the_provider_that_is_a_text(
        json!({"error": "no", "reason": "provider_rejected", "code": "E1"}),
        "no [provider_rejected, code \"E1\"]")]
    #[case::refused_credentials_of_the_server(
        json!({"error": "no", "reason": "channel_unauthorized"}),
        "no [channel_unauthorized]\n  hint: correct the credentials with `recado channel update`")]
    #[case::an_agent_that_does_not_exist(
        json!({"error": "no", "reason": "agent_not_found"}),
        "no [agent_not_found]\n  hint: see `recado agent list`")]
    #[case::an_api_key_that_does_not_exist(
        json!({"error": "no", "reason": "api_key_not_found"}),
        "no [api_key_not_found]\n  hint: see `recado key list --org ORGANIZATION`")]
    #[case::a_delivery_that_does_not_exist(
        json!({"error": "no", "reason": "delivery_not_found"}),
        "no [delivery_not_found]\n  hint: see `recado webhook deliveries ENDPOINT`")]
    fn a_refusal_says_what_to_do(#[case] body: Value, #[case] expected: &str) {
        let refusal = Refusal::read(500, None, body.to_string()).unwrap();
        assert_eq!(refusal.to_string(), expected);
    }

    #[test]
    fn a_page_of_a_proxy_is_not_an_answer_of_the_server() {
        for page in ["<html>", r#"{"error":{"message":"x"}}"#] {
            assert!(Refusal::read(502, None, page.to_owned()).is_none());
        }
    }

    #[test]
    fn a_limited_rate_says_when_to_come_back() {
        let text = r#"{"error":"slow down","reason":"rate_limited"}"#.to_owned();
        let refusal = Refusal::read(429, Some("7".to_owned()), text).unwrap();
        let expected = "slow down [rate_limited]\n  hint: try again in 7 s";
        assert_eq!(refusal.to_string(), expected);
        assert_eq!(refusal.retry_after(), Some(Duration::from_secs(7)));
    }

    #[test]
    fn a_direct_refusal_has_the_same_shape_and_its_credentials_are_in_the_environment() {
        let (code, error) = (ExitCode::Unauthorized, "no".to_owned());
        let refusal = Refusal::direct(code, "channel_unauthorized", Some(190), error);
        let json = r#"{"error":"no","reason":"channel_unauthorized","code":190}"#;
        assert_eq!(refusal.text, json);
        let text = refusal.to_string();
        let expected =
            "no [channel_unauthorized, code 190]\n  hint: check the credentials in the environment";
        assert!(text.starts_with(expected), "{text}");
    }
}
