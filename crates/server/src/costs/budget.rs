//! Budgets of channels: what a message takes of one, and what its caller is told when it is used up.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use recado_core::capabilities::SendLimit;
use recado_core::{ChannelId, ContentKind, Money, OrganizationId, Recipient};
use recado_providers::Profile;
use recado_store::{self as store, Budget, BudgetLimit, BudgetUse, Month, Spending, StoreError};

use super::estimate::Chargeable;
use super::rates::Rates;
use super::{SERVICE, category};
use crate::api::error::{ApiError, Reason};
use crate::app::App;
use crate::telemetry;

/// Returns how a message is charged, if its provider says anything about prices, and what it takes of the budget of its
/// channel, if there is one.
///
/// Errors: the budget can never allow the message, because its price is not known.
pub(crate) fn of_send(
    rates: Option<&Rates>,
    channel: &store::Channel,
    recipient: &Recipient,
    kind: ContentKind,
) -> Result<(Option<Chargeable>, Option<Spending>), ApiError> {
    let (category, market) = (category(kind), recipient.calling_code());
    let free_messages = Profile::of(channel.provider).free_service_messages;
    let chargeable = free_messages.map(|free_messages| Chargeable {
        channel: channel.id.clone(),
        free_messages,
        category,
        market,
    });
    let spending = channel.budget.clone().map(|budget| {
        let rates = in_currency(rates, &budget);
        let price = rates.and_then(|rates| rates.price(market, category));
        Spending { budget, price }
    });
    if let Some(spending) = &spending {
        check_price(&channel.id, spending, market)?;
    }
    Ok((chargeable, spending))
}

/// Returns the budget of a channel, and what a service message to each market takes of it.
pub(crate) fn of_queue(
    rates: Option<&Rates>,
    channel: &store::Channel,
) -> Option<(Budget, Arc<HashMap<u16, Money>>)> {
    let budget = channel.budget.clone()?;
    let prices = in_currency(rates, &budget).map(|rates| rates.prices(SERVICE));
    Some((budget, Arc::new(prices.unwrap_or_default())))
}

/// Returns the rates if they fit the budget: other rates may have come since it was set, and an amount of another
/// currency is not compared.
fn in_currency<'a>(rates: Option<&'a Rates>, budget: &Budget) -> Option<&'a Rates> {
    let currency = budget.currency.as_deref();
    rates.filter(|rates| currency.is_none_or(|currency| currency == rates.currency))
}

/// Refuses a message that the budget can never allow, because its price is not known.
fn check_price(
    channel: &ChannelId,
    spending: &Spending,
    market: Option<u16>,
) -> Result<(), ApiError> {
    if spending.may_fit() {
        return Ok(());
    }
    let to = match market {
        Some(market) => format!("+{market}"),
        None => "a recipient without a phone number".to_owned(),
    };
    let currency = spending.budget.currency.as_deref().unwrap_or_default();
    Err(ApiError::new(
        Reason::ChannelOverBudget,
        format!(
            "The budget of channel {channel} is an amount, and this server has no price in {currency} for messages to {to}; nothing was sent: add it to RECADO_RATES_FILE, or let the budget be a number of messages"
        ),
    ))
}

/// Refuses a message that is to be queued while the budget of its month is used up. It takes its part when it is sent.
pub(crate) async fn check_use(
    app: &App,
    organization: &OrganizationId,
    channel: &ChannelId,
    spending: &Spending,
    send_at: Timestamp,
) -> Result<(), ApiError> {
    let month = Month::of(send_at);
    let used = app.store.budget_use(organization, channel, month).await?;
    if spending.is_allowed(used) {
        return Ok(());
    }
    Err(used_up(channel, &spending.budget, month.end()))
}

/// Returns the error of a message that the budget does not allow until an instant, and counts it.
pub(crate) fn used_up(channel: &ChannelId, budget: &Budget, until: Timestamp) -> ApiError {
    telemetry::limited(SendLimit::Budget);
    let currency = budget.currency.as_deref().unwrap_or_default();
    let limit = match budget.limit {
        BudgetLimit::Amount(amount) => format!("{amount} {currency}"),
        BudgetLimit::Messages(_) => budget.limit.to_string(),
    };
    ApiError::new(
        Reason::ChannelOverBudget,
        format!(
            "The budget of channel {channel} for this month is used up ({limit}); nothing was sent: raise it, or wait until the month ends at {until:.0}"
        ),
    )
}

/// Returns how much of a budget the messages have used that were delivered in a month and are billed.
pub(crate) async fn delivered_use(
    app: &App,
    organization: &OrganizationId,
    channel: &ChannelId,
    month: Month,
) -> Result<BudgetUse, StoreError> {
    let counts = app.store.costs(organization, channel, month).await?;
    let billed = counts.iter().filter(|count| !count.is_free());
    let prices = billed.clone().filter_map(|count| {
        let price = app
            .rates
            .as_deref()?
            .price(count.market, count.category.as_deref()?)?;
        Some(price.times(count.messages))
    });
    Ok(BudgetUse {
        messages: billed.map(|count| count.messages).sum(),
        amount: prices.sum(),
    })
}
