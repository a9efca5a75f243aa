//! Everything that can go wrong, said so that a person knows what to change.

use std::time::Duration;

use recado_core::FieldErrors;
use serde_json::Value;

use crate::{ExitCode, Refusal, api::id_kinds, api::refusal::field_lines};

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments or the input are wrong.
    #[error("{0}")]
    Usage(String),
    /// The command has no key.
    #[error(
        "no API key: sign in with `recado login`, set RECADO_KEY or RECADO_KEY_FILE, or give --key"
    )]
    NoKey,
    /// Fields of a message are wrong, found without a server.
    #[error("the message is not valid{}", field_lines(&.0.root, &.0.fields))]
    Fields(FieldErrors),
    /// Credentials or settings are wrong, found without a server.
    #[error("the channel is not set up{}", field_lines(&.0.root, &.0.fields))]
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

impl Failure {
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

    /// Returns whether the same request may succeed a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        let unreachable = matches!(self, Self::Unreachable(_));
        unreachable || self.refusal().is_some_and(Refusal::may_pass)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.refusal()?.retry_after()
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        self.refusal().map(Refusal::reason)
    }

    pub(crate) fn json(&self) -> Option<&str> {
        self.refusal().map(|refusal| refusal.text.as_str())
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
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
        let reason = self.reason();
        let hint = reason.and_then(|reason| id_kinds::hint(reason, path, query, body));
        self.with_advice(hint)
    }

    pub(crate) fn with_advice(self, advice: Option<String>) -> Self {
        match (self, advice) {
            (Self::Refused(refusal), Some(advice)) => refusal.with_advice(advice).into(),
            (other, _) => other,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
