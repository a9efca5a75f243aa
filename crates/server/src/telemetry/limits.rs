//! Sends that a limit did not allow.

use recado_core::capabilities::SendLimit;

/// A limit did not allow a send yet.
pub(crate) fn limited(limit: SendLimit) {
    metrics::counter!("recado_sends_limited_total", "limit" => limit.as_str()).increment(1);
}
