//! The words of what comes of an attempt, for metrics and logs.

use jiff::Timestamp;
use recado_store::AfterAttempt;

/// The word of what follows an attempt.
pub(super) const fn word(after: AfterAttempt) -> &'static str {
    match after {
        AfterAttempt::Delivered => "delivered",
        AfterAttempt::RetryAt(_) => "retried",
        AfterAttempt::GiveUp => "given_up",
        AfterAttempt::Skipped => "skipped",
    }
}

pub(crate) const OUTCOMES: [&str; 4] = [
    word(AfterAttempt::Delivered),
    word(AfterAttempt::RetryAt(Timestamp::UNIX_EPOCH)),
    word(AfterAttempt::GiveUp),
    word(AfterAttempt::Skipped),
];
