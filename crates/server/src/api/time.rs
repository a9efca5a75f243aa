//! How the API writes an instant.

use std::fmt;

use serde::{Serialize, Serializer};

/// An instant in an answer: RFC 3339 in UTC with milliseconds, `2026-11-22T12:00:00.000Z`.
///
/// By this name utoipa knows that it is a date with a time.
#[derive(Clone, Copy)]
pub(crate) struct Timestamp(jiff::Timestamp);

impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        Self(instant)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_milliseconds_always() {
        let instant = Timestamp::from(jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(instant.to_string(), "1970-01-01T00:00:00.000Z");
    }
}
