//! What the rows of a sheet would cost, by what the server says of each.

use std::collections::BTreeMap;

use recado_core::Money;
use recado_sandbox::terminal::visible;
use serde_json::{Value, json};

/// What the rows over one channel would cost.
#[derive(Default)]
struct Cost {
    messages: u64,
    free_left: u64,
    billed: u64,
    amount: Money,
    /// Billed messages for which the server has no price.
    without_price: u64,
    /// The currency of the prices, and where they are from.
    source: Option<(String, String)>,
}

/// What rows would cost, by channel.
#[derive(Default)]
pub(super) struct Costs(BTreeMap<String, Cost>);

impl Costs {
    /// Adds a row, in the order of the file, by the `cost` of the server's answer.
    pub(super) fn add(&mut self, told: &Value) {
        let Some(channel) = told["channelId"].as_str() else {
            return;
        };
        let cost = self.0.entry(channel.to_owned()).or_default();
        // Rows are checked while messages are sent: the last answer is the latest.
        cost.free_left = told["freeLeft"].as_u64().unwrap_or_default();
        cost.messages += 1;
        if cost.messages <= cost.free_left {
            return;
        }
        cost.billed += 1;
        let price = &told["price"];
        match price["amount"].as_str().and_then(|text| text.parse().ok()) {
            Some(amount) => cost.amount = [cost.amount, amount].into_iter().sum(),
            None => cost.without_price += 1,
        }
        let words = ["currency", "ratesDate", "ratesSource"].map(|name| price[name].as_str());
        if let [Some(currency), Some(date), Some(source)] = words {
            cost.source = Some((currency.to_owned(), format!("{date} ({source})")));
        }
    }

    pub(super) fn json(&self) -> Value {
        let costs = self.0.iter().map(|(channel, cost)| {
            json!({
                "channelId": channel, "messages": cost.messages, "freeLeft": cost.free_left,
                "billed": cost.billed, "amount": cost.source.as_ref().map(|_| cost.amount),
                "currency": cost.source.as_ref().map(|(currency, _)| currency),
                "withoutPrice": cost.without_price,
            })
        });
        costs.collect()
    }

    /// Returns a line for each channel; `None` if no provider says anything about prices.
    pub(super) fn lines(&self) -> Option<String> {
        let lines: Vec<_> = self
            .0
            .iter()
            .map(|(channel, cost)| cost.line(channel))
            .collect();
        (!lines.is_empty()).then(|| visible(&lines.join("\n")))
    }
}

impl Cost {
    fn line(&self, channel: &str) -> String {
        let (billed, messages, left) = (self.billed, self.messages, self.free_left);
        let amount = self.source.as_ref().map(|(currency, source)| {
            let amount = self.amount;
            format!(", about {amount} {currency} by the rates of {source}")
        });
        let without_price = (self.without_price > 0).then(|| {
            format!(
                "; the server keeps no price for {} of them",
                self.without_price
            )
        });
        format!(
            "channel {channel}: about {billed} of {messages} messages would be billed, as {left} of this month's free ones are left{}{}",
            amount.unwrap_or_default(),
            without_price.unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(free_left: u64, price: Option<&str>) -> Value {
        let price = price.map(|amount| {
            json!({"amount": amount, "currency": "BRL", "ratesDate": "2026-10-01", "ratesSource": "a page"})
        });
        json!({"channelId": "main", "freeLeft": free_left, "price": price})
    }

    #[test]
    fn the_first_rows_are_free_and_the_others_cost_their_prices() {
        let mut costs = Costs::default();
        for price in [Some("9"), Some("0.0325"), Some("0.05"), None] {
            costs.add(&told(1, price));
        }
        assert_eq!(
            costs.lines().as_deref(),
            Some(
                "channel main: about 3 of 4 messages would be billed, as 1 of this month's free ones are left, about 0.0825 BRL by the rates of 2026-10-01 (a page); the server keeps no price for 1 of them"
            )
        );
        assert_eq!(
            costs.json(),
            json!([{"channelId": "main", "messages": 4, "freeLeft": 1, "billed": 3, "amount": "0.0825",
                "currency": "BRL", "withoutPrice": 1}])
        );
    }

    #[test]
    fn a_provider_that_says_nothing_about_prices_has_no_line() {
        let mut costs = Costs::default();
        costs.add(&Value::Null);
        assert_eq!((costs.lines(), costs.json()), (None, json!([])));
    }
}
