//! The exit codes: what a script may rely on.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitCode {
    Ok = 0,
    /// An internal fault, or an answer of the server that makes no sense.
    OwnFault = 1,
    Usage = 2,
    Unreachable = 3,
    Refused = 4,
    /// The key is missing or refused; without a server, the provider's credentials are refused.
    Unauthorized = 5,
    /// The answer was lost: what was asked may have happened.
    OutcomeUnknown = 6,
}

impl ExitCode {
    pub(crate) fn of_answer(status: u16, reason: &str) -> Self {
        match (status, reason) {
            (_, "outcome_unknown" | "request_in_progress") => Self::OutcomeUnknown,
            (_, "unavailable") => Self::Unreachable,
            (400 | 413 | 422, _) => Self::Usage,
            (401, _) => Self::Unauthorized,
            _ => Self::Refused,
        }
    }

    /// The list that ends `recado --help`.
    pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  own fault, or an answer that makes no sense
  2  wrong arguments or input (also a 400 or 422 of the server)
  3  no server answers, or it could not work (503); nothing was sent: try again
  4  refused by the server or the provider (403, 404, 409, 429, 500)
  5  no key, or one that the server does not know (401); with --direct, refused credentials
  6  outcome unknown: it may have happened, never repeat it blindly";
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(400, "invalid_body", ExitCode::Usage)]
    #[case(400, "unsupported_channel", ExitCode::Usage)]
    #[case(413, "body_too_large", ExitCode::Usage)]
    #[case(401, "unauthorized", ExitCode::Unauthorized)]
    #[case(403, "foreign_agent", ExitCode::Refused)]
    #[case(404, "agent_not_found", ExitCode::Refused)]
    #[case(404, "not_found", ExitCode::Refused)]
    #[case(409, "conflict", ExitCode::Refused)]
    #[case(429, "rate_limited", ExitCode::Refused)]
    #[case(500, "too_many_buttons", ExitCode::Refused)]
    #[case(500, "provider_rejected", ExitCode::Refused)]
    #[case(500, "channel_unauthorized", ExitCode::Refused)]
    #[case(500, "channel_disconnected", ExitCode::Refused)]
    #[case(500, "provider_throttled", ExitCode::Refused)]
    #[case(500, "invalid_recipient", ExitCode::Refused)]
    #[case(500, "internal", ExitCode::Refused)]
    #[case(503, "unavailable", ExitCode::Unreachable)]
    #[case(500, "outcome_unknown", ExitCode::OutcomeUnknown)]
    fn every_answer_has_its_exit_code(
        #[case] status: u16,
        #[case] reason: &str,
        #[case] code: ExitCode,
    ) {
        assert_eq!(ExitCode::of_answer(status, reason), code);
    }

    /// How the line of the help begins for a code, and the next code; a new one does not compile without its line.
    fn told(code: ExitCode) -> (&'static str, Option<ExitCode>) {
        match code {
            ExitCode::Ok => ("done", Some(ExitCode::OwnFault)),
            ExitCode::OwnFault => ("own fault", Some(ExitCode::Usage)),
            ExitCode::Usage => ("wrong arguments", Some(ExitCode::Unreachable)),
            ExitCode::Unreachable => ("no server answers", Some(ExitCode::Refused)),
            ExitCode::Refused => ("refused by", Some(ExitCode::Unauthorized)),
            ExitCode::Unauthorized => ("no key", Some(ExitCode::OutcomeUnknown)),
            ExitCode::OutcomeUnknown => ("outcome unknown", None),
        }
    }

    #[test]
    fn the_help_has_a_line_for_every_code_in_order() {
        let codes = std::iter::successors(Some(ExitCode::Ok), |code| told(*code).1);
        let codes: Vec<_> = codes.collect();
        let lines: Vec<_> = ExitCode::HELP.lines().skip(1).collect();
        assert_eq!(codes.len(), lines.len());
        for (code, line) in codes.into_iter().zip(lines) {
            let begin = format!("  {}  {}", code as u8, told(code).0);
            assert!(line.starts_with(&begin), "{line}");
        }
    }
}
