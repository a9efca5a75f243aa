//! What an answer of the server means for a row.

use std::time::Duration;

use crate::commands::send::kind::Kind;
use crate::{Failure, Refusal};

use super::sheet::Fault;

recado_core::words! {
    /// What became of a row.
    pub(super) enum Status: UnknownStatus("not the status of a row") {
        Accepted = "accepted",
        /// Surely not sent.
        Rejected = "rejected",
        /// It may have been sent.
        Unknown = "unknown",
        /// Left out, because it was wrong.
        Invalid = "invalid",
    }
}

/// What became of a row, as the result file keeps it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) message_id: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) error: Option<String>,
}

/// What a failure means for a row.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Meaning {
    /// It is what became of the row.
    Final(Status),
    /// All rows wait, and then the request is made again.
    Wait(Option<Duration>),
    /// The request is made again.
    Again,
    /// Every other row would fail in the same way.
    Stop,
}

impl Outcome {
    pub(super) fn new(status: Status, refusal: Option<&Refusal>) -> Self {
        Self {
            status,
            message_id: refusal.and_then(Refusal::message_id).map(str::to_owned),
            reason: refusal.map(|refusal| refusal.reason().to_owned()),
            error: refusal.map(|refusal| refusal.sentence().to_owned()),
        }
    }
}

/// Returns what a failure means for a row.
pub(super) fn meaning(failure: &Failure) -> Meaning {
    let Some(refusal) = failure.refusal() else {
        return match failure {
            Failure::OutcomeUnknown(_) | Failure::Unreachable(_) => Meaning::Again,
            _ => Meaning::Stop,
        };
    };
    match refusal.reason() {
        // The message of an erased contact was sent, or not: it is not sent again.
        "outcome_unknown" | "message_not_found" | "idempotency_key_reused" => {
            Meaning::Final(Status::Unknown)
        }
        "request_in_progress" | "provider_unavailable" | "internal" => Meaning::Again,
        "provider_throttled" => Meaning::Wait(refusal.retry_after()),
        _ if refusal.is_busy() => Meaning::Wait(refusal.retry_after()),
        _ if refusal.is_about_the_caller() => Meaning::Stop,
        // No message was stored: the row can be sent when the channel is mended.
        _ if is_about_the_channel(failure) && refusal.message_id().is_none() => Meaning::Stop,
        _ => Meaning::Final(Status::Rejected),
    }
}

/// Returns whether the next row of the same channel would be refused as well.
pub(super) fn is_about_the_channel(failure: &Failure) -> bool {
    failure
        .reason()
        .is_some_and(|reason| reason.starts_with("channel_"))
}

/// Returns whether the request that failed so may have sent the message.
pub(super) fn may_have_sent(failure: &Failure) -> bool {
    match failure {
        Failure::Refused(refusal) => {
            matches!(
                refusal.reason(),
                "internal" | "request_in_progress" | "outcome_unknown"
            )
        }
        Failure::Unreachable(_) => false,
        _ => true,
    }
}

/// Returns what a row has to change, by the words of the server.
pub(super) fn faults(kind: &Kind, refusal: &Refusal) -> Vec<Fault> {
    let fields = refusal.fields();
    if !fields.is_empty() {
        let fault = |(name, sentences): (&String, Vec<String>)| {
            Fault::new(kind.column_of(name), sentences.join(", "))
        };
        return fields.into_iter().map(fault).collect();
    }
    let sentence = refusal.sentence();
    let field = match refusal.reason() {
        "agent_not_found" | "foreign_agent" => "agent",
        "conversation_not_found"
        | "window_closed"
        | "invalid_recipient"
        | "unsupported_channel" => "conversation",
        // The sentence about a limit names the field.
        "content_refused" | "too_many_buttons" => {
            let mut words = sentence.split([' ', ':', ';', ',']);
            let named = words.find_map(|word| kind.column(word));
            named.unwrap_or_default()
        }
        _ => "",
    };
    vec![Fault::new(field, sentence)]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn refused(status: u16, reason: &str, message_id: Option<&str>) -> Failure {
        let mut body = json!({"error": "e", "reason": reason});
        if let Some(id) = message_id {
            body["messageId"] = id.into();
        }
        let wait = Some("7".to_owned());
        Refusal::read(status, wait, body.to_string())
            .unwrap()
            .into()
    }

    #[rstest]
    #[case(400, "invalid_body", None, Meaning::Final(Status::Rejected))]
    #[case(404, "conversation_not_found", None, Meaning::Final(Status::Rejected))]
    #[case(500, "window_closed", None, Meaning::Final(Status::Rejected))]
    #[case(
        500,
        "provider_rejected",
        Some("msg_1"),
        Meaning::Final(Status::Rejected)
    )]
    #[case(500, "outcome_unknown", Some("msg_1"), Meaning::Final(Status::Unknown))]
    #[case(404, "message_not_found", None, Meaning::Final(Status::Unknown))]
    #[case(422, "idempotency_key_reused", None, Meaning::Final(Status::Unknown))]
    #[case(429, "rate_limited", None, Meaning::Wait(Some(Duration::from_secs(7))))]
    #[case(
        429,
        "a_limit_of_later",
        None,
        Meaning::Wait(Some(Duration::from_secs(7)))
    )]
    #[case(503, "unavailable", None, Meaning::Wait(Some(Duration::from_secs(7))))]
    #[case(
        500,
        "provider_throttled",
        Some("msg_1"),
        Meaning::Wait(Some(Duration::from_secs(7)))
    )]
    #[case(500, "provider_unavailable", Some("msg_1"), Meaning::Again)]
    #[case(409, "request_in_progress", Some("msg_1"), Meaning::Again)]
    #[case(500, "internal", None, Meaning::Again)]
    #[case(401, "unauthorized", None, Meaning::Stop)]
    #[case(403, "organization_suspended", None, Meaning::Stop)]
    #[case(403, "foreign_agent", None, Meaning::Final(Status::Rejected))]
    #[case(500, "channel_misconfigured", None, Meaning::Stop)]
    #[case(409, "channel_over_budget", None, Meaning::Stop)]
    #[case(
        500,
        "channel_unauthorized",
        Some("msg_1"),
        Meaning::Final(Status::Rejected)
    )]
    fn an_answer_ends_a_row_or_is_waited_out_or_stops_the_run(
        #[case] status: u16,
        #[case] reason: &str,
        #[case] message_id: Option<&str>,
        #[case] expected: Meaning,
    ) {
        assert_eq!(meaning(&refused(status, reason, message_id)), expected);
    }

    #[test]
    fn a_lost_answer_is_asked_for_again_and_may_have_sent() {
        let lost = Failure::OutcomeUnknown("lost".to_owned());
        assert_eq!(
            (meaning(&lost), may_have_sent(&lost)),
            (Meaning::Again, true)
        );
        let unreachable = Failure::Unreachable("refused".to_owned());
        assert_eq!(
            (meaning(&unreachable), may_have_sent(&unreachable)),
            (Meaning::Again, false)
        );
    }

    #[rstest]
    #[case(429, "rate_limited", false)]
    #[case(503, "unavailable", false)]
    #[case(500, "provider_unavailable", false)]
    #[case(401, "unauthorized", false)]
    #[case(409, "request_in_progress", true)]
    #[case(500, "internal", true)]
    fn a_refusal_says_whether_the_message_may_have_gone_out(
        #[case] status: u16,
        #[case] reason: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(may_have_sent(&refused(status, reason, None)), expected);
    }
}
