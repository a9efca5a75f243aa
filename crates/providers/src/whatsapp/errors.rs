//! What the Cloud API's error codes mean for a send (Meta, Cloud API error codes).

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::documented::says;
use crate::error::ErrorKind;
use crate::http::client::Answer;
use crate::refusal::Refusal;

/// Meta's object: only `code` is sure to be there.
#[derive(Deserialize)]
struct Envelope {
    error: GraphError,
}

#[derive(Deserialize)]
struct GraphError {
    code: i64,
    #[serde(default)]
    error_subcode: Option<i64>,
    #[serde(default)]
    message: Option<String>,
    /// An object with `details`, or a plain text.
    #[serde(default)]
    error_data: Value,
}

/// Meta's code 1, "API Unknown".
const API_UNKNOWN: i64 = 1;

/// Code 100 with this subcode: the phone number id is unknown, or the token may not see it.
const UNKNOWN_OBJECT: i64 = 33;

/// Code 100 with one of these: the app wants its calls signed (Meta, secure requests).
const ABOUT_THE_PROOF: [&str; 2] = [
    "API calls from the server require an appsecret_proof argument",
    "Invalid appsecret_proof provided in the API argument",
];

/// Ranges of codes and their meaning; the first that fits counts.
const MEANINGS: &[(RangeInclusive<i64>, ErrorKind)] = &[
    // Nothing was sent and the cause passes by itself.
    (1..=2, ErrorKind::Unavailable),
    (131_000..=131_000, ErrorKind::Unavailable),
    (131_016..=131_016, ErrorKind::Unavailable),
    (131_057..=131_057, ErrorKind::Unavailable),
    (133_004..=133_004, ErrorKind::Unavailable),
    (134_102..=134_102, ErrorKind::Unavailable),
    // Too much at once: of the app, the account, the number, or the pair of numbers.
    (4..=4, ErrorKind::Throttled),
    (613..=613, ErrorKind::Throttled),
    (80_007..=80_008, ErrorKind::Throttled),
    (130_429..=130_429, ErrorKind::Throttled),
    (131_056..=131_056, ErrorKind::Throttled),
    (132_069..=132_069, ErrorKind::Throttled),
    (133_016..=133_016, ErrorKind::Throttled),
    // The token, or what it may do.
    (0..=0, ErrorKind::Unauthorized),
    (3..=3, ErrorKind::Unauthorized),
    (10..=10, ErrorKind::Unauthorized),
    (102..=102, ErrorKind::Unauthorized),
    (104..=104, ErrorKind::Unauthorized),
    (190..=190, ErrorKind::Unauthorized),
    (200..=299, ErrorKind::Unauthorized),
    (131_005..=131_005, ErrorKind::Unauthorized),
    // The number, as it is set up at Meta.
    (33..=33, ErrorKind::Misconfigured),
    (131_037..=131_037, ErrorKind::Misconfigured),
    (131_045..=131_045, ErrorKind::Misconfigured),
    (133_010..=133_010, ErrorKind::NotConnected),
    (131_042..=131_042, ErrorKind::BillingBlocked),
    // This recipient, for good or for long.
    (1026..=1026, ErrorKind::InvalidRecipient),
    (130_403..=130_403, ErrorKind::InvalidRecipient),
    (130_472..=130_472, ErrorKind::InvalidRecipient),
    (131_021..=131_021, ErrorKind::InvalidRecipient),
    (131_026..=131_026, ErrorKind::InvalidRecipient),
    (131_030..=131_030, ErrorKind::InvalidRecipient),
    (131_049..=131_050, ErrorKind::InvalidRecipient),
    (131_062..=131_062, ErrorKind::InvalidRecipient),
    (137_000..=137_000, ErrorKind::InvalidRecipient),
    (131_047..=131_047, ErrorKind::WindowClosed),
    // The request itself.
    (100..=100, ErrorKind::ContentRefused),
    (131_008..=131_009, ErrorKind::ContentRefused),
    (131_051..=131_053, ErrorKind::ContentRefused),
    (135_000..=135_000, ErrorKind::ContentRefused),
    // The account is blocked or restricted; a person must look.
    (368..=368, ErrorKind::Restricted),
    (130_497..=130_497, ErrorKind::Restricted),
    (131_031..=131_031, ErrorKind::Restricted),
    (131_048..=131_048, ErrorKind::Restricted),
    (131_064..=131_064, ErrorKind::Restricted),
    (134_011..=134_011, ErrorKind::Restricted),
    // Only templates are paused or disabled.
    (131_063..=131_063, ErrorKind::Rejected),
    (132_015..=132_016, ErrorKind::Rejected),
];

/// How long each limit lasts at least (Meta, about the platform); Meta answers no `Retry-After` of its own.
const WAITS: &[(i64, Duration)] = &[
    // The pair of numbers: one message in six seconds.
    (131_056, Duration::from_secs(6)),
    // The throughput of the number, counted per second.
    (130_429, Duration::from_secs(1)),
    // These are counted over an hour: a repeat within one send is in vain.
    (4, Duration::from_mins(1)),
    (613, Duration::from_mins(1)),
    (80_007, Duration::from_mins(1)),
    (80_008, Duration::from_mins(1)),
    (132_069, Duration::from_mins(1)),
    (133_016, Duration::from_mins(1)),
];

/// Turns an unsuccessful answer into an error.
///
/// Meta advises to repeat a 5xx. One without Meta's own error object comes from somewhere before or
/// behind the API, so the message may have been taken: not doubling it outranks the advice.
///
/// `unknown_number` says what to change if Meta does not know the phone number id.
pub(super) fn refusal(answer: &Answer, unknown_number: &str) -> Refusal {
    let envelope = answer
        .json()
        .and_then(|body| Envelope::deserialize(body).ok());
    let Some(Envelope { error }) = envelope else {
        return without_envelope(answer);
    };
    let kind = error.kind(answer.status);
    let mut text = error.text();
    if error.error_subcode == Some(UNKNOWN_OBJECT) {
        // First what to change: long words of Meta are cut at their end.
        text = format!("phoneNumberId: {unknown_number}; Meta says: {text}");
    }
    Refusal {
        code: Some(error.code),
        retry_after: answer.retry_after.max(least_wait(error.code)),
        ..Refusal::of(answer, kind, Some(&text))
    }
}

/// What a code means, if we know it.
pub(super) fn meaning(code: i64) -> Option<ErrorKind> {
    let mut meanings = MEANINGS.iter();
    let (_, kind) = meanings.find(|(codes, _)| codes.contains(&code))?;
    Some(*kind)
}

/// How long a limit with this code lasts at least.
fn least_wait(code: i64) -> Option<Duration> {
    let (_, wait) = WAITS.iter().find(|(limit, _)| *limit == code)?;
    Some(*wait)
}

fn without_envelope(answer: &Answer) -> Refusal {
    if answer.is_success() {
        Refusal::unreadable(answer)
    } else {
        Refusal::of(answer, ErrorKind::from_status(answer.status), None)
    }
}

impl GraphError {
    fn kind(&self, status: u16) -> ErrorKind {
        if self.code == 100 && self.is_about_the_app() {
            return ErrorKind::Misconfigured;
        }
        // With a 5xx, code 1 does not say whether the message was sent, so it is not sent again.
        if self.code == API_UNKNOWN && status >= 500 {
            return ErrorKind::Indeterminate;
        }
        match meaning(self.code) {
            Some(kind) => kind,
            None => ErrorKind::from_status(status),
        }
    }

    /// Code 100 that no other message could avoid: an unknown number, or an app that wants its calls signed.
    fn is_about_the_app(&self) -> bool {
        self.error_subcode == Some(UNKNOWN_OBJECT)
            || self.message.as_ref().is_some_and(|text| {
                let text = text.trim_start_matches("(#100) ");
                ABOUT_THE_PROOF.iter().any(|known| says(text, known))
            })
    }

    /// `(#131009) Parameter value is not valid: …details…`
    fn text(&self) -> String {
        let details = self.error_data.as_str();
        let details = details.or_else(|| self.error_data.get("details")?.as_str());
        let parts = [self.message.as_deref(), details];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}
