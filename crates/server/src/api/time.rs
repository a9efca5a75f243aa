//! How the API writes an instant.

use jiff::Timestamp;

/// Writes RFC 3339 in UTC with milliseconds: `2026-11-22T12:00:00.000Z`.
pub(crate) fn rfc3339(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_milliseconds_always() {
        assert_eq!(rfc3339(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }
}
