//! Amounts of money, exact to a millionth of the currency.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// Millionths of a unit.
const UNIT: i64 = 1_000_000;

/// Digits after the point.
const MAX_DECIMALS: usize = 6;

/// The most units of an amount: sums of many such amounts still fit.
const MAX_UNITS: i64 = 1_000_000_000;

/// An amount of money, without its currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Money(i64);

/// A text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an amount as a text such as \"0.0325\": digits, with at most {MAX_DECIMALS} of them after a point, and at most {MAX_UNITS}"
)]
pub struct MoneyError;

impl Money {
    /// Creates an amount of so many millionths of the currency.
    pub const fn of_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// Returns the amount in millionths of the currency.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// Returns what so many things cost that cost this each; the most that can be told if it is more.
    #[must_use]
    pub fn times(self, things: u64) -> Self {
        let things = i64::try_from(things).unwrap_or(i64::MAX);
        Self(self.0.saturating_mul(things))
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.fold(0, |sum, amount| sum.saturating_add(amount.0)))
    }
}

impl fmt::Display for Money {
    /// Writes at least two digits after the point: `150.00`, `0.0325`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:06}", self.0 % UNIT);
        let (first, rest) = decimals.split_at(2);
        write!(f, "{}.{first}{}", self.0 / UNIT, rest.trim_end_matches('0'))
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (units, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !are_digits(units) || !are_digits(decimals) || decimals.len() > MAX_DECIMALS {
            return Err(MoneyError);
        }
        let units: i64 = units.parse().map_err(|_| MoneyError)?;
        let millionths: i64 = format!("{decimals:0<6}").parse().map_err(|_| MoneyError)?;
        let is_in_range = units < MAX_UNITS || (units == MAX_UNITS && millionths == 0);
        let money = is_in_range.then(|| Self(units * UNIT + millionths));
        money.ok_or(MoneyError)
    }
}

impl TryFrom<String> for Money {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_and_written_to_the_millionth() {
        for (text, millionths, written) in [
            ("0", 0, "0.00"),
            ("150", 150_000_000, "150.00"),
            ("150.5", 150_500_000, "150.50"),
            ("0.0325", 32_500, "0.0325"),
            ("0.000001", 1, "0.000001"),
            ("1000000000", 1_000_000_000_000_000, "1000000000.00"),
        ] {
            let money: Money = text.parse().expect(text);
            assert_eq!((money.0, &*money.to_string()), (millionths, written));
            assert_eq!(money.to_string().parse(), Ok(money));
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1,5",
            "1e3",
            "0.0000001",
            "1000000000.000001",
            " 1",
            "١",
            "99999999999999999999",
        ] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError), "{text}");
        }
    }

    #[test]
    fn sums_that_are_too_large_stay_the_most_that_can_be_told() {
        let most = Money(i64::MAX);
        assert_eq!(most.times(2), most);
        assert_eq!([most, most].into_iter().sum::<Money>(), most);
    }
}
