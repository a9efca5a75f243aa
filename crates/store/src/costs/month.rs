//! Calendar months.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// A calendar month in UTC.
///
/// Which time zone turns the month in which Meta charges is not documented: at its ends, a message may count in another
/// month than Meta's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    /// The first day.
    first: Date,
}

/// A text is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a month such as 2026-11")]
pub struct MonthError;

impl Month {
    /// Returns the month of an instant.
    pub fn of(at: Timestamp) -> Self {
        let first = at.to_zoned(TimeZone::UTC).date().first_of_month();
        Self { first }
    }

    /// Returns when the month begins.
    pub fn begin(self) -> Timestamp {
        begin(self.first)
    }

    /// Returns when the month ends, which is when the next one begins.
    pub fn end(self) -> Timestamp {
        self.first
            .checked_add(1.month())
            .map_or(Timestamp::MAX, begin)
    }
}

fn begin(day: Date) -> Timestamp {
    let midnight = day.to_zoned(TimeZone::UTC);
    midnight.map_or(Timestamp::MIN, |midnight| midnight.timestamp())
}

impl fmt::Display for Month {
    /// Writes `2026-11`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.strftime("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let is_month = text.len() == 7 && text.starts_with(|first: char| first.is_ascii_digit());
        let first = format!("{text}-01").parse().map_err(|_| MonthError)?;
        is_month.then_some(Self { first }).ok_or(MonthError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_midnight_in_utc_and_ends_when_the_next_one_begins() {
        for (at, month, end) in [
            ("2026-11-01T00:00:00Z", "2026-11", "2026-12-01T00:00:00Z"),
            (
                "2026-12-31T23:59:59.999Z",
                "2026-12",
                "2027-01-01T00:00:00Z",
            ),
        ] {
            let of = Month::of(at.parse().expect("an instant"));
            assert_eq!(
                (of.to_string(), of.end().to_string()),
                (month.into(), end.into())
            );
            assert_eq!(month.parse(), Ok(of));
            assert_eq!(Month::of(of.begin()), of);
        }
    }

    #[test]
    fn what_is_not_a_month_is_refused() {
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-1",
            "11-2026",
            "2026-11-01",
            "-026-11",
        ] {
            assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
        }
    }
}
