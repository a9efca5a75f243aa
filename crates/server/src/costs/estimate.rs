//! Estimates of what messages cost, by the free messages of the month and the operator's prices.

use std::collections::BTreeMap;

use recado_core::{ChannelId, Money, OrganizationId};
use recado_store::{Month, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

use super::rates::Rates;
use super::{SERVICE, free_used};
use crate::app::App;

/// Where prices are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceSource {
    /// The currency.
    currency: String,
    /// The date of the prices.
    #[schema(value_type = String, format = Date)]
    rates_date: String,
    /// Where the prices are from.
    rates_source: String,
}

/// An amount by the prices that the operator of this server keeps. What Meta charges may differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EstimatedAmount {
    /// The amount, a decimal text such as `12.345`.
    #[schema(value_type = String)]
    amount: Money,
    #[serde(flatten)]
    source: PriceSource,
    /// The messages without a price. The amount is without them.
    without_rate: Vec<WithoutRate>,
}

/// Billed messages for which the rates have no price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WithoutRate {
    /// The calling code of the recipients; null if it is not known, as with an address that is not a phone number.
    market: Option<String>,
    /// What is charged for; null if the provider does not say.
    category: Option<String>,
    /// How many messages they are.
    messages: u64,
}

/// What one message would cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageCost {
    /// The channel that the message goes over.
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// What is charged for.
    category: &'static str,
    /// The calling code of the recipient; null if it is not known.
    market: Option<String>,
    /// How many of the free messages of the month are left, by Recado's own count.
    free_left: u64,
    /// Whether the message would be free, as free messages are left.
    free: bool,
    /// The price of the message if it is not free; null if the operator of this server keeps no price for it.
    price: Option<Price>,
}

/// The price of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Price {
    /// The price, a decimal text such as `0.0325`.
    #[schema(value_type = String)]
    amount: Money,
    #[serde(flatten)]
    source: PriceSource,
}

/// What the messages of a batch over one channel would cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchCost {
    /// The channel.
    #[schema(value_type = String)]
    channel_id: ChannelId,
    /// How many messages go over it.
    messages: u64,
    /// How many of the free messages of the month are left, by Recado's own count.
    free_left: u64,
    /// How many of the messages would be billed.
    billed: u64,
    /// What the billed messages would cost; null if the operator of this server keeps no prices.
    cost: Option<EstimatedAmount>,
}

/// A message that its provider may charge for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chargeable {
    pub(crate) channel: ChannelId,
    /// How many messages its number has free in each month.
    pub(crate) free_messages: u32,
    pub(crate) category: &'static str,
    /// The calling code of the recipient.
    pub(crate) market: Option<u16>,
}

impl Chargeable {
    /// Returns how many of the free messages of the present month are left to the message.
    async fn free_left(&self, app: &App, organization: &OrganizationId) -> Result<u64, StoreError> {
        if self.category != SERVICE {
            return Ok(0);
        }
        let month = Month::of(app.clock.now());
        let counts = app.store.costs(organization, &self.channel, month).await?;
        Ok(u64::from(self.free_messages).saturating_sub(free_used(&counts)))
    }

    /// Returns what the message would cost.
    pub(crate) async fn cost(
        self,
        app: &App,
        organization: &OrganizationId,
    ) -> Result<MessageCost, StoreError> {
        let free_left = self.free_left(app, organization).await?;
        let rates = app.rates.as_deref();
        let price = rates.and_then(|rates| {
            Some(Price {
                amount: rates.price(self.market, self.category)?,
                source: rates.into(),
            })
        });
        Ok(MessageCost {
            channel_id: self.channel,
            category: self.category,
            market: self.market.map(|market| market.to_string()),
            free_left,
            free: free_left > 0,
            price,
        })
    }
}

/// Returns what messages would cost that are sent in this order, channel by channel.
pub(crate) async fn of_batch(
    app: &App,
    organization: &OrganizationId,
    messages: impl Iterator<Item = Chargeable>,
) -> Result<Vec<BatchCost>, StoreError> {
    let mut channels: BTreeMap<ChannelId, Vec<Chargeable>> = BTreeMap::new();
    for message in messages {
        let of_channel = channels.entry(message.channel.clone()).or_default();
        of_channel.push(message);
    }
    let mut costs = Vec::with_capacity(channels.len());
    for (channel_id, messages) in channels {
        let (mut free_left, mut billed) = (None, Billed::default());
        for (index, message) in (0_u64..).zip(&messages) {
            let left = match free_left {
                Some(left) => left,
                None => *free_left.insert(message.free_left(app, organization).await?),
            };
            if index >= left {
                billed.add(message.market, Some(message.category), 1);
            }
        }
        costs.push(BatchCost {
            channel_id,
            messages: messages.len().try_into().unwrap_or(u64::MAX),
            free_left: free_left.unwrap_or_default(),
            billed: billed.0.values().sum(),
            cost: billed.amount(app.rates.as_deref()),
        });
    }
    Ok(costs)
}

/// Messages that are billed, by the market and the category.
#[derive(Default)]
pub(crate) struct Billed(BTreeMap<(Option<u16>, Option<String>), u64>);

impl Billed {
    pub(crate) fn add(&mut self, market: Option<u16>, category: Option<&str>, messages: u64) {
        let class = (market, category.map(str::to_owned));
        *self.0.entry(class).or_default() += messages;
    }

    /// Returns what the messages cost; `None` without rates.
    pub(crate) fn amount(&self, rates: Option<&Rates>) -> Option<EstimatedAmount> {
        let rates = rates?;
        let mut amounts = Vec::new();
        let mut without_rate = Vec::new();
        for ((market, category), &messages) in &self.0 {
            let category = category.as_deref();
            match category.and_then(|category| rates.price(*market, category)) {
                Some(price) => amounts.push(price.times(messages)),
                None => without_rate.push(WithoutRate {
                    market: market.map(|market| market.to_string()),
                    category: category.map(str::to_owned),
                    messages,
                }),
            }
        }
        Some(EstimatedAmount {
            amount: amounts.into_iter().sum(),
            source: rates.into(),
            without_rate,
        })
    }
}

impl From<&Rates> for PriceSource {
    fn from(rates: &Rates) -> Self {
        Self {
            currency: rates.currency.clone(),
            rates_date: rates.date.to_string(),
            rates_source: rates.source.clone(),
        }
    }
}
