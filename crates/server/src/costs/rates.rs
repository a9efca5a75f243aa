//! Prices for messages, from a file that the operator keeps: Recado has none of its own.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use jiff::civil::Date;
use recado_core::Money;
use recado_core::text::is_blank;
use serde::Deserialize;

/// Most bytes of the file.
const MAX_BYTES: u64 = 1024 * 1024;

/// The prices for messages, by market and category.
#[derive(Debug)]
pub struct Rates {
    /// When they were looked up.
    pub(crate) date: Date,
    /// Where they were looked up.
    pub(crate) source: String,
    /// The currency of the prices, such as `BRL`.
    pub(crate) currency: String,
    prices: HashMap<u16, HashMap<String, Money>>,
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatesFile {
    date: Date,
    source: String,
    currency: String,
    rates: Vec<Rate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    market: Market,
    category: String,
    price: Money,
}

/// The calling code of a country.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Market(u16);

impl TryFrom<String> for Market {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let is_code = (1..=3).contains(&text.len()) && !text.starts_with(['0', '+']);
        let code = text.parse().ok().filter(|_| is_code);
        code.map(Self)
            .ok_or("expected the calling code of a country as a text, such as \"55\"")
    }
}

impl Rates {
    /// Reads and checks the file. An error names the file, and the line or the entry.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let read = || {
            let bytes = fs::metadata(path)?.len();
            ensure!(bytes <= MAX_BYTES, "it has more than 1 MiB");
            Self::parse(&fs::read_to_string(path)?)
        };
        read().with_context(|| format!("RECADO_RATES_FILE: {}", path.display()))
    }

    /// Reads and checks the text of such a file.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let file: RatesFile = serde_json::from_str(text)?;
        ensure!(
            !is_blank(&file.source),
            "source: says where the prices are from"
        );
        let is_code =
            file.currency.len() == 3 && file.currency.bytes().all(|b| b.is_ascii_uppercase());
        ensure!(
            is_code,
            "currency: expected three capital letters, such as BRL"
        );
        let mut prices: HashMap<_, HashMap<_, _>> = HashMap::new();
        for (index, rate) in file.rates.into_iter().enumerate() {
            let Market(market) = rate.market;
            ensure!(
                !is_blank(&rate.category),
                "rates[{index}].category: is missing"
            );
            let of_market = prices.entry(market).or_default();
            if of_market
                .insert(rate.category.clone(), rate.price)
                .is_some()
            {
                bail!(
                    "rates[{index}]: market {market} has a price for {} already",
                    rate.category
                );
            }
        }
        Ok(Self {
            date: file.date,
            source: file.source,
            currency: file.currency,
            prices,
        })
    }

    /// Returns the price of a message of a category to each market.
    pub(crate) fn prices(&self, category: &str) -> HashMap<u16, Money> {
        let prices = self.prices.iter();
        let prices = prices.filter_map(|(market, prices)| Some((*market, *prices.get(category)?)));
        prices.collect()
    }

    /// Returns the price of a message, or `None` if the file has none for it.
    pub(crate) fn price(&self, market: Option<u16>, category: &str) -> Option<Money> {
        self.prices.get(&market?)?.get(category).copied()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const RATES: &str = r#"{
  "date": "2026-10-01",
  "source": "made up",
  "currency": "BRL",
  "rates": [
    {"market": "55", "category": "service", "price": "0.0325"},
    {"market": "351", "category": "service", "price": "0.05"}
  ]
}"#;

    #[test]
    fn a_price_is_that_of_the_market_and_the_category() {
        let rates = Rates::parse(RATES).expect("rates");
        assert_eq!(rates.price(Some(55), "service"), "0.0325".parse().ok());
        assert_eq!(rates.price(Some(351), "service"), "0.05".parse().ok());
        for (market, category) in [
            (Some(55), "marketing"),
            (Some(1), "service"),
            (None, "service"),
        ] {
            assert_eq!(rates.price(market, category), None);
        }
    }

    #[rstest]
    #[case::number(r#""price": "0.0325""#, r#""price": 0.0325"#, &["expected a string", "line 6"])]
    #[case::comma("0.0325", "0,0325", &["expected an amount", "line 6"])]
    #[case::market(r#""351""#, r#""+351""#, &["calling code", "line 7"])]
    #[case::date("2026-10-01", "2026-10-32", &["line 2"])]
    #[case::currency("BRL", "R$", &["currency: expected three capital letters"])]
    #[case::source("made up", " ", &["source: says where"])]
    #[case::misspelled("\"price\": \"0.05\"", "\"prize\": \"0.05\"", &["unknown field `prize`", "line 7"])]
    #[case::missing("\"date\": \"2026-10-01\",", "", &["missing field `date`"])]
    #[case::twice(r#""351""#, r#""55""#, &["rates[1]: market 55 has a price for service already"])]
    #[case::no_category("\"351\", \"category\": \"service\"", "\"351\", \"category\": \"\"", &["rates[1].category"])]
    #[case::broken("]\n}", "]", &["line 8"])]
    fn a_wrong_file_is_refused_with_the_line_or_the_entry(
        #[case] right: &str,
        #[case] wrong: &str,
        #[case] says: &[&str],
    ) {
        let text = RATES.replacen(right, wrong, 1);
        assert_ne!(text, RATES);
        let error = Rates::parse(&text).expect_err("a wrong file").to_string();
        for part in says {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = Rates::read(Path::new("/nowhere/rates.json")).expect_err("no file");
        let says = format!("{error:#}");
        assert!(
            says.starts_with("RECADO_RATES_FILE: /nowhere/rates.json: "),
            "{says}"
        );
    }
}
