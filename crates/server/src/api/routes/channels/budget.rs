//! Changes of the budget of a channel.

use recado_core::Money;
use recado_providers::Profile;
use recado_store::{Budget, BudgetChange, BudgetLimit, Month};

use super::shape::BudgetForm;
use crate::api::routes::prelude::*;
use crate::costs::budget::delivered_use;

const NO_PRICES: &str = "This server keeps no prices (RECADO_RATES_FILE): give messages instead";

const NO_CHARGES: &str = "The provider says nothing about prices, so that an amount cannot be counted: give messages instead";

/// Reads and checks a new budget, or null, and finds what is used of it already.
pub(super) async fn change(
    app: &App,
    channel: &store::Channel,
    given: &Value,
) -> Result<BudgetChange, ApiError> {
    let budget = match given {
        Value::Null => None,
        given => Some(read(app, channel, given)?),
    };
    let month = Month::of(app.clock.now());
    let used = delivered_use(app, &channel.organization_id, &channel.id, month).await?;
    Ok(BudgetChange {
        budget,
        used: (month, used),
    })
}

fn read(app: &App, channel: &store::Channel, given: &Value) -> Result<Budget, FieldErrors> {
    let form = BudgetForm::deserialize(given);
    let form = form.map_err(|error| FieldErrors::field("budget", &error.to_string()))?;
    let (limit, currency) = match (form.amount, form.messages) {
        (None, Some(messages)) => (BudgetLimit::Messages(messages.get()), None),
        (Some(amount), None) => (
            BudgetLimit::Amount(amount),
            Some(currency(app, channel, amount)?),
        ),
        _ => {
            let sentence = "Expected either an amount or a number of messages";
            return Err(FieldErrors::field("budget", sentence));
        }
    };
    Ok(Budget {
        limit,
        currency,
        stop: form.stop.unwrap_or_else(|| {
            let present = channel.budget.as_ref();
            present.is_some_and(|budget| budget.stop)
        }),
    })
}

/// Returns the currency of an amount that can be counted.
fn currency(app: &App, channel: &store::Channel, amount: Money) -> Result<String, FieldErrors> {
    let wrong = |sentence| Err(FieldErrors::field("budget.amount", sentence));
    if amount == Money::default() {
        return wrong("Expected an amount above zero");
    }
    if Profile::of(channel.provider)
        .free_service_messages
        .is_none()
    {
        return wrong(NO_CHARGES);
    }
    match app.rates.as_deref() {
        None => wrong(NO_PRICES),
        Some(rates) => Ok(rates.currency.clone()),
    }
}
