//! Budgets: how much the messages of a channel may cost in a month.

use std::fmt;

use jiff::Timestamp;
use recado_core::Money;
use serde::{Deserialize, Serialize};

/// The budget of a channel for each month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// How much may be used.
    #[serde(flatten)]
    pub limit: BudgetLimit,
    /// The currency of an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Whether messages over the budget are refused.
    pub stop: bool,
}

/// How much of a budget there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BudgetLimit {
    /// An amount of money.
    Amount(Money),
    /// A number of messages.
    Messages(u32),
}

/// How much of a budget is used: by every message that is not known to be free, from the moment it is about to be sent
/// until it is rejected or has failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BudgetUse {
    /// How many messages.
    pub messages: u64,
    /// What they cost, as far as their prices are known.
    pub amount: Money,
}

/// What a message takes of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// The budget of its channel.
    pub budget: Budget,
    /// The price of the message; `None` if it is not known.
    pub price: Option<Money>,
}

/// What a message has taken of the budget of its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hold {
    /// When the month began, in milliseconds.
    pub(crate) month: i64,
    pub(crate) price: Money,
}

impl Spending {
    /// Returns whether the budget may allow the message at all: an amount that stops allows none without a price.
    pub fn may_fit(&self) -> bool {
        let is_amount = matches!(self.budget.limit, BudgetLimit::Amount(_));
        self.price.is_some() || !is_amount || !self.budget.stop
    }

    /// Returns whether one more message may be sent. One whose price is not known does not fit an amount.
    pub fn is_allowed(&self, used: BudgetUse) -> bool {
        let fits = match self.budget.limit {
            BudgetLimit::Messages(most) => used.messages < most.into(),
            BudgetLimit::Amount(most) => {
                let after = self
                    .price
                    .map(|price| [used.amount, price].into_iter().sum());
                after.is_some_and(|after: Money| after <= most)
            }
        };
        fits || !self.budget.stop
    }
}

impl BudgetLimit {
    /// Returns which part of the budget is used, in percent.
    pub fn percent(self, used: BudgetUse) -> u64 {
        let (used, most) = match self {
            Self::Messages(most) => (i128::from(used.messages), i128::from(most)),
            Self::Amount(most) => {
                let millionths = |amount: Money| i128::from(amount.millionths());
                (millionths(used.amount), millionths(most))
            }
        };
        let percent = (used * 100).checked_div(most).unwrap_or(100);
        percent.try_into().unwrap_or_default()
    }
}

impl Hold {
    pub(crate) fn new(month: Timestamp, price: Option<Money>) -> Self {
        Self {
            month: month.as_millisecond(),
            price: price.unwrap_or_default(),
        }
    }
}

impl fmt::Display for BudgetLimit {
    /// Writes `150.00` or `20000 messages`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(amount) => amount.fmt(f),
            Self::Messages(messages) => write!(f, "{messages} messages"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    fn used(messages: u64, amount: &str) -> BudgetUse {
        BudgetUse {
            messages,
            amount: money(amount),
        }
    }

    fn spending(limit: BudgetLimit, price: Option<&str>, stop: bool) -> Spending {
        let currency = None;
        Spending {
            budget: Budget {
                limit,
                currency,
                stop,
            },
            price: price.map(money),
        }
    }

    #[test]
    fn a_message_is_allowed_while_it_fits_the_budget() {
        let (amount, messages) = (BudgetLimit::Amount(money("1")), BudgetLimit::Messages(3));
        for (limit, price, spent, fits) in [
            (messages, None, used(2, "9"), true),
            (messages, None, used(3, "0"), false),
            (amount, Some("0.4"), used(9, "0.6"), true),
            (amount, Some("0.4"), used(9, "0.600001"), false),
            (amount, None, used(0, "0"), false),
        ] {
            assert_eq!(
                spending(limit, price, true).is_allowed(spent),
                fits,
                "{limit} {spent:?}"
            );
            assert!(spending(limit, price, false).is_allowed(spent));
            assert!(spending(limit, price, true).may_fit() || !fits);
        }
    }

    #[test]
    fn the_part_that_is_used_is_rounded_down() {
        let amount = BudgetLimit::Amount(money("0.03"));
        assert_eq!(amount.percent(used(0, "0.023999")), 79);
        assert_eq!(amount.percent(used(0, "0.024")), 80);
        assert_eq!(BudgetLimit::Messages(3).percent(used(4, "0")), 133);
        assert_eq!(BudgetLimit::Messages(0).percent(used(0, "0")), 100);
    }

    #[test]
    fn a_budget_is_stored_with_its_limit_as_its_name() {
        for (text, limit) in [
            (
                r#"{"amount":"150.00","currency":"BRL","stop":true}"#,
                BudgetLimit::Amount(money("150")),
            ),
            (
                r#"{"messages":20000,"stop":false}"#,
                BudgetLimit::Messages(20_000),
            ),
        ] {
            let budget: Budget = serde_json::from_str(text).expect("a budget");
            assert_eq!(budget.limit, limit);
            assert_eq!(serde_json::to_string(&budget).expect("JSON"), text);
        }
    }
}
