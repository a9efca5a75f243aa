//! What the Cloud API's error codes mean for a send (Meta, Cloud API error codes).

use std::time::Duration;

use crate::prelude::*;

/// Meta's code 1, "API Unknown".
const API_UNKNOWN: i64 = 1;

/// Code 100 with this subcode: the phone number id is unknown, or the token may not see it.
const UNKNOWN_OBJECT: i64 = 33;

/// Code 100 with one of these: the app wants its calls signed (Meta, secure requests).
const ABOUT_THE_PROOF: [&str; 2] = [
    "API calls from the server require an appsecret_proof argument",
    "Invalid appsecret_proof provided in the API argument",
];

/// Returns what a code means, if we know it.
pub(super) const fn meaning(code: i64) -> Option<ErrorKind> {
    Some(match code {
        // Nothing was sent and the cause passes by itself.
        1 | 2 | 131_000 | 131_016 | 131_057 | 133_004 | 134_102 => ErrorKind::Unavailable,
        // Too much at once: of the app, the account, the number, or the pair of numbers.
        4 | 613 | 80_007 | 80_008 | 130_429 | 131_056 | 132_069 | 133_016 => ErrorKind::Throttled,
        // The token, or what it may do.
        0 | 3 | 10 | 102 | 104 | 190 | 200..=299 | 131_005 => ErrorKind::Unauthorized,
        // The number, as it is set up at Meta.
        33 | 131_037 | 131_045 => ErrorKind::Misconfigured,
        133_010 => ErrorKind::NotConnected,
        131_042 => ErrorKind::BillingBlocked,
        // This recipient, for good or for long, or all of the recipient's country (130497).
        1026 | 130_403 | 130_472 | 130_497 | 131_021 | 131_026 | 131_030 | 131_049 | 131_050
        | 131_062 | 137_000 => ErrorKind::InvalidRecipient,
        131_047 => ErrorKind::WindowClosed,
        // The request itself.
        100 | 131_008 | 131_009 | 131_051..=131_053 | 135_000 => ErrorKind::ContentRefused,
        // The account is blocked or restricted; a person must look.
        368 | 131_031 | 131_048 | 131_064 | 134_011 => ErrorKind::Restricted,
        // Only templates are paused or disabled.
        131_063 | 132_015 | 132_016 => ErrorKind::Rejected,
        _ => return None,
    })
}

/// Returns how long a limit with this code lasts at least (Meta, about the platform); Meta answers no `Retry-After` of
/// its own.
const fn least_wait(code: i64) -> Option<Duration> {
    match code {
        // The pair of numbers: one message in six seconds.
        131_056 => Some(Duration::from_secs(6)),
        // The throughput of the number, counted per second.
        130_429 => Some(Duration::from_secs(1)),
        // These are counted over an hour: a repeat within one send is in vain.
        4 | 613 | 80_007 | 80_008 | 132_069 | 133_016 => Some(Duration::from_mins(1)),
        _ => None,
    }
}

/// Turns an unsuccessful answer into an error.
///
/// Meta advises to repeat a 5xx. One without Meta's own error object comes from somewhere before or
/// behind the API, so the message may have been taken: not doubling it outranks the advice.
///
/// `unknown_number` says what to change if Meta does not know the phone number id.
pub(super) fn refusal(answer: &Answer, unknown_number: &str) -> Refusal {
    let body = answer.json().unwrap_or_default();
    let error = &body["error"];
    // Of Meta's object only the code is sure to be there.
    let Some(code) = error["code"].as_i64() else {
        return without_code(answer);
    };
    let message = text(error, "/message");
    let is_unknown_object = error["error_subcode"] == UNKNOWN_OBJECT;
    let kind = match code {
        // No other message could avoid these: an unknown number, or an app that wants its calls signed.
        100 if is_unknown_object || message.is_some_and(is_about_the_proof) => {
            ErrorKind::Misconfigured
        }
        // With a 5xx, it does not say whether the message was sent, so it is not sent again.
        API_UNKNOWN if answer.status >= 500 => ErrorKind::Indeterminate,
        _ => meaning(code).unwrap_or_else(|| ErrorKind::from_status(answer.status)),
    };
    // `(#131009) Parameter value is not valid: …details…`; the details are in an object or a plain text.
    let details = error["error_data"].as_str();
    let details = details.or_else(|| error["error_data"]["details"].as_str());
    let parts = [message, details].into_iter().flatten();
    let mut words = parts.collect::<Vec<_>>().join(": ");
    if is_unknown_object {
        // First what to change: long words of Meta are cut at their end.
        words = format!("phoneNumberId: {unknown_number}; Meta says: {words}");
    }
    Refusal {
        code: Some(code),
        retry_after: answer.retry_after.max(least_wait(code)),
        ..Refusal::of(answer, kind, Some(&words))
    }
}

fn is_about_the_proof(message: &str) -> bool {
    let message = message.trim_start_matches("(#100) ");
    ABOUT_THE_PROOF.iter().any(|known| says(message, known))
}

fn without_code(answer: &Answer) -> Refusal {
    if answer.is_success() {
        Refusal::unreadable(answer)
    } else {
        Refusal::of(answer, ErrorKind::from_status(answer.status), None)
    }
}
